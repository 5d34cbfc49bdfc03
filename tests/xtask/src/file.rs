//! Files written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::{Failure, Outcome};

/// Writes `path`, making its folder; a reader sees the old content or the new, never a part.
pub(crate) fn write(path: &Path, content: &[u8]) -> Outcome<()> {
    write_beside(path, content).map_err(|error| Failure::new(format!("cannot write {}", path.display())).because(error))
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    if written.is_err() {
        // The error to tell is the first one.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Removes a folder or file with all that is in it; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> Outcome<()> {
    let removed = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::new(format!("cannot remove {}", path.display())).because(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/stamp.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        let failure = write(&folder.path().join("taken"), b"").unwrap_err();
        assert!(failure.render().starts_with("error: cannot write "), "{}", failure.render());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folders_files_and_nothing_can_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (deep, file) = (folder.path().join("a/b"), folder.path().join("c"));
        fs::create_dir_all(&deep).unwrap();
        fs::write(&file, "").unwrap();
        for path in [folder.path().join("a"), file, folder.path().join("missing")] {
            remove(&path).unwrap();
            assert!(!path.exists());
        }
    }
}
