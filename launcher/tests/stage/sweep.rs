//! A sweep file whose trainer is a shell script, and the directory that `seedbed run` makes for it.

#![allow(dead_code, reason = "each test binary uses its own part of the stage")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use spec::layout::SweepLayout;
use spec::plan::Plan;
use spec::status::{State, Status};
use tempfile::TempDir;

use super::seedbed;

/// A sweep of two activations and two seeds.
pub(crate) struct ToySweep {
    folder: TempDir,
}

impl ToySweep {
    /// The sweep whose trainer is `sh` with `script`, which gets the activation as `$1` and the seed as `$2`.
    pub(crate) fn new(script: &str) -> Self {
        let sweep = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(sweep.folder().join("train.sh"), script).unwrap();
        sweep.write("");
        sweep
    }

    /// Writes the sweep file with `more` at its end.
    pub(crate) fn write(&self, more: &str) {
        let text = format!(
            "[sweep]\nname = \"toy\"\nseeds = 2\n[factors]\nactivation = [\"relu\", \"gelu\"]\n\
             [trainer]\ncommand = [\"sh\", \"train.sh\", \"{{activation}}\", \"{{seed}}\"]\n\
             [analysis]\nprimary = \"loss\"\ndirection = \"lower\"\n{more}"
        );
        fs::write(self.folder().join("toy.toml"), text).unwrap();
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn layout(&self) -> SweepLayout {
        SweepLayout::new(self.folder().join("sweeps/toy"))
    }

    /// `seedbed` in the sweep's folder.
    pub(crate) fn seedbed(&self, arguments: &[&str]) -> Command {
        let mut command = seedbed();
        command.current_dir(self.folder()).args(arguments);
        command
    }

    /// `seedbed run`, to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.seedbed(&["run", "toy.toml"]).args(arguments).output().unwrap()
    }

    pub(crate) fn plan(&self) -> Plan {
        serde_json::from_str(&fs::read_to_string(self.layout().plan()).unwrap()).unwrap()
    }

    /// The records of the runs that have one, in the order of the plan.
    pub(crate) fn records(&self) -> Vec<Status> {
        let texts = self.plan().runs.into_iter().map(|run| fs::read_to_string(self.layout().run(run.id).status()));
        texts.filter_map(Result::ok).map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    pub(crate) fn states(&self) -> Vec<State> {
        self.records().into_iter().map(|status| status.state).collect()
    }

    /// How often each run was tried.
    pub(crate) fn attempts(&self) -> Vec<usize> {
        self.records().into_iter().map(|status| status.attempts.len()).collect()
    }

    /// What the trainers wrote into a file of their directories, in the order of the plan.
    pub(crate) fn files(&self, name: &str) -> Vec<String> {
        let runs = self.plan().runs.into_iter().map(|run| self.layout().run(run.id).directory().join(name));
        runs.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }
}
