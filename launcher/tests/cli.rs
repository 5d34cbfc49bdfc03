//! The command line as a person sees it: help, tables, errors.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use stage::sweep::ToySweep;
use stage::{DONE, seedbed, start, stderr, stdout, wait_until};

/// A sweep with a run in most states: relu 0 diverged, gelu 0 failed, relu 1 done, gelu 1 not started.
fn ended_in_every_way() -> ToySweep {
    let script = format!(
        "[ $1$2 = relu0 ] && exit 76; [ $1$2 = gelu0 ] && {{ echo 'no such corpus' >&2; exit 65; }}; \
         echo loss goes down; {DONE}"
    );
    let sweep = ToySweep::new(&script);
    sweep.run(&["--limit", "3", "--slots", "1"]);
    sweep
}

/// `text` with what differs from one time and machine to another replaced.
fn settled(text: &str, sweep: &ToySweep) -> String {
    let mut text = text.replace(&sweep.folder().display().to_string(), "[folder]");
    for (index, run) in sweep.plan().runs.iter().enumerate() {
        text = text.replace(&run.id.to_string(), &format!("[run {index}        ]"));
    }
    text
}

fn filters() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]");
    settings.add_filter(r"\b\d+\.\ds\b", "[s]");
    settings.add_filter(r"machine +\S+\nseedbed +\S+", "machine     [host]\nseedbed     [version]");
    settings.add_filter(r" on \S+ \(process \d+\)", " on [host] (process [id])");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

#[test]
fn every_command_explains_itself() {
    let mut text = stdout(&seedbed().arg("--help").output().unwrap());
    for command in [
        "run",
        "submit",
        "watch",
        "cancel",
        "throttle",
        "reconcile",
        "site",
        "doctor",
        "status",
        "logs",
        "show",
        "retry",
        "explain",
        "report",
        "power",
        "exec",
    ] {
        let help = stdout(&seedbed().args([command, "--help"]).output().unwrap());
        text.extend(["\n--- ", command, "\n\n", &help]);
    }
    for verb in ["list", "show", "probe", "add"] {
        let help = stdout(&seedbed().args(["site", verb, "--help"]).output().unwrap());
        text.extend(["\n--- site ", verb, "\n\n", &help]);
    }
    filters().bind(|| insta::assert_snapshot!("help", text));
}

