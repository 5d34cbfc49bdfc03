//! What a cluster says of itself, as far as it matters to a sweep.

use std::collections::BTreeMap;

use serde::Serialize;
use slurm::parse::sacctmgr::{Association, Quality};
use slurm::parse::scontrol_config::ClusterConfig;
use slurm::parse::sinfo::NodeGroup;
use slurm::resources::TimeLimit;

/// The settings of the controller; what it does not say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClusterFacts {
    /// Its name in its own accounts.
    pub name: Option<String>,
    /// The version of Slurm.
    pub version: Option<String>,
    /// One more than the largest index of an array.
    pub max_array_size: Option<u32>,
    /// The most tasks of one array.
    pub max_array_tasks: Option<u32>,
    /// The most jobs of the whole cluster; each task of an array counts.
    pub max_job_count: Option<u32>,
    /// What becomes of a job that makes way for another.
    pub preempt_mode: Option<String>,
    /// Seconds from SIGTERM to SIGKILL.
    pub kill_wait: Option<u32>,
    /// Seconds after which the controller forgets a job that has ended.
    pub min_job_age: Option<u32>,
    /// What of the accounts is enforced.
    pub enforced: Option<String>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionFacts {
    /// Its name.
    pub name: String,
    /// Whether jobs that name none go there.
    pub is_default: bool,
    /// Whether it takes and starts jobs.
    pub is_up: bool,
    /// The longest time of a job.
    pub time_limit: Option<TimeLimit>,
    /// Its nodes.
    pub nodes: u32,
    /// Those on which jobs run or can start.
    pub usable: u32,
    /// Processors of its smallest and its largest node.
    pub cpus: (u64, u64),
    /// Memory of its smallest and its largest node, in MiB.
    pub memory: (u64, u64),
    /// Its GPUs, a model and number on a node each.
    pub gpus: Vec<GpuFacts>,
}

/// Nodes with GPUs of one model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GpuFacts {
    /// The model, if the cluster tells models apart.
    pub kind: Option<String>,
    /// How many each node has.
    pub on_each: u32,
    /// How many nodes.
    pub nodes: u32,
}

/// What the user may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accounts {
    /// The accounts answered.
    Known {
        /// What the user may charge on this cluster.
        associations: Vec<Association>,
        /// The qualities of service of the cluster.
        qualities: Vec<Quality>,
    },
    /// They could not be asked, or there are none.
    Unknown {
        /// Why.
        why: String,
    },
}

impl ClusterFacts {
    /// From the settings of the controller.
    pub fn of(settings: &ClusterConfig) -> Self {
        let text = |name| settings.get(name).map(str::to_owned);
        Self {
            name: text("ClusterName"),
            version: text("SLURM_VERSION"),
            max_array_size: settings.number("MaxArraySize"),
            max_array_tasks: settings.slice_limits().and_then(|limits| limits.max_array_tasks),
            max_job_count: settings.number("MaxJobCount"),
            preempt_mode: text("PreemptMode"),
            kill_wait: settings.number("KillWait"),
            min_job_age: settings.number("MinJobAge"),
            enforced: text("AccountingStorageEnforce").filter(|value| value != "none"),
        }
    }
}

impl PartitionFacts {
    /// The partitions that `groups` of nodes are in, in sinfo's order.
    pub fn of(groups: &[NodeGroup]) -> Vec<Self> {
        let mut names: Vec<&str> = Vec::new();
        for group in groups {
            if !names.contains(&group.partition.as_str()) {
                names.push(&group.partition);
            }
        }
        let own = |name: &str| groups.iter().filter(|group| group.partition == name).cloned().collect::<Vec<_>>();
        names.into_iter().filter_map(|name| Self::one(name, &own(name))).collect()
    }

    fn one(name: &str, groups: &[NodeGroup]) -> Option<Self> {
        let first = groups.first()?;
        // An empty partition has a row as well, of no nodes without processors.
        let sizes = |size: fn(&NodeGroup) -> u64| {
            let sizes = groups.iter().filter(|group| group.count > 0).map(size);
            (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0))
        };
        Some(Self {
            name: name.to_owned(),
            is_default: first.is_default,
            is_up: first.is_up,
            time_limit: first.time_limit,
            nodes: groups.iter().map(|group| group.count).sum(),
            usable: groups.iter().filter(|group| group.state.is_usable()).map(|group| group.count).sum(),
            cpus: sizes(|group| group.cpus),
            memory: sizes(|group| group.memory),
            gpus: gpus(groups),
        })
    }

    /// What it is, on one line.
    pub fn words(&self) -> String {
        let range =
            |(least, most): (u64, u64)| if least == most { least.to_string() } else { format!("{least} to {most}") };
        let limit = match self.time_limit {
            Some(TimeLimit::Seconds(_)) => {
                format!("at most {} a job", self.time_limit.map(|limit| limit.to_string()).unwrap_or_default())
            }
            _ => "no limit of time".to_owned(),
        };
        let gpus = if self.gpus.is_empty() { "no GPUs".to_owned() } else { self.gpu_words() };
        let (cpus, memory) = (range(self.cpus), range(self.memory));
        format!(
            "{} of {} nodes usable, each with {cpus} cores and {memory} MiB, {gpus}, {limit}",
            self.usable, self.nodes
        )
    }

    /// Its GPUs: `3 x 4 a100, 1 x 2 v100`.
    pub fn gpu_words(&self) -> String {
        let one =
            |gpus: &GpuFacts| format!("{} x {} {}", gpus.nodes, gpus.on_each, gpus.kind.as_deref().unwrap_or("gpu"));
        self.gpus.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The models of its GPUs.
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.gpus.iter().filter_map(|gpus| gpus.kind.as_deref()).collect();
        kinds.dedup();
        kinds
    }
}

