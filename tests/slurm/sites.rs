//! Sites on a real cluster: asked, written down, used, and examined when something is broken.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::sync::Arc;

use cluster::{Cluster, Options};
use e2e::programs::{ends, program, seedbed};
use sshd::Server;

use crate::bench::{Bench, shared};

/// `seedbed` with these arguments, for the cluster of `bench` and profiles in its folder.
fn command(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = seedbed();
    command.args(arguments).envs(bench.cluster.environment()).env("SEEDBED_SITES", bench.path("sites"));
    command
}

fn profile(bench: &Bench, name: &str, text: &str) {
    fs::create_dir_all(bench.path("sites")).unwrap();
    fs::write(bench.path("sites").join(format!("{name}.toml")), text).unwrap();
}

/// The line of the doctor's answer that is about `what`.
fn finding(said: &str, what: &str) -> String {
    let about = |line: &&str| line.split_whitespace().nth(1) == Some(what);
    said.lines().find(about).unwrap_or_else(|| panic!("nothing about {what}:\n{said}")).to_owned()
}

#[test]
fn a_cluster_with_a_limit_is_asked_written_down_and_obeyed() {
    let options = Options { max_submit_jobs: Some(7), ..Options::default() };
    let bench = Bench::new(Arc::new(Cluster::start(options).expect("a cluster can be started")), "limited", 3, 1);
    let said = ends(0, command(&bench, &["site", "probe", "--format", "json"]));
    let probe: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(probe["cluster"]["max-array-size"], 1001);
    assert_eq!(probe["partitions"][0]["gpus"][0]["kind"], "a100");
    assert_eq!(probe["accounts"]["known"]["associations"][0]["limits"]["submitted"], 7);
    assert!(ends(0, command(&bench, &["site", "probe"])).contains("MaxArraySize"));

    let wrong = ends(2, command(&bench, &["site", "add", "small", "--account", "nobody"]));
    assert!(wrong.contains("no account `nobody` for root"), "{wrong}");
    ends(0, command(&bench, &["site", "add", "small", "--partition", "low", "--gpu-type", "a100"]));
    let text = fs::read_to_string(bench.path("sites/small.toml")).unwrap();
    assert!(text.contains("\nmax-submitted = 7 "), "{text}");
    let doctor = ends(0, command(&bench, &["doctor", "--site", "small"]));
    assert!(finding(&doctor, "limits").starts_with("good"), "{doctor}");

    let with_site = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("SEEDBED_SITES", bench.path("sites"));
        command
    };
    let said = ends(75, with_site(&["submit", "--site", "small"]));
    assert!(said.contains("5 runs not submitted yet: max-submitted of the site is 7"), "{said}");
    ends(0, with_site(&["watch", "--every", "1", "--site", "small"]));
    bench.assert_done(true);
    // Slurm was never asked for more than it takes.
    assert_eq!(bench.events("refused"), 0);
}

#[test]
fn arrays_are_cut_to_the_most_tasks_of_one() {
    let bench =
        Bench::new(Arc::new(Cluster::start(Options::default()).expect("a cluster can be started")), "most", 5, 1);
    let file = bench.cluster.configuration();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("bf_continue", "bf_continue,max_array_tasks=8")).unwrap();
    bench.slurm("scontrol", &["reconfigure"]);
    let said = bench.expect(0, &["submit"]);
    assert_eq!(said.matches("job ").count(), 3, "{said}");
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn a_run_finds_a_folder_of_its_own_on_the_node() {
    let bench = Bench::new(shared(), "scratch", 1, 1);
    let node = bench.path("local disk");
    fs::create_dir(&node).unwrap();
    let trainer = fs::read_to_string(bench.path("train it.sh")).unwrap();
    let trainer =
        trainer.replace("done=$(cat progress", "[ -w \"$TMPDIR\" ] && echo \"$TMPDIR\" > where\ndone=$(cat progress");
    fs::write(bench.path("train it.sh"), trainer).unwrap();
    profile(&bench, "disk", &format!("[environment]\nscratch = '{}'\n", node.display()));
    let mut watch = bench.command(&["watch", "--every", "1", "--site", "disk"]);
    watch.env("SEEDBED_SITES", bench.path("sites"));
    ends(0, watch);
    bench.assert_done(true);
    let runs = fs::read_dir(bench.layout().runs()).unwrap().map(|run| run.unwrap().path());
    let mut seen: Vec<String> = runs.map(|run| fs::read_to_string(run.join("where")).unwrap()).collect();
    seen.sort();
    seen.dedup();
    assert!(seen.len() == 4 && seen[0].starts_with(&node.join("job-").display().to_string()), "{seen:?}");
    crate::bench::wait("the folders are removed", || fs::read_dir(&node).unwrap().count() == 0);
}

