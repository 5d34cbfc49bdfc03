//! From the start of a trainer to its end: signals are passed on, the claim is kept, nothing is left behind.

use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2};
use spec::ExitCode;

use super::error::SuperviseError;
use crate::lease::{Lease, Upkeep};
use crate::signals::Signals;

/// What a supervisor listens to: whatever asks it to stop, and the end of its child.
pub const WATCHED: [i32; 6] = [SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGQUIT, SIGCHLD];

/// How far a trainer may be ahead of what its supervisor is told. Slurm tells every process of a job to end, one after
/// the other, and whoever is told first may have left before the last one hears of it.
pub const AHEAD: Duration = Duration::from_secs(2);

/// How a trainer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Its exit code, unless a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// How urgently it had been asked to stop.
    pub asked: Asked,
}

impl End {
    /// There was nothing to end.
    pub(super) const BEFORE_START: Self = Self { exit_code: None, signal: None, asked: Asked::No };

    /// Whether this is the end of a trainer that was told to leave, by this supervisor or by somebody else: it says
    /// that it can go on, or a signal ended it, or a program of its own, as a shell says it.
    fn is_obedient(&self) -> bool {
        let told = |signal: i32| [SIGHUP, SIGINT, SIGTERM].contains(&signal);
        let says_so = |code: i32| code == i32::from(ExitCode::Resume.code()) || told(code - 128);
        self.signal.is_some_and(told) || self.exit_code.is_some_and(says_so)
    }
}

/// How urgently the trainer was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// It was not.
    No,
    /// Ahead of time, by a warning such as Slurm's `--signal=USR2`.
    Warned,
    /// Once, in earnest.
    Told,
    /// At once: it was killed.
    Killed,
}

impl Asked {
    /// What follows from `signal`. A warning never becomes a kill, nor does SIGTERM however often: Slurm sends it when
    /// the time of grace begins and again when it ends, and what kills is its own SIGKILL. A person who asks twice
    /// means it.
    #[must_use]
    pub fn after(self, signal: i32) -> Self {
        match (signal, self) {
            (SIGUSR2, Self::No) => Self::Warned,
            (SIGTERM | SIGINT | SIGHUP, Self::No | Self::Warned) => Self::Told,
            (SIGINT | SIGHUP, Self::Told) | (SIGQUIT, _) => Self::Killed,
            _ => self,
        }
    }
}

/// Waits for the end of `child`, which leads its own process group and works under `claim`.
///
/// # Errors
/// The claim was taken over, so that the child was killed; or it cannot be waited for.
pub fn watch(mut child: Child, signals: &Signals, claim: &Lease) -> Result<End, SuperviseError> {
    let group = Pid::from_child(&child);
    let mut asked = Asked::No;
    let mut upkeep = Upkeep::begin(Instant::now());
    while !has_ended(group)? {
        match signals.next(upkeep.pause(Instant::now())) {
            Some(SIGCHLD) => {}
            Some(signal) => {
                let urgency = asked.after(signal);
                if urgency > asked {
                    send(group, if urgency == Asked::Killed { Signal::KILL } else { Signal::TERM });
                }
                asked = urgency;
            }
            None => {
                if !upkeep.keep(claim, Instant::now()).unwrap_or(false) {
                    send(group, Signal::KILL);
                    let _ = child.wait();
                    return Err(SuperviseError::Fenced);
                }
            }
        }
    }
    // The leader's number is its own until it is waited for, so this cannot hit anybody else.
    send(group, Signal::KILL);
    let status = child.wait().map_err(wait_failure)?;
    let end = End { exit_code: status.code(), signal: std::os::unix::process::ExitStatusExt::signal(&status), asked };
    let is_ahead = asked < Asked::Told && end.is_obedient();
    Ok(if is_ahead { End { asked: hear_out(signals, asked), ..end } } else { end })
}

/// What a supervisor that has been `asked` so much is told within the time that its trainer may be ahead.
fn hear_out(signals: &Signals, mut asked: Asked) -> Asked {
    for signal in signals.within(AHEAD) {
        asked = asked.after(signal);
        if asked >= Asked::Told {
            break;
        }
    }
    asked
}

fn has_ended(leader: Pid) -> Result<bool, SuperviseError> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(leader), options) {
        Ok(status) => Ok(status.is_some()),
        Err(error) => Err(wait_failure(error.into())),
    }
}

fn wait_failure(source: std::io::Error) -> SuperviseError {
    SuperviseError::Process { what: "wait for the trainer", source }
}

/// Sends `signal` to the whole group; that nobody is left in it is no failure.
fn send(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_never_kills_and_a_second_demand_of_a_person_does() {
        let after = |signals: &[i32]| signals.iter().fold(Asked::No, |asked, signal| asked.after(*signal));
        assert_eq!(after(&[SIGUSR2, SIGUSR2]), Asked::Warned);
        assert_eq!(after(&[SIGUSR2, SIGTERM, SIGUSR2]), Asked::Told);
        assert_eq!(after(&[SIGTERM, SIGTERM, SIGTERM]), Asked::Told);
        assert_eq!(after(&[SIGTERM, SIGINT]), Asked::Killed);
        assert_eq!(after(&[SIGQUIT]), Asked::Killed);
    }

    #[test]
    fn who_leaves_as_if_told_was_perhaps_told_by_somebody_else() {
        let end = |exit_code, signal| End { exit_code, signal, asked: Asked::No };
        for end in [end(Some(75), None), end(None, Some(SIGTERM)), end(Some(143), None)] {
            assert!(end.is_obedient(), "{end:?}");
        }
        for end in [end(Some(0), None), end(Some(1), None), end(Some(139), None), end(None, Some(9))] {
            assert!(!end.is_obedient(), "{end:?}");
        }
    }
}
