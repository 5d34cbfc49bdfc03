//! Where a run stands: worked out from its records each time somebody asks, never stored.

use std::path::Path;
use std::time::SystemTime;

use spec::layout::RunLayout;
use spec::status::{Cause, State, Status};
use spec::{Digest, RunId};

use crate::files::{FileError, read_optional_record, read_small};
use crate::lease::{self, Holder, Machine};

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Nobody has started it.
    NotStarted,
    /// A supervisor that lives holds it.
    Running(Box<Holder>),
    /// It can go on from its last checkpoint.
    Interrupted(Cause),
    /// Its terminal record says done, and its results are those of the record.
    Done,
    /// It diverged: a result.
    Diverged,
    /// It failed, or its results are no longer those of the record.
    Failed {
        /// Why.
        cause: Cause,
        /// In words.
        message: String,
    },
}

impl Observed {
    /// The word in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Running(_) => State::Running.name(),
            Self::Interrupted(_) => State::Interrupted.name(),
            Self::Done => State::Done.name(),
            Self::Diverged => State::Diverged.name(),
            Self::Failed { .. } => State::Failed.name(),
        }
    }

    /// Why it last ended, if it did.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::NotStarted | Self::Running(_) => None,
            Self::Interrupted(cause) | Self::Failed { cause, .. } => Some(*cause),
            Self::Done => Some(Cause::Done),
            Self::Diverged => Some(Cause::Diverged),
        }
    }
}

/// A run as it was seen at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Where it stands.
    pub state: Observed,
    /// Its record, if it has one.
    pub status: Option<Status>,
}

impl Observation {
    /// A run that has left nothing.
    pub fn not_started() -> Self {
        Self { state: Observed::NotStarted, status: None }
    }

    /// Wall-clock seconds that its attempts took, as far as their ends were seen.
    pub fn seconds(&self) -> f64 {
        let attempts = self.status.iter().flat_map(|status| &status.attempts);
        // Not `sum`, of which nothing at all is -0.
        attempts.filter_map(|attempt| attempt.seconds).fold(0.0, |sum, seconds| sum + seconds)
    }
}

/// Looks at the run in `layout` from `machine` at `now`.
///
/// A run whose record or claim is damaged is one that failed: it must not keep the others from being seen.
///
/// # Errors
/// When a record or a claim is there but the system does not let it be read, or is of another version.
pub fn observe(layout: &RunLayout, machine: &Machine, now: SystemTime) -> Result<Observation, FileError> {
    match observe_strictly(layout, machine, now) {
        Err(error) if error.is_of_content() => {
            let state = match lease::look(&layout.claim(), machine, now) {
                Ok(Some((holder, true))) => Observed::Running(Box::new(holder)),
                Ok(_) => no_results(&error.in_one_line()),
                Err(claim) if claim.is_of_content() => no_results(&error.in_one_line()),
                Err(claim) => return Err(claim),
            };
            Ok(Observation { state, status: None })
        }
        seen => seen,
    }
}

/// As [`observe`], for who would carry the run out: a record or a claim that cannot be understood is an error, and
/// nothing is done.
///
/// # Errors
/// When a record or a claim is there but cannot be read or understood.
pub fn observe_strictly(layout: &RunLayout, machine: &Machine, now: SystemTime) -> Result<Observation, FileError> {
    // The record is read before the claim and, where it says running while nobody claims the run, once more: the
    // supervisor may have written its last word and left between the two looks.
    let status = match record(layout)? {
        // The last word of a run, whoever may hold it to see whether something is left to do.
        Some(mut status) if status.state == State::Done => {
            // Tens of thousands of them are held at a time, and room for four attempts is most of each.
            status.attempts.shrink_to_fit();
            return Ok(Observation { state: recorded(&status, &layout.results()), status: Some(status) });
        }
        status => status,
    };
    let claim = lease::look(&layout.claim(), machine, now)?;
    let says_running = status.as_ref().is_some_and(|status| status.state == State::Running);
    let status = match &claim {
        None if says_running => record(layout)?,
        _ => status,
    };
    let state = match (claim, &status) {
        (Some((holder, true)), _) => Observed::Running(Box::new(holder)),
        (Some((_, false)), None) => Observed::Interrupted(Cause::Lost),
        (None, None) => Observed::NotStarted,
        (_, Some(status)) => recorded(status, &layout.results()),
    };
    Ok(Observation { state, status })
}

/// The record of the run in `layout`. One of another run is none of this one: a folder was copied over another.
fn record(layout: &RunLayout) -> Result<Option<Status>, FileError> {
    let status = read_optional_record::<Status>(&layout.status())?;
    let name = layout.directory().file_name().and_then(|name| name.to_str());
    let expected: Option<RunId> = name.and_then(|name| name.parse().ok());
    match (&status, expected) {
        (Some(status), Some(expected)) if status.run != expected => {
            Err(FileError::damaged(layout.status(), format!("it is of the run {}", status.run)))
        }
        _ => Ok(status),
    }
}

/// Looks at the run in `layout` as its claim's holder does: what its records say, whoever holds it.
///
/// # Errors
/// When the record is there but cannot be read.
pub fn observe_held(layout: &RunLayout) -> Result<Observation, FileError> {
    let status = record(layout)?;
    let state = status.as_ref().map_or(Observed::NotStarted, |status| recorded(status, &layout.results()));
    Ok(Observation { state, status })
}

