//! The tasks of a sweep on every site that it was submitted to.

use std::collections::{BTreeMap, BTreeSet};

use slurm::client::Client;
use spec::RunId;
use spec::layout::SweepLayout;

use super::contact::Contact;
use super::error::ClusterError;
use super::queue::Queue;
use super::settle::{Settled, settle};
use super::site::Site;
use super::standing::TaskStanding;
use super::submissions::{Fate, Submission};
use crate::writer::SweepWriter;

/// The tasks on one site.
#[derive(Debug)]
pub struct SiteQueue {
    /// The site's name.
    pub site: String,
    /// The client that asked.
    pub client: Client,
    /// What it was told.
    pub queue: Queue,
    /// Whether what its runs write has to be fetched.
    pub is_far: bool,
}

/// The sites that a command talks to: the one that a person named, with its client, and others as they are needed.
#[derive(Debug, Default)]
pub struct Sites<'a>(Option<(&'a str, &'a Client)>);

impl<'a> Sites<'a> {
    /// None was named.
    pub fn any() -> Self {
        Self::default()
    }

    /// This one was named, and is asked through `client`.
    pub fn with(name: &'a str, client: &'a Client) -> Self {
        Self(Some((name, client)))
    }

    fn client(&self, name: &str, site: &Site) -> Client {
        match self.0 {
            Some((known, client)) if known == name => client.clone(),
            _ => site.client(),
        }
    }

    /// Asks every site that has something to tell of `unfinished` runs.
    ///
    /// # Errors
    /// A site's profile cannot be read, or its Slurm does not answer.
    pub fn ask(
        &self,
        layout: &SweepLayout,
        submissions: &[Submission],
        unfinished: &BTreeSet<RunId>,
    ) -> Result<Vec<SiteQueue>, ClusterError> {
        if unfinished.is_empty() {
            return Ok(Vec::new());
        }
        let concerned = |submission: &Submission| matches!(submission.fate, Fate::Open | Fate::Accepted(_));
        let ask = |(name, submissions): (String, Vec<Submission>)| {
            let site = Site::load(&name)?;
            let contact = Contact::make(&site, &self.client(&name, &site))?;
            let queue = Queue::ask(&contact.client, &contact.user, layout, &submissions, unfinished)?;
            Ok(SiteQueue { is_far: site.place().far().is_some(), site: name, client: contact.client, queue })
        };
        by_site(submissions, concerned).into_iter().map(ask).collect()
    }

    /// Finds out what became of every open submission on every site, and cancels what arrived too late.
    ///
    /// # Errors
    /// As [`settle`].
    pub fn settle(
        &self,
        writer: &mut SweepWriter,
        submissions: &[Submission],
        abandon: bool,
    ) -> Result<Settled, ClusterError> {
        let layout = writer.layout.clone();
        let concerned = |submission: &Submission| submission.is_unsettled(&layout, abandon);
        let mut all = Settled::default();
        for (name, mut submissions) in by_site(submissions, concerned) {
            let site = Site::load(&name)?;
            let contact = Contact::make(&site, &self.client(&name, &site))?;
            let settled = settle(writer, &contact, &mut submissions, abandon)?;
            all.news.extend(settled.news);
            all.open += settled.open;
        }
        Ok(all)
    }
}

fn by_site(submissions: &[Submission], concerned: impl Fn(&Submission) -> bool) -> BTreeMap<String, Vec<Submission>> {
    let mut sites: BTreeMap<String, Vec<Submission>> = BTreeMap::new();
    for submission in submissions.iter().filter(|submission| concerned(submission)) {
        sites.entry(submission.site.clone()).or_default().push(submission.clone());
    }
    sites
}

/// How a run stands over all the queues that were asked.
#[derive(Debug, Clone, Copy)]
pub struct Overview<'a>(pub &'a [SiteQueue]);

impl<'a> Overview<'a> {
    /// Whether somebody may still carry out `run`.
    pub fn is_in_flight(self, run: RunId) -> bool {
        self.0.iter().any(|site| site.queue.is_in_flight(run))
    }

    /// How the task of `run` stands that matters most: one that is in flight before one that is not.
    pub fn standing(self, run: RunId) -> Option<&'a TaskStanding> {
        let mut standings: Vec<_> = self.0.iter().filter_map(|site| site.queue.standing(run)).collect();
        standings.sort_by_key(|standing| standing.is_in_flight());
        standings.pop()
    }
}
