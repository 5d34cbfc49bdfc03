//! The files that a sweep names, by content.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use spec::benchmark::Benchmark;
use spec::fine_tuning::{SUPERGLUE, TuningProtocol};
use spec::minimal_pairs::{self, Same};
use spec::setting::Kind;
use spec::store::{self, SetRecord, StoreLayout};
use spec::{Digest, Value};

use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::Target;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Digests of the files that a sweep names, by path as written.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    base: &'a Path,
    digests: BTreeMap<String, Digest>,
    /// Files of pairs that were looked into, by path as written.
    looked_into: BTreeSet<String>,
    /// Where the data of benchmarks lies.
    stored: BTreeMap<String, PathBuf>,
    /// The protocols of fine-tuning that are named.
    protocols: BTreeSet<TuningProtocol>,
    /// Tasks of a group without data, and where the group is named.
    missing: Vec<(TuningProtocol, &'static str, Origin)>,
}

impl<'a> Contents<'a> {
    /// No files yet; relative paths start at `base`.
    pub(super) fn new(base: &'a Path) -> Self {
        let (digests, stored, protocols) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { base, digests, looked_into: BTreeSet::new(), stored, protocols, missing: Vec::new() }
    }

    /// Reads the files that `value` names, if `target` takes paths. Each file that cannot be read is one problem.
    pub(super) fn add(&mut self, target: &Target, value: &Value, origin: &Origin, problems: &mut Problems) {
        let Target::Setting(setting) = target else { return };
        match (setting.kind, value) {
            _ if setting.key == "evaluate.tasks" => self.benchmarks(value, origin, problems),
            _ if setting.key == "evaluate.fine-tuning-protocol" => {
                self.protocols.extend(TuningProtocol::from_name(&value.to_string()));
            }
            (Kind::Paths, Value::List(paths)) => {
                for path in paths {
                    self.read(&path.to_string(), origin, problems);
                    self.look_into(setting.key, &path.to_string(), origin, problems);
                }
            }
            (Kind::Paths, Value::Text(path)) => {
                self.read(path, origin, problems);
                self.look_into(setting.key, path, origin, problems);
            }
            (Kind::ChoiceOrPath(names), Value::Text(path)) if !names.contains(&path.as_str()) => {
                self.read(path, origin, problems);
            }
            _ => {}
        }
    }

    /// Looks whether the file at `path`, which the setting `key` names, is what the trainer will take.
    fn look_into(&mut self, key: &str, path: &str, origin: &Origin, problems: &mut Problems) {
        if key != "evaluate.minimal-pairs" || !self.looked_into.insert(path.to_owned()) {
            return;
        }
        let absolute = self.absolute(path);
        // What cannot be read, or is empty, was said already.
        let Some(content) = std::fs::read(&absolute).ok().filter(|content| !content.is_empty()) else { return };
        if let Err(error) = minimal_pairs::lines(&content, Same::Refused) {
            problems.error(origin, format!("{}, {error}", absolute.display())).about_data();
        }
    }

    /// The digest of the file at `path`, as written.
    pub(super) fn digest(&self, path: &str) -> Option<Digest> {
        self.digests.get(path).copied()
    }