#[test]
fn status_shows_how_runs_stand() {
    let sweep = ended_in_every_way();
    let output = sweep.seedbed(&["status", "--runs"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    filters().bind(|| insta::assert_snapshot!("status", settled(&stdout(&output), &sweep)));

    let json = sweep.seedbed(&["status", "toy.toml", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let counts = &report["counts"];
    assert_eq!((&counts["done"], &counts["failed"], &counts["not-started"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(report["runs"][1]["cause"], "bad-data");
}

#[test]
fn finished_runs_are_counted_by_factors_of_choice() {
    let sweep = ended_in_every_way();
    let by = |names: &str| sweep.seedbed(&["status", "--by", names]).output().unwrap();
    let text = stdout(&by("activation,seed"));
    assert!(
        text.contains(
            "\nseed \\ activation  relu  gelu\n0                   1/1   0/1\n1                   1/1   0/1\n"
        ),
        "{text}"
    );
    let text = stdout(&by("activation"));
    assert!(text.contains("\nactivation  relu  gelu\nfinished     2/2   0/2\n"), "{text}");
    for (names, expected) in [
        ("activaton,seed", "the sweep has no factor `activaton`; it has activation, seed (did you mean `activation`?)"),
        ("activation,seed,width", "expected one factor or two"),
    ] {
        let wrong = by(names);
        assert_eq!(wrong.status.code(), Some(2));
        assert!(stderr(&wrong).contains(expected), "{}", stderr(&wrong));
    }
}

#[test]
fn a_run_is_named_by_the_beginning_of_its_id() {
    let sweep = ended_in_every_way();
    let id = sweep.plan().runs[2].id.to_string();
    let logs = sweep.seedbed(&["logs", &id[..8]]).output().unwrap();
    assert_eq!(stdout(&logs), "loss goes down\n");
    let show = sweep.seedbed(&["show", &id, "--sweep", "toy.toml"]).output().unwrap();
    filters().bind(|| {
        let text = settled(&stdout(&show), &sweep);
        let threads = text.lines().find(|line| line.starts_with("processor threads")).unwrap().to_owned();
        insta::assert_snapshot!("show", text.replace(&threads, "processor threads: [n]"));
    });

    let no_id = sweep.seedbed(&["show", "--sweep", "sweeps/toy", "gelu"]).output().unwrap();
    assert!(stderr(&no_id).starts_with("error: `gelu` is not the beginning of a run's id"), "{}", stderr(&no_id));
    let none = sweep.seedbed(&["show", "0123456789abcdef"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).starts_with("error: no run has an id that begins with `0123456789abcdef` in toy"));
    let early = sweep.seedbed(&["logs", &sweep.plan().runs[3].id.to_string()]).output().unwrap();
    assert!(stderr(&early).contains("was not started yet"), "{}", stderr(&early));
}

#[test]
fn logs_can_be_followed_to_the_end() {
    let sweep = ToySweep::new(&format!("echo first; sleep 0.4; echo last; {DONE}"));
    let launcher = start(&mut sweep.seedbed(&["run", "toy.toml", "--limit", "1"]));
    wait_until("the run is recorded", || sweep.layout().plan().exists() && !sweep.records().is_empty());
    let id = sweep.plan().runs[0].id.to_string();
    let logs = sweep.seedbed(&["logs", "--follow", &id]).output().unwrap();
    assert_eq!(stdout(&logs), "first\nlast\n");
    assert_eq!(launcher.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_character_that_is_written_in_two_halves_is_followed_whole() {
    let sweep = ToySweep::new(&format!("printf 'caf\\303'; sleep 1; printf '\\251\\n\\377\\n'; {DONE}"));
    let launcher = start(&mut sweep.seedbed(&["run", "toy.toml", "--limit", "1"]));
    wait_until("the run is recorded", || sweep.layout().plan().exists() && !sweep.records().is_empty());
    let id = sweep.plan().runs[0].id.to_string();
    let logs = sweep.seedbed(&["logs", "--follow", &id]).output().unwrap();
    assert_eq!(logs.stdout, b"caf\xc3\xa9\n\xff\n");
    assert_eq!(launcher.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn logs_that_are_followed_wait_for_the_run_to_begin() {
    let sweep = ToySweep::new(&format!("[ $1 = relu ] || echo here; {DONE}"));
    sweep.run(&["--limit", "1"]);
    let id = sweep.plan().runs[1].id.to_string();
    let mut logs =
        sweep.seedbed(&["logs", "--follow", &id]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(logs.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, format!("the run {id} was not started yet: waiting until it begins\n"));
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let output = logs.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "here\n".to_owned()));
}

#[test]
fn explain_tells_the_story() {
    let sweep = ended_in_every_way();
    sweep.run(&["--retry", "failed", "--limit", "1", "--where", "activation=gelu"]);
    let id = sweep.plan().runs[1].id.to_string();
    let output = sweep.seedbed(&["explain", &id]).output().unwrap();
    filters().bind(|| insta::assert_snapshot!("explain", settled(&stdout(&output), &sweep)));
}

#[test]
fn a_report_is_made_of_a_sweep_and_of_a_table() {
    let sweep = ToySweep::new("printf 'metric,value\\nloss,1.%s\\n' $2 > results.csv");
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let output = sweep.seedbed(&["report", "toy.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).ends_with("report: sweeps/toy/report/index.html\n"), "{}", stdout(&output));
    assert!(sweep.layout().report().join("report.json").is_file());

    let table = "act,seed,acc\nrelu,0,0.5\nrelu,1,0.6\ngelu,0,0.7\ngelu,1,0.9\n";
    fs::write(sweep.folder().join("other.csv"), table).unwrap();
    let arguments = ["report", "other.csv", "--factors", "act", "--metric", "acc=higher", "--baseline", "relu"];
    let output = sweep.seedbed(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(sweep.folder().join("other-report/index.html").is_file());
    let wrong = sweep.seedbed(&["report", "other.csv", "--factors", "akt", "--metric", "acc=higher"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("akt"), "{}", stderr(&wrong));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sweep = ended_in_every_way();
    let mut child = sweep.seedbed(&["status", "--runs"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn without_a_sweep_it_is_said_where_was_looked() {
    let folder = tempfile::tempdir().unwrap();
    let output = seedbed().arg("status").current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: there is no sweep here: neither "), "{}", stderr(&output));
    let output = seedbed().args(["status", "nothing.toml"]).current_dir(folder.path()).output().unwrap();
    assert!(stderr(&output).contains("nothing.toml is neither a sweep file nor the directory of a sweep"));
}

#[test]
fn a_sweep_file_is_not_written_over_a_directory() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["new", "."][..], &["new", "--force", "."]] {
        let output = seedbed().args(arguments).current_dir(home.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
        assert_eq!(stderr(&output), "error: . is a directory\nhint: name the file: ./sweep.toml\n");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
