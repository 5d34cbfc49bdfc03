//! The runs of one task of a cluster: one supervisor process for each, so that what happens to one run happens to no
//! other.
//!
//! In turn the next one is started when the last has ended, side by side all are started at once. What the task is told
//! is passed on to every supervisor that lives, once, and nothing is started after that.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use signal_hook::consts::{SIGCHLD, SIGUSR2};
use spec::layout::SweepLayout;
use spec::status::{Cause, Status};
use spec::{ExitCode, RunSpec};

use crate::files::FileError;
use crate::lease::Machine;
use crate::local::{Ended, Order, Slot, Supervisor};
use crate::output::counted;
use crate::signals::Signals;
use crate::state::{Observation, Observed, observe};
use crate::supervise::{AHEAD, Asked, Retry, SuperviseError, WATCHED};
use crate::survey::Counts;

/// How long nothing is looked at although no signal came: one that came too early to be heard costs no more than this.
const TICK: Duration = Duration::from_secs(1);

/// The runs of a task.
#[derive(Debug)]
pub struct Pack<'a> {
    /// The sweep.
    pub sweep: &'a SweepLayout,
    /// The array file.
    pub array: &'a Path,
    /// The line of the first run, from 0.
    pub first: u64,
    /// The runs.
    pub runs: &'a [RunSpec],
    /// Whether all are carried out at once.
    pub side_by_side: bool,
    /// What each of them may use.
    pub slot: &'a Slot,
    /// The task of Slurm, if it is one: `123_4`.
    pub task: Option<String>,
    /// Which ends are not their last word.
    pub retry: Retry,
}

/// What became of a pack.
#[derive(Debug)]
pub struct Outcome {
    /// How urgently it had been asked to stop.
    asked: Asked,
    members: Vec<Member>,
}

/// What became of a run of a pack.
#[derive(Debug)]
struct Member {
    end: End,
    observation: Observation,
    /// Whether it would be carried out if the task came back.
    is_wanted: bool,
}

/// How a supervisor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was not started any more.
    NotStarted,
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Carries out the runs of `pack`. `say` is told what they say, and how each ended that says nothing any more.
///
/// # Errors
/// Signals cannot be listened to, or the records of a run not be read.
pub fn carry_out(pack: &Pack<'_>, machine: &Machine, say: &dyn Fn(&str)) -> Result<Outcome, SuperviseError> {
    let signals =
        Signals::listen(&WATCHED).map_err(|source| SuperviseError::Process { what: "listen to signals", source })?;
    let mut course = Course {
        pack,
        say,
        asked: Asked::No,
        waiting: (0..pack.runs.len()).collect(),
        running: Vec::new(),
        ends: vec![End::NotStarted; pack.runs.len()],
    };
    loop {
        course.start();
        if course.running.is_empty() {
            break;
        }
        match signals.next(TICK) {
            Some(SIGCHLD) | None => {}
            Some(signal) => course.pass_on(signal),
        }
        if course.reap() && course.asked == Asked::No {
            course.hear_out(&signals);
        }
    }
    let (asked, ends) = (course.asked, course.ends);
    let members =
        pack.runs.iter().zip(ends).map(|(run, end)| pack.look(run, end, machine)).collect::<Result<_, _>>()?;
    Ok(Outcome { asked, members })
}

/// A pack on its way.
struct Course<'a> {
    pack: &'a Pack<'a>,
    say: &'a dyn Fn(&str),
    asked: Asked,
    waiting: VecDeque<usize>,
    running: Vec<(usize, Supervisor)>,
    ends: Vec<End>,
}

