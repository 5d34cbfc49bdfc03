//! Who is trusted, and who is let in.

use slurm::transport::Transport as _;
use slurm::transport::ssh::Library;
use sshd::{CODE, PASSPHRASE, Server};

use crate::{Parrot, access, both, library, shell, words};

/// What is said when the machine of this name is asked for something, both ways.
fn refusals(server: &Server, name: &str) -> Vec<String> {
    let ask = |(way, transport): (&str, Box<dyn slurm::transport::Transport>)| {
        let error = transport.run(&shell("echo in", "")).expect_err(way);
        words(&error)
    };
    both(server, name).into_iter().map(ask).collect()
}

#[test]
fn a_key_that_is_not_known_is_refused() {
    let server = Server::start(&[], false).unwrap();
    let [library, ssh] = refusals(&server, "stranger").try_into().unwrap();
    assert!(library.starts_with("stranger cannot be reached over ssh: the key of 127.0.0.1 is not known"), "{library}");
    assert!(library.contains("SHA256:") && library.contains("known_none"), "{library}");
    assert!(ssh.contains("Host key verification failed"), "{ssh}");
}

#[test]
fn a_key_that_has_changed_is_refused_also_on_a_connection_that_is_made_anew() {
    let mut server = Server::start(&[], false).unwrap();
    let kept = library(&server, "site");
    assert_eq!(kept.run(&shell("echo in", "")).unwrap().stdout, "in\n");
    server.change_host_keys().unwrap();
    let error = words(&kept.run(&shell("echo in", "")).unwrap_err());
    assert!(error.contains("the key of 127.0.0.1 has changed") && error.contains("known_hosts"), "{error}");
    let [library, ssh] = refusals(&server, "site").try_into().unwrap();
    assert!(library.contains("has changed"), "{library}");
    assert!(ssh.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{ssh}");
    assert!(refusals(&server, "hashed").iter().all(|said| said.to_lowercase().contains("has changed")));
    // A jump host is trusted no further.
    assert!(refusals(&server, "jumped")[0].contains("has changed"));
}

#[test]
fn a_key_that_was_revoked_is_refused() {
    let server = Server::start(&[], false).unwrap();
    let [library, ssh] = refusals(&server, "revoked").try_into().unwrap();
    assert!(library.contains("is marked as revoked in"), "{library}");
    assert!(ssh.contains("REVOKED"), "{ssh}");
}

#[test]
fn every_form_of_a_known_key_is_known() {
    let server = Server::start(&[], false).unwrap();
    for name in ["site", "hashed", "rsa-known"] {
        for (way, transport) in both(&server, name) {
            assert_eq!(transport.run(&shell("echo in", "")).unwrap().stdout, "in\n", "{way} to {name}");
        }
    }
}

#[test]
fn who_has_no_key_is_not_let_in_and_told_what_was_tried() {
    let server = Server::start(&[], false).unwrap();
    let [library, ssh] = refusals(&server, "unwelcome").try_into().unwrap();
    assert!(
        library.contains("127.0.0.1 does not let root in; tried: ") && library.contains("strange_key"),
        "{library}"
    );
    assert!(ssh.contains("Permission denied"), "{ssh}");
}

#[test]
fn a_key_with_a_passphrase_asks_for_it() {
    let server = Server::start(&[], false).unwrap();
    let alone = words(&library(&server, "locked").run(&shell("echo in", "")).unwrap_err());
    assert!(alone.contains("it has a passphrase, and nobody could be asked"), "{alone}");
    let wrong = Library::new(access(&server, "locked"), Box::new(Parrot("wrong")));
    let wrong = words(&wrong.run(&shell("echo in", "")).unwrap_err());
    assert!(wrong.contains("not with these passphrases"), "{wrong}");
    let right = Library::new(access(&server, "locked"), Box::new(Parrot(PASSPHRASE)));
    assert_eq!(right.run(&shell("echo in", "")).unwrap().stdout, "in\n");
}

#[test]
fn a_key_of_the_agent_lets_in() {
    let server = Server::start(&[], false).unwrap();
    let without = words(&library(&server, "agent").run(&shell("echo in", "")).unwrap_err());
    assert!(without.contains("the agent"), "{without}");
    let mut agent = server.agent().unwrap();
    for (way, transport) in both(&server, "agent") {
        assert_eq!(transport.run(&shell("echo in", "")).unwrap().stdout, "in\n", "{way}");
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
}

#[test]
fn a_site_that_wants_a_code_after_the_key_is_told_it() {
    let server = Server::start_asking().unwrap();
    let alone = words(&library(&server, "site").run(&shell("echo in", "")).unwrap_err());
    assert!(alone.contains("tried: a key, which is right but not enough, its questions"), "{alone}");
    let wrong = Library::new(access(&server, "site"), Box::new(Parrot("000000")));
    let wrong = words(&wrong.run(&shell("echo in", "")).unwrap_err());
    assert!(wrong.contains("answers to its questions"), "{wrong}");
    let right = Library::new(access(&server, "site"), Box::new(Parrot(CODE)));
    assert_eq!(right.run(&shell("echo in", "")).unwrap().stdout, "in\n");
    // Once in, no command asks again.
    assert_eq!(right.run(&shell("echo again", "")).unwrap().stdout, "again\n");
}
