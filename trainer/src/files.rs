//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl WriteError {
    /// The error of writing `path`.
    pub fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), source }
    }
}

/// Writes `path` by way of a temporary file in the same folder, which `write` fills, a flush to disk and a rename.
///
/// # Errors
/// When any part fails; the temporary file is then removed and `path` is as it was.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), WriteError> {
    let attempt = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        // Opened here, not by tempfile, whose errors name the temporary file: a name that nobody gave.
        let mut temporary = tempfile::Builder::new().make_in(folder, create)?;
        write(temporary.as_file_mut())?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        sync_folder(folder)
    };
    attempt().map_err(|source| WriteError::new(path, source))
}

/// As readable as any other file of the person's: the results of a study are there to be read.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o666).open(path)
}

/// Writes a record as indented JSON, atomically.
///
/// # Errors
/// See [`write_atomically`].
pub fn write_json(path: &Path, record: &impl Serialize) -> Result<(), WriteError> {
    write_atomically(path, |file| {
        let mut text = serde_json::to_vec_pretty(record)?;
        text.push(b'\n');
        file.write_all(&text)
    })
}

/// Removes a file that may be there.
///
/// # Errors
/// When it is, and cannot be removed.
pub fn remove_file(path: &Path) -> Result<(), WriteError> {
    gone(path, fs::remove_file(path))
}

/// Removes a folder that may be there, with all that is in it.
///
/// # Errors
/// When it is, and cannot be removed.
pub fn remove_folder(path: &Path) -> Result<(), WriteError> {
    gone(path, fs::remove_dir_all(path))
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<(), WriteError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::new(path, error)),
        _ => Ok(()),
    }
}

/// Has the names in `folder` looked up anew: a network's file system remembers for a while that a name is not there,
/// unless the folder was changed from here.
pub fn look_afresh(folder: &Path) {
    let own = folder.join("look");
    let _ = fs::write(&own, "").and_then(|()| fs::remove_file(&own));
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn an_error_names_the_file_that_was_asked_for_and_no_other() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        write_json(&file, &1).unwrap();
        for path in [home.path().join("nowhere/record.json"), file.join("record.json"), home.path().to_owned()] {
            let error = write_json(&path, &1).unwrap_err();
            assert_eq!(error.to_string(), format!("cannot write {}", path.display()));
            let cause = error.source().unwrap().to_string();
            assert!(cause.contains("(os error") && !cause.contains(".tmp"), "{cause}");
        }
    }
}
