//! What a cluster that shares no file system with this machine has written, brought here.
//!
//! One listing tells what has changed since the last time; only that is fetched, in batches, each of which is on disk
//! before it is noted. Whatever breaks in between, the next call goes on.
//!
//! Invariants: a record never arrives before what it speaks of, so that a run that looks done here has its results;
//! what this machine has written itself is replaced only by what has changed there since; checkpoints stay where they
//! are.
//!
//! [`choice`] says which files come and in which order, [`skew`] tells their times by our clock, [`mod@turn`] keeps two
//! processes from fetching at once.

mod choice;
mod skew;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use slurm::client::Client;
use slurm::transport::files::{self, Listed, Listing};
use spec::RunId;
use spec::layout::SweepLayout;

use self::choice::{batches, rank, stamp, wanted, with_company};
use self::skew::Skew;
use self::turn::turn;
use super::error::ClusterError;
use super::site::Site;
use super::submissions::{self, Submission};
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

/// Folders that stay there.
const LEFT: [&str; 5] = ["checkpoint", "cache", "arrays", "report", "ranks"];

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
    let is_meant = |run: RunId| !matches!(extent, Extent::Run(meant) if meant != run);
    let mut sites: BTreeMap<&str, BTreeSet<RunId>> = BTreeMap::new();
    for (run, site) in submissions::last_sites(layout, submissions)?.into_iter().filter(|(run, _)| is_meant(*run)) {
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
        // Two at a time could put what one has read before in place of what the other has read since. Held until the
        // return.
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

#[cfg(test)]
mod tests {
    use slurm::transport::Local;
    use spec::layout::RunLayout;

    use super::*;

    #[test]
    fn what_a_run_needs_only_while_it_goes_on_stays_there() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunLayout::new(folder.path().join("runs/a"));
        let files = [
            run.status(),
            run.checkpoints().join("latest.safetensors"),
            run.ranks().join("rank-0.json"),
            run.ranks().join("meeting.json"),
        ];
        for file in files {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let listing = files::list(&Local, folder.path().to_str().unwrap(), &LEFT).unwrap();
        let found: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(found, ["runs/a/status.json"]);
    }
}
