//! The store on disk.
//!
//! `content/<digest>` is a file by content, `sets/<name>.json` says which content each file of a set has. Both appear
//! whole or not at all, content before the record that names it, so any number of processes may read and fill a store
//! at once: two that fill the same set write the same bytes.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use spec::SCHEMA;
use spec::identity::Digest;
use spec::store::{SetRecord, StoreLayout, StoredFile};

use super::error::StoreError;
use crate::data::cache;
use crate::files::{WriteError, sync_folder, write_json};

/// How the names of files that are not whole yet begin, here and in [`crate::files`].
const TEMPORARY: &str = ".tmp";

/// A store.
#[derive(Debug, Clone)]
pub struct Store {
    layout: StoreLayout,
}

impl Store {
    /// The store in `folder`, or where the environment says.
    ///
    /// # Errors
    /// When neither says where.
    pub fn open(folder: Option<&Path>) -> Result<Self, StoreError> {
        let person = || StoreLayout::of_person(&|name| std::env::var(name).ok()).ok_or(StoreError::NoPlace);
        let layout = folder.map_or_else(person, |folder| Ok(StoreLayout::new(folder)))?;
        Ok(Self { layout })
    }

    /// Where things lie in it.
    pub fn layout(&self) -> &StoreLayout {
        &self.layout
    }

