//! The states of a job, as squeue, sacct and scontrol write them, and what each means.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::value::serde_as_text;

/// The state of a job: one of Slurm's base states, or a flag that Slurm shows in its place.
///
/// Reading never fails: a word that is not known is kept as [`JobState::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are Slurm's own words; `standing` explains each")]
pub enum JobState {
    Pending,
    Running,
    Suspended,
    Completed,
    /// Cancelled, and by whom where sacct tells it.
    Cancelled {
        /// The user id behind "CANCELLED by".
        by: Option<u32>,
    },
    Failed,
    Timeout,
    NodeFail,
    Preempted,
    BootFail,
    Deadline,
    OutOfMemory,
    Completing,
    Configuring,
    Expediting,
    LaunchFailed,
    PowerUpNode,
    ReconfigFail,
    RequeueFed,
    RequeueHold,
    Requeued,
    Resizing,
    ReservationDeletedHold,
    Revoked,
    Signaling,
    SpecialExit,
    StageOut,
    Stopped,
    UpdateDb,
    /// A word of a Slurm that is newer, or older, than this list; as it was written.
    Unknown(String),
}

/// What a state means for whoever waits for the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Waits for its turn, or for another turn.
    Queued,
    /// Will not start before somebody releases it.
    Held,
    /// Has its nodes: starts, runs, or cleans up. Cleaning up is not success.
    Active,
    /// Has started and is stopped; the wall clock no longer tells how long it ran.
    Paused,
    /// Is over.
    Ended(Ending),
    /// Not known: keep what was known before.
    Unknown,
}

/// How a job ended, by the state alone. Read the steps as well before acting on it:
/// [`crate::parse::sacct::AccountedJob::ending`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ending {
    /// The batch script returned 0. Whether the work is done, only its own record tells.
    Completed,
    /// The program returned something else, or a signal ended it.
    Failed,
    /// Out of memory on the host.
    OutOfMemory,
    /// Out of time: its own limit, or its deadline.
    Timeout,
    /// A node failed, did not boot or could not launch the job.
    NodeFailure,
    /// Made room for another job, and was not queued again.
    Preempted,
    /// Cancelled, by this user id where it is known.
    Cancelled {
        /// The user id of whoever cancelled it.
        by: Option<u32>,
    },
    /// A sibling of a federation runs it in its place.
    Revoked,
}

/// Long word, short word and state; `CANCELLED` is read by hand.
const WORDS: [(&str, &str, JobState); 28] = [
    ("PENDING", "PD", JobState::Pending),
    ("RUNNING", "R", JobState::Running),
    ("SUSPENDED", "S", JobState::Suspended),
    ("COMPLETED", "CD", JobState::Completed),
    ("FAILED", "F", JobState::Failed),
    ("TIMEOUT", "TO", JobState::Timeout),
    ("NODE_FAIL", "NF", JobState::NodeFail),
    ("PREEMPTED", "PR", JobState::Preempted),
    ("BOOT_FAIL", "BF", JobState::BootFail),
    ("DEADLINE", "DL", JobState::Deadline),
    ("OUT_OF_MEMORY", "OOM", JobState::OutOfMemory),
    ("COMPLETING", "CG", JobState::Completing),
    ("CONFIGURING", "CF", JobState::Configuring),
    ("EXPEDITING", "EX", JobState::Expediting),
    ("LAUNCH_FAILED", "LF", JobState::LaunchFailed),
    ("POWER_UP_NODE", "PU", JobState::PowerUpNode),
    ("RECONFIG_FAIL", "RX", JobState::ReconfigFail),
    ("REQUEUE_FED", "RF", JobState::RequeueFed),
    ("REQUEUE_HOLD", "RH", JobState::RequeueHold),
    ("REQUEUED", "RQ", JobState::Requeued),
    ("RESIZING", "RS", JobState::Resizing),
    ("RESV_DEL_HOLD", "RD", JobState::ReservationDeletedHold),
    ("REVOKED", "RV", JobState::Revoked),
    ("SIGNALING", "SI", JobState::Signaling),
    ("SPECIAL_EXIT", "SE", JobState::SpecialExit),
    ("STAGE_OUT", "SO", JobState::StageOut),
    ("STOPPED", "ST", JobState::Stopped),
    ("UPDATE_DB", "UD", JobState::UpdateDb),
];

