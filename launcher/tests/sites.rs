//! Sites as a person sees them: the profiles that there are, what holds, and what is wrong.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use stage::{seedbed, stderr, stdout};

const FAR: &str = "gpu-type = 'a100'\nmax-submitted = 300\n[placement]\npartition = 'gpu'\naccount = 'nlp'\n\
    [environment]\nscratch = '/local'\nvariables = { HF_HOME = '/scratch/a b' }\n\
    [ssh]\nhost = 'me@login.example.org'\n[place]\nroot = '/scratch/me'\nseedbed = '/home/me/seedbed'\n";

/// Commands that answer as those of a small cluster do.
const SLURM: &str = r"#!/bin/sh
case ${0##*/} in
scontrol) printf 'Configuration data as of 2026-01-01T00:00:00\nSLURM_VERSION = 24.05.1\nClusterName = main\nMaxArraySize = 1001\nAccountingStorageType = accounting_storage/none\nSlurmctld(primary) at here is UP\n' ;;
sinfo) printf 'PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\ngpu*|up|2-00:00:00|3|idle|64|500000|gpu:a100:4|n[1-3]|(null)\nlong|up|infinite|1|idle|8|64000|(null)|n4|(null)\n' ;;
esac
";

/// A folder of profiles, and a machine with a pretended Slurm.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(profiles: &[(&str, &str)]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(desk.0.path().join("bin")).unwrap();
        for command in ["scontrol", "sinfo"] {
            let path = desk.0.path().join("bin").join(command);
            fs::write(&path, SLURM).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        for (name, text) in profiles {
            fs::create_dir_all(desk.sites()).unwrap();
            fs::write(desk.sites().join(name), text).unwrap();
        }
        desk
    }

    fn sites(&self) -> std::path::PathBuf {
        self.0.path().join("sites")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = seedbed();
        let path = format!("{}:{}", self.0.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.arg("site").args(arguments).env("SEEDBED_SITES", self.sites()).env("PATH", path);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it says when it ends with `code`, with the folder's name replaced.
    fn said(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        text.replace(&self.0.path().display().to_string(), "[folder]")
    }
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_profile_is_listed_the_broken_ones_too() {
    let desk = Desk::new(&[
        ("far.toml", FAR),
        ("slip.toml", "[placement]\npartitoin = 'gpu'\n"),
        ("text.toml", "this is no profile\n"),
        ("lost.toml", "[place]\nroot = '/scratch/me'\nseedbed = '/s'\n"),
        ("two words.toml", ""),
        ("notes.txt", ""),
    ]);
    // The width of a column depends on the name of the folder.
    let lines: Vec<String> = desk
        .said(0, &["list"])
        .lines()
        .map(|line| {
            line.split("  ").filter(|cell| !cell.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" | ")
        })
        .collect();
    snapshot("site-list", &lines.join("\n"));
    let json: serde_json::Value = serde_json::from_slice(&desk.run(&["list", "--format", "json"]).stdout).unwrap();
    assert_eq!(json[0]["site"], "here");
    assert!(json[1]["error"].is_null() && json[3]["error"].is_string(), "{json}");
    assert!(Desk::new(&[]).said(0, &["list"]).contains("here"));
}

#[test]
fn what_holds_is_shown_with_where_it_comes_from() {
    let desk = Desk::new(&[("far.toml", FAR)]);
    snapshot("site-show", &desk.said(0, &["show", "far"]));
    let json: serde_json::Value =
        serde_json::from_slice(&desk.run(&["show", "far", "--format", "json"]).stdout).unwrap();
    let find = |key: &str| {
        json["values"].as_array().unwrap().iter().find(|value| value["key"] == key).unwrap_or_else(|| panic!("{key}"))
    };
    assert_eq!((&find("max-submitted")["value"], &find("max-submitted")["from"]), (&300.into(), &"file".into()));
    assert_eq!((&find("placement.qos")["value"], &find("placement.qos")["from"]), (&().into(), &"default".into()));
    assert!(desk.said(0, &["show", "here"]).starts_with("no file: defaults\n"));
}

#[test]
fn a_wrong_profile_is_one_clear_error() {
    let desk = Desk::new(&[
        ("far.toml", FAR),
        ("slip.toml", "[placement]\npartitoin = 'gpu'\n"),
        ("text.toml", "this is no profile\n"),
    ]);
    let said: Vec<String> = [["show", "fra"], ["show", "../far"], ["show", "slip"], ["show", "text"]]
        .iter()
        .map(|arguments| desk.said(2, arguments))
        .collect();
    snapshot("site-errors", &said.join("---\n"));
}

#[test]
fn a_new_profile_is_written_once_and_loads_again() {
    let desk = Desk::new(&[]);
    let add = ["add", "near", "--partition", "gpu", "--gpu-type", "a100"];
    let said = desk.said(0, &add);
    assert!(said.starts_with("wrote [folder]/sites/near.toml\n"), "{said}");
    let file = desk.sites().join("near.toml");
    let text = fs::read_to_string(&file).unwrap();
    snapshot("site-add", &text.replace(&whoami(), "[user]"));
    assert!(desk.said(0, &["show", "near"]).contains("a100"));

    let again = desk.said(73, &add);
    assert!(again.contains("error: there is a site `near` already") && again.contains("hint: "), "{again}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_dir(desk.sites()).unwrap().count(), 1);
}

#[test]
fn what_the_cluster_does_not_have_is_not_written() {
    let desk = Desk::new(&[]);
    let said: Vec<String> = [
        ["add", "x", "--partition", "gpu,lang"],
        ["add", "x", "--gpu-type", "h100"],
        ["add", "x", "--partition", "a b"],
        ["add", "x", "--place", "/scratch"],
        ["add", "a/b", "--partition", "gpu"],
    ]
    .iter()
    .map(|arguments| desk.said(2, arguments))
    .collect();
    snapshot("site-refusals", &said.join("---\n"));
    assert!(!desk.sites().exists());
}

#[test]
fn a_cluster_tells_what_it_is() {
    let desk = Desk::new(&[]);
    snapshot("site-probe", &desk.said(0, &["probe"]).replace(&whoami(), "[user]"));
    let json: serde_json::Value = serde_json::from_slice(&desk.run(&["probe", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["cluster"]["max-array-size"], 1001);
    assert_eq!(json["partitions"][0]["gpus"][0]["on-each"], 4);
    let mut nothing = desk.command(&["probe"]);
    let output = nothing.env("PATH", bare(&desk.0.path().join("empty"))).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(stderr(&output).contains("scontrol is not installed"), "{}", stderr(&output));
}

fn whoami() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A folder with `id` and nothing else.
fn bare(folder: &Path) -> std::path::PathBuf {
    fs::create_dir_all(folder).unwrap();
    std::os::unix::fs::symlink("/usr/bin/id", folder.join("id")).unwrap();
    folder.to_owned()
}
