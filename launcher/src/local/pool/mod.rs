mod settle;
mod stop;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use spec::ExitCode;
use spec::status::Cause;

use self::stop::Stop;
use super::progress::{Progress, RunBar};
use super::retry::Again;
use super::select::Task;
use super::slots::Slot;
use super::supervisor::{Order, Supervisor};
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::{Machine, Upkeep};
use crate::ledger::Event;
use crate::signals::Signals;
use crate::supervise::Retry;
use crate::writer::{SweepWriter, WriterError};
use crate::{env, lease};

/// What the pool looks at the runs' files for, and how long it waits for a run that another process holds.
const TICK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(1);

/// A submission to be carried out.
#[derive(Debug)]
pub struct Context<'a> {
    /// The submission's name.
    pub submission: &'a str,
    /// The runs, as they stand in the array file.
    pub tasks: &'a [Task<'a>],
    /// The slots.
    pub slots: Vec<Slot>,
    /// How often each run may be started again.
    pub again: Again,
    /// The metric that the sweep is judged by.
    pub primary: &'a str,
    /// This machine.
    pub machine: &'a Machine,
}

/// How a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every run was started and has ended.
    Finished,
    /// Somebody asked to stop.
    Stopped,
    /// The machine cannot carry out runs: the cause of the run that showed it.
    Broken(Cause),
}

/// Why a submission could not be carried on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// A record could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process took this one for dead and the sweep for its own.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// A supervisor could not be started or waited for.
    #[error("cannot {what}")]
    Process {
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl From<PoolError> for CliError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::File(error) => error.into(),
            PoolError::Writer(error) => error.into(),
            PoolError::Process { .. } => Self::new(ExitCode::Unavailable, error),
        }
    }
}

/// Carries out the runs of a submission of the sweep that `writer` may change. The calling thread must live as long as
/// the process: supervisors are tied to it.
///
/// # Errors
/// [`PoolError`]; every supervisor was then asked to checkpoint, and has ended.
pub fn carry_out(context: &Context<'_>, writer: &mut SweepWriter, progress: Progress) -> Result<Outcome, PoolError> {
    let failure = |source| PoolError::Process { what: "listen to signals", source };
    let signals = Signals::listen(&[SIGINT, SIGTERM, SIGHUP, SIGCHLD]).map_err(failure)?;
    let mut pool = Pool::new(context, writer, progress);
    let outcome = pool.work(&signals);
    if outcome.is_err() {
        pool.abandon(&signals);
    }
    pool.progress.close();
    outcome
}

/// A run that waits for a slot.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    index: usize,
    retry: Retry,
    again: Again,
    not_before: Instant,
    /// Whether another process held it when it was started last.
    was_held: bool,
}

/// A slot in use.
struct Seat {
    run: Waiting,
    supervisor: Supervisor,
    bar: RunBar,
    begun: Instant,
}

struct Pool<'a> {
    context: &'a Context<'a>,
    writer: &'a mut SweepWriter,
    upkeep: Upkeep,
    progress: Progress,
    queue: VecDeque<Waiting>,
    seats: Vec<Option<Seat>>,
    stop: Stop,
    broken: Option<Cause>,
    /// Whether it was said that runs end without the primary metric.
    told: bool,
}

impl<'a> Pool<'a> {
    /// A pool in which every run waits for its slot.
    fn new(context: &'a Context<'a>, writer: &'a mut SweepWriter, progress: Progress) -> Self {
        let queue = (0..context.tasks.len()).map(|index| {
            let retry = context.tasks[index].retry.unwrap_or_default();
            Waiting { index, retry, again: context.again, not_before: Instant::now(), was_held: false }
        });
        Self {
            context,
            writer,
            upkeep: Upkeep::begin(Instant::now()),
            progress,
            queue: queue.collect(),
            seats: context.slots.iter().map(|_| None).collect(),
            stop: Stop::No,
            broken: None,
            told: false,
        }
    }

    fn work(&mut self, signals: &Signals) -> Result<Outcome, PoolError> {
        loop {
            if self.stop == Stop::No && self.broken.is_none() {
                self.fill()?;
            }
            let starts_more = !self.queue.is_empty() && self.stop == Stop::No && self.broken.is_none();
            if self.busy() == 0 && !starts_more {
                break;
            }
            let signal = signals.next(TICK);
            // Before anything is written: this process may have been stopped for long.
            self.keep_lock()?;
            match signal {
                None | Some(SIGCHLD) => {}
                Some(_) => self.ask_to_stop()?,
            }
            self.reap()?;
            self.show();
        }
        Ok(match (self.stop, self.broken) {
            (Stop::No, None) => Outcome::Finished,
            (Stop::No, Some(cause)) => Outcome::Broken(cause),
            _ => Outcome::Stopped,
        })
    }

    /// Shows from time to time that this process lives, so that no other machine takes the sweep for its own.
    fn keep_lock(&mut self) -> Result<(), PoolError> {
        if self.upkeep.keep(self.writer.lock(), Instant::now())? {
            return Ok(());
        }
        Err(WriterError::Lost(self.writer.layout.clone()).into())
    }

