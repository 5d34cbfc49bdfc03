//! The files of one run, read with care: whatever is wrong with them ends in the run's account, not in an error.

use std::path::Path;

use serde::de::DeserializeOwned;
use spec::analysis::AnalysisSpec;
use spec::fine_tuning::{SUPERGLUE, TASKS};
use spec::layout::RunLayout;
use spec::rows::MetricRow;
use spec::status::{Attempt, Cause, Facts, Outcome, State, Status};
use spec::{Digest, RunId, SCHEMA, metric};

use super::design::{Point, Seed};
use super::evaluations;
use super::final_values::final_values;
use super::missing::{self, Told};
use super::observation::{Curve, Network, Observation, RunAccount, RunState, is_usable};
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
        self.account_for(&status, &mut reading.account);
        if status.state == State::Done {
            reading.missing = missing::told(&self.layout.evaluation());
            match self.results(status.results, &mut reading.ways, &mut reading.missing) {
                Ok(observations) => reading.observations = observations,
                Err(cause) => {
                    reading.account.state = RunState::Incomplete;
                    reading.account.cause = Some(cause);
                }
            }
        }
        if matches!(reading.account.state, RunState::Done | RunState::Diverged) {
            reading.curves = self.curves(analysis, reading.account.state == RunState::Diverged);
        }
        reading
    }

    fn status(&self) -> Result<Option<Status>, String> {
        let path = self.layout.status();
        if !path.exists() {
            return Ok(None);
        }
        let status: Status = read_record(&path).map_err(|error| chain(&error))?;
        if status.schema != SCHEMA {
            return Err(format!("status.json has schema {}, this version reads {SCHEMA}", status.schema));
        }
        if status.run != self.id {
            return Err(format!("status.json is of the run {}", status.run));
        }
        Ok(Some(status))
    }

    fn account_for(&self, status: &Status, account: &mut RunAccount) {
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
        // What the trainer says of itself is an extra: another trainer leaves it out, and a damaged file costs no result.
        if let Ok(facts) = read_record::<Facts>(&self.layout.facts()) {
            account.parameters = Some(facts.parameters.total());
            account.network = Some(Network::of(&facts));
            account.steps = Some(facts.steps);
            account.device = Some(facts.device);
        }
        if let Ok(outcome) = read_record::<Outcome>(&self.layout.outcome()) {
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
        let expected = digest.ok_or("status.json says done but names no results")?;
        let bytes = whole_file::read(&self.layout.results()).map_err(|error| format!("results.csv: {error}"))?;
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
        missing.extend(evaluations::add(&self.layout.evaluation(), self.id, &mut values, ways));
        add_superglue(&mut values);
        let observation =
            |(metric, value)| Observation { metric, value, point: self.point.clone(), seed: self.seed.clone() };
        Ok(values.into_iter().map(observation).collect())
    }

    /// The curves that a report may show. A line that cannot be read ends the curve there: the file of a diverged run may be
    /// cut short, and a curve decides nothing.
    fn curves(&self, analysis: &AnalysisSpec, diverged: bool) -> Vec<Curve> {
        let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(self.layout.metrics());
        let Ok(mut reader) = reader else { return Vec::new() };
        let mut curves: Vec<Curve> = Vec::new();
        for row in reader.deserialize::<CurveValue>().map_while(Result::ok) {
            let judged = analysis.directions.contains_key(&row.metric)
                || metric::find(&row.metric).is_some_and(|known| known.direction.is_some());
            if !judged || !is_usable(row.value) {
                continue;
            }
            let index = curves.iter().position(|curve| curve.metric == row.metric).unwrap_or_else(|| {
                curves.push(self.curve(row.metric, diverged));
                curves.len() - 1
            });
            curves[index].points.push((row.step, row.value));
        }
        for curve in &mut curves {
            curve.points.sort_by_key(|(step, _)| *step);
        }
        curves
    }

    fn curve(&self, metric: String, diverged: bool) -> Curve {
        Curve { metric, point: self.point.clone(), seed: self.seed.clone(), diverged, points: Vec::new() }
    }
}

/// Adds SuperGLUE's score, the mean of its eight tasks (Wang et al. 2019, arXiv:1905.00537, §3.1), where a run has all of them. Its
/// majority and random scores likewise.
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

/// The columns of [`MetricRow`] that the analysis needs; other programs write only these.
#[derive(serde::Deserialize)]
struct CurveValue {
    step: u64,
    metric: String,
    value: f64,
}

// They must stay readable from what the trainer writes.
const _: fn(MetricRow) -> CurveValue = |row| CurveValue { step: row.step, metric: row.metric, value: row.value };

/// Reads a JSON record.
pub(super) fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, AnalysisError> {
    let bytes = whole_file::read(path).map_err(|source| AnalysisError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| AnalysisError::Record { path: path.to_owned(), source })
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
