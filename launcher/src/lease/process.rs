//! How a process is told from every other one, also from a later one with the same number.

use std::fs;

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

/// When the process started, in clock ticks since boot; `None` when there is no such process, or only its remains.
pub(super) fn start_ticks(process: u32) -> Option<u64> {
    parse_start_ticks(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
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
    fn this_process_has_started_and_process_zero_has_not() {
        assert!(start_ticks(std::process::id()).is_some());
        assert_eq!(start_ticks(0), None);
    }
}
