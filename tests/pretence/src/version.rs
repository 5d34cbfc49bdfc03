//! Releases of Slurm, and what came with each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A release, such as 20.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// The oldest that is pretended.
    pub const OLDEST: Self = Self(20, 11);
    /// The newest.
    pub const NEWEST: Self = Self(25, 5);
    /// Those that the tests go through.
    pub const ALL: [Self; 7] =
        [Self::OLDEST, Self(21, 8), Self(22, 5), Self(23, 2), Self(23, 11), Self(24, 5), Self::NEWEST];
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}.3", self.0, self.1)
    }
}

/// A word that a command knows, and since when.
pub(crate) type Word = (&'static str, Version);

/// Known to every release that is pretended.
const ALWAYS: Version = Version::OLDEST;

/// Options of squeue.
pub(crate) const SQUEUE: [Word; 9] = [
    ("array", ALWAYS),
    ("states", ALWAYS),
    ("user", ALWAYS),
    ("name", ALWAYS),
    ("format", ALWAYS),
    ("noheader", ALWAYS),
    ("jobs", ALWAYS),
    ("json", Version(21, 8)),
    ("only-job-state", Version(24, 5)),
];

/// Options of sacct.
pub(crate) const SACCT: [Word; 9] = [
    ("parsable2", ALWAYS),
    ("duplicates", ALWAYS),
    ("user", ALWAYS),
    ("starttime", ALWAYS),
    ("endtime", ALWAYS),
    ("name", ALWAYS),
    ("format", ALWAYS),
    ("noheader", ALWAYS),
    ("json", Version(21, 8)),
];

/// Columns of sacct.
pub(crate) const COLUMNS: [Word; 16] = [
    ("JobID", ALWAYS),
    ("State", ALWAYS),
    ("ExitCode", ALWAYS),
    ("DerivedExitCode", ALWAYS),
    ("Submit", ALWAYS),
    ("Start", ALWAYS),
    ("End", ALWAYS),
    ("ElapsedRaw", ALWAYS),
    ("MaxRSS", ALWAYS),
    ("NodeList", ALWAYS),
    ("Partition", ALWAYS),
    ("User", ALWAYS),
    ("JobName", ALWAYS),
    ("Cluster", ALWAYS),
    ("SubmitLine", Version(21, 8)),
    ("Planned", Version(21, 8)),
];

/// Options of sbatch, also in a script.
pub(crate) const SBATCH: [Word; 30] = [
    ("parsable", ALWAYS),
    ("job-name", ALWAYS),
    ("array", ALWAYS),
    ("account", ALWAYS),
    ("partition", ALWAYS),
    ("qos", ALWAYS),
    ("constraint", ALWAYS),
    ("reservation", ALWAYS),
    ("exclude", ALWAYS),
    ("nodes", ALWAYS),
    ("ntasks", ALWAYS),
    ("cpus-per-task", ALWAYS),
    ("mem", ALWAYS),
    ("mem-per-cpu", ALWAYS),
    ("gres", ALWAYS),
    ("gres-flags", ALWAYS),
    ("time", ALWAYS),
    ("signal", ALWAYS),
    ("requeue", ALWAYS),
    ("no-requeue", ALWAYS),
    ("dependency", ALWAYS),
    ("output", ALWAYS),
    ("error", ALWAYS),
    ("open-mode", ALWAYS),
    ("chdir", ALWAYS),
    ("export", ALWAYS),
    ("comment", ALWAYS),
    ("exclusive", ALWAYS),
    ("container", Version(21, 8)),
    ("prefer", Version(22, 5)),
];

/// Options of sinfo.
pub(crate) const SINFO: [Word; 4] =
    [("format", ALWAYS), ("noheader", ALWAYS), ("partition", ALWAYS), ("json", Version(21, 8))];

/// Whether `version` knows `word`.
pub(crate) fn knows(words: &[Word], word: &str, version: Version) -> bool {
    words.iter().any(|(known, since)| known.eq_ignore_ascii_case(word) && *since <= version)
}
