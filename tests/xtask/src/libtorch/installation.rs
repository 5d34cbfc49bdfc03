//! `.libtorch/`: what pip unpacked, `torch/` beside `nvidia/`, where torch's libraries look for it.
//!
//! Wheels are unpacked into a staging folder, checked, and renamed into place; the stamp is removed before and written
//! after. So a killed installation is begun anew, and a whole one is never touched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::home::Home;
use super::stamp::Stamp;
use super::{VERSION, nvidia, pip};
use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, stream};

/// What torch's Python code needs beside it.
const TORCHGEN: &str = "torchgen";

/// How the names of staging folders begin.
const STAGING: &str = ".staging-";

/// The installation of a checkout.
#[derive(Debug)]
pub(super) struct Installation {
    folder: PathBuf,
}

impl Installation {
    /// The installation of the checkout at `root`, there or not.
    pub(super) fn of(root: &Path) -> Self {
        Self { folder: root.join(".libtorch") }
    }

    /// Where its libtorch lies.
    pub(super) fn torch(&self) -> PathBuf {
        self.folder.join("torch")
    }

    /// Its libtorch, if it is whole, with the CUDA libraries if `cuda`.
    pub(super) fn home(&self, cuda: bool) -> Option<Home> {
        if !Stamp::of(&self.folder).covers(cuda) {
            return None;
        }
        Home::at(&self.torch()).ok()
    }

    /// Installs what is missing.
    pub(super) fn install(&self, workspace: &Workspace, cuda: bool) -> Outcome<Home> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Failure::new("wheels are pinned for Linux on x86_64 only")
                .hint(format!("install libtorch {VERSION} yourself and set LIBTORCH")));
        }
        let _lock = self.lock()?;
        // Whoever held the lock may have done the work.
        if self.home(false).is_none() {
            stream::say(&format!(
                "installing libtorch {VERSION} into {} (0.5 GB to fetch, once)",
                self.folder.display()
            ));
            self.install_pinned(workspace)?;
        }
        if cuda && self.home(true).is_none() {
            stream::say("installing the CUDA libraries that it pins (2.7 GB, once)");
            self.install_cuda(workspace)?;
        }
        Home::at(&self.torch())
    }

    /// Adds what an installation of an earlier version lacks for torch's Python code to run.
    pub(super) fn complete_python(&self, workspace: &Workspace) -> Outcome<()> {
        let _lock = self.lock()?;
        let place = self.folder.join(TORCHGEN);
        if place.is_dir() {
            return Ok(());
        }
        stream::say("fetching torch's wheel once more, for its Python code (0.5 GB)");
        let staging = self.empty_staging()?;
        pip::install_pinned(workspace, &staging)?;
        fs::rename(staging.join(TORCHGEN), &place)
            .map_err(|error| Failure::new(format!("cannot move {} into place", place.display())).because(error))?;
        file::remove(&staging)
    }

    fn install_pinned(&self, workspace: &Workspace) -> Outcome<()> {
        let staging = self.empty_staging()?;
        pip::install_pinned(workspace, &staging)?;
        Home::at(&staging.join("torch"))?;
        self.publish(&staging, &["torch", TORCHGEN, "nvidia", &metadata_folder()], false)
    }

    fn install_cuda(&self, workspace: &Workspace) -> Outcome<()> {
        let path = self.folder.join(metadata_folder()).join("METADATA");
        let metadata = fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("cannot read {}", path.display())).because(error))?;
        let libraries = nvidia::pinned_libraries(&metadata);
        if libraries.is_empty() {
            return Err(Failure::new(format!("{} names no CUDA libraries", path.display())));
        }
        let staging = self.empty_staging()?;
        pip::install_with_dependencies(workspace, &staging, &libraries)?;
        // They include the two that are there already.
        self.publish(&staging, &["nvidia"], true)
    }

    /// Renames `names` from the staging folder into place and says that the installation is whole.
    fn publish(&self, staging: &Path, names: &[&str], cuda: bool) -> Outcome<()> {
        let stamp = Stamp::of(&self.folder);
        stamp.remove()?;
        for name in names {
            let (from, to) = (staging.join(name), self.folder.join(name));
            file::remove(&to)?;
            fs::rename(&from, &to)
                .map_err(|error| Failure::new(format!("cannot move {} into place", from.display())).because(error))?;
        }
        stamp.write(cuda)?;
        file::remove(staging)
    }

    /// A staging folder of this process alone: the pip of a killed one may still be at work in its own.
    fn empty_staging(&self) -> Outcome<PathBuf> {
        self.remove_old_staging();
        let staging = self.folder.join(format!("{STAGING}{}", std::process::id()));
        fs::create_dir(&staging)
            .map_err(|error| Failure::new(format!("cannot make {}", staging.display())).because(error))?;
        Ok(staging)
    }

    fn remove_old_staging(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(STAGING)) {
            // What cannot be removed now is in nobody's way, and is tried again the next time.
            let _ = file::remove(&entry.path());
        }
    }

    /// Waits until no other process installs. The lock ends with the file, and so with the process.
    fn lock(&self) -> Outcome<File> {
        let path = self.folder.join(".lock");
        let lock = fs::create_dir_all(&self.folder).and_then(|()| File::create(&path)).and_then(|file| {
            file.lock()?;
            Ok(file)
        });
        lock.map_err(|error| {
            Failure::new(format!("cannot lock {}", path.display())).because(error).hint("the checkout must be writable")
        })
    }
}

fn metadata_folder() -> String {
    format!("torch-{VERSION}.dist-info")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libtorch::home::tests::pretend;

    #[test]
    fn what_is_published_replaces_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let installation = Installation::of(root.path());
        // The remains of an installation without a stamp.
        pretend(&installation.torch(), "2.11.0+cu130");
        fs::write(installation.torch().join("remains"), "").unwrap();
        assert_eq!(installation.home(false), None);

        let staging = installation.empty_staging().unwrap();
        pretend(&staging.join("torch"), "2.11.0+cu130");
        fs::create_dir(staging.join("junk")).unwrap();
        installation.publish(&staging, &["torch"], false).unwrap();
        assert!(installation.home(false).is_some());
        assert_eq!(installation.home(true), None);
        assert!(!installation.torch().join("remains").exists() && !staging.exists());
    }

    #[test]
    fn a_failure_while_publishing_leaves_no_stamp() {
        let root = tempfile::tempdir().unwrap();
        let installation = Installation::of(root.path());
        pretend(&installation.torch(), "2.11.0+cu130");
        Stamp::of(&installation.folder).write(true).unwrap();
        assert!(installation.home(true).is_some());
        let staging = installation.empty_staging().unwrap();
        installation.publish(&staging, &["nvidia"], true).unwrap_err();
        assert_eq!(installation.home(false), None);
    }
}
