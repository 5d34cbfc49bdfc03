//! What comes through, and what is known when the line breaks.

use std::fs;
use std::time::{Duration, Instant};

use slurm::transport::{Transport, TransportError};
use sshd::Server;

use crate::{both, library, shell, words};

#[test]
fn arguments_input_and_both_streams_come_through() {
    let server = Server::start(&[], false).unwrap();
    let mut errand = shell("printf '[%s]' \"$@\"; cat; echo word >&2; exit 3", "line 'one'\n$HOME é\n");
    errand.arguments.extend(["sh", "a b", "'\"$(id)\\", "two\nlines", "", "é✓"].map(str::to_owned));
    for name in ["site", "jumped", "twice", "commanded"] {
        for (way, transport) in both(&server, name) {
            let output = transport.run(&errand).map_err(|error| format!("{way} to {name}: {}", words(&error))).unwrap();
            assert_eq!(output.stdout, "[a b]['\"$(id)\\][two\nlines][][é✓]line 'one'\n$HOME é\n", "{way} to {name}");
            assert_eq!((output.exit, output.stderr.as_str()), (Some(3), "word\n"), "{way} to {name}");
        }
    }
}

#[test]
fn a_talkative_site_does_not_get_into_the_answer() {
    let server = Server::start(&[("SQUEUE_PARTITION".to_owned(), "x".to_owned())], true).unwrap();
    for (way, transport) in both(&server, "site") {
        let output = transport.run(&shell("echo answer ${SQUEUE_PARTITION-none}; echo word >&2", "")).unwrap();
        assert_eq!((output.exit, output.stdout.as_str()), (Some(0), "answer none\n"), "{way}");
        assert_eq!(output.stderr, "word\n", "{way}");
    }
}

#[test]
fn much_comes_through_in_both_directions_at_once() {
    let server = Server::start(&[], false).unwrap();
    let input = "0123456789abcdef\n".repeat(400_000);
    for name in ["site", "jumped"] {
        for (way, transport) in both(&server, name) {
            let errand = shell("cat; head -c 5000000 /dev/zero | tr '\\0' e >&2", &input);
            let remains = transport.carry_out(&errand).unwrap();
            assert_eq!(remains.exit, Some(0), "{way} to {name}");
            assert_eq!(
                (remains.stdout == input.as_bytes(), remains.stderr.len()),
                (true, 5_000_000),
                "{way} to {name}"
            );
        }
    }
    let bytes = library(&server, "site").carry_out(&shell("printf '\\377\\000\\n\\r'", "")).unwrap();
    assert_eq!(bytes.stdout, b"\xff\0\n\r");
}

#[test]
fn a_program_that_is_not_there_was_not_started() {
    let server = Server::start(&[], false).unwrap();
    for (_, transport) in both(&server, "site") {
        let mut errand = shell("", "");
        errand.program = "no-such-sbatch";
        let error = transport.run(&errand).unwrap_err();
        assert!(matches!(error, TransportError::NotInstalled { .. }), "{error:?}");
        assert_eq!(error.to_string(), "no-such-sbatch is not installed on site");
    }
}

/// Ends the session that carries it from within: the shell's parent is the shell of the fence, and that one's is the
/// server's process for this connection.
const CUT: &str = "kill -9 $(ps -o ppid= -p $PPID)";

#[test]
fn a_line_that_breaks_after_the_start_leaves_no_exit_code_and_the_next_command_goes() {
    let server = Server::start(&[], false).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (way, transport) in both(&server, "site") {
        let witness = folder.path().join(way);
        let script = format!("echo first; echo done > '{}'; {CUT}; sleep 1; echo second", witness.display());
        let output = transport.run(&shell(&script, "")).unwrap();
        assert_eq!(output.exit, None, "{way}");
        assert!(!output.stdout.contains("second"), "{way}");
        assert_eq!(fs::read_to_string(witness).unwrap(), "done\n", "{way}");
        let next = transport.run(&shell("echo again", "")).map_err(|error| words(&error));
        assert_eq!(next.unwrap().stdout, "again\n", "{way}");
    }
}

#[test]
fn what_takes_too_long_has_no_exit_code_and_does_not_disturb_what_follows() {
    let server = Server::start(&[], false).unwrap();
    for (way, transport) in both(&server, "site") {
        let mut errand = shell("echo first; sleep 20; echo late", "");
        errand.patience = Duration::from_millis(700);
        let begun = Instant::now();
        let output = transport.run(&errand).unwrap();
        assert_eq!((output.exit, output.stdout.as_str()), (None, "first\n"), "{way}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{way}");
        assert_eq!(transport.run(&shell("echo next", "")).unwrap().stdout, "next\n", "{way}");
    }
}

#[test]
fn a_server_that_is_away_is_unreachable_and_found_again() {
    let mut server = Server::start(&[], false).unwrap();
    let ways = both(&server, "site");
    for (_, transport) in &ways {
        transport.run(&shell("echo in", "")).unwrap();
    }
    server.close();
    for (way, transport) in &ways {
        let error = transport.run(&shell("echo in", "")).unwrap_err();
        assert!(matches!(error, TransportError::Unreachable { .. }), "{way}: {error:?}");
    }
    server.open().unwrap();
    for (way, transport) in &ways {
        assert_eq!(transport.run(&shell("echo in", "")).unwrap().stdout, "in\n", "{way}");
    }
}

#[test]
fn one_connection_serves_many_commands() {
    let server = Server::start(&[], false).unwrap();
    for (way, transport) in both(&server, "site") {
        let session = |transport: &dyn Transport| {
            let script = "ps -o ppid= -p $(ps -o ppid= -p $PPID)";
            transport.run(&shell(script, "")).unwrap().stdout
        };
        let first = session(transport.as_ref());
        assert!((0..20).all(|_| session(transport.as_ref()) == first), "{way}");
    }
}
