//! Times of files there, told by the clock here.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use slurm::transport::files::{Listed, Listing};

use crate::files::FileError;

/// How far the clock there is from ours.
pub(super) struct Skew {
    ours: SystemTime,
    theirs: SystemTime,
}

impl Skew {
    /// As a listing that came just now shows it.
    pub(super) fn of(listing: &Listing) -> Self {
        Self { ours: SystemTime::now(), theirs: SystemTime::UNIX_EPOCH + Duration::from_secs(listing.now) }
    }

    /// Gives a file the time of its last change, by our clock: that of a claim says whether its holder lives.
    pub(super) fn touch(&self, file: &Path, listed: &Listed) -> Result<(), FileError> {
        let seconds: f64 = listed.changed.parse().unwrap_or(0.0);
        let changed = SystemTime::UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let age = self.theirs.duration_since(changed).unwrap_or_default();
        let time = self.ours.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let touched = File::options().write(true).open(file).and_then(|file| file.set_modified(time));
        touched.map_err(|error| FileError::write(file, error))
    }
}
