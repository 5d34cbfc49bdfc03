//! Jobs of a sweep that its ledger does not know: the ledger was lost, or is an older one that came back from a backup.
//!
//! A submission leaves two files in the sweep's directory before sbatch is called, and its job has their name, which is
//! like no other. So every script whose name the ledger does not tell of is looked for in the queue. Jobs of other
//! sweeps and of other users are never seen by that, whatever they are called.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;

use jiff::Timestamp;
use slurm::client::Wanted;
use slurm::job_id::JobNumber;
use slurm::name::JobName;
use slurm::state::Standing;
use spec::Digest;
use spec::layout::SweepLayout;

use super::contact::Contact;
use super::error::ClusterError;
use super::script;
use super::submissions::{Submission, runs_in};
use crate::files::FileError;
use crate::ledger::Event;
use crate::writer::SweepWriter;

/// A job that belongs to the sweep and that the ledger does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its name: that of its files.
    pub name: JobName,
    /// Its number. Of several the first is the one to keep.
    pub jobs: BTreeSet<JobNumber>,
    /// Its tasks that are in the queue.
    pub tasks: usize,
}

/// The names of the scripts of the sweep that `known` does not tell of, in order.
///
/// A launcher that was killed before it wrote down its intent leaves such a script, too; there is no job of that name
/// then.
///
/// # Errors
/// The folder of scripts cannot be read.
pub fn unknown_scripts(layout: &SweepLayout, known: &[Submission]) -> Result<Vec<JobName>, FileError> {
    let folder = layout.arrays();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::read(folder, error)),
    };
    let mut names: Vec<JobName> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| FileError::read(&folder, error))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if layout.script(stem) == path {
            names.extend(stem.parse());
        }
    }
    names.retain(|name| !known.iter().any(|submission| submission.name == *name));
    names.sort();
    Ok(names)
}

/// The jobs of these `names` that are in the queue and not over.
///
/// # Errors
/// The queue cannot be read.
pub fn orphans(names: &[JobName], contact: &Contact<'_>) -> Result<Vec<Orphan>, ClusterError> {
    let mut found: BTreeMap<JobName, Orphan> = BTreeMap::new();
    for job in contact.client.queue(&Wanted { user: &contact.user, names })? {
        let (false, Ok(name)) = (matches!(job.state.standing(), Standing::Ended(_)), job.name.parse::<JobName>())
        else {
            continue;
        };
        let orphan = found.entry(name.clone()).or_insert(Orphan { name, jobs: BTreeSet::new(), tasks: 0 });
        orphan.jobs.insert(job.id.number);
        orphan.tasks += 1;
    }
    Ok(found.into_values().collect())
}

impl Orphan {
    /// Writes into the ledger what it would say if it had never been lost. Of several jobs of one name the first is
    /// kept and the others are cancelled.
    ///
    /// # Errors
    /// Its files are not whole, or the ledger cannot be written.
    pub fn adopt(&self, site: &str, writer: &mut SweepWriter, contact: &Contact<'_>) -> Result<(), ClusterError> {
        let name = self.name.as_str();
        let path = writer.layout.script(name);
        let script = fs::read_to_string(&path).map_err(|error| FileError::read(&path, error))?;
        let made = fs::metadata(&path).and_then(|facts| facts.modified());
        let made = made.map_err(|error| FileError::read(&path, error))?;
        let at = Timestamp::try_from(made).unwrap_or_else(|_| Timestamp::now()).to_string();
        let mut jobs = self.jobs.clone();
        let Some(job) = jobs.pop_first() else { return Ok(()) };
        let intended = Event::Intended {
            submission: name.to_owned(),
            site: site.to_owned(),
            runs: runs_in(&writer.layout.array(name))?.len() as u64,
            runs_per_task: script::runs_per_task(&script),
            evaluates: script::evaluates(&script),
            // A report that is doubled does no harm.
            after: Vec::new(),
            script: Digest::of(script.as_bytes()),
        };
        contact.cancel(jobs)?;
        writer.ledger.append(at.clone(), intended)?;
        Ok(writer.ledger.append(at, Event::Accepted { submission: name.to_owned(), job, adopted: true })?)
    }

    /// Cancels it.
    ///
    /// # Errors
    /// Slurm does not do as told.
    pub fn cancel(&self, contact: &Contact<'_>) -> Result<(), ClusterError> {
        contact.cancel(self.jobs.clone())
    }
}
