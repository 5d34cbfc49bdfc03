use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, RenameFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, renameat_with, utimensat};

use super::{Holder, Machine};
use crate::files::{FileError, create_new, read_optional_record};

/// A lease that this process holds. Dropping it gives it back.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    holder: Holder,
}

/// A lease and whom it was taken from.
#[derive(Debug)]
pub struct Acquired {
    /// The lease.
    pub lease: Lease,
    /// The dead holder that was replaced.
    pub replaced: Option<Holder>,
}

/// Why a lease could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Somebody alive holds it.
    #[error("held by {0}")]
    Held(Box<Holder>),
    /// Its file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The holder of the lease at `path`, and whether it lives as seen from `machine` at `now`.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn look(path: &Path, machine: &Machine, now: SystemTime) -> Result<Option<(Holder, bool)>, FileError> {
    let Some(holder) = read_optional_record::<Holder>(path)? else { return Ok(None) };
    let lives = holder.lives(machine, silence(path, now)?);
    Ok(Some((holder, lives)))
}

/// Like [`look`], at the time of the file system: another machine's clock may differ from this one's.
///
/// # Errors
/// As [`look`], or nothing can be written beside it.
pub fn look_now(path: &Path, machine: &Machine) -> Result<Option<(Holder, bool)>, FileError> {
    look(path, machine, file_system_time(path)?)
}

impl Lease {
    /// Takes the lease at `path` for `holder`, from nobody or from a dead holder.
    ///
    /// # Errors
    /// [`LeaseError`].
    pub fn acquire(path: &Path, holder: Holder, machine: &Machine) -> Result<Acquired, LeaseError> {
        let mut content = serde_json::to_vec_pretty(&holder).expect("invariant: a holder is text and numbers");
        content.push(b'\n');
        let mut replaced = None;
        loop {
            if create_new(path, &content)? {
                return Ok(Acquired { lease: Self { path: path.to_owned(), holder }, replaced });
            }
            // The file may have gone between the two looks; then the next turn of the loop makes it.
            match look_now(path, machine)? {
                Some((other, true)) => return Err(LeaseError::Held(Box::new(other))),
                Some((other, false)) => {
                    retire(path, &other, &holder.token).map_err(|error| FileError::write(path, error))?;
                    replaced = Some(other);
                }
                None => {}
            }
        }
    }

    /// Who holds it: this process.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Whether nobody took the lease for dead.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_ours(&self) -> Result<bool, FileError> {
        let found = read_optional_record::<Holder>(&self.path)?;
        Ok(found.is_some_and(|found| found.token == self.holder.token))
    }

    /// Shows that the holder lives. False when the lease is no longer ours.
    ///
    /// # Errors
    /// When the file cannot be read or touched.
    pub fn renew(&self) -> Result<bool, FileError> {
        if !self.is_ours()? {
            return Ok(false);
        }
        // The file server sets the time, so that clocks of machines need not agree.
        let timestamps = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        };
        match utimensat(CWD, &self.path, &timestamps, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(error) => Err(FileError::write(&self.path, error.into())),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A lease that cannot be removed is found dead as soon as this process has ended.
        if self.is_ours().unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Moves the lease of the dead `holder` out of the way.
///
/// Two processes may have found it dead, and the faster one may hold it by now. The slower one sees that it has moved a
/// lease of somebody alive and puts it back; a holder without its file for that moment loses nothing but a race it can
/// see.
fn retire(path: &Path, dead: &Holder, token: &str) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{token}"));
    let aside = PathBuf::from(aside);
    match fs::rename(path, &aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    let moved = read_optional_record::<Holder>(&aside).ok().flatten();
    if moved.is_some_and(|moved| moved.token != dead.token) {
        return put_back(&aside, path);
    }
    fs::remove_file(&aside)
}

/// Gives a lease that was moved to `aside` its name back, unless another one has it by now.
fn put_back(aside: &Path, path: &Path) -> io::Result<()> {
    // As when a lease is made: a rename that does not replace or, on file systems that have none, a hard link.
    match renameat_with(CWD, aside, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::EXIST) => {}
        Err(_) => match fs::hard_link(aside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        },
    }
    fs::remove_file(aside)
}

/// How long ago the file was last touched.
fn silence(path: &Path, now: SystemTime) -> Result<Duration, FileError> {
    match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(touched) => Ok(now.duration_since(touched).unwrap_or(Duration::ZERO)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Duration::ZERO),
        Err(error) => Err(FileError::read(path, error)),
    }
}

/// What time it is for the file system that holds `path`: that of a file made just now.
fn file_system_time(path: &Path) -> Result<SystemTime, FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let touched = tempfile::tempfile_in(folder).and_then(|file: File| file.metadata()?.modified());
    touched.map_err(|error| FileError::write(folder, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(machine: &Machine, token: &str) -> Holder {
        Holder::this_process(machine, None, "2026-01-01T00:00:00Z".to_owned(), token.to_owned())
    }

    #[test]
    fn a_lease_has_one_holder_and_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let machine = Machine::here();
        let first = Lease::acquire(&path, holder(&machine, "a"), &machine).unwrap();
        let error = Lease::acquire(&path, holder(&machine, "b"), &machine).unwrap_err();
        assert!(matches!(error, LeaseError::Held(other) if other.token == "a"));
        assert!(first.lease.renew().unwrap());
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_dead_holder_is_replaced_and_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let machine = Machine::here();
        let mut dead = holder(&machine, "dead");
        dead.started += 1;
        let zombie = Lease::acquire(&path, dead, &machine).unwrap().lease;
        let acquired = Lease::acquire(&path, holder(&machine, "new"), &machine).unwrap();
        assert_eq!(acquired.replaced.map(|holder| holder.token), Some("dead".to_owned()));
        assert!(!zombie.is_ours().unwrap());
        assert!(!zombie.renew().unwrap());
        drop(zombie);
        assert!(acquired.lease.is_ours().unwrap(), "a zombie must not give back what is not its own");
    }

    #[test]
    fn the_slower_of_two_who_retire_a_lease_puts_back_what_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let machine = Machine::here();
        let alive = Lease::acquire(&path, holder(&machine, "alive"), &machine).unwrap().lease;
        retire(&path, &holder(&machine, "dead"), "slow").unwrap();
        assert!(alive.is_ours().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lease_is_put_back_by_a_rename_and_replaces_nobody() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (aside, path) = (folder.path().join("lock.json.slow"), folder.path().join("lock.json"));
        fs::write(&aside, "moved").unwrap();
        let inode = |path: &Path| fs::metadata(path).map(|metadata| metadata.ino()).unwrap();
        let before = inode(&aside);
        put_back(&aside, &path).unwrap();
        assert_eq!((inode(&path), aside.exists()), (before, false));
        fs::write(&aside, "late").unwrap();
        put_back(&aside, &path).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), aside.exists()), ("moved", false));
    }
}
