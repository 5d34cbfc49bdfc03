//! `cargo demo`: from a checkout to the report of a small real study.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use signal_hook::consts::SIGINT;

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, libtorch, stream};

const SWEEP: &str = include_str!("../demo/sweep.toml");

/// The stories that the models learn from, and those that they are measured on: other seeds, so other stories.
const TRAINING: Stories = Stories { seed: 1, count: 4_000 };
const VALIDATION: Stories = Stories { seed: 2, count: 200 };
const PAIRS_SEED: u64 = 3;
const PAIRS_PER_PARADIGM: usize = 25;

/// `seedbed run` ended with some runs failed; the others are worth a report.
const INCOMPLETE: i32 = 1;

#[derive(Debug, Clone, Copy)]
struct Stories {
    seed: u64,
    count: usize,
}

/// How the demo is to be run.
#[derive(Debug, Args)]
// Its default name is taken by the flattened request.
#[group(skip)]
pub(crate) struct Request {
    #[command(flatten)]
    libtorch: libtorch::Request,
    /// Handed to `seedbed run`, such as `-- --slots 2`
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// `cargo demo`.
pub(crate) fn run(workspace: &Workspace, request: &Request) -> Outcome<ExitCode> {
    // Ctrl-C is for the program that runs: this one waits until that has ended, and then goes no further.
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&interrupted))
        .map_err(|error| Failure::new("cannot watch for Ctrl-C").because(error))?;

    libtorch::ensure(workspace, &request.libtorch)?;
    build(workspace)?;
    write_study(&workspace.root().join("demo"))?;
    let seedbed = workspace.release_folder()?.join("seedbed");

    let mut study = workspace.command(&seedbed);
    study.args(["run", "demo/sweep.toml"]).args(&request.arguments);
    let ended = stream::run(&mut study)?;
    let worth_a_report = ended.success() || ended.code() == Some(INCOMPLETE);
    if !worth_a_report || interrupted.load(Ordering::SeqCst) {
        return passed_on(&study, ended);
    }
    let mut report = workspace.command(&seedbed);
    let reported = stream::run(report.args(["report", "demo/sweep.toml"]))?;
    if reported.success() { passed_on(&study, ended) } else { passed_on(&report, reported) }
}

fn build(workspace: &Workspace) -> Outcome<()> {
    let mut build = workspace.cargo(&["build", "--release", "--package", "launcher", "--package", "trainer"]);
    let status = stream::run(&mut build)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("the build failed ({status})"))) }
}

/// A child's exit code as our own: each has a meaning that scripts rely on.
fn passed_on(command: &Command, status: ExitStatus) -> Outcome<ExitCode> {
    let code = status.code().and_then(|code| u8::try_from(code).ok()).map(ExitCode::from);
    code.ok_or_else(|| Failure::new(format!("{} ended by {status}", command.get_program().display())))
}

/// Writes the study's files into `folder`, except a sweep file that the person has changed.
fn write_study(folder: &Path) -> Outcome<()> {
    let sweep = folder.join("sweep.toml");
    match std::fs::read_to_string(&sweep) {
        Ok(text) if text == SWEEP => {}
        Ok(_) => stream::say("demo/sweep.toml is not the original: it is left as it is (remove it to get that back)"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => file::write(&sweep, SWEEP.as_bytes())?,
        Err(error) => return Err(Failure::new("cannot read demo/sweep.toml").because(error)),
    }
    let text = |stories: Stories| stories::corpus_text(stories.seed, stories.count);
    let pairs = stories::minimal_pairs(PAIRS_SEED, PAIRS_PER_PARADIGM);
    write_if_changed(&folder.join("stories.txt"), &text(TRAINING))?;
    write_if_changed(&folder.join("validation.txt"), &text(VALIDATION))?;
    write_if_changed(&folder.join("pairs.jsonl"), &stories::to_jsonl(&pairs))
}

/// Leaves a file alone that holds `content` already, so that nothing looks newer than it is.
fn write_if_changed(path: &Path, content: &str) -> Outcome<()> {
    if std::fs::read(path).is_ok_and(|present| present == content.as_bytes()) {
        return Ok(());
    }
    file::write(path, content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_study_is_written_once_and_a_changed_sweep_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        write_study(folder.path()).unwrap();
        let stories = fs::read_to_string(folder.path().join("stories.txt")).unwrap();
        assert_eq!(stories.lines().filter(|line| *line == stories::END_OF_TEXT).count(), TRAINING.count);
        assert!(fs::read_to_string(folder.path().join("pairs.jsonl")).unwrap().lines().count() > 100);
        let written = |name: &str| fs::metadata(folder.path().join(name)).unwrap().modified().unwrap();
        let before = written("stories.txt");

        fs::write(folder.path().join("sweep.toml"), "mine").unwrap();
        fs::write(folder.path().join("pairs.jsonl"), "damaged").unwrap();
        write_study(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("sweep.toml")).unwrap(), "mine");
        assert_eq!(written("stories.txt"), before);
        assert_ne!(fs::read_to_string(folder.path().join("pairs.jsonl")).unwrap(), "damaged");
    }
}
