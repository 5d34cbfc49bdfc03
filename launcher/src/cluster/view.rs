//! The tasks of a sweep on every site that it was submitted to.

use std::collections::{BTreeMap, BTreeSet};

use slurm::client::Client;
use spec::RunId;
use spec::layout::SweepLayout;

use super::error::ClusterError;
use super::queue::Queue;
use super::site::Site;
use super::submissions::{Fate, Submission};

/// The tasks on one site.
#[derive(Debug)]
pub struct SiteQueue {
    /// The site's name.
    pub site: String,
    /// The client that asked.
    pub client: Client,
    /// What it was told.
    pub queue: Queue,
}

/// Asks every site that has something to tell of `unfinished` runs.
///
/// # Errors
/// A site's profile cannot be read, or its Slurm does not answer.
pub fn ask_all(
    layout: &SweepLayout,
    submissions: &[Submission],
    unfinished: &BTreeSet<RunId>,
) -> Result<Vec<SiteQueue>, ClusterError> {
    let mut sites: BTreeMap<&str, Vec<Submission>> = BTreeMap::new();
    for submission in submissions.iter().filter(|submission| matches!(submission.fate, Fate::Open | Fate::Accepted(_)))
    {
        sites.entry(&submission.site).or_default().push(submission.clone());
    }
    if unfinished.is_empty() {
        return Ok(Vec::new());
    }
    let ask = |(site, submissions): (&str, Vec<Submission>)| {
        let client = Site::load(site)?.client();
        let queue = Queue::ask(&client, &client.user()?, layout, &submissions, unfinished)?;
        Ok(SiteQueue { site: site.to_owned(), client, queue })
    };
    sites.into_iter().map(ask).collect()
}
