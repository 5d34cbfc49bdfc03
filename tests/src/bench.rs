//! A sweep whose trainer is a shell script, on any Slurm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use spec::layout::SweepLayout;
use spec::status::{State, Status};

use crate::programs::{ends, seedbed, transcript};
use crate::study::{self, Study};

/// A sweep, and the variables by which `seedbed` finds the Slurm that it is for.
#[derive(Debug)]
pub struct Bench {
    study: Study,
    name: String,
    variables: Vec<(String, String)>,
}

/// The trainer: it counts its tenths of a second in a file that survives, says 75 when it is asked to stop, and does
/// not end as long as there is a file called `wait`.
const TRAINER: &str = r#"
trap 'exit 75' TERM
done=$(cat progress 2>/dev/null || echo 0)
while [ "$done" -lt "$3" ]; do
    sleep 0.1 & wait $!
    done=$((done + 1))
    echo "$done" > progress.new && mv progress.new progress
done
while [ -e ../../../../wait ]; do
    sleep 0.2 & wait $!
done
printf 'metric,value\nloss,%s.%s\n' "$1" "$2" > results.csv
"#;

/// The file that the trainer looks for.
const WAIT: &str = "wait";

impl Bench {
    /// `seeds` times four runs of `tenths` of a second each, with `more` lines for `[resources]` and what follows.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn new(name: &str, seeds: u32, tenths: u32, more: &str) -> Self {
        let head = format!(
            "[sweep]\nname = '{name}'\nseeds = {seeds}\n[factors]\nlevel = [1, 2, 3, 4]\n[trainer]\n\
             command = ['/bin/sh', '../../../../train it.sh', '{{level}}', '{{seed}}', '{tenths}']\n\
             [analysis]\nprimary = 'loss'\ndirection = 'lower'\n"
        );
        let resources = "[resources]\ngpus = 1\ncpus = 1\nmemory = '100M'\n";
        let study = Study::new(&head, &format!("{resources}{more}"));
        study.write("train it.sh", TRAINER);
        Self { study, name: name.to_owned(), variables: Vec::new() }
    }

    /// The same sweep, with these variables.
    #[must_use]
    pub fn with_variables(self, variables: Vec<(String, String)>) -> Self {
        Self { variables, ..self }
    }

    /// A path in the study's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.study.path(name)
    }

    /// Writes a file into the study's folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) {
        self.study.write(name, content);
    }

    /// The directory of the sweep.
    pub fn layout(&self) -> SweepLayout {
        self.study.layout(&self.name)
    }

    /// `seedbed` with these arguments and the sweep file behind them.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = seedbed();
        command.args(arguments).arg(self.study.sweep()).envs(self.variables.iter().cloned());
        command
    }

    /// Runs [`Bench::command`], expects it to end with `code`, and returns everything that it said.
    ///
    /// # Panics
    /// When it ends otherwise; the message shows what it said.
    pub fn expect(&self, code: i32, arguments: &[&str]) -> String {
        ends(code, self.command(arguments))
    }

    /// Runs `seedbed` with these arguments and no sweep file, expects it to end with `code`, and returns everything
    /// that it said.
    ///
    /// # Panics
    /// As [`Bench::expect`].
    pub fn expect_alone(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = seedbed();
        command.args(arguments).envs(self.variables.iter().cloned());
        ends(code, command)
    }

    /// Lets no run come to its end by itself, so that a test finds them at work however slow the machine is, until
    /// [`Bench::let_go`] or [`Bench::finish`].
    ///
    /// # Panics
    /// When the study's folder cannot be written.
    pub fn hold_up(&self) {
        self.write(WAIT, "");
    }

    /// Lets the runs that wait before their end go on.
    pub fn let_go(&self) {
        // It may never have been there.
        let _ = fs::remove_file(self.path(WAIT));
    }

    /// Lets all runs go on, and waits until `seedbed watch` says that everything is done.
    ///
    /// # Panics
    /// When it says otherwise; the message shows what the sweep knows of itself.
    pub fn finish(&self) {
        self.finish_with(&[]);
    }

    /// As [`Bench::finish`], with more arguments.
    ///
    /// # Panics
    /// As [`Bench::finish`].
    pub fn finish_with(&self, arguments: &[&str]) {
        self.let_go();
        let arguments = [&["watch", "--every", "1"], arguments].concat();
        let output = self.command(&arguments).output().expect("seedbed starts");
        assert!(output.status.success(), "{}\n{}", transcript(&output), self.account());
    }

    /// What the sweep knows of itself: its records, its ledger, and what jobs said outside of their runs.
    fn account(&self) -> String {
        let unfinished: Vec<Status> = self.records().into_iter().filter(|run| run.state != State::Done).collect();
        format!("{unfinished:#?}\n{}\n{}", self.ledger(), self.said_by_jobs())
    }

    /// What the jobs of Slurm have said outside of their runs.
    pub fn said_by_jobs(&self) -> String {
        let logs = fs::read_dir(self.layout().job_logs()).into_iter().flatten().flatten();
        logs.map(|log| fs::read_to_string(log.path()).unwrap_or_default()).collect()
    }

    /// The records of all runs that have one.
    ///
    /// # Panics
    /// When the plan or a record cannot be read.
    pub fn records(&self) -> Vec<Status> {
        let layout = self.layout();
        let runs = study::plan(&layout).runs.into_iter().map(|run| layout.run(run.id));
        runs.filter(|run| run.status().exists()).map(|run| study::status(&run)).collect()
    }

    /// Every run is done, with the value that its level and seed give, and, if `once`, in one attempt.
    ///
    /// # Panics
    /// When that is not so.
    pub fn assert_done(&self, once: bool) {
        let layout = self.layout();
        let plan = study::plan(&layout);
        for run in &plan.runs {
            let status = study::status(&layout.run(run.id));
            assert_eq!(status.state, State::Done, "{status:?}");
            assert!(!once || status.attempts.len() == 1, "{status:?}");
            let results = fs::read_to_string(layout.run(run.id).results()).expect("a run that is done has results");
            assert_eq!(results, format!("metric,value\nloss,{}.{}\n", run.levels["level"], run.seed));
        }
    }

    /// The ledger as text.
    ///
    /// # Panics
    /// When there is none.
    pub fn ledger(&self) -> String {
        fs::read_to_string(self.layout().ledger()).expect("the sweep has a ledger")
    }

    /// How often the ledger tells of this kind of event.
    ///
    /// # Panics
    /// When there is no ledger.
    pub fn events(&self, kind: &str) -> usize {
        self.ledger().matches(&format!("{{\"{kind}\":")).count()
    }
}
