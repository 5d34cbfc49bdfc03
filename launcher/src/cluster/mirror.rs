//! What a cluster that shares no file system with this machine has written, brought here.
//!
//! One listing tells what has changed since the last time; only that is fetched, in batches, each of which is on disk before
//! it is noted. Whatever breaks in between, the next call goes on.
//!
//! Invariants: a record never arrives before what it speaks of, so that a run that looks done here has its results; what
//! this machine has written itself is replaced only by what has changed there since; checkpoints stay where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use slurm::client::Client;
use slurm::transport::files::{self, Listed, Listing};
use spec::RunId;
use spec::layout::SweepLayout;

use super::error::ClusterError;
use super::site::Site;
use super::submissions::{Fate, Submission};
use crate::files::{FileError, create_directory, read_optional_record, write_atomic, write_record};

/// How much is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What tells how the runs stand.
    Records,
    /// Curves and logs, too.
    Everything,
    /// Everything of one run.
    Run(RunId),
}

/// What was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// What is known of the files of a site: their size and time when they were last fetched.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known(BTreeMap<String, String>);

/// What is carried at once, in bytes and in files.
const BATCH: (u64, usize) = (16 << 20, 2000);
/// How long another process may be fetching already.
const PATIENCE: Duration = Duration::from_secs(30);
/// Folders that stay there.
const LEFT: [&str; 4] = ["checkpoint", "cache", "arrays", "report"];
/// The files of a run that tell how it stands. In this order they are read there; in the reverse they are written here.
const RECORDS: [&str; 6] = ["claim.json", "status.json", "outcome.json", "results.csv", "facts.json", "run.json"];

/// Fetches what every far site has written for the runs that were last submitted to it.
///
/// # Errors
/// A site cannot be reached, or something cannot be written here.
pub fn fetch(layout: &SweepLayout, submissions: &[Submission], extent: Extent) -> Result<Fetched, ClusterError> {
    let mut sum = Fetched::default();
    for (name, runs) in last_sites(layout, submissions, extent)? {
        let site = Site::load(name)?;
        let place = site.place();
        if place.far().is_some() {
            let fetched =
                Mirror { client: site.client(), layout, there: place.sweep(layout), name }.fetch(&runs, extent)?;
            sum.files += fetched.files;
            sum.bytes += fetched.bytes;
        }
    }
    Ok(sum)
}

/// Whether `run` was last submitted to a site from which its files have to be fetched.
///
/// # Errors
/// The array file of a submission or the profile of the site cannot be read.
pub fn is_far(layout: &SweepLayout, submissions: &[Submission], run: RunId) -> Result<bool, ClusterError> {
    for name in last_sites(layout, submissions, Extent::Run(run))?.into_keys() {
        if Site::load(name)?.place().far().is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The runs that are meant by the site that they were last submitted to.
fn last_sites<'a>(
    layout: &SweepLayout,
    submissions: &'a [Submission],
    extent: Extent,
) -> Result<BTreeMap<&'a str, BTreeSet<RunId>>, ClusterError> {
    let mut last: BTreeMap<RunId, &str> = BTreeMap::new();
    let reached = |submission: &&Submission| matches!(submission.fate, Fate::Open | Fate::Accepted(_));
    for submission in submissions.iter().filter(reached) {
        last.extend(submission.runs(layout)?.iter().map(|run| (*run, submission.site.as_str())));
    }
    let is_meant = |run: RunId| !matches!(extent, Extent::Run(meant) if meant != run);
    let mut sites: BTreeMap<&str, BTreeSet<RunId>> = BTreeMap::new();
    for (run, site) in last.into_iter().filter(|(run, _)| is_meant(*run)) {
        sites.entry(site).or_default().insert(run);
    }
    Ok(sites)
}

/// One sweep, here and there.
struct Mirror<'a> {
    client: Client,
    layout: &'a SweepLayout,
    there: SweepLayout,
    name: &'a str,
}

