//! A site: which cluster, on whose account, with which surroundings.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use slurm::client::Client;
use slurm::name::GresKind;
use slurm::script::{Container, Environment, ExtraOption, MountPath, Placement};
use slurm::transport::Local;
use slurm::transport::ssh::{Access, Destination, Library, OpenSsh};

use super::SiteError;
use super::mistakes::mistakes;
use crate::cluster::audible::Audible;
use crate::cluster::place::{FarPlace, Place};
use crate::output::Terminal;

/// The profile of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Site {
    /// Partition, account, quality of service, constraint, reservation, nodes to stay away from.
    pub placement: Placement,
    /// Files to source, modules to load, variables to set.
    pub environment: Environment,
    /// The container in which runs are carried out.
    pub container: Option<Container>,
    /// The model of GPU to ask for, such as `a100`; any, if it is left out.
    pub gpu_type: Option<GresKind>,
    /// How many tasks may go on at a time.
    pub max_running: Option<NonZeroU32>,
    /// How many tasks of a sweep may be queued or running at a time; the others wait for `submit` or `watch`.
    pub max_submitted: Option<NonZeroU32>,
    /// Seconds that a command of Slurm may take before it counts as having given no answer; sbatch, which tries again
    /// by itself, has three times as long. A minute, if it is left out.
    pub patience: Option<NonZeroU16>,
    /// Further options of sbatch.
    pub options: Vec<ExtraOption>,
    /// The machine whose commands are used; those of this machine, if it is left out.
    pub ssh: Option<SshSite>,
    /// Where files lie on a cluster that shares no file system with this machine.
    pub place: Option<FarPlace>,
}

/// A machine that is reached over ssh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SshSite {
    /// The machine, as ssh knows it.
    pub host: Destination,
    /// Who speaks ssh.
    #[serde(default)]
    pub client: SshClient,
    /// A file in the place of `~/.ssh/config`.
    pub config: Option<PathBuf>,
}

/// Who speaks ssh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshClient {
    /// This program, with libssh2.
    #[default]
    BuiltIn,
    /// The `ssh` of this machine, over one master connection: for Kerberos, hardware keys and one-time codes.
    Openssh,
}

impl Site {
    pub(super) fn parse(text: &str, file: &Path) -> Result<Self, SiteError> {
        if let Some(diagnosis) = mistakes(text, file) {
            return Err(SiteError::Invalid(diagnosis));
        }
        let site: Self = toml::from_str(text)
            .map_err(|source| SiteError::Unread { file: file.to_owned(), source: Box::new(source) })?;
        match site.contradiction() {
            Some(said) => Err(SiteError::Contradiction { file: file.to_owned(), said }),
            None => Ok(site),
        }
    }

    fn contradiction(&self) -> Option<String> {
        self.unseen_scratch().or_else(|| self.misplaced())
    }

    fn unseen_scratch(&self) -> Option<String> {
        let scratch = self.environment.scratch.as_ref()?.as_str();
        let (Container::Apptainer { binds, .. } | Container::Pyxis { binds, .. }) = self.container.as_ref()?;
        let sees = |bind: &MountPath| Path::new(scratch).starts_with(bind.as_str());
        (!binds.iter().any(sees))
            .then(|| format!("the container does not see environment.scratch: container.binds lacks `{scratch}`"))
    }

    fn misplaced(&self) -> Option<String> {
        (self.place.is_some() && self.ssh.is_none())
            .then(|| "[place] is for a cluster that is reached over ssh: [ssh] with its host is missing".to_owned())
    }

    /// The client through which this site's Slurm is asked. It connects with its first question.
    pub fn client(&self) -> Client {
        let client = self.ssh.as_ref().map_or_else(|| Client::new(Audible::new(Local)), SshSite::client);
        match self.patience {
            Some(seconds) => client.with_patience(Duration::from_secs(seconds.get().into())),
            None => client,
        }
    }

    /// How many more tasks of a sweep may be handed over where `queued` are with Slurm already; any number, if the
    /// profile does not say.
    pub fn room(&self, queued: usize) -> Option<u32> {
        let most = self.max_submitted?.get();
        Some(most.saturating_sub(u32::try_from(queued).unwrap_or(u32::MAX)))
    }

    /// Where its nodes find the files of a sweep.
    pub fn place(&self) -> Place<'_> {
        Place::new(self.place.as_ref())
    }
}

impl SshSite {
    fn client(&self) -> Client {
        let access = Access { host: self.host.clone(), config: self.config.clone() };
        match self.client {
            SshClient::BuiltIn => Client::new(Audible::new(Library::new(access, Box::new(Terminal)))),
            SshClient::Openssh => Client::new(Audible::new(OpenSsh::new(access))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn parse(text: &str) -> Result<Site, String> {
        Site::parse(text, Path::new("nodes.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_profile_is_read_to_its_last_key() {
        let site = parse(
            "gpu-type = 'a100'\nmax-running = 16\npatience = 100\noptions = ['--gres-flags=enforce-binding']\n\
             [placement]\npartition = 'gpu,long'\naccount = 'nlp'\n\
             [environment]\nmodules = ['cuda/12.4']\n[environment.variables]\nHF_HOME = '/scratch/a b'\n",
        )
        .unwrap();
        assert_eq!(site.max_running, NonZeroU32::new(16));
        assert_eq!(site.placement.partition.unwrap().as_str(), "gpu,long");
        assert_eq!(site.environment.modules.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let unknown = parse("[placement]\npartitoin = 'gpu'\n").unwrap_err();
        assert!(unknown.contains("nodes.toml:2:1: placement.partitoin"), "{unknown}");
        let value = parse("[placement]\naccount = 'a b'\n").unwrap_err();
        assert!(value.contains(":2:11: ") && value.contains("an account name"), "{value}");
        assert!(parse("options = ['--partition=gpu']").is_err());
        assert!(parse("patience = 0").unwrap_err().contains("from 1 to 65535"));
    }

    #[test]
    fn a_machine_elsewhere_is_read() {
        let ssh = "[ssh]\nhost = 'me@login.example.org'\nclient = 'openssh'\n";
        let place =
            "[place]\nroot = '/scratch/me'\nseedbed = '/home/me/seedbed'\n[place.paths]\n'/data' = '/scratch/data'\n";
        let site = parse(&format!("{ssh}{place}")).unwrap();
        assert_eq!(site.ssh.unwrap().client, SshClient::Openssh);
        assert_eq!(site.place.unwrap().root.as_str(), "/scratch/me");
        assert!(parse(place).unwrap_err().contains("[ssh] with its host is missing"));
        assert!(parse(&format!("{ssh}{}", place.replace("'/data'", "'data'"))).unwrap_err().contains("`data`"));
        assert!(parse("[ssh]\nhost = '-oProxyCommand=id'\n").unwrap_err().contains("expected a host"));
    }

    #[test]
    fn scratch_must_be_seen_in_the_container() {
        let scratch = "[environment]\nscratch = '/local/fast'\n";
        assert!(parse(scratch).is_ok());
        let container = |binds: &str| {
            parse(&format!("{scratch}[container]\nruntime = 'apptainer'\nimage = '/i.sif'\nbinds = [{binds}]\n"))
        };
        assert!(container("'/local'").is_ok());
        assert!(container("'/data'").unwrap_err().contains("container.binds lacks `/local/fast`"));
    }
}
