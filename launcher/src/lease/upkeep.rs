use std::time::{Duration, Instant};

use super::{Lease, RENEWAL, STALE};
use crate::files::FileError;

/// When a lease was renewed last, and when it is to be again.
#[derive(Debug)]
pub struct Upkeep {
    renewed: Instant,
    due: Instant,
}

impl Upkeep {
    /// Of a lease that was taken at `now`.
    pub fn begin(now: Instant) -> Self {
        Self { renewed: now, due: now + RENEWAL }
    }

    /// How long nothing needs to be done, as of `now`.
    pub fn pause(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// Renews `lease` where that is due at `now`. False when it is no longer ours.
    ///
    /// # Errors
    /// It could not be renewed for so long that somebody else may soon take its holder for dead. A file server that
    /// does not answer now may answer next time, which is no error yet.
    pub fn keep(&mut self, lease: &Lease, now: Instant) -> Result<bool, FileError> {
        if now < self.due {
            return Ok(true);
        }
        self.due = now + RENEWAL;
        match lease.renew() {
            Ok(true) => {
                self.renewed = now;
                Ok(true)
            }
            Err(_) if now.duration_since(self.renewed) + 2 * RENEWAL < STALE => Ok(true),
            lost => lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::lease::{Holder, Machine};

    #[test]
    fn a_lease_is_looked_at_when_it_is_due_and_silence_is_borne_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let machine = Machine::here();
        let holder = Holder::this_process(&machine, None, String::new(), "ours".to_owned());
        let lease = Lease::acquire(&path, holder, &machine).unwrap().lease;
        let begin = Instant::now();
        let mut upkeep = Upkeep::begin(begin);
        assert!(upkeep.keep(&lease, begin + RENEWAL).unwrap());
        assert_eq!(upkeep.pause(begin + RENEWAL), RENEWAL);

        // Something that cannot be read, as if the file server did not answer.
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(upkeep.keep(&lease, begin + RENEWAL + Duration::from_secs(29)).unwrap(), "it is not due");
        assert!(upkeep.keep(&lease, begin + 2 * RENEWAL).unwrap());
        assert!(upkeep.keep(&lease, begin + 9 * RENEWAL).is_err());
        fs::remove_dir(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
        assert!(upkeep.keep(&lease, begin + STALE).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!upkeep.keep(&lease, begin + STALE + RENEWAL).unwrap());
    }
}