impl Mirror<'_> {
    fn fetch(&self, runs: &BTreeSet<RunId>, extent: Extent) -> Result<Fetched, ClusterError> {
        let root = self.there.directory().to_string_lossy().into_owned();
        let record = self.layout.mirror(self.name);
        // Two at a time could put what one has read before in place of what the other has read since. Held until the return.
        let _turn = turn(&record)?;
        let mut known: Known = read_optional_record(&record)?.unwrap_or_default();
        let listing = files::list(self.client.transport(), &root, &LEFT)?;
        let skew = Skew::of(&listing);
        let wanted = wanted(&listing, runs, extent);
        let changed: Vec<&Listed> =
            wanted.values().copied().filter(|file| known.0.get(&file.path) != Some(&stamp(file))).collect();
        let mut fetched = Fetched::default();
        for batch in batches(&with_company(&changed, &wanted)) {
            let names: Vec<&str> = batch.iter().map(|file| file.path.as_str()).collect();
            let archive = files::archive(self.client.transport(), &root, &names)?;
            let mut arrived = self.unpack(&archive, &names)?;
            arrived.sort_by_key(|(path, _)| std::cmp::Reverse(rank(path)));
            let here: Vec<String> = arrived.iter().map(|(path, _)| path.clone()).collect();
            for (path, content) in arrived {
                let file = self.layout.directory().join(&path);
                create_directory(file.parent().unwrap_or(self.layout.directory()))?;
                write_atomic(&file, &content)?;
                if let Some(listed) = wanted.get(path.as_str()) {
                    skew.touch(&file, listed)?;
                }
                fetched.files += 1;
                fetched.bytes += content.len() as u64;
            }
            // Noted as it was listed: what has changed since, or has not come, is fetched again the next time.
            let listed = here.iter().filter_map(|path| wanted.get(path.as_str()));
            known.0.extend(listed.map(|file| (file.path.clone(), stamp(file))));
            create_directory(record.parent().unwrap_or(self.layout.directory()))?;
            write_record(&record, &known)?;
        }
        self.forget_claims(&mut known, &listing, &record)?;
        Ok(fetched)
    }

    /// The files of an archive: regular ones among those that were asked for. Nothing else is ever written.
    fn unpack(&self, archive: &[u8], names: &[&str]) -> Result<Vec<(String, Vec<u8>)>, ClusterError> {
        let damaged = |error: &dyn std::fmt::Display| ClusterError::Archive {
            place: self.client.place(),
            said: error.to_string(),
        };
        let asked: BTreeSet<&str> = names.iter().copied().collect();
        let mut arrived = Vec::new();
        for entry in tar::Archive::new(archive).entries().map_err(|error| damaged(&error))? {
            let mut entry = entry.map_err(|error| damaged(&error))?;
            let path = entry.path().map_err(|error| damaged(&error))?.to_string_lossy().into_owned();
            if !asked.contains(path.as_str()) || !entry.header().entry_type().is_file() {
                return Err(damaged(&format!("{path:?} was not asked for")));
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| damaged(&error))?;
            arrived.push((path, content));
        }
        Ok(arrived)
    }

    /// Removes the claims whose holders have left.
    fn forget_claims(&self, known: &mut Known, listing: &Listing, record: &Path) -> Result<(), FileError> {
        let there: BTreeSet<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
        let is_gone = |path: &str| path.ends_with("/claim.json") && !there.contains(path);
        let gone: Vec<String> = known.0.keys().filter(|path| is_gone(path)).cloned().collect();
        for path in &gone {
            let file = self.layout.directory().join(path);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(FileError::write(file, error)),
                _ => known.0.remove(path),
            };
        }
        if gone.is_empty() { Ok(()) } else { write_record(record, known) }
    }
}

/// Waits until no other process fetches into the mirror of this `record`, and keeps others waiting until it is dropped.
fn turn(record: &Path) -> Result<File, ClusterError> {
    let path = record.with_extension("lock");
    create_directory(path.parent().unwrap_or(Path::new(".")))?;
    let lock = File::create(&path).map_err(|error| FileError::write(&path, error))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => return Err(ClusterError::Fetching { lock: path }),
            // A file system without locks: one at a time is then left to the person.
            Err(TryLockError::Error(error)) if !is_without_locks(&error) => {
                return Err(FileError::write(&path, error).into());
            }
            _ => return Ok(lock),
        }
    }
}

fn is_without_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

/// The files that are of interest, by path: those of `runs`, and what the jobs said.
fn wanted<'a>(listing: &'a Listing, runs: &BTreeSet<RunId>, extent: Extent) -> BTreeMap<&'a str, &'a Listed> {
    let is_wanted = |file: &&Listed| {
        let path = Path::new(&file.path);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match file.path.strip_prefix("runs/").and_then(|rest| rest.split_once('/')) {
            Some((run, rest)) => {
                let is_known = run.parse().is_ok_and(|run| runs.contains(&run));
                let is_record = RECORDS.contains(&rest);
                is_plain && is_known && (is_record || (extent != Extent::Records && !name.starts_with('.')))
            }
            None => is_plain && extent == Extent::Everything && file.path.starts_with("log/"),
        }
    };
    listing.files.iter().filter(is_wanted).map(|file| (file.path.as_str(), file)).collect()
}

