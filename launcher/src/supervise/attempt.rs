//! Claim and records of one attempt.

use std::fs;
use std::time::Instant;

use spec::RunSpec;
use spec::layout::RunLayout;
use spec::network_size::NetworkSize;
use spec::status::{Attempt, Cause, Node, State, Status};

use super::error::SuperviseError;
use super::job::Job;
use super::leftover;
use super::node::Inquiry;
use super::verdict::Verdict;
use super::watch::{Asked, End};
use crate::env;
use crate::files::{FileError, create_directory, read_optional_record, write_record};
use crate::lease::{Acquired, Holder, Lease, Machine};
use crate::state::{Observation, observe_held};

/// A run that this process has claimed.
pub(super) struct ClaimedRun {
    layout: RunLayout,
    claim: Lease,
    /// What its records say.
    pub(super) found: Observation,
}

impl ClaimedRun {
    /// Claims the run in `layout`, making its directory if it is the first to.
    pub(super) fn claim(layout: &RunLayout, machine: &Machine) -> Result<Self, SuperviseError> {
        create_directory(&layout.logs())?;
        loop {
            let number = next_number(&observe_held(layout)?);
            let holder = Holder::this_process(machine, Some(number), env::now(), env::token());
            let Acquired { lease, replaced } = Lease::acquire(&layout.claim(), holder, machine)?;
            if replaced.is_some_and(|holder| holder.is_on(machine)) {
                leftover::kill(layout.directory())?;
            }
            let found = observe_held(layout)?;
            // Another attempt may have begun and ended before the claim was ours; the claim must name the right one.
            if next_number(&found) == number {
                return Ok(Self { layout: layout.clone(), claim: lease, found });
            }
        }
    }

    /// Writes down that the attempt begins: `run.json` and a `status.json` that says running.
    pub(super) fn begin(self, job: &Job, node: Node) -> Result<RunningAttempt, SuperviseError> {
        let threads = settle_spec(&self.layout, job)?;
        let holder = self.claim.holder();
        let mut attempts = self.found.status.map(|status| status.attempts).unwrap_or_default();
        if let Some(last) = attempts.last_mut() {
            last.cause.get_or_insert(Cause::Lost);
        }
        attempts.push(Attempt {
            number: holder.attempt.unwrap_or(1),
            started: holder.since.clone(),
            ended: None,
            seconds: None,
            host: holder.host.clone(),
            process: holder.process,
            gpu: job.gpu.clone(),
            exit_code: None,
            signal: None,
            cause: None,
            message: None,
            warned: false,
            told: false,
            node: Some(node),
        });
        let status = Status { schema: spec::SCHEMA, run: job.spec.id, state: State::Running, results: None, attempts };
        write_record(&self.layout.status(), &status)?;
        Ok(RunningAttempt { layout: self.layout, claim: self.claim, status, threads, started: Instant::now() })
    }
}

fn next_number(found: &Observation) -> u32 {
    let last = found.status.as_ref().and_then(|status| status.attempts.last());
    last.map_or(1, |attempt| attempt.number + 1)
}

/// Makes `run.json` say what this attempt carries out, and returns the processor threads.
///
/// How the run is executed was settled by its first attempt, since the order of sums depends on it: a resumed run gives
/// the bits of one that was never stopped. Where its data lies and what its levels are called may have changed since.
fn settle_spec(layout: &RunLayout, job: &Job) -> Result<u32, FileError> {
    let first = read_optional_record::<RunSpec>(&layout.spec())?;
    let mut spec = job.spec.clone();
    spec.network = NetworkSize::of_program(&spec.program);
    if let Some(first) = &first {
        if first.id != spec.id {
            let reason = format!("it describes the run {}", first.id);
            return Err(FileError::Damaged { path: layout.spec(), line: None, reason });
        }
        spec.execution = first.execution.clone();
    }
    let threads = *spec.execution.threads.get_or_insert(job.threads);
    if first.as_ref() != Some(&spec) {
        write_record(&layout.spec(), &spec)?;
    }
    Ok(threads)
}

/// An attempt that is going on.
pub(super) struct RunningAttempt {
    layout: RunLayout,
    claim: Lease,
    status: Status,
    threads: u32,
    started: Instant,
}

impl RunningAttempt {
    /// The claim.
    pub(super) fn claim(&self) -> &Lease {
        &self.claim
    }

    /// The attempt's number, from 1.
    pub(super) fn number(&self) -> u32 {
        self.claim.holder().attempt.unwrap_or(1)
    }

    /// Processor threads of the run.
    pub(super) fn threads(&self) -> u32 {
        self.threads
    }

    /// Writes the terminal record and gives the claim back.
    ///
    /// The claim's token is the fence: a supervisor that was taken for dead meanwhile must not speak for the run.
    pub(super) fn close(mut self, end: &End, verdict: Verdict, inquiry: Inquiry) -> Result<Status, SuperviseError> {
        if !self.claim.is_ours()? {
            return Err(SuperviseError::Fenced);
        }
        self.status.state = verdict.state;
        self.status.results = verdict.results;
        if let Some(attempt) = self.status.attempts.last_mut() {
            attempt.ended = Some(env::now());
            attempt.seconds = Some((self.started.elapsed().as_secs_f64() * 1e3).round() / 1e3);
            attempt.exit_code = end.exit_code;
            attempt.signal = end.signal;
            attempt.cause = Some(verdict.cause);
            attempt.message = verdict.message;
            attempt.warned = end.asked == Asked::Warned;
            attempt.told = end.asked > Asked::Warned;
            if let Some(node) = &mut attempt.node {
                inquiry.add_to(node);
            }
        }
        if self.status.state == State::Done {
            sync(&self.layout)?;
        }
        write_record(&self.layout.status(), &self.status)?;
        Ok(self.status)
    }
}

/// The record must not reach the disk before the results that it speaks of.
fn sync(layout: &RunLayout) -> Result<(), FileError> {
    let path = layout.results();
    let synced = fs::File::open(&path).and_then(|file| file.sync_all());
    synced.map_err(|error| FileError::write(path, error))
}
