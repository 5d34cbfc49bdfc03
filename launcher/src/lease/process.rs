//! How a process is told from every other one, also from a later one with the same number.

use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::env;

/// A machine as it runs now, seen from one process namespace of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// The kernel's id of this boot; empty where the kernel does not say.
    pub boot: String,
    /// The namespace in which process ids are counted: two containers on one machine count each for themselves.
    pub namespace: String,
}

impl Machine {
    /// The machine of this process.
    pub fn here() -> Self {
        let namespace = fs::read_link("/proc/self/ns/pid");
        Self {
            host: env::host(),
            boot: fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
            namespace: namespace.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }
}

/// When the process started, in clock ticks since boot; `None` when there is no such process, or only its remains, or
/// it may not be looked at.
pub(super) fn start_ticks(process: u32) -> Option<u64> {
    parse_start_ticks(&stat(process).ok()?)
}

/// Whether the process that started at this tick lives; `None` when there is one of its number that may not be looked
/// at.
pub(super) fn lives(process: u32, started: u64) -> Option<bool> {
    still_lives(stat(process), started, || answers(process))
}

fn stat(process: u32) -> io::Result<String> {
    fs::read_to_string(format!("/proc/{process}/stat"))
}

/// Whether there is a process of that number, whoever owns it.
fn answers(process: u32) -> Result<(), Errno> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    test_kill_process(process)
}

/// Whether a process lives, from what `/proc` shows of it. Where that hides other people's processes, what is hidden
/// looks as if it were gone; only the answer to a signal tells these two apart, and not whether it is the same process.
fn still_lives(stat: io::Result<String>, started: u64, answer: impl FnOnce() -> Result<(), Errno>) -> Option<bool> {
    match stat {
        Ok(stat) => Some(parse_start_ticks(&stat) == Some(started)),
        Err(_) => (!matches!(answer(), Ok(()) | Err(Errno::PERM))).then_some(false),
    }
}

/// Field 22 of `/proc/<pid>/stat`. The second field is the program's name, in parentheses, and may hold spaces and
/// parentheses itself, so that fields are counted from the last closing one; the state follows it.
fn parse_start_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_do_not_shift_the_fields() {
        let rest = (4..=25).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(parse_start_ticks(&format!("12 (a) b) (c)) S {rest}")), Some(22));
        assert_eq!(parse_start_ticks(&format!("12 (gone) Z {rest}")), None);
        assert_eq!(parse_start_ticks("12 (short) S 1 2"), None);
    }

    #[test]
    fn a_process_that_is_hidden_is_told_from_one_that_is_gone() {
        let hidden = || Err(io::ErrorKind::NotFound.into());
        assert_eq!(still_lives(hidden(), 22, || Err(Errno::PERM)), None);
        assert_eq!(still_lives(hidden(), 22, || Ok(())), None);
        assert_eq!(still_lives(hidden(), 22, || Err(Errno::SRCH)), Some(false));
        assert_eq!(still_lives(Err(io::ErrorKind::PermissionDenied.into()), 22, || Err(Errno::PERM)), None);
        let rest = (4..=25).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
        let seen = |state: &str| Ok(format!("12 (name) {state} {rest}"));
        let unasked = || unreachable!("what is seen needs no signal");
        assert_eq!(still_lives(seen("S"), 22, unasked), Some(true));
        assert_eq!(still_lives(seen("S"), 23, unasked), Some(false));
        assert_eq!(still_lives(seen("Z"), 22, unasked), Some(false));
    }

    #[test]
    fn this_process_lives_and_process_zero_does_not() {
        let process = std::process::id();
        assert_eq!(lives(process, start_ticks(process).unwrap()), Some(true));
        assert_eq!(answers(process), Ok(()));
        assert_eq!((lives(0, 0), lives(u32::MAX, 0)), (Some(false), Some(false)));
    }

    #[test]
    fn this_process_has_started_and_process_zero_has_not() {
        assert!(start_ticks(std::process::id()).is_some());
        assert_eq!(start_ticks(0), None);
    }
}
