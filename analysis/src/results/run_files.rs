//! The files of one run, read with care: whatever is wrong with them ends in the run's account, not in an error.

use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use spec::analysis::AnalysisSpec;
use spec::fine_tuning::{SUPERGLUE, TASKS};
use spec::layout::RunLayout;
use spec::status::{Attempt, Cause, State, Status};
use spec::{Digest, RunId, SCHEMA};

use super::design::{Point, Seed};
use super::evaluations;
use super::extras::Extras;
use super::final_values::final_values;
use super::missing::{self, Told};
use super::observation::{Curve, LARGEST, Network, Observation, RunAccount, RunState, is_usable};
use super::tuning::{self, Way};
use super::whole_file;
use crate::error::AnalysisError;

/// One run of the plan, about to be read.
pub(super) struct RunReader {
    pub(super) layout: RunLayout,
    pub(super) id: RunId,
    pub(super) point: Point,
    pub(super) seed: Seed,
}

/// What was found of it.
pub(super) struct RunReading {
    pub(super) account: RunAccount,
    pub(super) observations: Vec<Observation>,
    pub(super) curves: Vec<Curve>,
    /// What it says has no score.
    pub(super) missing: Vec<Told>,
    /// How its model was tuned.
    pub(super) ways: Vec<Way>,
}

impl RunReading {
    /// A run whose primary metric cannot be computed with has diverged, whatever its trainer says. Its other values
    /// count.
    fn look_at_primary(&mut self, primary: &str) {
        let value = self.observations.iter().find(|observation| observation.metric == primary);
        if value.is_some_and(|observation| !is_usable(observation.value)) {
            self.account.state = RunState::Diverged;
            self.account.cause = Some(format!("{primary} is not finite or beyond \u{b1}{LARGEST:e}"));
        }
    }
}

impl RunReader {
    pub(super) fn read(&self, analysis: &AnalysisSpec) -> RunReading {
        let account = RunAccount::missing(Some(self.id), self.point.clone(), self.seed.clone());
        let mut reading =
            RunReading { account, observations: Vec::new(), curves: Vec::new(), missing: Vec::new(), ways: Vec::new() };
        let status = match self.status() {
            Ok(Some(status)) => status,
            Ok(None) => return reading,
            Err(cause) => {
                reading.account.state = RunState::Incomplete;
                reading.account.cause = Some(cause);
                return reading;
            }
        };
        let mut extras = Extras::of(&self.layout);
        Self::account_for(&status, &mut extras, &mut reading.account);
        if status.state == State::Done {
            reading.missing = missing::told(&self.layout.evaluation());
            match self.results(status.results, &mut reading.ways, &mut reading.missing) {
                Ok(observations) => {
                    reading.observations = observations;
                    reading.look_at_primary(&analysis.primary);
                }
                Err(cause) => {
                    reading.account.state = RunState::Incomplete;
                    reading.account.cause = Some(cause);
                }
            }
        }
        let diverged = reading.account.state == RunState::Diverged;
        if diverged || reading.account.state == RunState::Done {
            let curve =
                |metric, points| Curve { metric, point: self.point.clone(), seed: self.seed.clone(), diverged, points };
            reading.curves =
                extras.curves(analysis).into_iter().map(|(metric, points)| curve(metric, points)).collect();
        }
        reading.account.damage = extras.damage();
        reading
    }

    fn status(&self) -> Result<Option<Status>, String> {
        let status: Status = match read_record(&self.layout.status()) {
            Ok(status) => status,
            // Nobody has begun it. One that may not be looked at is no such run.
            Err(error) if is_not_there(&error) => return Ok(None),
            Err(error) => return Err(chain(&error)),
        };
        if status.schema != SCHEMA {
            return Err(format!("status.json has schema {}, this version reads {SCHEMA}", status.schema));
        }
        if status.run != self.id {
            return Err(format!("status.json is of the run {}", status.run));
        }
        Ok(Some(status))
    }

    fn account_for(status: &Status, extras: &mut Extras<'_>, account: &mut RunAccount) {
        account.state = match status.state {
            State::Done => RunState::Done,
            State::Diverged => RunState::Diverged,
            State::Failed => RunState::Failed,
            State::Interrupted => RunState::Interrupted,
            State::Running => RunState::Running,
        };
        let last = status.attempts.last();
        // Done and diverged are states that need no cause.
        let needs_cause = !matches!(status.state, State::Done | State::Diverged);
        account.cause = last.filter(|_| needs_cause).and_then(attempt_in_words);
        account.host = last.map(|attempt| attempt.host.clone());
        (account.gpu, account.gpus) = last.map_or((None, None), gpus_of);
        account.attempts = u32::try_from(status.attempts.len()).unwrap_or(u32::MAX);
        let seconds: Vec<f64> = status.attempts.iter().filter_map(|attempt| attempt.seconds).collect();
        account.seconds = (!seconds.is_empty()).then(|| seconds.iter().sum());
        if let Some(facts) = extras.facts() {
            account.parameters = Some(facts.parameters.total());
            account.network = Some(Network::of(&facts));
            account.steps = Some(facts.steps);
            account.device = Some(facts.device);
        }
        if let Some(outcome) = extras.outcome() {
            account.steps = Some(outcome.step);
            if status.state == State::Diverged {
                account.cause = outcome.divergence;
            }
        }
    }

