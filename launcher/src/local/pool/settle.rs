//! What follows from the end of a supervisor.

use std::time::{Instant, SystemTime};

use spec::layout::RunLayout;
use spec::status::{Cause, State};
use spec::{ExitCode, metric};

use super::{PATIENCE, Pool, PoolError, Seat, Stop, Waiting};
use crate::env;
use crate::ledger::Event;
use crate::local::supervisor::Ended;
use crate::primary::{self, Lack};
use crate::state::{Observation, Observed, observe};

impl Pool<'_> {
    /// Writes down how a supervisor ended, and puts its run back where it is to be started again.
    pub(super) fn settle(&mut self, seat: Seat, ended: &Ended) -> Result<(), PoolError> {
        let spec = &self.context.tasks[seat.run.index].spec;
        let observation = observe(&self.layout(seat.run), self.context.machine, SystemTime::now())?;
        let event = Event::AttemptEnded {
            run: spec.id,
            submission: self.context.submission.to_owned(),
            state: observation.status.as_ref().map(|status| status.state),
            cause: observation.state.cause(),
        };
        self.writer.ledger.append(env::now(), event)?;
        let code = ended.code.and_then(ExitCode::from_code);
        if !self.layout(seat.run).directory().exists() {
            // Started again it would likely do so again.
            self.progress.say(&format!("run {} ({}): its directory vanished meanwhile", spec.id, spec.label()));
            self.progress.end(&seat.bar, &spec.label(), "vanished", seat.begun.elapsed());
        } else if code == Some(ExitCode::Busy) {
            self.wait_for_holder(seat, &observation.state);
        } else if !self.starts_again(&seat, &observation)? {
            self.explain(&seat, &observation, ended);
            self.look_for_primary(&seat, &observation);
            self.progress.end(&seat.bar, &spec.label(), observation.state.name(), seat.begun.elapsed());
        }
        Ok(())
    }

    /// Says what a person should know about the end, and notes when the machine itself is at fault.
    fn explain(&mut self, seat: &Seat, observation: &Observation, ended: &Ended) {
        let spec = &self.context.tasks[seat.run.index].spec;
        let has_record = observation.status.as_ref().is_some_and(|status| status.state != State::Running);
        let cause = match &observation.state {
            Observed::Failed { cause, message } => {
                let indented = message.replace('\n', "\n    ");
                let label = spec.label();
                self.progress.say(&format!("run {} ({label}) failed: {}\n    {indented}", spec.id, cause.name()));
                Some(*cause)
            }
            _ if has_record => None,
            // The supervisor itself failed.
            _ => {
                let words = format!("{}\n{}", ended.how(), ended.talk);
                let indented = words.trim_end().replace('\n', "\n    ");
                self.progress.say(&format!("run {} ({}): {indented}", spec.id, spec.label()));
                match ended.code.and_then(ExitCode::from_code) {
                    Some(ExitCode::CannotWrite) => Some(Cause::CannotWrite),
                    Some(ExitCode::Unavailable) => Some(Cause::Unavailable),
                    _ => None,
                }
            }
        };
        // What this machine lacks, the next run would lack, too.
        self.broken = cause.filter(|cause| matches!(cause, Cause::CannotWrite | Cause::Unavailable)).or(self.broken);
    }

    /// Warns, once, when a run is done without the metric that the sweep is judged by: the others will hardly have it.
    /// Those that Seedbed knows may be measured later.
    fn look_for_primary(&mut self, seat: &Seat, observation: &Observation) {
        let primary = self.context.primary;
        let (Observed::Done, Some(status)) = (&observation.state, &observation.status) else { return };
        if self.told || metric::find(primary).is_some() {
            return;
        }
        if let Some(Lack::Absent(metrics)) = primary::lack(&self.layout(seat.run), status, primary) {
            self.told = true;
            let spec = &self.context.tasks[seat.run.index].spec;
            let instead = primary::instead(&metrics, primary);
            self.progress.say(&format!(
                "warning: run {} ({}) is done without {primary}, which is what is compared: {instead}",
                spec.id,
                spec.label()
            ));
        }
    }

    pub(super) fn layout(&self, run: Waiting) -> RunLayout {
        self.writer.layout.run(self.context.tasks[run.index].spec.id)
    }

    /// Another process holds the run. On this machine it is waited for: it may be the last of a launcher that was
    /// killed.
    fn wait_for_holder(&mut self, seat: Seat, state: &Observed) {
        let Seat { run, bar, begun, .. } = seat;
        match state {
            Observed::Running(holder) if !holder.is_on(self.context.machine) => {
                let spec = &self.context.tasks[run.index].spec;
                self.progress.say(&format!("run {} ({}) goes on elsewhere: {holder}", spec.id, spec.label()));
                self.progress.end(&bar, &spec.label(), "running elsewhere", begun.elapsed());
            }
            _ => {
                bar.remove();
                self.queue.push_back(Waiting { not_before: Instant::now() + PATIENCE, was_held: true, ..run });
            }
        }
    }

    /// Puts a failed run back if the sweep's policy says so.
    fn starts_again(&mut self, seat: &Seat, observation: &Observation) -> Result<bool, PoolError> {
        let Observed::Failed { cause, .. } = observation.state else { return Ok(false) };
        let mut run = seat.run;
        if self.stop != Stop::No || !run.again.take(cause) {
            return Ok(false);
        }
        let spec = &self.context.tasks[run.index].spec;
        self.writer.ledger.append(env::now(), Event::Retried { run: spec.id, cause, asked: false })?;
        self.progress.say(&format!("run {} ({}) failed: {}; it is started again", spec.id, spec.label(), cause.name()));
        seat.bar.remove();
        run.retry.failed = true;
        self.queue.push_front(run);
        Ok(true)
    }
}
