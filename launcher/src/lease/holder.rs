use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::{self, Machine, start_ticks};

/// How often a holder shows that it lives.
pub const RENEWAL: Duration = Duration::from_secs(30);

/// How long a holder on another machine may be silent before it counts as dead.
pub const STALE: Duration = Duration::from_mins(5);

/// Who holds a lease: the content of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Holder {
    /// [`spec::SCHEMA`] of the writer.
    pub schema: u32,
    /// The machine's name.
    pub host: String,
    /// The machine's boot.
    pub boot: String,
    /// The namespace of the process id.
    pub namespace: String,
    /// The process.
    pub process: u32,
    /// When the process started, in clock ticks since boot: the number may be given to another one later.
    pub started: u64,
    /// The attempt, where the lease is the claim of a run.
    pub attempt: Option<u32>,
    /// When the lease was taken: RFC 3339, UTC.
    pub since: String,
    /// What tells this holding from every other one.
    pub token: String,
}

impl Holder {
    /// This process, from `since` on. `token` must be new.
    pub fn this_process(machine: &Machine, attempt: Option<u32>, since: String, token: String) -> Self {
        let process = std::process::id();
        Self {
            schema: spec::SCHEMA,
            host: machine.host.clone(),
            boot: machine.boot.clone(),
            namespace: machine.namespace.clone(),
            process,
            started: start_ticks(process).unwrap_or(0),
            attempt,
            since,
            token,
        }
    }

    /// Whether the holder's process is on `machine`, where it can be looked at.
    pub fn is_on(&self, machine: &Machine) -> bool {
        self.host == machine.host && self.boot == machine.boot && self.namespace == machine.namespace
    }

    /// Whether the holder still lives, seen from `machine`, when it last showed itself `silence` ago.
    ///
    /// On the same machine the process is looked up. A machine that was started again since has no such process.
    /// Elsewhere only the silence can tell.
    pub fn lives(&self, machine: &Machine, silence: Duration) -> bool {
        if self.is_on(machine) {
            // Of one that is hidden from this user only its silence tells.
            process::lives(self.process, self.started).unwrap_or(silence < STALE)
        } else if self.host == machine.host && self.boot != machine.boot {
            false
        } else {
            silence < STALE
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.split('.').next().unwrap_or_default().trim_end_matches('Z');
        write!(formatter, "process {} on {} since {since}Z", self.process, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> (Machine, Holder) {
        let machine = Machine::here();
        let holder = Holder::this_process(&machine, Some(1), "2026-01-01T00:00:00Z".to_owned(), "t".to_owned());
        (machine, holder)
    }

    #[test]
    fn this_process_lives_however_silent() {
        let (machine, holder) = holder();
        assert!(holder.lives(&machine, STALE * 2));
    }

    #[test]
    fn another_process_with_the_same_number_is_not_the_holder() {
        let (machine, holder) = holder();
        assert!(!Holder { started: holder.started + 1, ..holder }.lives(&machine, Duration::ZERO));
    }

    #[test]
    fn a_machine_that_was_started_again_holds_nothing() {
        let (machine, holder) = holder();
        assert!(!Holder { boot: "another".to_owned(), ..holder }.lives(&machine, Duration::ZERO));
    }

    #[test]
    fn elsewhere_silence_decides() {
        let (machine, holder) = holder();
        let far = Holder { host: "far".to_owned(), ..holder };
        assert!(far.lives(&machine, Duration::from_secs(299)));
        assert!(!far.lives(&machine, STALE));
    }
}
