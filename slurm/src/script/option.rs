//! Options of sbatch that a site needs and this crate does not know.

use std::fmt;
use std::str::FromStr;

use crate::quoting::{Destination, quote};
use crate::value::{ValueError, serde_as_text};

/// A further option of sbatch, such as `--gres-flags=enforce-binding`, in its long form.
///
/// It can neither take the place of an option that a script sets from its typed values, nor turn
/// off what survival depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtraOption {
    name: String,
    value: Option<String>,
}

/// Options that a script sets itself, or that would take it out of its owner's hands.
const MANAGED: [&str; 39] = [
    "account",
    "array",
    "chdir",
    "cluster",
    "clusters",
    "constraint",
    "cpus-per-task",
    "dependency",
    "error",
    "exclude",
    "export",
    "export-file",
    "get-user-env",
    "gpus",
    "gres",
    "hold",
    "input",
    "job-name",
    "mem",
    "mem-per-cpu",
    "mem-per-gpu",
    "no-requeue",
    "nodes",
    "ntasks",
    "open-mode",
    "output",
    "parsable",
    "partition",
    "qos",
    "quiet",
    "requeue",
    "reservation",
    "signal",
    "test-only",
    "time",
    "uid",
    "gid",
    "wait",
    "wrap",
];

impl ExtraOption {
    /// What a person may write.
    pub const EXPECTED: &str =
        "a long option of sbatch, such as \"--gres-flags=enforce-binding\", that is not set already";

    /// The name without its hyphens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl FromStr for ExtraOption {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || ValueError::new(text, Self::EXPECTED);
        let bare = text.strip_prefix("--").ok_or_else(failure)?;
        let (name, value) = match bare.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (bare, None),
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-".contains(&byte));
        // sbatch takes any beginning of a name for the name, so a beginning is managed as well.
        let is_managed = MANAGED.iter().any(|managed| managed.starts_with(name));
        let is_quotable = value.is_none_or(|value| quote(value, Destination::Directive).is_ok());
        if !is_name || is_managed || !is_quotable {
            return Err(failure());
        }
        Ok(Self { name: name.to_owned(), value: value.map(str::to_owned) })
    }
}

impl fmt::Display for ExtraOption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "--{}", self.name)?;
        match &self.value {
            Some(value) => write!(formatter, "={value}"),
            None => Ok(()),
        }
    }
}

serde_as_text!(ExtraOption);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_a_script_sets_itself_are_refused() {
        let option: ExtraOption = "--gres-flags=enforce-binding".parse().unwrap();
        assert_eq!((option.name(), option.value()), ("gres-flags", Some("enforce-binding")));
        assert!("--exclusive".parse::<ExtraOption>().is_ok());
        for wrong in [
            "",
            "-p",
            "--",
            "--partition=gpu",
            "--part=gpu",
            "--job-name=x",
            "--no-requeue",
            "--mail type=x",
            "--comment=a\nb",
            "--comment=hetjob",
        ] {
            assert!(wrong.parse::<ExtraOption>().is_err(), "{wrong:?}");
        }
    }
}
