//! Elements on this machine, one after the other.

use std::time::SystemTime;

use spec::ExitCode;
use spec::plan::PlannedRun;

use crate::error::CliError;
use crate::evaluation::{self, Element, End, Slot};
use crate::lease::Machine;
use crate::locate::{FrozenSweep, label};
use crate::output::{counted, print, talk};
use crate::signals::Signals;
use crate::state::{Observed, observe};
use crate::supervise::{self, WATCHED};

/// How the elements ended.
#[derive(Debug, Default)]
struct Tally {
    measured: usize,
    waiting: usize,
    missing: usize,
    failed: usize,
}

impl Tally {
    fn told(&self) -> String {
        let measured = format!("{} measured", counted(self.measured, "element"));
        let others = [(self.waiting, "of runs that are not done"), (self.missing, "missing"), (self.failed, "failed")];
        let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        std::iter::once(measured).chain(others).collect::<Vec<_>>().join(", ")
    }
}

/// Measures `elements`. An element that cannot be measured is said, and the others follow.
pub(super) fn measure(sweep: &FrozenSweep, elements: &[(PlannedRun, Element)]) -> Result<ExitCode, CliError> {
    let trainer = supervise::locate_trainer()?;
    let machine = Machine::here();
    let signals = Signals::listen(&WATCHED).map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    let mut tally = Tally::default();
    for (run, element) in elements {
        if observe(&sweep.layout.run(run.id), &machine, SystemTime::now())?.state != Observed::Done {
            tally.waiting += 1;
            continue;
        }
        talk(&format!("{} of {}", element.measure.name(), label(run)));
        let (end, _) = evaluation::carry_out(element, &sweep.layout, &trainer, &Slot::default(), &signals)?;
        match end {
            End::Measured => tally.measured += 1,
            End::Missing => tally.missing += 1,
            End::Failed => tally.failed += 1,
            End::Stopped => {
                talk("stopped; the same command goes on");
                return Ok(ExitCode::Resume);
            }
        }
    }
    print(&format!("{}: {}\n", sweep.plan.sweep, tally.told()))?;
    let is_whole = tally.waiting + tally.missing + tally.failed == 0;
    Ok(if is_whole { ExitCode::Done } else { ExitCode::Incomplete })
}