    fn busy(&self) -> usize {
        self.seats.iter().flatten().count()
    }

    /// Starts the next runs in the free slots.
    fn fill(&mut self) -> Result<(), PoolError> {
        for slot in 0..self.seats.len() {
            if self.seats[slot].is_some() {
                continue;
            }
            let Some(run) = self.next() else { break };
            self.start(run, slot)?;
        }
        Ok(())
    }

    /// The next run that may start now. Of one that was held only the claim is looked at until its holder is gone: a
    /// supervisor would be one more process and two lines of the ledger each time.
    fn next(&mut self) -> Option<Waiting> {
        let now = Instant::now();
        loop {
            let place = self.queue.iter().position(|waiting| waiting.not_before <= now)?;
            let run = self.queue.remove(place)?;
            if !run.was_held || !self.is_held_here(run) {
                return Some(Waiting { was_held: false, ..run });
            }
            self.queue.push_back(Waiting { not_before: now + PATIENCE, ..run });
        }
    }

    /// Whether a process of this machine that lives holds `run`. Of whatever else is there its supervisor says what it
    /// is.
    fn is_held_here(&self, run: Waiting) -> bool {
        let claim = self.layout(run).claim();
        let seen = lease::look(&claim, self.context.machine, SystemTime::now());
        matches!(seen, Ok(Some((holder, true))) if holder.is_on(self.context.machine))
    }

    /// Starts `run` in the slot `place`.
    fn start(&mut self, run: Waiting, place: usize) -> Result<(), PoolError> {
        let Context { submission, tasks, slots, .. } = self.context;
        let sweep = &self.writer.layout;
        let slot = &slots[place];
        let spec = &tasks[run.index].spec;
        let array = sweep.array(submission);
        let index = run.index as u64;
        let order = Order { sweep: sweep.directory(), array: &array, index, slot, retry: run.retry, in_pack: false };
        let failure = |source| PoolError::Process { what: "start a supervisor", source };
        let supervisor = Supervisor::start(&order).map_err(failure)?;
        let event = Event::AttemptStarted {
            run: spec.id,
            submission: (*submission).to_owned(),
            index,
            process: supervisor.process(),
            gpu: slot.gpu.clone(),
        };
        let bar = self.progress.begin(&spec.label(), sweep.run(spec.id));
        // Seated before the ledger is written: if that fails, whoever gives up must be able to stop the supervisor.
        self.seats[place] = Some(Seat { run, supervisor, bar, begun: Instant::now() });
        Ok(self.writer.ledger.append(env::now(), event)?)
    }

    /// Takes leave of the supervisors that have ended.
    fn reap(&mut self) -> Result<(), PoolError> {
        for slot in 0..self.seats.len() {
            let Some(seat) = &mut self.seats[slot] else { continue };
            let failure = |source| PoolError::Process { what: "wait for a supervisor", source };
            if let Some(ended) = seat.supervisor.poll().map_err(failure)?
                && let Some(seat) = self.seats[slot].take()
            {
                self.settle(seat, &ended)?;
            }
        }
        Ok(())
    }

    fn show(&self) {
        for seat in self.seats.iter().flatten() {
            self.progress.look(&seat.bar);
        }
        self.progress.tick();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::local::Style;
    use crate::state::Observed;
    use crate::sweep::Sweep;

    /// A sweep file of one run.
    const TOY: &str = "[sweep]\nname = \"toy\"\nseeds = 1\n[factors]\nactivation = [\"relu\"]\n\
                       [trainer]\ncommand = [\"true\", \"{activation}\"]\n\
                       [analysis]\nprimary = \"loss\"\ndirection = \"lower\"\n";

    #[test]
    fn a_lock_that_was_taken_over_ends_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("toy.toml");
        fs::write(&file, TOY).unwrap();
        let sweep = Sweep::load(&file, &[]).unwrap();
        let machine = Machine::here();
        let layout = spec::layout::SweepLayout::new(folder.path().join("toy"));
        let (mut writer, _) = SweepWriter::open(&sweep, layout.clone(), &machine).unwrap();
        let tasks = [Task { spec: &sweep.runs[0], retry: None, before: Observed::NotStarted }];
        let context = Context {
            submission: "local-1",
            tasks: &tasks,
            slots: Vec::new(),
            again: Again { error: 0, out_of_memory: 0 },
            primary: "loss",
            machine: &machine,
        };
        let text = fs::read_to_string(layout.lock()).unwrap();
        let token = writer.lock().holder().token.clone();
        fs::write(layout.lock(), text.replace(&token, "another")).unwrap();
        let mut pool = Pool::new(&context, &mut writer, Progress::new(Style::Quiet, 1));
        pool.upkeep = Upkeep::begin(Instant::now().checked_sub(crate::lease::RENEWAL).unwrap());
        let error = pool.work(&Signals::listen(&[SIGCHLD]).unwrap()).unwrap_err();
        assert!(matches!(error, PoolError::Writer(WriterError::Lost(_))), "{error}");
        assert!(CliError::from(error).render().contains("was taken over by another process"));
        drop(writer);
        assert!(layout.lock().exists(), "the lock of another process stays");
    }
}