impl Course<'_> {
    /// Starts what may start now.
    fn start(&mut self) {
        while self.asked == Asked::No && (self.pack.side_by_side || self.running.is_empty()) {
            let Some(member) = self.waiting.pop_front() else { return };
            let Pack { sweep, array, slot, .. } = *self.pack;
            let retry = self.pack.retry_of(&self.pack.runs[member]);
            let index = self.pack.first + member as u64;
            let order = Order { sweep: sweep.directory(), array, index, slot, retry, in_pack: true };
            match Supervisor::start(&order) {
                Ok(supervisor) => self.running.push((member, supervisor)),
                Err(error) => self.end(member, End::Code(ExitCode::Unavailable.code().into()), &error.to_string()),
            }
        }
    }

    /// Passes on what the task was told.
    ///
    /// Slurm tells every process of a job to end, and so the supervisors may have heard it already. So they are warned
    /// here and not told: a warning on top of a demand is nothing. Only who is told twice by a person stops at once.
    fn pass_on(&mut self, signal: i32) {
        let urgency = self.asked.after(signal);
        if urgency > self.asked {
            let passed = if urgency == Asked::Killed { Signal::QUIT } else { Signal::USR2 };
            self.running.iter().for_each(|(_, supervisor)| supervisor.signal(passed));
        }
        self.asked = urgency;
    }

    /// Hears whether the task is told to leave, as long as one of its supervisors may have heard it sooner: no other
    /// run is to begin then.
    fn hear_out(&mut self, signals: &Signals) {
        for signal in signals.within(AHEAD) {
            self.pass_on(signal);
            if self.asked > Asked::No {
                break;
            }
        }
    }

    /// Takes leave of the supervisors that have ended. Whether one of them has left what it can go on from.
    fn reap(&mut self) -> bool {
        let mut has_left = false;
        for (member, mut supervisor) in std::mem::take(&mut self.running) {
            match supervisor.poll() {
                Ok(None) => self.running.push((member, supervisor)),
                Ok(Some(Ended { code: Some(code), talk, .. })) => {
                    has_left |= code == i32::from(ExitCode::Resume.code());
                    self.end(member, End::Code(code), &talk);
                }
                Ok(Some(ended)) => {
                    let end = End::Signal(ended.signal.unwrap_or_default());
                    self.end(member, end, &format!("{}\n{}", ended.talk, ended.how()));
                }
                Err(error) => self.end(member, End::Code(ExitCode::Bug.code().into()), &error.to_string()),
            }
        }
        has_left
    }

    fn end(&mut self, member: usize, end: End, words: &str) {
        self.ends[member] = end;
        let run = &self.pack.runs[member];
        let (words, spoken_for) = (words.trim(), format!("run {} ({})", run.id, run.label()));
        // Who ended in good order has named itself.
        if words.contains(&spoken_for) {
            (self.say)(words);
        } else {
            (self.say)(&format!("{spoken_for}: {words}"));
        }
    }
}

impl Pack<'_> {
    /// Which ends of `run` are not its last word. What has failed in this task before has had its turn: a task that
    /// comes back must not try it again and again.
    fn retry_of(&self, run: &RunSpec) -> Retry {
        let layout = self.sweep.run(run.id);
        let status = crate::files::read_optional_record::<Status>(&layout.status()).ok().flatten();
        let last = status.and_then(|mut status| status.attempts.pop());
        let task = last.and_then(|attempt| attempt.node?.task).map(|task| task.job);
        if task.is_some() && task == self.task { Retry::default() } else { self.retry }
    }

    fn look(&self, run: &RunSpec, end: End, machine: &Machine) -> Result<Member, FileError> {
        let observation = observe(&self.sweep.run(run.id), machine, SystemTime::now())?;
        let is_wanted = self.retry_of(run).wants(&observation.state);
        Ok(Member { end, observation, is_wanted })
    }
}

impl Outcome {
    /// Whether the task should come back by itself: a run left a checkpoint or was not started for want of time. A task
    /// that was told to leave comes back or not as whoever told it sees fit.
    pub fn goes_on(&self) -> bool {
        self.asked <= Asked::Warned && self.members.iter().any(Member::goes_on)
    }

    /// The records of the runs that have one.
    pub fn statuses(&self) -> impl Iterator<Item = &Status> {
        self.members.iter().filter_map(|member| member.observation.status.as_ref())
    }

