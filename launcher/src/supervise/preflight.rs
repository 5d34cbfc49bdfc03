//! What can be seen to be missing before a trainer is started: space for its files, and the GPUs that it was given.
//!
//! A few system calls and no other process: a run's start must not wait for this.

use std::path::Path;

use spec::budget::ParameterCount;
use spec::status::Cause;
use spec::{Program, RunSpec};

use super::error::SuperviseError;
use super::node::Visible;

/// Bytes that logs, tables and records may take.
const SMALL_FILES: u64 = 16 << 20;

/// Bytes of a checkpoint for each parameter: its value and the optimiser's two moments.
const BYTES_PER_PARAMETER: u64 = 12;

/// Why a trainer need not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) cause: Cause,
    pub(super) words: String,
}

/// Looks for an obstacle to `run` in `directory`, which was given so many GPUs, if that is known, and can see others.
pub(super) fn look(
    run: &RunSpec,
    directory: &Path,
    given: Option<u32>,
    visible: &Visible,
) -> Result<Option<Obstacle>, SuperviseError> {
    let disk = rustix::fs::statvfs(directory)
        .map_err(|error| SuperviseError::Process { what: "ask how much space is left", source: error.into() })?;
    let free = Free {
        bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
        // Some file systems make room for names as they go, and count none.
        names: (disk.f_files > 0).then_some(disk.f_favail),
    };
    let place = directory.display();
    Ok(shortage(&free, needed(run))
        .map(|words| Obstacle { cause: Cause::CannotWrite, words: format!("{words} in {place}: not started") })
        .or_else(|| missing(given.unwrap_or(0), visible)))
}

/// Space that is left for this user.
struct Free {
    bytes: u64,
    names: Option<u64>,
}

/// Bytes that a run needs at least: of the built-in trainer two checkpoints, the last one and the one being written.
fn needed(run: &RunSpec) -> u64 {
    let checkpoints = match &run.program {
        Program::Builtin(study) => 2 * BYTES_PER_PARAMETER * ParameterCount::of(&study.model).total(),
        Program::Command(_) => 0,
    };
    SMALL_FILES + checkpoints
}

fn shortage(free: &Free, needed: u64) -> Option<String> {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    if free.bytes < needed {
        let (left, wanted) = (free.bytes >> 20, mebibytes(needed));
        return Some(format!("{left} MiB are free and the run needs {wanted} MiB at least"));
    }
    (free.names.is_some_and(|names| names < 16)).then(|| "the file system has no room for new files".to_owned())
}

fn missing(given: u32, visible: &Visible) -> Option<Obstacle> {
    let shown = u32::try_from(visible.names.len()).unwrap_or(u32::MAX);
    // Where the driver is, a name in a list is not enough.
    let devices = visible.devices.unwrap_or(shown);
    let words = if shown < given {
        format!("{} but CUDA_VISIBLE_DEVICES shows {}", wanted(given), some(shown))
    } else if devices < given {
        format!("{} but there are device files of {}", wanted(given), some(devices))
    } else {
        return None;
    };
    Some(Obstacle { cause: Cause::Unavailable, words: format!("{words}: not started") })
}

fn wanted(given: u32) -> String {
    format!("the run was given {given} GPU{},", if given == 1 { "" } else { "s" })
}

fn some(count: u32) -> String {
    if count == 0 { "none".to_owned() } else { format!("only {count}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_space_is_said_with_both_numbers() {
        let free = |bytes, names| Free { bytes, names };
        assert_eq!(shortage(&free(20 << 20, None), 16 << 20), None);
        let words = shortage(&free(3 << 20, Some(1000)), (16 << 20) + 1).unwrap();
        assert_eq!(words, "3 MiB are free and the run needs 17 MiB at least");
        assert!(shortage(&free(1 << 30, Some(0)), 1).unwrap().contains("new files"));
    }

    #[test]
    fn a_gpu_that_was_given_must_be_there() {
        let visible =
            |names: &[&str], devices| Visible { names: names.iter().map(|&name| name.into()).collect(), devices };
        assert_eq!(missing(0, &visible(&[], None)), None);
        assert_eq!(missing(2, &visible(&["0", "3"], None)), None);
        assert_eq!(missing(1, &visible(&["0"], Some(1))), None);
        let none = missing(1, &visible(&[], None)).unwrap();
        assert_eq!(none.cause, Cause::Unavailable);
        assert_eq!(none.words, "the run was given 1 GPU, but CUDA_VISIBLE_DEVICES shows none: not started");
        let fewer = missing(2, &visible(&["0"], None)).unwrap().words;
        assert!(fewer.contains("2 GPUs, but CUDA_VISIBLE_DEVICES shows only 1"), "{fewer}");
        let gone = missing(1, &visible(&["0"], Some(0))).unwrap().words;
        assert!(gone.contains("device files of none"), "{gone}");
    }
}
