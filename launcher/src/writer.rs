//! The one process that may change a sweep: it holds the lock, keeps the ledger and has frozen the plan.

use spec::ExitCode;
use spec::layout::SweepLayout;
use spec::plan::Plan;

use crate::env;
use crate::error::CliError;
use crate::files::{FileError, create_directory};
use crate::lease::{Acquired, Holder, Lease, LeaseError, Machine};
use crate::ledger::{Event, Ledger};
use crate::plan::{Frozen, freeze};
use crate::sweep::Sweep;

/// A sweep that this process may change. Dropping it gives the lock back.
#[derive(Debug)]
pub struct SweepWriter {
    /// The sweep's directory, as an absolute path.
    pub layout: SweepLayout,
    /// The ledger.
    pub ledger: Ledger,
    /// The frozen plan.
    pub plan: Plan,
    lock: Lease,
}

/// Why a sweep cannot be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriterError {
    /// Another process is changing it.
    #[error("the sweep in {} is in use by {holder}", layout.directory().display())]
    Busy {
        /// The sweep.
        layout: SweepLayout,
        /// Who.
        holder: Box<Holder>,
    },
    /// It was silent for so long that another process took it for dead and the sweep for its own.
    #[error("the sweep in {} was taken over by another process", .0.directory().display())]
    Lost(SweepLayout),
    /// A record could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<WriterError> for CliError {
    fn from(error: WriterError) -> Self {
        match error {
            WriterError::File(error) => error.into(),
            busy @ (WriterError::Busy { .. } | WriterError::Lost(_)) => Self::new(ExitCode::Busy, busy)
                .hint("wait until it has ended, or stop it with Ctrl-C; `seedbed status` shows how far it is"),
        }
    }
}

impl SweepWriter {
    /// Makes the sweep's directory if it is not there, takes its lock, mends its ledger and freezes its plan.
    ///
    /// Returns what a person should know about it, too, a line each.
    ///
    /// # Errors
    /// [`WriterError`].
    pub fn open(sweep: &Sweep, layout: SweepLayout, machine: &Machine) -> Result<(Self, Vec<String>), WriterError> {
        let mut news = Vec::new();
        for directory in [layout.directory().to_owned(), layout.arrays(), layout.runs()] {
            create_directory(&directory)?;
        }
        let (lease, mut ledger) = take(&layout, machine, &mut news)?;
        let (plan, frozen) = freeze(&layout, sweep, &env::now())?;
        if frozen != Frozen::Unchanged {
            let runs = plan.runs.len() as u64;
            let event = Event::PlanFrozen { revision: plan.revision, sweep_file: plan.sweep_file, runs };
            ledger.append(env::now(), event)?;
        }
        if frozen == Frozen::Revised {
            let (now, before) = (plan.revision, layout.earlier_plan(plan.revision - 1));
            news.push(format!("the plan was changed: this is revision {now}, the earlier one is {}", before.display()));
        }
        if frozen == Frozen::Remade {
            news.push(
                "the frozen plan was gone and is made anew after runs have begun: nothing shows what was declared first, and the \
                 report says so"
                    .to_owned(),
            );
        }
        Ok((Self { layout, ledger, plan, lock: lease }, news))
    }

    /// Shows that this process lives, before it does what must not be done twice.
    ///
    /// # Errors
    /// [`WriterError::Lost`]: another process acts on the sweep by now.
    pub fn keep(&self) -> Result<(), WriterError> {
        if self.lock.renew()? { Ok(()) } else { Err(WriterError::Lost(self.layout.clone())) }
    }

    /// The sweep's lock.
    pub fn lock(&self) -> &Lease {
        &self.lock
    }

    /// Takes the lock of a sweep that was frozen already, whose `plan` this is, and mends its ledger. The plan stays as
    /// it is.
    ///
    /// # Errors
    /// [`WriterError`].
    pub fn reopen(layout: SweepLayout, plan: Plan, machine: &Machine) -> Result<(Self, Vec<String>), WriterError> {
        let mut news = Vec::new();
        let (lease, ledger) = take(&layout, machine, &mut news)?;
        Ok((Self { layout, ledger, plan, lock: lease }, news))
    }
}

/// Takes the lock and opens the ledger.
fn take(layout: &SweepLayout, machine: &Machine, news: &mut Vec<String>) -> Result<(Lease, Ledger), WriterError> {
    let holder = Holder::this_process(machine, None, env::now(), env::token());
    let Acquired { lease, replaced } =
        Lease::acquire(&layout.lock(), holder, machine).map_err(|error| match error {
            LeaseError::Held(holder) => WriterError::Busy { layout: layout.clone(), holder },
            LeaseError::File(error) => error.into(),
        })?;
    news.extend(replaced.map(|dead| format!("the lock of {dead}, which is gone, was taken over")));
    let (ledger, torn) = Ledger::open(&layout.ledger(), &lease)?;
    if torn > 0 {
        news.push(format!("the ledger ended in a torn line: {torn} bytes were cut off"));
    }
    Ok((lease, ledger))
}
