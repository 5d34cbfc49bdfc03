use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::FileError;

/// Replaces `path` by `content`: readers see the old content or the new one, also after a power cut.
///
/// # Errors
/// [`FileError::System`]; the old content is then untouched.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let failure = |error| FileError::write(path, error);
    let temporary = filled(path, content).map_err(failure)?;
    temporary.persist(path).map_err(|error| failure(error.error))?;
    sync_directory(path).map_err(failure)
}

/// Makes `path` with `content`, complete from its first moment; false when it is there already.
///
/// # Errors
/// [`FileError::System`].
pub fn create_new(path: &Path, content: &[u8]) -> Result<bool, FileError> {
    let failure = |error| FileError::write(path, error);
    let temporary = filled(path, content).map_err(failure)?;
    // A rename that fails where the name is taken or, on file systems that have none, a hard link: both are atomic.
    match temporary.persist_noclobber(path) {
        Ok(_) => sync_directory(path).map_err(failure).map(|()| true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failure(error.error)),
    }
}

/// Makes `path` and the directories above it, as far as they are missing.
///
/// # Errors
/// [`FileError::System`].
pub fn create_directory(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|error| FileError::write(path, error))
}

fn filled(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    // The file is opened and written here, not by tempfile, whose errors name the temporary file: a name that nobody
    // gave.
    let mut temporary = tempfile::Builder::new().prefix(".writing-").make_in(folder(path), create)?;
    temporary.as_file_mut().write_all(content)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Records are for the whole group to read, as far as the umask allows; a temporary file would be private by default.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o666).open(path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claim.json");
        assert!(create_new(&path, b"one").unwrap());
        assert!(!create_new(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_atomic(Path::new("/nowhere/at/all"), b"").unwrap_err();
        assert_eq!(error.to_string(), "cannot write /nowhere/at/all");
        // Below a file there is no folder: so for every person, root included.
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        write_atomic(&file, b"").unwrap();
        for path in [Path::new("/nowhere/at/all").to_owned(), file.join("record.json"), home.path().to_owned()] {
            let error = write_atomic(&path, b"").unwrap_err();
            let whole = crate::error::CliError::from(error).render();
            assert!(whole.contains("(os error") && !whole.contains(".writing-"), "{whole}");
        }
    }
}
