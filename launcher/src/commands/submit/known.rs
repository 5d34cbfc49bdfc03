//! What is known of a sweep before anything is handed over: its records, its ledger, and what became of earlier calls.

use std::time::SystemTime;

use spec::{RunId, RunSpec};

use super::{Errand, Submitted};
use crate::cluster::{self, Contact, Extent, Histories, SiteQueue, Sites, Submission, Unfinished};
use crate::error::CliError;
use crate::files::FileError;
use crate::ledger;
use crate::state::Observation;
use crate::survey::observe_all;
use crate::writer::SweepWriter;

impl Errand {
    /// How the runs of the sweep stand, by their records.
    pub(super) fn look(&self) -> Result<Vec<(&RunSpec, Observation)>, FileError> {
        let runs: Vec<RunId> = self.sweep.runs.iter().map(|run| run.id).collect();
        let observations = observe_all(&self.layout, &runs, &self.machine, SystemTime::now())?;
        Ok(self.sweep.runs.iter().zip(observations).collect())
    }

    /// The sites that are asked, among them the one that a person named.
    pub(super) fn sites(&self) -> Sites<'_> {
        Sites::with(&self.site_name, &self.client)
    }

    /// What the ledger says was handed to Slurm.
    pub(super) fn submissions(&self) -> Result<Vec<Submission>, FileError> {
        Ok(cluster::of_sweep(&ledger::read(&self.layout.ledger())?))
    }

    /// Brings curves and logs, too, from far sites: a report shows them.
    pub(in crate::commands) fn fetch(&self) -> Result<(), CliError> {
        Ok(cluster::fetch(&self.layout, &self.submissions()?, Extent::Everything).map(drop)?)
    }

    /// The runs about which Slurm is asked. At a far site more of them may have finished than is known here.
    pub(super) fn unfinished(&self, submissions: &[Submission]) -> Result<Unfinished, CliError> {
        if submissions.is_empty() {
            return Ok(Unfinished::default());
        }
        let observed = self.look()?;
        let states = observed.iter().map(|(run, seen)| (run.id, &seen.state));
        Ok(Unfinished::of(submissions, &self.layout, states, &self.machine)?)
    }

    /// Finds out what became of submissions without an answer, and of jobs that a lost ledger does not know. Returns
    /// all submissions as they are known then.
    pub(super) fn settle(
        &self,
        contact: &Contact<'_>,
        writer: &mut SweepWriter,
        submitted: &mut Submitted,
    ) -> Result<Vec<Submission>, CliError> {
        let (submissions, open) = settle((&self.site_name, contact), writer, &mut submitted.news)?;
        submitted.open = open;
        Ok(submissions)
    }

    /// Writes down which tasks are over before Slurm forgets, and returns how those of each run have ended.
    pub(super) fn write_down_ends(
        &self,
        writer: &mut SweepWriter,
        queues: &[SiteQueue],
        submissions: &[Submission],
    ) -> Result<Histories, CliError> {
        if cluster::note_ends(writer, queues, &self.machine)? == 0 {
            return Ok(Histories::of(submissions));
        }
        Ok(Histories::of(&self.submissions()?))
    }
}

/// Finds out what became of the submissions of a sweep without an answer, on every site, and of jobs at `site` that a
/// lost ledger does not know. Returns all submissions as they are known then, and how many are still open.
pub(in crate::commands) fn settle(
    (site, contact): (&str, &Contact<'_>),
    writer: &mut SweepWriter,
    news: &mut Vec<String>,
) -> Result<(Vec<Submission>, usize), CliError> {
    let ledger = writer.layout.ledger();
    let submissions = || Ok::<_, FileError>(cluster::of_sweep(&ledger::read(&ledger)?));
    let settled = Sites::with(site, &contact.client).settle(writer, &submissions()?, false)?;
    news.extend(settled.news);
    let known = submissions()?;
    let unknown = cluster::unknown_scripts(&writer.layout, &known)?;
    if unknown.is_empty() {
        return Ok((known, settled.open));
    }
    // A ledger that was lost does not make their runs free to be submitted again.
    for orphan in cluster::orphans(&unknown, contact)? {
        orphan.adopt(site, writer, contact)?;
        news.push(format!("the queue has {}, which the ledger did not know: adopted", orphan.name));
    }
    Ok((submissions()?, settled.open))
}