    fn results(
        &self,
        digest: Option<Digest>,
        ways: &mut Vec<Way>,
        missing: &mut Vec<Told>,
    ) -> Result<Vec<Observation>, String> {
        let values = values(&self.layout, self.id, digest, ways, missing)?;
        let observation =
            |(metric, value)| Observation { metric, value, point: self.point.clone(), seed: self.seed.clone() };
        Ok(values.into_iter().map(observation).collect())
    }
}

/// The metrics of a run that is done and their values, as a report reads them: of its `results.csv`, of the benchmarks
/// that were measured later, and SuperGLUE's mean. `digest` is what the record of the run says of `results.csv`.
///
/// # Errors
/// In words, when `results.csv` is not there, not a table of results, or not the one of the record.
pub fn values_of_run(layout: &RunLayout, id: RunId, digest: Option<Digest>) -> Result<Vec<(String, f64)>, String> {
    values(layout, id, digest, &mut Vec::new(), &mut Vec::new())
}

fn values(
    layout: &RunLayout,
    id: RunId,
    digest: Option<Digest>,
    ways: &mut Vec<Way>,
    missing: &mut Vec<Told>,
) -> Result<Vec<(String, f64)>, String> {
    let expected = digest.ok_or("status.json says done but names no results")?;
    let bytes = whole_file::read(&layout.results()).map_err(|error| format!("results.csv: {error}"))?;
    let found = Digest::of(&bytes);
    if found != expected {
        return Err(format!(
            "results.csv has the digest {}, status.json names {}: it was changed or damaged",
            found.short(),
            expected.short()
        ));
    }
    let mut values = final_values(&bytes).map_err(|error| chain(&error))?;
    tuning::add(&bytes, ways);
    missing.extend(evaluations::add(&layout.evaluation(), id, &mut values, ways));
    add_superglue(&mut values);
    Ok(values)
}

/// Adds SuperGLUE's score, the mean of its eight tasks (Wang et al. 2019, arXiv:1905.00537, §3.1), where a run has all
/// of them. Its majority and random scores likewise.
fn add_superglue(values: &mut Vec<(String, f64)>) {
    for ending in ["", "-majority", "-random"] {
        let whole = format!("{SUPERGLUE}{ending}");
        let find = |name: &str| values.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value);
        let scores: Option<Vec<f64>> = TASKS.iter().map(|(task, _)| find(&format!("{task}{ending}"))).collect();
        if let Some(scores) = scores.filter(|_| find(&whole).is_none()) {
            values.push((whole, scores.iter().sum::<f64>() / scores.len() as f64));
        }
    }
}

/// Reads a JSON record.
pub(super) fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, AnalysisError> {
    let bytes = whole_file::read(path).map_err(|source| AnalysisError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| AnalysisError::Record { path: path.to_owned(), source })
}

/// Whether there is no such file.
pub(super) fn is_not_there(error: &AnalysisError) -> bool {
    matches!(error, AnalysisError::Read { source, .. } if source.kind() == ErrorKind::NotFound)
}

/// An error and its cause.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// The models of an attempt's GPUs, and how many it had: those that it was given, or else those that it could see.
fn gpus_of(attempt: &Attempt) -> (Option<String>, Option<u32>) {
    let seen = attempt.node.as_ref().map_or(&[][..], |node| &node.gpus);
    let mut models: Vec<&str> = seen.iter().map(|gpu| gpu.model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let given = attempt.gpu.as_deref().map(|list| list.split(',').filter(|gpu| !gpu.trim().is_empty()).count());
    let count = given.or((!seen.is_empty()).then_some(seen.len())).and_then(|count| u32::try_from(count).ok());
    ((!models.is_empty()).then(|| models.join(" + ")), count)
}

fn attempt_in_words(attempt: &Attempt) -> Option<String> {
    let cause = attempt.cause.map(|cause| match cause {
        Cause::Done => "finished",
        Cause::Diverged => "diverged",
        Cause::Checkpointed => "asked to stop, checkpointed",
        Cause::Stopped => "stopped from outside",
        Cause::Killed => "killed by a signal",
        Cause::Lost => "its supervisor vanished",
        Cause::OutOfMemory => "out of memory",
        Cause::GpuOutOfMemory => "out of the GPU's memory",
        Cause::BadSpec => "its spec was refused",
        Cause::BadData => "its data was missing, damaged or too small",
        Cause::Unavailable => "a device or library was missing",
        Cause::CannotWrite => "a file could not be written",
        Cause::ProgramError => "the program failed",
        Cause::NoResults => "left no complete results",
    });
    // The last line of a log says most; a whole traceback does not belong into a table.
    let message = attempt.message.as_deref().and_then(|text| text.lines().rev().find(|line| !line.trim().is_empty()));
    match (cause, message) {
        (Some(cause), Some(message)) => Some(format!("{cause}: {}", message.trim())),
        (Some(cause), None) => Some(cause.to_owned()),
        (None, Some(message)) => Some(message.trim().to_owned()),
        (None, None) => None,
    }
}
