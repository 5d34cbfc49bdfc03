//! The folder in which the ranks of a run meet; on several nodes it is written down there how each of them ended, too.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use spec::Failure;
use spec::layout::RunLayout;

use super::end::End;
use super::rendezvous::introduction;
use crate::failure::write_failure;
use crate::files::{WriteError, look_afresh, remove_folder, write_atomically};

/// The folder of one start. It is gone when this is.
pub(super) struct Meeting {
    /// Where it lies: in the run's directory, which all nodes see.
    pub(super) folder: PathBuf,
}

impl Meeting {
    /// An empty folder in that of the run, which is there. The run is claimed, so what lies there is of a start that is
    /// over.
    pub(super) fn prepare(directory: &Path) -> Result<Self, Failure> {
        let folder = RunLayout::new(directory).ranks();
        let failed = |error| write_failure(WriteError::new(&folder, error));
        remove_folder(&folder).map_err(write_failure)?;
        fs::create_dir(&folder).map_err(failed)?;
        Ok(Self { folder })
    }

    /// Adds the ends of the ranks that are written down.
    pub(super) fn read(&self, ends: &mut [Option<End>]) {
        look_afresh(&self.folder);
        for (rank, end) in (0..).zip(ends).filter(|(_, end)| end.is_none()) {
            *end = fs::read_to_string(note(&self.folder, rank)).ok().and_then(|text| text.parse().ok());
        }
    }

    /// Whether all ranks have come: from then on they hear when they are asked to stop.
    pub(super) fn is_complete(&self, world: u32) -> bool {
        look_afresh(&self.folder);
        (0..world).all(|rank| introduction(&self.folder, rank).exists())
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn note(folder: &Path, rank: u32) -> PathBuf {
    folder.join(format!("end-{rank}"))
}

/// Writes down how `rank` ended.
///
/// # Errors
/// When the folder is gone or full.
pub(super) fn write_down(folder: &Path, rank: u32, end: End) -> Result<(), WriteError> {
    write_atomically(&note(folder, rank), |file| -> io::Result<()> { write!(file, "{end}") })
}

#[cfg(test)]
mod tests {
    use spec::ExitCode;

    use super::*;

    #[test]
    fn ends_are_found_again_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let meeting = Meeting::prepare(folder.path()).unwrap();
        write_down(&meeting.folder, 0, End::Exit(ExitCode::Resume)).unwrap();
        write_down(&meeting.folder, 2, End::Signal(6)).unwrap();
        fs::write(note(&meeting.folder, 1), "").unwrap();
        let mut ends = vec![None; 4];
        meeting.read(&mut ends);
        assert_eq!(ends, [Some(End::Exit(ExitCode::Resume)), None, Some(End::Signal(6)), None]);
        fs::write(introduction(&meeting.folder, 0), "{}").unwrap();
        assert!(meeting.is_complete(1) && !meeting.is_complete(2));
        // A start that was killed has left its folder.
        std::mem::forget(meeting);
        let meeting = Meeting::prepare(folder.path()).unwrap();
        assert!(!meeting.is_complete(1));
        drop(meeting);
        assert!(Meeting::prepare(&folder.path().join("typo")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
