//! A cluster elsewhere: reached over ssh, with a file system of its own.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::programs::{ends, program};
use sshd::Server;

use crate::bench::{Bench, shared, wait};

/// A sweep here, and a site called `far` that reads and writes in another folder.
struct Far {
    bench: Bench,
    server: Server,
    folder: tempfile::TempDir,
}

impl Far {
    /// `seeds` times four runs of `tenths` of a second each; `sbatch`, if it is not empty, is a script that stands in
    /// for it at the site and finds the real one in `$SBATCH`.
    fn new(name: &'static str, client: &str, (seeds, tenths): (u32, u32), sbatch: &str) -> Self {
        let bench = Bench::new(shared(), name, seeds, tenths);
        let folder = tempfile::Builder::new().prefix("far away ").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::copy(bench.path("train it.sh"), path("train it.sh")).unwrap();
        let mut variables = bench.cluster.environment();
        if !sbatch.is_empty() {
            let bin = path("bin");
            fs::create_dir(&bin).unwrap();
            fs::write(bin.join("sbatch"), format!("#!/bin/sh\nSBATCH=/usr/bin/sbatch\n{sbatch}\n")).unwrap();
            fs::set_permissions(bin.join("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
            variables.push(("PATH".to_owned(), format!("{}:/usr/bin:/bin", bin.display())));
        }
        let server = Server::start(&variables, true).unwrap();
        fs::create_dir(path("sites")).unwrap();
        let profile = format!(
            "[ssh]\nhost = 'site'\nclient = '{client}'\nconfig = '{}'\n[place]\nroot = '{}'\nseedbed = '{}'\n",
            server.config().display(),
            path("sweeps").display(),
            program("seedbed").display(),
        );
        fs::write(path("sites/far.toml"), profile).unwrap();
        Self { bench, server, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `seedbed` as on a machine that has no Slurm.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("SEEDBED_SITES", self.path("sites")).env_remove("SLURM_CONF");
        command
    }

    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        ends(code, self.command(arguments))
    }

    fn finish(&self) {
        self.expect(0, &["watch", "--every", "1", "--site", "far"]);
    }
}

fn a_sweep_is_done_there_and_comes_back(name: &'static str, client: &str) {
    let far = Far::new(name, client, (5, 2), "");
    let said = far.expect(0, &["submit", "--site", "far"]);
    assert!(said.contains("20 runs"), "{said}");
    // Nothing is written for a run before it starts, here or there, and three files for the submission: two here, one
    // there.
    assert_eq!(fs::read_dir(far.bench.layout().arrays()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(far.path("sweeps").join(name).join("arrays")).unwrap().count(), 1);
    far.finish();
    far.bench.assert_done(true);
    assert_eq!(far.bench.events("accepted"), 1);
    let status = far.expect(0, &["status"]);
    assert!(status.contains("20 of 20 runs"), "{status}");
    // Records came while it went on; curves and logs came in the end.
    assert_eq!(fs::read_dir(far.bench.layout().job_logs()).unwrap().count(), 20);
    assert_eq!(far.expect(0, &["fetch"]), "everything is here already\n");
    assert_eq!(far.expect(0, &["submit", "--site", "far"]).lines().next(), Some("nothing to submit"));
}

#[test]
fn a_sweep_is_done_elsewhere_and_comes_back() {
    a_sweep_is_done_there_and_comes_back("elsewhere", "built-in");
}

#[test]
fn a_sweep_is_done_elsewhere_by_way_of_ssh_itself() {
    a_sweep_is_done_there_and_comes_back("by-openssh", "openssh");
}

/// Ends the connection that the command came on: above it are the shell that feeds it, the shell of the site's login,
/// and the server's process.
const CUT: &str =
    "pid=$$; until grep -q '^sshd' /proc/$pid/comm; do pid=$(ps -o ppid= -p $pid | tr -d ' '); done; kill -9 $pid";

#[test]
fn a_line_that_breaks_after_sbatch_is_no_second_submission() {
    for (name, client) in [("cut", "built-in"), ("cut-openssh", "openssh")] {
        let far = Far::new(name, client, (2, 3), &format!("$SBATCH \"$@\"; code=$?; {CUT}; exit $code"));
        let said = far.expect(0, &["submit", "--site", "far"]);
        assert!(said.contains("it was adopted"), "{said}");
        far.finish();
        far.bench.assert_done(true);
        assert_eq!((far.bench.events("intended"), far.bench.events("accepted")), (1, 1), "{}", far.bench.ledger());
    }
}

#[test]
fn a_line_that_breaks_before_sbatch_submits_nothing() {
    let far = Far::new("cut-before", "built-in", (1, 3), CUT);
    let said = far.expect(75, &["submit", "--site", "far"]);
    assert!(said.contains("no clear answer"), "{said}");
    assert_eq!(far.bench.queue(), [""; 0]);
    far.expect(75, &["reconcile"]);
    far.expect(0, &["reconcile", "--abandon"]);
    // The fence is where the nodes would look for it.
    let arrays = far.path("sweeps/cut-before/arrays");
    let names: Vec<String> =
        fs::read_dir(arrays).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.ends_with(".given-up")), "{names:?}");
}

#[test]
fn a_site_whose_key_has_changed_gets_nothing() {
    let mut far = Far::new("changed-key", "built-in", (1, 3), "");
    far.server.change_host_keys().unwrap();
    let said = far.expect(69, &["submit", "--site", "far"]);
    assert!(said.contains("the key of 127.0.0.1 has changed") && said.contains("hint: ask the site"), "{said}");
    assert!(!far.bench.layout().ledger().exists());
    assert!(!far.path("sweeps").exists());
}

#[test]
fn a_site_that_is_away_for_a_while_loses_nothing() {
    let mut far = Far::new("away-site", "built-in", (1, 30), "");
    far.expect(0, &["submit", "--site", "far"]);
    wait("a run has begun", || {
        far.path("sweeps/away-site/runs").read_dir().is_ok_and(|mut runs| runs.next().is_some())
    });
    far.server.close();
    let said = far.expect(0, &["status"]);
    assert!(said.contains("warning: this is how the runs stood when they were last seen"), "{said}");
    let said = far.expect(69, &["submit", "--site", "far"]);
    assert!(said.contains("cannot be reached over ssh"), "{said}");
    far.server.open().unwrap();
    far.finish();
    far.bench.assert_done(true);
    assert_eq!(far.bench.events("accepted"), 1);
}

#[test]
fn a_log_that_is_written_there_is_followed_here() {
    let far = Far::new("far-log", "built-in", (1, 1), "");
    fs::write(far.path("wait"), "").unwrap();
    let script = far.path("train it.sh");
    let sound = fs::read_to_string(&script).unwrap();
    fs::write(&script, format!("echo it begins\n{sound}\necho it ends\n")).unwrap();
    far.expect(0, &["submit", "--site", "far", "--where", "level=2"]);
    let run =
        e2e::study::plan(&far.bench.layout()).runs.into_iter().find(|run| run.levels["level"] == 2.into()).unwrap();
    let mut command = far.command(&["logs", &run.id.to_string(), "--follow", "--sweep"]);
    let mut follower = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(follower.stdout.take().unwrap());
    let mut said = String::new();
    log.read_line(&mut said).unwrap();
    assert_eq!(said, "it begins\n");
    fs::remove_file(far.path("wait")).unwrap();
    log.read_to_string(&mut said).unwrap();
    assert_eq!(said, "it begins\nit ends\n");
    assert!(follower.wait().unwrap().success());
    assert_eq!(far.expect(0, &["logs", &run.id.to_string(), "--sweep"]), "it begins\nit ends\n");
}

#[test]
fn what_is_not_there_is_said_before_anything_is_submitted() {
    let far = Far::new("not-there", "built-in", (1, 3), "");
    let profile = fs::read_to_string(far.path("sites/far.toml")).unwrap();
    let wrong = profile.replace(&program("seedbed").display().to_string(), "/opt/no/seedbed");
    fs::write(far.path("sites/far.toml"), wrong).unwrap();
    let said = far.expect(65, &["submit", "--site", "far"]);
    assert!(said.contains("/opt/no/seedbed cannot be read on site"), "{said}");
    assert_eq!(far.bench.events("intended"), 0);
}