impl JobState {
    /// What the state means.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Pending | Self::Requeued | Self::RequeueFed | Self::Expediting => Standing::Queued,
            Self::RequeueHold | Self::SpecialExit | Self::ReservationDeletedHold => Standing::Held,
            Self::Running
            | Self::Configuring
            | Self::PowerUpNode
            | Self::Resizing
            | Self::Signaling
            | Self::StageOut
            | Self::Completing
            | Self::UpdateDb => Standing::Active,
            Self::Suspended | Self::Stopped => Standing::Paused,
            Self::Completed => Standing::Ended(Ending::Completed),
            Self::Failed => Standing::Ended(Ending::Failed),
            Self::OutOfMemory => Standing::Ended(Ending::OutOfMemory),
            Self::Timeout | Self::Deadline => Standing::Ended(Ending::Timeout),
            Self::NodeFail | Self::BootFail | Self::LaunchFailed | Self::ReconfigFail => {
                Standing::Ended(Ending::NodeFailure)
            }
            Self::Preempted => Standing::Ended(Ending::Preempted),
            Self::Cancelled { by } => Standing::Ended(Ending::Cancelled { by: *by }),
            Self::Revoked => Standing::Ended(Ending::Revoked),
            Self::Unknown(_) => Standing::Unknown,
        }
    }

    /// How the job ended, by its state alone; `None` while it is not known to be over.
    pub fn ending(&self) -> Option<Ending> {
        match self.standing() {
            Standing::Ended(ending) => Some(ending),
            _ => None,
        }
    }
}

impl FromStr for JobState {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || Self::Unknown(text.trim().to_owned());
        let mut words = text.split_whitespace();
        // In a column that is too narrow sacct ends the word with `+`.
        let word = words.next().unwrap_or_default().trim_end_matches('+').to_ascii_uppercase();
        let rest: Vec<&str> = words.collect();
        if word == "CANCELLED" || word == "CA" {
            return Ok(match rest.as_slice() {
                [] => Self::Cancelled { by: None },
                ["by", user] => Self::Cancelled { by: user.parse().ok() },
                _ => unknown(),
            });
        }
        let known = WORDS.iter().find(|(long, short, _)| word == *long || word == *short);
        match known {
            Some((.., state)) if rest.is_empty() => Ok(state.clone()),
            _ => Ok(unknown()),
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled { by: None } => formatter.write_str("CANCELLED"),
            Self::Cancelled { by: Some(user) } => write!(formatter, "CANCELLED by {user}"),
            Self::Unknown(text) => formatter.write_str(text),
            state => {
                let known = WORDS.iter().find(|(.., candidate)| candidate == state);
                formatter.write_str(known.map_or("UNKNOWN", |(long, ..)| long))
            }
        }
    }
}

serde_as_text!(JobState);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> JobState {
        let Ok(state) = text.parse();
        state
    }

    #[test]
    fn long_and_short_words_are_one_state() {
        for (long, short, state) in &WORDS {
            assert_eq!(read(long), *state);
            assert_eq!(read(short), *state);
            assert_eq!(read(&long.to_lowercase()), *state);
            assert_eq!(state.to_string(), *long);
            assert_ne!(state.standing(), Standing::Unknown, "{long}");
        }
    }

    #[test]
    fn who_cancelled_is_kept() {
        assert_eq!(read("CANCELLED by 1000"), JobState::Cancelled { by: Some(1000) });
        assert_eq!(read("CANCELLED by 1000").to_string(), "CANCELLED by 1000");
        assert_eq!(read("CANCELLED+"), JobState::Cancelled { by: None });
        assert_eq!(read("CA"), JobState::Cancelled { by: None });
        assert_eq!(read("CANCELLED by alice"), JobState::Cancelled { by: None });
    }

    #[test]
    fn unknown_words_stay_unknown() {
        for text in ["", "?", "DREAMING", "RUNNING FAST", "UNKNOWN"] {
            assert_eq!(read(text), JobState::Unknown(text.to_owned()));
            assert_eq!(read(text).standing(), Standing::Unknown);
        }
    }

    #[test]
    fn nothing_that_still_moves_counts_as_ended() {
        for text in [
            "PENDING",
            "CONFIGURING",
            "RUNNING",
            "COMPLETING",
            "SUSPENDED",
            "RESIZING",
            "REQUEUED",
            "REQUEUE_FED",
            "REQUEUE_HOLD",
            "SPECIAL_EXIT",
            "SIGNALING",
            "STAGE_OUT",
            "STOPPED",
        ] {
            assert_eq!(read(text).ending(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any::<String>()) {
            let state = read(&text);
            prop_assert_eq!(read(&state.to_string()), state);
        }
    }
}
