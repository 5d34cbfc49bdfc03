//! A site that lets in who shows a Kerberos ticket, and nobody else.

use std::fs;
use std::process::Command;

use e2e::programs::{ends, program};
use sshd::Server;

use crate::bench::{Bench, shared};

#[test]
fn a_ticket_lets_in_and_who_has_none_is_told_how_to_get_one() {
    let bench = Bench::new(shared(), "kerberos", 2, 1);
    let server = Server::start_kerberos(&bench.cluster.environment()).unwrap();
    let profile = |client: &str| {
        format!(
            "[ssh]\nhost = 'ticket'\nclient = '{client}'\nconfig = '{}'\n[place]\nroot = '{}'\nseedbed = '{}'\n",
            server.config().display(),
            bench.path("there/sweeps").display(),
            program("seedbed").display(),
        )
    };
    fs::create_dir_all(bench.path("sites")).unwrap();
    fs::create_dir(bench.path("there")).unwrap();
    fs::copy(bench.path("train it.sh"), bench.path("there/train it.sh")).unwrap();
    bench.write("sites/realm.toml", &profile("openssh"));
    bench.write("sites/alone.toml", &profile("built-in"));
    let as_elsewhere = |mut command: Command, variables: Vec<(String, String)>| {
        command.env("SEEDBED_SITES", bench.path("sites")).env_remove("SLURM_CONF").envs(variables);
        command
    };
    let without = |site: &str| as_elsewhere(bench.command(&["submit", "--site", site]), server.no_ticket());

    let said = ends(69, without("realm"));
    assert!(said.contains("Permission denied (gssapi") && said.contains("`kinit`"), "{said}");
    let said = ends(69, without("alone"));
    assert!(said.contains("for Kerberos") && said.contains("client = \"openssh\""), "{said}");
    assert!(!bench.layout().ledger().exists());

    let ticket = server.ticket().unwrap();
    let mut doctor = e2e::programs::seedbed();
    doctor.args(["doctor", "--site", "realm"]);
    let said = ends(0, as_elsewhere(doctor, ticket.clone()));
    assert!(said.contains("commands are run on ticket as root, by the ssh of this machine"), "{said}");
    ends(0, as_elsewhere(bench.command(&["submit", "--site", "realm"]), ticket.clone()));
    ends(0, as_elsewhere(bench.command(&["watch", "--every", "1", "--site", "realm"]), ticket));
    bench.assert_done(true);
    assert_eq!(bench.events("accepted"), 1);
}
