//! The files of the cache: written beside their place, moved there when they are whole.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use spec::identity::Digest;
use tempfile::NamedTempFile;

use crate::files::WriteError;

/// The end of the name of a file that is being written.
const PARTIAL: &str = ".partial";

/// What nobody has written to for so long was left by a process that was killed.
const ABANDONED: Duration = Duration::from_hours(1);

/// A file that appears under its name when [`Self::finish`] has written all of it to disk; dropped before, it leaves
/// nothing.
#[derive(Debug)]
pub struct CacheFile {
    path: PathBuf,
    writer: BufWriter<NamedTempFile>,
    hasher: blake3::Hasher,
}

impl CacheFile {
    /// Starts the file `path`; its folder exists.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let file = partial(path).map_err(|source| WriteError::new(path, source))?;
        let writer = BufWriter::with_capacity(1 << 18, file);
        Ok(Self { path: path.to_owned(), writer, hasher: blake3::Hasher::new() })
    }

    /// Adds `bytes`.
    ///
    /// # Errors
    /// When they cannot be written: no space, for example.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.hasher.update(bytes);
        self.writer.write_all(bytes).map_err(|source| WriteError::new(&self.path, source))
    }

    /// Flushes the file to disk and gives it its name; an older one is replaced.
    ///
    /// # Errors
    /// When a part of that fails; then there is no new file.
    pub fn finish(self) -> Result<Digest, WriteError> {
        let Self { path, writer, hasher } = self;
        let finish = || {
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(folder(&path))?.sync_all()
        };
        finish().map_err(|source| WriteError::new(&path, source))?;
        Ok(Digest::from_hash(hasher.finalize()))
    }
}

/// Writes a whole file.
///
/// # Errors
/// See [`CacheFile`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<Digest, WriteError> {
    let mut file = CacheFile::create(path)?;
    file.write(bytes)?;
    file.finish()
}

/// Writes a whole file unless one of its name is there; says whether it did. Of several processes at most one does.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, WriteError> {
    let create = || {
        let mut file = partial(path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    create().map_err(|source| WriteError::new(path, source))
}

/// Removes what killed processes left of files in `folder` whose name starts with `stem`.
pub fn remove_abandoned(folder: &Path, stem: &str, now: SystemTime) {
    remove_old(folder, now, |name| name.starts_with(stem) && name.ends_with(PARTIAL));
}

/// Removes files in `folder` that nobody has written to for long, of those whose name says that they are not whole.
pub fn remove_old(folder: &Path, now: SystemTime, is_partial: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_partial = entry.file_name().to_str().is_some_and(&is_partial);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
        if is_partial && age.is_some_and(|age| age > ABANDONED) {
            // Another process may have removed it first; what cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A new file for the content of `path`, under a name of its own in the same folder.
fn partial(path: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(PARTIAL)
        // The cache may be shared by a group: the umask decides, not the default of temporary files.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder(path))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ids");
        let mut file = CacheFile::create(&path).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let mut file = CacheFile::create(&path).unwrap();
        file.write(b"who").unwrap();
        file.write(b"le").unwrap();
        assert!(!path.exists());
        assert_eq!(file.finish().unwrap(), Digest::of(b"whole"));
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["a.ids"]);
        let error = CacheFile::create(&folder.path().join("none/a.ids")).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.ends_with("none/a.ids"), "{error}");
    }

    #[test]
    fn only_one_makes_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lease");
        let made: usize = std::thread::scope(|scope| {
            let attempts: Vec<_> = (0..8_u8)
                .map(|byte| {
                    scope.spawn({
                        let path = &path;
                        move || write_new(path, &[byte]).unwrap()
                    })
                })
                .collect();
            attempts.into_iter().map(|attempt| usize::from(attempt.join().unwrap())).sum()
        });
        assert_eq!(made, 1);
        assert_eq!(names(folder.path()), ["a.lease"]);
    }

    #[test]
    fn only_old_partial_files_of_the_stem_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let old = now - 2 * ABANDONED;
        for (name, modified) in
            [("k1.ids.x.partial", old), ("k1.ids.y.partial", now), ("k2.ids.z.partial", old), ("k1.ids", old)]
        {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(modified).unwrap();
        }
        remove_abandoned(folder.path(), "k1", now);
        assert_eq!(names(folder.path()), ["k1.ids", "k1.ids.y.partial", "k2.ids.z.partial"]);
    }
}
