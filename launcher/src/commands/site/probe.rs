//! `seedbed site probe`.

use clap::Args;
use slurm::parse::sacctmgr::Limits;
use spec::ExitCode;

use crate::cluster::{Accounts, ClusterError, HERE, PartitionFacts, Probe, Site};
use crate::commands::plan::Format;
use crate::error::CliError;
use crate::output::{Table, print};

/// Arguments of `seedbed site probe`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The site
    #[arg(default_value = HERE)]
    name: String,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let site = Site::load(&arguments.name).map_err(ClusterError::from)?;
    let probe = Probe::ask(&site.client()).map_err(ClusterError::from)?;
    match arguments.format {
        Format::Json => print(&super::json(&probe))?,
        Format::Table => {
            let parts = [cluster(&probe), partitions(&probe.partitions), accounts(&probe)];
            print(&parts.join("\n"))?;
        }
    }
    Ok(ExitCode::Done)
}

fn cluster(probe: &Probe) -> String {
    let facts = &probe.cluster;
    let number = |value: Option<u32>| value.map(|value| value.to_string());
    let seconds = |value: Option<u32>| value.map(|value| format!("{value} s"));
    let rows = [
        ("cluster", facts.name.clone()),
        ("asked", Some(format!("{}, as {}", probe.place, probe.user))),
        ("Slurm", facts.version.clone()),
        ("MaxArraySize", number(facts.max_array_size)),
        ("max_array_tasks", number(facts.max_array_tasks)),
        ("MaxJobCount", number(facts.max_job_count)),
        ("PreemptMode", facts.preempt_mode.clone()),
        ("KillWait", seconds(facts.kill_wait)),
        ("MinJobAge", seconds(facts.min_job_age)),
        ("enforced", facts.enforced.clone().or_else(|| Some("nothing of the accounts".to_owned()))),
    ];
    let mut table = Table::new(["setting", "value"]);
    for (name, value) in rows {
        table.row([name.to_owned(), value.unwrap_or_else(|| "not set".to_owned())]);
    }
    table.render()
}

fn partitions(partitions: &[PartitionFacts]) -> String {
    let mut table = Table::new(["partition", "state", ">usable", ">nodes", ">cores", ">memory MiB", "GPUs", ">time"]);
    for partition in partitions {
        let default = if partition.is_default { " (default)" } else { "" };
        table.row([
            format!("{}{default}", partition.name),
            if partition.is_up { "up" } else { "down" }.to_owned(),
            partition.usable.to_string(),
            partition.nodes.to_string(),
            range(partition.cpus),
            range(partition.memory),
            partition.gpu_words(),
            partition.time_limit.map(|limit| limit.to_string()).unwrap_or_default(),
        ]);
    }
    table.render()
}

fn range((least, most): (u64, u64)) -> String {
    if least == most { least.to_string() } else { format!("{least}-{most}") }
}

fn accounts(probe: &Probe) -> String {
    let (associations, qualities) = match &probe.accounts {
        Accounts::Unknown { why } => return format!("accounts and limits are not known: {why}\n"),
        Accounts::Known { associations, .. } if associations.is_empty() => {
            return format!("{} has no account here\n", probe.user);
        }
        Accounts::Known { associations, qualities } => (associations, qualities),
    };
    let head = [">running", ">queued", ">time", "resources", ">all running", ">all queued", "all resources"];
    let mut table = Table::new(["account", "partition", "qos"].into_iter().chain(head));
    for one in associations {
        let names = [&one.account, one.partition.as_ref().unwrap_or(&String::new()), &one.qualities.join(",")]
            .map(Clone::clone);
        table.row(names.into_iter().chain(limits(&one.limits)));
    }
    let mut second = Table::new(["qos", ">priority", "preempts"].into_iter().chain(head));
    for one in qualities {
        let names = [one.name.clone(), one.priority.to_string(), one.preempts.join(",")];
        second.row(names.into_iter().chain(limits(&one.limits)));
    }
    format!("{}\n{}", table.render(), second.render())
}

fn limits(limits: &Limits) -> [String; 7] {
    let number = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    [
        number(limits.jobs),
        number(limits.submitted),
        limits.time.map_or_else(|| "-".to_owned(), |limit| limit.to_string()),
        text(&limits.resources),
        number(limits.shared_jobs),
        number(limits.shared_submitted),
        text(&limits.shared_resources),
    ]
}