    /// The absolute path of `path`, as written.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        self.stored.get(path).cloned().unwrap_or_else(|| self.base.join(path))
    }

    /// Finds the data of the benchmarks among `tasks` in the store. Each whose data is not there is one problem.
    fn benchmarks(&mut self, tasks: &Value, origin: &Origin, problems: &mut Problems) {
        let names: Vec<String> = match tasks {
            Value::List(names) => names.iter().map(Value::to_string).collect(),
            name => vec![name.to_string()],
        };
        for benchmark in names.iter().filter_map(|name| Benchmark::from_name(name)) {
            let (name, key) = (benchmark.name(), benchmark.data());
            let digest = match stored(name, store::PAIRS) {
                Ok((path, digest)) => {
                    self.stored.insert(key.clone(), path);
                    digest
                }
                Err(reason) => {
                    let hint = format!(
                        "`seedbed-trainer data get {name}` downloads it, `data import {name} PATH` takes it in"
                    );
                    problems.error(origin, reason).about_data().hint(hint);
                    // The rest of the sweep can still be judged.
                    Digest::of(key.as_bytes())
                }
            };
            self.digests.insert(key, digest);
        }
        self.tasks(&names, origin);
    }

    /// Finds the data of the tasks to tune on. Of a task that is asked for by its own name it must be there, which is
    /// judged where the protocol is known; of the others what is missing is said.
    fn tasks(&mut self, names: &[String], origin: &Origin) {
        let is_named = |task: &str| names.iter().any(|name| name == task);
        for protocol in [TuningProtocol::Superglue, TuningProtocol::Babylm2023] {
            let wanted = |task: &&str| is_named(task) || is_named(SUPERGLUE);
            for task in protocol.tasks().into_iter().filter(wanted) {
                let mut is_whole = true;
                for file in protocol.files(task) {
                    match stored(file.set, &file.stored) {
                        Ok((path, digest)) => {
                            self.stored.insert(file.data(), path);
                            self.digests.insert(file.data(), digest);
                        }
                        Err(_) => is_whole &= !file.needed,
                    }
                }
                if !is_whole && !is_named(task) {
                    self.missing.push((protocol, task, origin.clone()));
                }
            }
        }
    }

    /// Says which tasks of a group will be reported as missing, once it is known which protocols are meant.
    pub(super) fn tell_missing(&self, problems: &mut Problems) {
        let usual = BTreeSet::from([TuningProtocol::default()]);
        for protocol in if self.protocols.is_empty() { &usual } else { &self.protocols } {
            let of_protocol = || self.missing.iter().filter(|(of, ..)| of == protocol);
            let tasks: BTreeSet<&str> = of_protocol().map(|(_, task, _)| *task).collect();
            let tasks: Vec<&str> = tasks.into_iter().collect();
            let Some((.., origin)) = of_protocol().next() else { continue };
            let sets = match protocol {
                TuningProtocol::Superglue => "superglue",
                TuningProtocol::Babylm2023 => "babylm-superglue babylm-glue",
            };
            let hint = format!("`seedbed-trainer data get {sets}` downloads it, `data import SET PATH` takes a set in");
            let message = format!("the store has no data of {}, which will be reported as missing", tasks.join(", "));
            problems.warn(origin, message).hint(hint);
        }
    }

    fn read(&mut self, path: &str, origin: &Origin, problems: &mut Problems) {
        if self.digests.contains_key(path) {
            return;
        }
        let absolute = self.absolute(path);
        let shown = absolute.display();
        let digest = match digest_of(&absolute) {
            Ok(Some(digest)) => Some(digest),
            Ok(None) => {
                problems.error(origin, format!("the file {shown} is empty")).about_data();
                None
            }
            Err(error) => {
                problems
                    .error(origin, format!("cannot read {shown}: {error}"))
                    .about_data()
                    .hint("relative paths start at the folder of the sweep file");
                None
            }
        };
        // A file that cannot be read has a digest of its own, so that the rest of the sweep can still be judged.
        self.digests.insert(path.to_owned(), digest.unwrap_or_else(|| Digest::of(path.as_bytes())));
    }
}

/// A file of a set in the store of this person: its path and content, whose length is looked at.
fn stored(set: &str, name: &str) -> Result<(PathBuf, Digest), String> {
    let store = StoreLayout::of_person(&|name| std::env::var(name).ok());
    let store = store.ok_or("there is no place for data: neither SEEDBED_DATA nor HOME is set")?;
    let path = store.record(set);
    let text = std::fs::read(&path)
        .map_err(|error| format!("the data of {set} is not there: cannot read {}: {error}", path.display()))?;
    let record: SetRecord = serde_json::from_slice(&text)
        .map_err(|error| format!("{} is no record of this version: {error}", path.display()))?;
    let missing = || format!("the store {} has no {name} of {set}", store.directory().display());
    let file = record.files.get(name).ok_or_else(missing)?;
    let content = store.content(file.content);
    let whole = std::fs::metadata(&content).is_ok_and(|metadata| metadata.len() == file.bytes);
    if whole { Ok((content, file.content)) } else { Err(missing()) }
}

/// What tells, without reading it, that a file is still the one that was digested.
type Stamp = (u64, Option<SystemTime>);

static KNOWN: Mutex<BTreeMap<PathBuf, (Stamp, Digest)>> = Mutex::new(BTreeMap::new());

/// The digest of a file, read once by a process as long as size and time of change stay; `None` for an empty file.
fn digest_of(path: &Path) -> io::Result<Option<Digest>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let stamp = (metadata.len(), metadata.modified().ok());
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
    if let Some((_, digest)) = known.filter(|(known, _)| *known == stamp) {
        return Ok(Some(digest));
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    let mut size = 0_u64;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digest = Digest::from_hash(hasher.finalize());
    if size == 0 {
        return Ok(None);
    }
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (stamp, digest));
    Ok(Some(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        std::fs::write(&path, "one").unwrap();
        assert_eq!(digest_of(&path).unwrap(), Some(Digest::of(b"one")));
        std::fs::write(&path, "three").unwrap();
        assert_eq!(digest_of(&path).unwrap(), Some(Digest::of(b"three")));
        std::fs::write(&path, "").unwrap();
        assert_eq!(digest_of(&path).unwrap(), None);
        assert!(digest_of(directory.path()).is_err());
    }
}
