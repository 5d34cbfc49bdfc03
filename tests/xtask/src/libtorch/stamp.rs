//! `.libtorch/stamp.json`: what has been installed, written last.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::pip;
use crate::failure::Outcome;
use crate::file;

/// The stamp of an installation folder.
#[derive(Debug)]
pub(super) struct Stamp {
    path: PathBuf,
}

impl Stamp {
    /// The stamp of the installation in `folder`.
    pub(super) fn of(folder: &Path) -> Self {
        Self { path: folder.join("stamp.json") }
    }

    /// Whether the pinned wheels are installed, and the CUDA libraries if `cuda`.
    pub(super) fn covers(&self, cuda: bool) -> bool {
        let stamp = std::fs::read(&self.path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let stamp: serde_json::Value = stamp.unwrap_or_default();
        stamp["wheels"] == json!(pip::pinned_wheels()) && (!cuda || stamp["cuda"] == json!(true))
    }

    /// Says that the installation is whole.
    pub(super) fn write(&self, cuda: bool) -> Outcome<()> {
        let stamp = json!({ "wheels": pip::pinned_wheels(), "cuda": cuda });
        file::write(&self.path, format!("{stamp:#}\n").as_bytes())
    }

    /// Says that it is not.
    pub(super) fn remove(&self) -> Outcome<()> {
        file::remove(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_covers_what_it_was_written_for() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp::of(folder.path());
        let covers = || (stamp.covers(false), stamp.covers(true));
        assert_eq!(covers(), (false, false));
        stamp.write(false).unwrap();
        assert_eq!(covers(), (true, false));
        stamp.write(true).unwrap();
        assert_eq!(covers(), (true, true));
        std::fs::write(folder.path().join("stamp.json"), "{\"wheels\": [\"torch==2.10.0\"], \"cuda\": true}").unwrap();
        assert_eq!(covers(), (false, false));
        std::fs::write(folder.path().join("stamp.json"), "{\"whe").unwrap();
        assert_eq!(covers(), (false, false));
        stamp.remove().unwrap();
        assert_eq!(covers(), (false, false));
    }
}