/// The files that have changed, and with a run's status all that it speaks of, in the order in which they are to be read: a
/// record first, so that what it speaks of is at least as new.
fn with_company<'a>(changed: &[&'a Listed], wanted: &BTreeMap<&str, &'a Listed>) -> Vec<&'a Listed> {
    let mut all: BTreeMap<(&str, usize, &str), &Listed> = BTreeMap::new();
    for file in changed {
        let folder = folder(&file.path);
        all.insert((folder, rank(&file.path), &file.path), file);
        if file.path.ends_with("/status.json") {
            let company = RECORDS.iter().filter_map(|name| wanted.get(format!("{folder}/{name}").as_str()));
            all.extend(company.map(|file| ((folder, rank(&file.path), file.path.as_str()), *file)));
        }
    }
    all.into_values().collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The place in the order of reading.
fn rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or_default();
    RECORDS.iter().position(|record| *record == name).unwrap_or(RECORDS.len())
}

/// Cuts the files into batches, none of which parts the files of a folder unless they are too many by themselves.
fn batches<'a>(files: &[&'a Listed]) -> Vec<Vec<&'a Listed>> {
    let mut batches: Vec<Vec<&Listed>> = Vec::new();
    let mut size = u64::MAX;
    for group in files.chunk_by(|one, other| folder(&one.path) == folder(&other.path)) {
        let bytes: u64 = group.iter().map(|file| file.size).sum();
        match batches.last_mut() {
            Some(batch) if size.saturating_add(bytes) <= BATCH.0 && batch.len() + group.len() <= BATCH.1 => {
                batch.extend(group);
                size += bytes;
            }
            _ => {
                batches.push(group.to_vec());
                size = bytes;
            }
        }
    }
    batches
}

fn stamp(file: &Listed) -> String {
    format!("{} {}", file.size, file.changed)
}

/// How far the clock there is from ours.
struct Skew {
    ours: SystemTime,
    theirs: SystemTime,
}

impl Skew {
    fn of(listing: &Listing) -> Self {
        Self { ours: SystemTime::now(), theirs: SystemTime::UNIX_EPOCH + Duration::from_secs(listing.now) }
    }

    /// Gives a file the time of its last change, by our clock: that of a claim says whether its holder lives.
    fn touch(&self, file: &Path, listed: &Listed) -> Result<(), FileError> {
        let seconds: f64 = listed.changed.parse().unwrap_or(0.0);
        let changed = SystemTime::UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let age = self.theirs.duration_since(changed).unwrap_or_default();
        let time = self.ours.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let touched = File::options().write(true).open(file).and_then(|file| file.set_modified(time));
        touched.map_err(|error| FileError::write(file, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_of_one_site_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("mirror/far.json");
        let first = turn(&record).unwrap();
        let other = File::open(record.with_extension("lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(fs::TryLockError::WouldBlock)));
        drop(first);
        other.try_lock().unwrap();
    }

    fn listed(path: &str, size: u64) -> Listed {
        Listed { path: path.to_owned(), size, changed: "1.5".to_owned() }
    }

    #[test]
    fn only_files_of_known_runs_are_wanted_and_none_from_elsewhere() {
        let run = RunId::of(b"run");
        let paths = ["status.json", "metrics.csv", "log/1.log", "../../x", ".status.json.tmp"];
        let mut files: Vec<Listed> = paths.iter().map(|path| listed(&format!("runs/{run}/{path}"), 1)).collect();
        files.extend([
            listed("runs/0123456789abcdef/status.json", 1),
            listed("log/7_1.out", 1),
            listed("plan.json", 1),
        ]);
        let listing = Listing { now: 2, files };
        let names = |extent| -> Vec<String> {
            wanted(&listing, &[run].into(), extent).keys().map(|path| path.replace(&run.to_string(), "R")).collect()
        };
        assert_eq!(names(Extent::Records), ["runs/R/status.json"]);
        assert_eq!(
            names(Extent::Everything),
            ["log/7_1.out", "runs/R/log/1.log", "runs/R/metrics.csv", "runs/R/status.json"]
        );
    }

    #[test]
    fn a_status_is_read_before_what_it_speaks_of_and_in_one_batch_with_it() {
        let all: Vec<Listed> = ["runs/a/results.csv", "runs/a/status.json", "runs/b/results.csv", "runs/b/status.json"]
            .map(|path| listed(path, 10 << 20))
            .to_vec();
        let wanted: BTreeMap<&str, &Listed> = all.iter().map(|file| (file.path.as_str(), file)).collect();
        let changed = [&all[1], &all[2]];
        let order = with_company(&changed, &wanted);
        let names: Vec<&str> = order.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["runs/a/status.json", "runs/a/results.csv", "runs/b/results.csv"]);
        let batches: Vec<usize> = batches(&order).iter().map(Vec::len).collect();
        assert_eq!(batches, [2, 1]);
    }
}
