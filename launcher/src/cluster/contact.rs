use std::collections::BTreeSet;

use slurm::client::Client;
use slurm::job_id::{JobId, JobNumber};

use super::error::ClusterError;
use super::place::Place;
use super::site::Site;

/// A site that answers: as whom it is asked, and where its nodes find files.
#[derive(Debug)]
pub struct Contact<'a> {
    /// The site.
    pub site: &'a Site,
    /// The client.
    pub client: Client,
    /// The user there.
    pub user: String,
}

impl<'a> Contact<'a> {
    /// Asks who we are there.
    ///
    /// # Errors
    /// It does not answer.
    pub fn make(site: &'a Site, client: &Client) -> Result<Self, ClusterError> {
        Ok(Self { site, client: client.clone(), user: client.user()? })
    }

    /// Cancels whole arrays; none is none.
    ///
    /// # Errors
    /// Slurm does not do as told.
    pub(super) fn cancel(&self, arrays: BTreeSet<JobNumber>) -> Result<(), ClusterError> {
        let arrays: Vec<JobId> = arrays.into_iter().map(JobId::whole).collect();
        Ok(self.client.cancel(&arrays)?)
    }

    /// Where its nodes find the files of a sweep.
    pub fn place(&self) -> Place<'a> {
        self.site.place()
    }
}