#[test]
fn the_doctor_finds_what_is_broken() {
    let bench =
        Bench::new(Arc::new(Cluster::start(Options::default()).expect("a cluster can be started")), "ill", 1, 1);
    let said = ends(0, command(&bench, &["doctor"]));
    for what in ["connection", "commands", "controller", "arrays", "accounts", "requeue", "clock", "partition"] {
        assert!(finding(&said, what).starts_with("good"), "{said}");
    }

    bench.slurm("scontrol", &["update", "partition=high", "state=down"]);
    profile(&bench, "down", "[placement]\npartition = 'high'\n");
    let said = ends(0, command(&bench, &["doctor", "--site", "down"]));
    assert!(finding(&said, "partition").starts_with("doubtful"), "{said}");
    profile(&bench, "wrong", "[placement]\npartition = 'shart'\n");
    let said = ends(69, command(&bench, &["doctor", "--site", "wrong"]));
    assert!(finding(&said, "partition").ends_with("did you mean `short`?"), "{said}");

    // A PATH on which everything is but one.
    let bin = bench.path("some commands");
    fs::create_dir(&bin).unwrap();
    for name in ["sh", "id", "sbatch", "squeue", "scancel", "scontrol", "sinfo", "sacct"] {
        symlink(format!("/usr/bin/{name}"), bin.join(name)).unwrap();
    }
    let mut without = command(&bench, &["doctor"]);
    without.env("PATH", &bin);
    let said = ends(0, without);
    assert!(finding(&said, "commands").contains("sacctmgr is not there"), "{said}");
    assert!(finding(&said, "limits").starts_with("doubtful"), "{said}");
    fs::remove_file(bin.join("sbatch")).unwrap();
    let mut without = command(&bench, &["doctor"]);
    without.env("PATH", &bin);
    let said = ends(69, without);
    assert!(finding(&said, "commands").starts_with("bad") && said.contains("sbatch is not there"), "{said}");

    bench.cluster.stop_controller().unwrap();
    let said = ends(69, command(&bench, &["doctor"]));
    assert!(finding(&said, "controller").starts_with("bad"), "{said}");
}

#[test]
fn a_far_site_is_added_and_examined() {
    let bench = Bench::new(shared(), "examined", 1, 1);
    let mut server = Server::start(&bench.cluster.environment(), true).unwrap();
    let (config, root) = (server.config().display().to_string(), bench.path("there/sweeps").display().to_string());
    let own = program("seedbed").display().to_string();
    let far = |arguments: &[&str]| {
        let mut command = command(&bench, arguments);
        command.env_remove("SLURM_CONF");
        command
    };
    let add = ["site", "add", "far", "--host", "site", "--ssh-config", &config, "--place", &root, "--seedbed", &own];
    ends(0, far(&add));
    let said = ends(0, far(&["doctor", "--site", "far"]));
    for what in ["connection", "commands", "folder", "seedbed"] {
        assert!(finding(&said, what).starts_with("good"), "{said}");
    }
    let text = fs::read_to_string(bench.path("sites/far.toml")).unwrap();
    let old = bench.path("old seedbed");
    fs::write(&old, "#!/bin/sh\necho seedbed 0.0.1\n").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let broken = [
        (own.as_str(), "/opt/no/seedbed".to_owned(), "seedbed", "is not there: copy"),
        (own.as_str(), old.display().to_string(), "seedbed", "calls itself `seedbed 0.0.1`"),
        (root.as_str(), format!("{}/sweeps", old.display()), "folder", "set place.root"),
    ];
    for (from, to, what, words) in broken {
        profile(&bench, "broken", &text.replace(&format!("\"{from}\""), &format!("\"{to}\"")));
        let said = ends(69, far(&["doctor", "--site", "broken"]));
        let finding = finding(&said, what);
        assert!(finding.starts_with("bad") && finding.contains(words), "{said}");
    }
    server.change_host_keys().unwrap();
    let said = ends(69, far(&["doctor", "--site", "far"]));
    assert!(finding(&said, "connection").contains("has changed") && said.contains("ssh-keygen -R"), "{said}");
}
