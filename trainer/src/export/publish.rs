//! A folder that is there whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::error::ExportError;
use crate::files::sync_folder;
use crate::trained::folder::RECORD;

/// Every file that an export may write.
pub const NAMES: [&str; 11] = [
    "README.md",
    "config.json",
    "feed_forward_seedbed.py",
    "generation_config.json",
    "kan_seedbed.py",
    "model.safetensors",
    "modeling_seedbed.py",
    RECORD,
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// Whether `folder` may be written: it is not there, is empty, or holds an earlier export and nothing else.
///
/// # Errors
/// When it holds something else, or cannot be looked at.
pub fn check(folder: &Path) -> Result<(), ExportError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|source| ExportError::write(folder, source))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|source| ExportError::write(folder, source))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    let foreign = names.iter().find(|name| !NAMES.contains(&name.as_str()));
    let foreign = foreign.or_else(|| names.first().filter(|_| !names.iter().any(|name| name == RECORD)));
    match foreign {
        Some(name) => Err(ExportError::InTheWay { path: folder.to_owned(), found: name.clone() }),
        None => Ok(()),
    }
}

/// Writes `files` into a folder beside `folder`, flushes them to disk, and gives it that name; an earlier export is
/// replaced in one step where the file system can exchange two names, else in two.
///
/// # Errors
/// When something else is in the way, or a part cannot be written; what was there before is then still there.
pub fn write(folder: &Path, files: &BTreeMap<&'static str, Vec<u8>>) -> Result<(), ExportError> {
    check(folder)?;
    publish(folder, files).map_err(|source| ExportError::write(folder, source))
}

fn publish(folder: &Path, files: &BTreeMap<&'static str, Vec<u8>>) -> io::Result<()> {
    let target = absolute(folder)?;
    let parent = target.parent().ok_or_else(|| io::Error::other("it is the root of the file system"))?;
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new()
        .prefix(".tmp-export-")
        .permissions(Permissions::from_mode(0o777))
        .tempdir_in(parent)
        // Its own error names the folder that nobody asked for.
        .map_err(|error| io::Error::from(error.kind()))?;
    for (name, content) in files {
        let mut file = File::create(staging.path().join(name))?;
        file.write_all(content)?;
        file.sync_all()?;
    }
    sync_folder(staging.path())?;
    if target.exists() {
        replace(&target, staging.path())?;
    } else {
        fs::rename(staging.path(), &target)?;
    }
    // What lies under the staging folder's name now, if anything, is the earlier export: it goes when the handle is
    // dropped.
    sync_folder(parent)
}

fn replace(target: &Path, staging: &Path) -> io::Result<()> {
    if renameat_with(CWD, staging, CWD, target, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Not every file system can exchange. Between the two steps the name is free, never half-filled.
    let aside = staging.with_extension("old");
    fs::rename(target, &aside)?;
    fs::rename(staging, target)?;
    fs::remove_dir_all(&aside)
}

/// The path without `.` and links at its end: a rename would replace the link.
fn absolute(folder: &Path) -> io::Result<PathBuf> {
    if folder.exists() { folder.canonicalize() } else { std::path::absolute(folder) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(readme: &str) -> BTreeMap<&'static str, Vec<u8>> {
        BTreeMap::from([("README.md", readme.as_bytes().to_vec()), (RECORD, b"{}".to_vec())])
    }

    #[test]
    fn an_earlier_export_is_replaced_and_nothing_is_left_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("models/mine");
        write(&folder, &files("one")).unwrap();
        fs::write(folder.join("config.json"), "{}").unwrap();
        write(&folder, &files("two")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("README.md")).unwrap(), "two");
        assert!(!folder.join("config.json").exists(), "a file of the earlier export stayed");
        assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o700, 0o700);
        assert_ne!(mode & 0o077, 0, "others may not read it");
    }

    #[test]
    fn what_is_not_an_export_stays() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("mine");
        fs::create_dir(&folder).unwrap();
        write(&folder, &files("into an empty folder")).unwrap();
        fs::write(folder.join("notes.txt"), "dear").unwrap();
        let error = write(&folder, &files("two")).unwrap_err().to_string();
        assert!(error.contains("it holds notes.txt"), "{error}");
        assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "dear");

        let other = home.path().join("theirs");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("config.json"), "{}").unwrap();
        let error = write(&other, &files("two")).unwrap_err().to_string();
        assert!(error.contains("it holds config.json"), "{error}");
        assert!(write(&other.join("config.json"), &files("two")).is_err());
        // A file system on which nobody makes folders.
        let error = publish(Path::new("/proc/model"), &files("two")).unwrap_err().to_string();
        assert!(!error.contains(".tmp-export-"), "{error}");
    }
}