fn gpus(groups: &[NodeGroup]) -> Vec<GpuFacts> {
    let mut nodes: BTreeMap<(Option<String>, u32), u32> = BTreeMap::new();
    for group in groups {
        for gres in group.gres.0.iter().filter(|gres| gres.is_gpu()) {
            *nodes.entry((gres.kind().map(ToString::to_string), gres.count().get())).or_default() += group.count;
        }
    }
    nodes.into_iter().map(|((kind, on_each), nodes)| GpuFacts { kind, on_each, nodes }).collect()
}

/// How many tasks somebody may have in the queue, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cluster) struct Bound {
    /// How many.
    pub(in crate::cluster) tasks: u32,
    /// Whose limit it is, in words.
    pub(in crate::cluster) whose: String,
}

/// The smallest bound on tasks in the queue for whoever charges `account`, or any that may be charged, with the quality
/// of service `qos`, or the one that jobs get.
pub(in crate::cluster) fn bound(accounts: &Accounts, account: Option<&str>, qos: Option<&str>) -> Option<Bound> {
    let Accounts::Known { associations, qualities } = accounts else { return None };
    let mut bounds = Vec::new();
    for association in associations.iter().filter(|one| account.is_none_or(|account| one.account == account)) {
        let limits = &association.limits;
        for tasks in [limits.submitted, limits.shared_submitted].into_iter().flatten() {
            bounds.push(Bound { tasks, whose: format!("the account {}", association.account) });
        }
        let only = || association.qualities.first().filter(|_| association.qualities.len() == 1).map(String::as_str);
        let Some(name) = qos.or(association.default_quality.as_deref()).or_else(only) else { continue };
        for quality in qualities.iter().filter(|quality| quality.name == name) {
            for tasks in [quality.limits.submitted, quality.limits.shared_submitted].into_iter().flatten() {
                bounds.push(Bound { tasks, whose: format!("the quality of service {name}") });
            }
        }
    }
    bounds.into_iter().min()
}

#[cfg(test)]
mod tests {
    use slurm::parse::{Reply, sacctmgr, sinfo};

    use super::*;

    fn reply<'a>(command: &'static str, stdout: &'a str) -> Reply<'a> {
        Reply { command, exit: Some(0), stdout, stderr: "" }
    }

    #[test]
    fn nodes_are_counted_by_partition_and_model() {
        let rows = "PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\n\
            gpu*|up|2:00:00|3|idle|64|500000|gpu:a100:4|n[1-3]|(null)\n\
            gpu*|up|2:00:00|1|down*|8|1000|gpu:v100:2|n4|(null)\n\
            none|down|infinite|0|n/a|0|0|||\n";
        let partitions = PartitionFacts::of(&sinfo::read(&reply("sinfo", rows)).unwrap());
        let [gpu, none] = &partitions[..] else { panic!("{partitions:?}") };
        assert_eq!((gpu.nodes, gpu.usable, gpu.cpus, gpu.memory), (4, 3, (8, 64), (1000, 500_000)));
        assert_eq!(gpu.kinds(), ["a100", "v100"]);
        assert_eq!((gpu.gpus[0].on_each, gpu.gpus[0].nodes), (4, 3));
        assert_eq!((none.nodes, none.is_up, none.cpus, none.gpus.len()), (0, false, (0, 0), 0));
    }

    #[test]
    fn the_smallest_bound_counts() {
        let associations = "Cluster|Account|User|Partition|QOS|Def QOS|MaxJobs|MaxSubmit|MaxWall|MaxTRES|GrpJobs|GrpSubmit|GrpTRES\n\
            main|nlp|me||long,normal|long|20|300|||||\nmain|root|me||normal||||||||\n";
        let qualities = "Name|Priority|Preempt|PreemptMode|MaxWall|MaxTRES|MaxTRESPU|MaxJobsPU|MaxSubmitPU|GrpJobs|GrpSubmit|GrpTRES\n\
            normal|0||cluster||||||||\nlong|0||cluster|||||50||1000|\n";
        let accounts = Accounts::Known {
            associations: sacctmgr::associations(&reply("sacctmgr", associations)).unwrap(),
            qualities: sacctmgr::qualities(&reply("sacctmgr", qualities)).unwrap(),
        };
        let found = |account, qos| bound(&accounts, account, qos).map(|bound| (bound.tasks, bound.whose));
        assert_eq!(found(None, None), Some((50, "the quality of service long".to_owned())));
        assert_eq!(found(Some("nlp"), Some("normal")), Some((300, "the account nlp".to_owned())));
        assert_eq!(found(Some("root"), None), None);
        assert_eq!(bound(&Accounts::Unknown { why: String::new() }, None, None), None);
    }
}