    /// Makes its folders, and removes what killed processes left in them.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn make(&self) -> Result<(), StoreError> {
        for folder in [self.layout.contents(), self.layout.records(), self.layout.partial()] {
            fs::create_dir_all(&folder).map_err(|error| WriteError::new(&folder, error))?;
            cache::remove_old(&folder, SystemTime::now(), |name| name.starts_with(TEMPORARY));
        }
        Ok(())
    }

    /// The record of a set, if it is there with all its content.
    ///
    /// # Errors
    /// When the record cannot be read, or is none of this version.
    pub fn record(&self, set: &str) -> Result<Option<SetRecord>, StoreError> {
        let is_there = |file: &StoredFile| {
            fs::metadata(self.layout.content(file.content)).is_ok_and(|metadata| metadata.len() == file.bytes)
        };
        Ok(self.written(set)?.filter(|record| record.files.values().all(is_there)))
    }

    /// The record of a set as it was written, whatever became of its content since.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub fn written(&self, set: &str) -> Result<Option<SetRecord>, StoreError> {
        let path = self.layout.record(set);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| StoreError::read(&path, error))?,
        };
        let unusable = |reason: String| StoreError::Record { path: path.clone(), reason };
        let record: SetRecord = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
        if record.schema != SCHEMA {
            return Err(unusable(format!("its schema is {}, not {SCHEMA}", record.schema)));
        }
        Ok(Some(record))
    }

    /// The path of a file of a set.
    ///
    /// # Errors
    /// When the store has no such set or file.
    pub fn file(&self, set: &str, name: &str) -> Result<PathBuf, StoreError> {
        let missing = || StoreError::Missing { name: set.to_owned(), store: self.layout.directory().to_owned() };
        let record = self.record(set)?.ok_or_else(missing)?;
        record.files.get(name).map(|file| self.layout.content(file.content)).ok_or_else(missing)
    }

    /// The names of the sets that have a record, in order.
    ///
    /// # Errors
    /// When the folder of records is there and cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.layout.records();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.and_then(Iterator::collect::<io::Result<Vec<_>>>),
        };
        let entries = entries.map_err(|error| StoreError::read(&folder, error))?;
        let name = |entry: &fs::DirEntry| Some(entry.file_name().to_str()?.strip_suffix(".json")?.to_owned());
        let mut names: Vec<String> = entries.iter().filter_map(name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Writes a record; the content that it names is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, record: &SetRecord) -> Result<(), StoreError> {
        Ok(write_json(&self.layout.record(&record.set), record)?)
    }

    /// Puts content on the shelf; gives its digest and length.
    ///
    /// # Errors
    /// When it cannot be read, or cannot be written: no space, for example. Nothing is left then.
    pub fn put(&self, content: &mut dyn Read) -> Result<(Digest, u64), StoreError> {
        let folder = self.layout.contents();
        let failed = |error: io::Error| WriteError::new(&folder, error);
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            // The store may be shared by a group: the umask decides, not the default of temporary files.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&folder)
            .map_err(failed)?;
        let (mut hasher, mut bytes, mut buffer) = (blake3::Hasher::new(), 0, vec![0; 1 << 18]);
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::read(Path::new("what is taken in"), error)),
            };
            hasher.update(&buffer[..count]);
            bytes += count as u64;
            file.write_all(&buffer[..count]).map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        let digest = Digest::from_hash(hasher.finalize());
        let path = self.layout.content(digest);
        file.persist(&path).map_err(|error| failed(error.error))?;
        sync_folder(&folder).map_err(failed)?;
        Ok((digest, bytes))
    }

    /// The content of a file of a set, with its digest checked.
    ///
    /// # Errors
    /// When it cannot be read, or was changed.
    pub fn verified(&self, file: &StoredFile) -> Result<Vec<u8>, StoreError> {
        let path = self.layout.content(file.content);
        let content = fs::read(&path).map_err(|error| StoreError::read(&path, error))?;
        let found = Digest::of(&content);
        if found != file.content {
            let what = path.display().to_string();
            return Err(StoreError::Checksum { what, expected: file.content.to_string(), found: found.to_string() });
        }
        Ok(content)
    }

    /// Whether the file at `path` is content of this store that is whole.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(path: &Path) -> Result<Digest, StoreError> {
        let mut hasher = blake3::Hasher::new();
        let file = File::open(path).map_err(|error| StoreError::read(path, error))?;
        hasher.update_reader(file).map_err(|error| StoreError::read(path, error))?;
        Ok(Digest::from_hash(hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_set_is_there_only_with_all_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(folder.path())).unwrap();
        store.make().unwrap();
        assert!(store.record("a").unwrap().is_none());
        let (content, bytes) = store.put(&mut &b"hello"[..]).unwrap();
        let file = StoredFile { content, bytes, examples: 1 };
        let files = BTreeMap::from([("pairs.jsonl".to_owned(), file.clone())]);
        let record = SetRecord { schema: SCHEMA, set: "a".to_owned(), origin: Vec::new(), files };
        store.write(&record).unwrap();
        assert_eq!(store.record("a").unwrap(), Some(record));
        assert_eq!(fs::read(store.file("a", "pairs.jsonl").unwrap()).unwrap(), b"hello");
        assert_eq!(store.verified(&file).unwrap(), b"hello");
        fs::write(store.layout().content(content), "jello").unwrap();
        assert!(matches!(store.verified(&file), Err(StoreError::Checksum { .. })));
        fs::remove_file(store.layout().content(content)).unwrap();
        assert!(store.record("a").unwrap().is_none());
        assert!(matches!(store.file("a", "pairs.jsonl"), Err(StoreError::Missing { .. })));
        fs::write(store.layout().record("a"), "{}").unwrap();
        assert!(matches!(store.record("a"), Err(StoreError::Record { .. })));
    }

    #[test]
    fn content_that_ends_early_leaves_nothing() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("cut"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(folder.path())).unwrap();
        store.make().unwrap();
        assert!(store.put(&mut Broken).is_err());
        assert_eq!(fs::read_dir(store.layout().contents()).unwrap().count(), 0);
    }

    #[test]
    fn what_killed_processes_left_is_removed_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(folder.path())).unwrap();
        store.make().unwrap();
        let (now, content) = (SystemTime::now(), store.layout().contents());
        let old = now - std::time::Duration::from_hours(3);
        for (name, modified) in [(".tmpabc", old), (".tmpdef", now), ("ab12", old)] {
            File::create(content.join(name)).unwrap().set_modified(modified).unwrap();
        }
        store.make().unwrap();
        let mut names: Vec<_> = fs::read_dir(&content).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".tmpdef", "ab12"]);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(folder.path())).unwrap();
        fs::create_dir_all(folder.path().join("sets")).unwrap();
        // Without the folder for content nothing can be written, whoever asks.
        let error = store.put(&mut &b"x"[..]).unwrap_err();
        assert!(matches!(error, StoreError::Write(_)), "{error}");
    }
}
