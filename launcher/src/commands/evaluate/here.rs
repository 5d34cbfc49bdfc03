//! Elements on this machine, one after the other.

use std::collections::BTreeSet;
use std::time::SystemTime;

use spec::{ExitCode, RunId};

use super::Subject;
use super::away::Away;
use crate::cluster::{self, Site};
use crate::error::CliError;
use crate::evaluation::{self, End, Ended, Slot};
use crate::lease::Machine;
use crate::ledger;
use crate::locate::{FrozenSweep, label};
use crate::output::{counted, print, talk};
use crate::signals::Signals;
use crate::state::{Observed, observe};
use crate::supervise::{self, SuperviseError, WATCHED};

/// How the elements ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    measured: usize,
    waiting: usize,
    away: usize,
    busy: usize,
    missing: usize,
    failed: usize,
}

impl Tally {
    fn told(&self) -> String {
        let measured = format!("{} measured", counted(self.measured, "element"));
        let others = [
            (self.waiting, "of runs that are not done"),
            (self.away, "of runs that cannot be measured here"),
            (self.busy, "being measured by others"),
            (self.missing, "missing"),
            (self.failed, "failed"),
        ];
        let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        std::iter::once(measured).chain(others).collect::<Vec<_>>().join(", ")
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self { waiting: 0, away: 0, missing: 0, failed: 0, busy, .. } => {
                if *busy == 0 {
                    ExitCode::Done
                } else {
                    ExitCode::Busy
                }
            }
            _ => ExitCode::Incomplete,
        }
    }
}

/// Measures the elements of `subjects`. An element that cannot be measured is said, and the others follow.
pub(super) fn measure(sweep: &FrozenSweep, subjects: &[Subject]) -> Result<ExitCode, CliError> {
    let trainer = supervise::locate_trainer()?;
    let machine = Machine::here();
    let signals = Signals::listen(&WATCHED).map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    let is_done = |subject: &&Subject| {
        let seen = observe(&sweep.layout.run(subject.run.id), &machine, SystemTime::now());
        seen.map(|seen| seen.state == Observed::Done)
    };
    let mut done = Vec::new();
    let mut tally = Tally::default();
    for subject in subjects {
        if is_done(&subject)? {
            done.push(subject);
        } else {
            tally.waiting += subject.elements.len();
        }
    }
    let away = away(sweep, &done)?;
    for line in away.in_words(None) {
        talk(&line);
    }
    for subject in done {
        let is_here = cluster::has_checkpoint(&sweep.layout.run(subject.run.id));
        for element in &subject.elements {
            if !is_here {
                // What was measured while it was here stays measured.
                let is_measured = evaluation::is_measured(&sweep.layout, element)?;
                *(if is_measured { &mut tally.measured } else { &mut tally.away }) += 1;
                continue;
            }
            let what = format!("{} of {}", element.measure.name(), label(&subject.run));
            talk(&what);
            match evaluation::carry_out(element, &sweep.layout, &trainer, &Slot::default(), &signals) {
                Ok(Ended { end: End::Measured, .. }) => tally.measured += 1,
                Ok(Ended { end: End::Missing, .. }) => tally.missing += 1,
                Ok(Ended { end: End::Failed, reason, .. }) => {
                    talk(&format!("{what}: failed: {}", reason.unwrap_or_default()));
                    tally.failed += 1;
                }
                Ok(Ended { end: End::Stopped, .. }) => {
                    talk("stopped; the same command goes on");
                    return Ok(ExitCode::Resume);
                }
                Err(SuperviseError::Held(holder)) => {
                    talk(&format!("{what}: {holder} is measuring it"));
                    tally.busy += 1;
                }
                Err(SuperviseError::Fenced) => {
                    talk(&format!("{what}: another process took it over"));
                    tally.busy += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    print(&format!("{}: {}\n", sweep.plan.sweep, tally.told()))?;
    Ok(tally.exit())
}

/// The runs of `done` of which something is left to measure and no checkpoint is on this machine.
fn away(sweep: &FrozenSweep, done: &[&Subject]) -> Result<Away, CliError> {
    let mut runs: BTreeSet<RunId> = BTreeSet::new();
    for element in done.iter().flat_map(|subject| &subject.elements) {
        if !evaluation::is_measured(&sweep.layout, element)? {
            runs.insert(element.run);
        }
    }
    let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
    let site = Site::default();
    Ok(Away(cluster::without_checkpoints(&site, &site.client(), (&sweep.layout, &submissions), &runs)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_are_at_is_neither_done_nor_missing() {
        let tally = |busy, failed| Tally { measured: 2, busy, failed, ..Tally::default() };
        assert_eq!(tally(0, 0).exit(), ExitCode::Done);
        assert_eq!(tally(1, 0).exit(), ExitCode::Busy);
        assert_eq!(tally(1, 1).exit(), ExitCode::Incomplete);
        assert_eq!(tally(1, 1).told(), "2 elements measured, 1 being measured by others, 1 failed");
        assert_eq!(Tally { away: 1, ..tally(1, 0) }.exit(), ExitCode::Incomplete);
    }
}
