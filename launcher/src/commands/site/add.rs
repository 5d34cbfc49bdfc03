//! `seedbed site add`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use slurm::client::Client;
use slurm::name::{Account, GresKind, Partition, Qos};
use slurm::script::{AbsolutePath, Placement};
use slurm::transport::ssh::Destination;
use spec::ExitCode;

use crate::cluster::{self, ClusterError, FarPlace, Probe, Site, SiteError, SiteWishes, SshClient, SshSite};
use crate::error::CliError;
use crate::output::{print, talk};

/// Arguments of `seedbed site add`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name: letters, digits, `-` and `_`
    name: String,
    /// The login node, as ssh knows it; left out, the Slurm of this machine
    #[arg(long, value_name = "HOST")]
    host: Option<Destination>,
    /// Who speaks ssh
    #[arg(long, value_enum, default_value_t = Speaker::BuiltIn, requires = "host")]
    client: Speaker,
    /// A file in the place of ~/.ssh/config
    #[arg(long, value_name = "FILE", requires = "host")]
    ssh_config: Option<PathBuf>,
    /// The account that is charged
    #[arg(long, value_name = "NAME")]
    account: Option<Account>,
    /// The partition, or several separated by commas; left out, the default of the cluster
    #[arg(long, value_name = "NAME")]
    partition: Option<Partition>,
    /// The quality of service
    #[arg(long, value_name = "NAME")]
    qos: Option<Qos>,
    /// The model of GPU to ask for; left out, any
    #[arg(long, value_name = "TYPE")]
    gpu_type: Option<GresKind>,
    /// Where sweeps lie there, if the cluster shares no file system with this machine
    #[arg(long, value_name = "ROOT", requires = "host")]
    place: Option<AbsolutePath>,
    /// seedbed there; left out, the one on the PATH there
    #[arg(long, value_name = "PATH", requires = "place")]
    seedbed: Option<AbsolutePath>,
    /// The trainer there; left out, the one beside seedbed
    #[arg(long, value_name = "PATH", requires = "place")]
    trainer: Option<AbsolutePath>,
}

/// Who speaks ssh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speaker {
    /// This program.
    BuiltIn,
    /// The `ssh` of this machine.
    Openssh,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let name = &arguments.name;
    let file = cluster::site_file(name).map_err(ClusterError::from)?;
    // Said before the cluster is asked, and made sure of when the file is made.
    if file.exists() {
        return Err(ClusterError::from(SiteError::Exists { name: name.clone(), file }).into());
    }
    let mut wishes = wishes(arguments)?;
    let client = Site { ssh: wishes.ssh.clone(), ..Site::default() }.client();
    let probe = Probe::ask(&client).map_err(ClusterError::from)?;
    if let Some(root) = arguments.place.clone() {
        let seedbed = match &arguments.seedbed {
            Some(path) => path.clone(),
            None => find_seedbed(&client)?,
        };
        wishes.place = Some(FarPlace { root, seedbed, trainer: arguments.trainer.clone(), paths: BTreeMap::new() });
    }
    let draft = cluster::draft_site(name, &wishes, &probe).map_err(ClusterError::from)?;
    let file = cluster::create_site(name, &draft.text)?;
    print(&format!("wrote {}\n", file.display()))?;
    if name == cluster::HERE {
        talk("every command without --site uses it from now on");
    }
    talk(&format!("`seedbed doctor --site {name}` looks at all that a sweep needs there"));
    Ok(ExitCode::Done)
}

fn wishes(arguments: &Arguments) -> Result<SiteWishes, CliError> {
    let absolute = |path: &PathBuf| {
        let absolute = std::path::absolute(path);
        absolute.map_err(|error| CliError::new(ExitCode::Usage, error))
    };
    let ssh = match &arguments.host {
        None => None,
        Some(host) => Some(SshSite {
            host: host.clone(),
            client: match arguments.client {
                Speaker::BuiltIn => SshClient::BuiltIn,
                Speaker::Openssh => SshClient::Openssh,
            },
            config: arguments.ssh_config.as_ref().map(absolute).transpose()?,
        }),
    };
    let Arguments { account, partition, qos, gpu_type, .. } = arguments;
    let placement =
        Placement { account: account.clone(), partition: partition.clone(), qos: qos.clone(), ..Placement::default() };
    Ok(SiteWishes { ssh, placement, gpu_type: gpu_type.clone(), place: None })
}

fn find_seedbed(client: &Client) -> Result<AbsolutePath, CliError> {
    let found = client.locate("seedbed").map_err(ClusterError::from)?;
    found.and_then(|path| path.parse().ok()).ok_or_else(|| {
        let message = format!("seedbed is not on the PATH {}", client.place());
        CliError::new(ExitCode::Unavailable, message)
            .hint("copy this program there, a static one if its system is older, and name it with --seedbed PATH")
    })
}
