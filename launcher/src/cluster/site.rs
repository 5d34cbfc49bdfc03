//! A site: which cluster, on whose account, with which surroundings. One TOML file for each.

use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use slurm::client::Client;
use slurm::name::GresKind;
use slurm::script::{Container, Environment, ExtraOption, Placement};
use slurm::transport::Local;
use slurm::transport::ssh::{Access, Destination, Library, OpenSsh};

use super::place::{FarPlace, Place};
use crate::output::Terminal;

/// The site that needs no file: the Slurm of this machine, with its defaults.
pub const HERE: &str = "here";

/// The variable that names the folder of site files.
const FOLDER: &str = "SEEDBED_SITES";

/// The profile of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
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
    /// How many runs may go on at a time.
    pub max_running: Option<NonZeroU32>,
    /// Further options of sbatch.
    pub options: Vec<ExtraOption>,
    /// The machine whose commands are used; those of this machine, if it is left out.
    pub ssh: Option<SshSite>,
    /// Where files lie on a cluster that shares no file system with this machine.
    pub place: Option<FarPlace>,
}

/// A machine that is reached over ssh.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshClient {
    /// This program, with libssh2.
    #[default]
    BuiltIn,
    /// The `ssh` of this machine, over one master connection: for Kerberos, hardware keys and one-time codes.
    Openssh,
}

/// Why a site cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// There is no profile of that name.
    #[error("there is no site `{name}`: {} is not there", file.display())]
    Unknown {
        /// The name.
        name: String,
        /// Where its profile would be.
        file: PathBuf,
    },
    /// The name cannot be that of a file.
    #[error("`{0}` is not the name of a site: use letters, digits, `-` and `_`")]
    Name(String),
    /// The profile cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The profile.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The profile is wrong.
    #[error("{} is not a site's profile", file.display())]
    Invalid {
        /// The profile.
        file: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Two keys of the profile do not go together.
    #[error("{} is not a site's profile: {said}", file.display())]
    Contradiction {
        /// The profile.
        file: PathBuf,
        /// What is wrong, and what would be right.
        said: String,
    },
    /// There is nowhere to look.
    #[error("there is no folder of sites: neither {FOLDER} nor HOME is set")]
    NoFolder,
}

impl Site {
    /// The site called `name`; `here` needs no file, but may have one.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn load(name: &str) -> Result<Self, SiteError> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(SiteError::Name(name.to_owned()));
        }
        let file = match folder() {
            Some(folder) => folder.join(format!("{name}.toml")),
            None if name == HERE => return Ok(Self::default()),
            None => return Err(SiteError::NoFolder),
        };
        match fs::read_to_string(&file) {
            Ok(text) => Self::parse(&text, &file),
            Err(error) if error.kind() == ErrorKind::NotFound && name == HERE => Ok(Self::default()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(SiteError::Unknown { name: name.to_owned(), file })
            }
            Err(source) => Err(SiteError::Read { file, source }),
        }
    }

    fn parse(text: &str, file: &Path) -> Result<Self, SiteError> {
        let invalid = |source| SiteError::Invalid { file: file.to_owned(), source: Box::new(source) };
        let site: Self = toml::from_str(text).map_err(invalid)?;
        match site.contradiction() {
            Some(said) => Err(SiteError::Contradiction { file: file.to_owned(), said }),
            None => Ok(site),
        }
    }

    fn contradiction(&self) -> Option<String> {
        let place = self.place.as_ref()?;
        if self.ssh.is_none() {
            return Some(
                "[place] is for a cluster that is reached over ssh: [ssh] with its host is missing".to_owned(),
            );
        }
        let relative = place.relative();
        let folder = relative.first()?;
        Some(format!("place.paths maps whole paths, and `{}` does not begin with `/`", folder.display()))
    }

    /// The client through which this site's Slurm is asked. It connects with its first question.
    pub fn client(&self) -> Client {
        let Some(ssh) = &self.ssh else { return Client::new(Local) };
        let access = Access { host: ssh.host.clone(), config: ssh.config.clone() };
        match ssh.client {
            SshClient::BuiltIn => Client::new(Library::new(access, Box::new(Terminal))),
            SshClient::Openssh => Client::new(OpenSsh::new(access)),
        }
    }

    /// Where its nodes find the files of a sweep.
    pub fn place(&self) -> Place<'_> {
        Place::new(self.place.as_ref())
    }
}

fn folder() -> Option<PathBuf> {
    let named = |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    named(FOLDER)
        .or_else(|| named("XDG_CONFIG_HOME").map(|folder| folder.join("seedbed/sites")))
        .or_else(|| named("HOME").map(|folder| folder.join(".config/seedbed/sites")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Site, String> {
        Site::parse(text, Path::new("nodes.toml")).map_err(|error| match error {
            SiteError::Invalid { source, .. } => source.to_string(),
            other => other.to_string(),
        })
    }

    #[test]
    fn a_profile_is_read_to_its_last_key() {
        let site = parse(
            "gpu-type = 'a100'\nmax-running = 16\noptions = ['--gres-flags=enforce-binding']\n\
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
        assert!(unknown.contains("line 2") && unknown.contains("partitoin"), "{unknown}");
        let value = parse("[placement]\naccount = 'a b'\n").unwrap_err();
        assert!(value.contains("line 2") && value.contains("an account name"), "{value}");
        assert!(parse("options = ['--partition=gpu']").is_err());
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
        assert!(parse("[ssh]\nhost = '-oProxyCommand=id'\n").unwrap_err().contains("is not a host"));
    }

    #[test]
    fn a_name_leads_to_no_other_folder() {
        assert!(matches!(Site::load("../x").unwrap_err(), SiteError::Name(_)));
        assert!(matches!(Site::load("").unwrap_err(), SiteError::Name(_)));
    }
}