    /// 0 if all runs are done, else the code of the run that matters most: what is amiss with the machine, then with
    /// the input, then with the run, then what can go on, then what diverged.
    pub fn exit_code(&self) -> ExitCode {
        const ORDER: [ExitCode; 11] = [
            ExitCode::Bug,
            ExitCode::Unavailable,
            ExitCode::CannotWrite,
            ExitCode::BadSpec,
            ExitCode::BadData,
            ExitCode::Usage,
            ExitCode::Incomplete,
            ExitCode::Busy,
            ExitCode::Resume,
            ExitCode::Diverged,
            ExitCode::Done,
        ];
        let codes: Vec<ExitCode> = self.members.iter().map(Member::exit_code).collect();
        ORDER.into_iter().find(|code| codes.contains(code)).unwrap_or(ExitCode::Done)
    }

    /// How the runs stand now, in a line.
    pub fn in_words(&self) -> String {
        let counts = Counts::of(self.members.iter().map(|member| &member.observation.state));
        format!("{}: {}", counted(self.members.len(), "run"), counts.in_words().join(", "))
    }
}

impl Member {
    fn goes_on(&self) -> bool {
        match self.end {
            // One that was warned before it could listen has not begun.
            End::NotStarted | End::Signal(SIGUSR2) => self.is_wanted,
            _ => self.observation.state == Observed::Interrupted(Cause::Checkpointed),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match (self.end, &self.observation.state) {
            (End::Code(code), _) => ExitCode::from_code(code).unwrap_or(ExitCode::Bug),
            (_, Observed::Done) => ExitCode::Done,
            (_, Observed::Diverged) if !self.is_wanted => ExitCode::Diverged,
            (_, Observed::Failed { .. }) if !self.is_wanted => ExitCode::Incomplete,
            _ => ExitCode::Resume,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(end: End, state: Observed) -> Member {
        let is_wanted = Retry::default().wants(&state);
        Member { end, observation: Observation { state, status: None }, is_wanted }
    }

    fn outcome(asked: Asked, members: Vec<Member>) -> Outcome {
        Outcome { asked, members }
    }

    fn checkpointed() -> Member {
        member(End::Code(75), Observed::Interrupted(Cause::Checkpointed))
    }

    fn done() -> Member {
        member(End::Code(0), Observed::Done)
    }

    #[test]
    fn what_was_warned_comes_back_and_what_was_told_does_not() {
        assert!(outcome(Asked::Warned, vec![done(), checkpointed()]).goes_on());
        assert!(outcome(Asked::Warned, vec![done(), member(End::NotStarted, Observed::NotStarted)]).goes_on());
        assert!(outcome(Asked::Warned, vec![member(End::Signal(SIGUSR2), Observed::NotStarted)]).goes_on());
        assert!(!outcome(Asked::Told, vec![done(), checkpointed()]).goes_on());
        assert!(!outcome(Asked::Warned, vec![done(), member(End::NotStarted, Observed::Done)]).goes_on());
        assert!(
            !outcome(Asked::No, vec![done(), member(End::Signal(9), Observed::Interrupted(Cause::Lost))]).goes_on()
        );
    }

    #[test]
    fn the_most_telling_code_counts() {
        let code = |members| outcome(Asked::No, members).exit_code();
        let failed = || member(End::Code(1), Observed::NotStarted);
        assert_eq!(code(vec![done(), done()]), ExitCode::Done);
        assert_eq!(code(vec![done(), checkpointed(), failed()]), ExitCode::Incomplete);
        assert_eq!(code(vec![failed(), member(End::Code(69), Observed::NotStarted)]), ExitCode::Unavailable);
        assert_eq!(code(vec![done(), member(End::Code(76), Observed::Diverged)]), ExitCode::Diverged);
        assert_eq!(code(vec![done(), member(End::Signal(9), Observed::Interrupted(Cause::Lost))]), ExitCode::Resume);
        assert_eq!(code(vec![done(), member(End::NotStarted, Observed::NotStarted)]), ExitCode::Resume);
        assert_eq!(code(vec![done(), member(End::Code(101), Observed::NotStarted)]), ExitCode::Bug);
    }
}