/// What the record of a run says that nobody holds.
fn recorded(status: &Status, results: &Path) -> Observed {
    let last = status.attempts.last();
    let cause = last.and_then(|attempt| attempt.cause);
    match status.state {
        State::Running => Observed::Interrupted(Cause::Lost),
        State::Interrupted => Observed::Interrupted(cause.unwrap_or(Cause::Lost)),
        State::Diverged => Observed::Diverged,
        State::Failed => Observed::Failed {
            cause: cause.unwrap_or(Cause::ProgramError),
            message: last.and_then(|attempt| attempt.message.clone()).unwrap_or_default(),
        },
        State::Done => match read_small(results) {
            Ok(content) if Some(Digest::of(&content)) == status.results => Observed::Done,
            Ok(_) => no_results("results.csv was changed after the run had ended"),
            Err(error) => no_results(&format!("results.csv is gone or cannot be read: {error}")),
        },
    }
}

fn no_results(message: &str) -> Observed {
    Observed::Failed { cause: Cause::NoResults, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_record;

    fn seen(state: State, prepare: impl FnOnce(&RunLayout)) -> Observed {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        let status = Status {
            schema: spec::SCHEMA,
            run: spec::RunId::of(b"run"),
            state,
            results: Some(Digest::of(b"metric,value\nloss,1\n")),
            attempts: Vec::new(),
        };
        write_record(&layout.status(), &status).unwrap();
        prepare(&layout);
        observe(&layout, &Machine::here(), SystemTime::now()).unwrap().state
    }

    #[test]
    fn done_needs_the_results_of_the_record() {
        let write = |text: &'static str| move |layout: &RunLayout| std::fs::write(layout.results(), text).unwrap();
        assert_eq!(seen(State::Done, write("metric,value\nloss,1\n")), Observed::Done);
        assert!(matches!(seen(State::Done, write("metric,value\nloss,2\n")), Observed::Failed { .. }));
        assert!(matches!(seen(State::Done, |_| {}), Observed::Failed { cause: Cause::NoResults, .. }));
    }

    #[test]
    fn a_record_that_cannot_be_understood_is_a_run_that_failed() {
        for content in [&b""[..], b"{\"schema\": 1, \"run", b"\xff\xfe", b"[]"] {
            let replace = |layout: &RunLayout| std::fs::write(layout.status(), content).unwrap();
            let Observed::Failed { cause: Cause::NoResults, message } = seen(State::Done, replace) else {
                panic!("{content:?}")
            };
            assert!(message.contains("status.json"), "{message}");
            assert!(message.contains("move "), "{message}");
        }
        let by_a_folder = |layout: &RunLayout| {
            std::fs::remove_file(layout.status()).unwrap();
            std::fs::create_dir(layout.status()).unwrap();
        };
        assert!(matches!(seen(State::Done, by_a_folder), Observed::Failed { cause: Cause::NoResults, .. }));
        // It would keep whoever reads it waiting.
        let by_a_pipe = |layout: &RunLayout| {
            std::fs::remove_file(layout.status()).unwrap();
            let made = std::process::Command::new("mkfifo").arg(layout.status()).status().unwrap();
            assert!(made.success());
        };
        assert!(matches!(seen(State::Done, by_a_pipe), Observed::Failed { cause: Cause::NoResults, .. }));
    }

    #[test]
    fn a_claim_that_cannot_be_understood_is_a_run_that_failed_but_for_who_would_carry_it_out() {
        for content in [&b""[..], b"{\"schema\": 1, ", b"\xff"] {
            let folder = tempfile::tempdir().unwrap();
            let layout = RunLayout::new(folder.path());
            std::fs::write(layout.claim(), content).unwrap();
            let (machine, now) = (Machine::here(), SystemTime::now());
            let Observed::Failed { cause: Cause::NoResults, message } = observe(&layout, &machine, now).unwrap().state
            else {
                panic!("{content:?}")
            };
            assert!(message.contains("claim.json") && message.contains("move it away"), "{message}");
            assert!(observe_strictly(&layout, &machine, now).unwrap_err().is_of_content());
        }
        let done = |layout: &RunLayout| {
            std::fs::write(layout.results(), "metric,value\nloss,1\n").unwrap();
            std::fs::write(layout.claim(), "").unwrap();
        };
        assert_eq!(seen(State::Done, done), Observed::Done);
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        std::fs::write(layout.claim(), "{\"schema\": 9}").unwrap();
        assert!(observe(&layout, &Machine::here(), SystemTime::now()).is_err());
    }

    #[test]
    fn a_record_of_another_run_is_none_of_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let (this, other) = (RunId::of(b"this"), RunId::of(b"other"));
        let layout = RunLayout::new(folder.path().join(this.to_string()));
        std::fs::create_dir(layout.directory()).unwrap();
        for (run, expected) in [(this, Observed::Interrupted(Cause::Lost)), (other, no_results(""))] {
            let status =
                Status { schema: spec::SCHEMA, run, state: State::Running, results: None, attempts: Vec::new() };
            write_record(&layout.status(), &status).unwrap();
            let seen = observe(&layout, &Machine::here(), SystemTime::now()).unwrap().state;
            assert_eq!(seen.name(), expected.name());
            if let Observed::Failed { message, .. } = seen {
                assert!(message.contains(&format!("it is of the run {other}")), "{message}");
            }
        }
    }

    #[test]
    fn a_run_that_nobody_holds_does_not_run() {
        assert_eq!(seen(State::Running, |_| {}), Observed::Interrupted(Cause::Lost));
    }

    #[test]
    fn nothing_there_is_not_started() {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path().join("never"));
        let seen = observe(&layout, &Machine::here(), SystemTime::now()).unwrap();
        assert_eq!(seen, Observation { state: Observed::NotStarted, status: None });
    }
}
