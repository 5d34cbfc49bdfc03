//! Whether a site can carry out a sweep: what is asked before the first submission, and what to do where something is amiss.

use std::time::Duration;

use jiff::Zoned;
use slurm::client::{Client, ClientError, Wanted, Window};
use slurm::name::JobName;
use slurm::parse::scontrol_config::ClusterConfig;
use slurm::parse::sinfo::NodeGroup;

use super::site::Site;

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Runs will be carried out, but something may take longer or need a hand.
    Doubtful,
    /// Nothing can be submitted.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How good it is.
    pub verdict: Verdict,
    /// What was found and, if it is not good, what to do.
    pub words: String,
}

impl Finding {
    fn good(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, words: words.into() }
    }

    fn doubtful(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Doubtful, words: words.into() }
    }

    fn bad(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, words: words.into() }
    }
}

/// The oldest Slurm whose answers are known to be read rightly.
const OLDEST: (u32, u32) = (20, 11);
/// Seconds between SIGTERM and SIGKILL below which a checkpoint may come too late.
const SHORT_GRACE: u32 = 15;
/// Seconds by which two clocks may differ before times in tables mislead.
const CLOCK: i64 = 120;

/// Looks at everything that a submission to `site` needs, as far as one thing lets the next be looked at.
pub fn examine(site: &Site, client: &Client) -> Vec<Finding> {
    let mut findings = Vec::new();
    let user = match client.user() {
        Ok(user) => user,
        Err(error) => return vec![Finding::bad("connection", error.to_string())],
    };
    findings.push(Finding::good("connection", format!("commands are run {} as {user}", client.place())));
    let configuration = match client.configuration() {
        Ok(configuration) => configuration,
        Err(error) => {
            findings.push(Finding::bad("controller", error.to_string()));
            return findings;
        }
    };
    findings.push(version(&configuration));
    findings.push(arrays(&configuration));
    findings.push(accounts(&configuration, client, &user));
    findings.push(grace(&configuration));
    findings.push(preemption(&configuration));
    findings.push(clock(&configuration));
    match client.nodes() {
        Ok(nodes) => findings.extend(places(site, &nodes)),
        Err(error) => findings.push(Finding::doubtful("nodes", error.to_string())),
    }
    findings
}

fn version(configuration: &ClusterConfig) -> Finding {
    let text = configuration.get("SLURM_VERSION").unwrap_or("unknown");
    match configuration.version() {
        Some(version) if version >= OLDEST => Finding::good("controller", format!("Slurm {text} answers")),
        _ => {
            Finding::doubtful("controller", format!("Slurm {text} answers; it is older than any that was tried, 20.11"))
        }
    }
}

fn arrays(configuration: &ClusterConfig) -> Finding {
    match configuration.slice_limits() {
        Some(limits) if limits.max_array_size < 2 => {
            Finding::bad("arrays", "MaxArraySize forbids job arrays: ask for a MaxArraySize of 1001 or more")
        }
        Some(limits) => Finding::good("arrays", format!("up to {} runs in one submission", limits.max_array_size - 1)),
        None => {
            Finding::doubtful("arrays", "the settings do not say how large an array may be: 1000 is taken for granted")
        }
    }
}

fn accounts(configuration: &ClusterConfig, client: &Client, user: &str) -> Finding {
    if !configuration.has_accounting() {
        let age = configuration.number("MinJobAge").unwrap_or(300);
        let words = format!(
            "the cluster keeps none: a job that has ended is forgotten after {age} s, and only the runs' own records tell how"
        );
        return Finding::doubtful("accounts", words);
    }
    let nobody: JobName = "seedbed-doctor-asks-for-nobody".parse().expect("invariant: a plain name");
    let wanted = Wanted { user, names: std::slice::from_ref(&nobody) };
    match client.accounts(&wanted, Window::since(Duration::from_mins(1))) {
        Ok(_) => Finding::good("accounts", "sacct answers"),
        Err(error @ ClientError::Query(_)) => {
            Finding::doubtful("accounts", format!("{error}; until it answers, ended tasks count as unknown"))
        }
        Err(error) => Finding::doubtful("accounts", error.to_string()),
    }
}

fn grace(configuration: &ClusterConfig) -> Finding {
    match configuration.number("KillWait") {
        Some(seconds) if seconds < SHORT_GRACE => Finding::doubtful(
            "grace",
            format!(
                "KillWait is {seconds} s: a larger model may not have written its checkpoint by then; lower execution.checkpoint-every"
            ),
        ),
        Some(seconds) => Finding::good("grace", format!("{seconds} s from SIGTERM to SIGKILL")),
        None => Finding::doubtful("grace", "the settings do not say how long a job has to leave"),
    }
}

fn preemption(configuration: &ClusterConfig) -> Finding {
    let mode = configuration.get("PreemptMode").unwrap_or("OFF");
    if mode.to_ascii_uppercase().contains("CANCEL") {
        Finding::doubtful(
            "preemption",
            format!("PreemptMode is {mode}: preempted runs end; `seedbed watch` submits them again"),
        )
    } else {
        Finding::good("preemption", format!("PreemptMode is {mode}; jobs may be queued again"))
    }
}

fn clock(configuration: &ClusterConfig) -> Finding {
    let Some(there) = configuration.read_at else {
        return Finding::doubtful("clock", "the controller does not say what time it is");
    };
    let apart = Zoned::now().datetime().duration_since(there).as_secs().abs();
    if apart > CLOCK {
        let words = format!(
            "the controller's clock, or its time zone, is {apart} s away from ours: times are shown as it tells them"
        );
        Finding::doubtful("clock", words)
    } else {
        Finding::good("clock", "the controller's clock agrees with ours")
    }
}

fn places(site: &Site, nodes: &[NodeGroup]) -> Vec<Finding> {
    let wanted: Vec<String> = match &site.placement.partition {
        Some(partition) => partition.as_str().split(',').map(str::to_owned).collect(),
        None => nodes.iter().filter(|group| group.is_default).map(|group| group.partition.clone()).take(1).collect(),
    };
    if wanted.is_empty() {
        let words = "no partition is the default: name one under [placement] in the site's profile";
        return vec![Finding::bad("partition", words)];
    }
    wanted.iter().map(|partition| place(site, partition, nodes)).collect()
}

fn place(site: &Site, partition: &str, nodes: &[NodeGroup]) -> Finding {
    let groups: Vec<&NodeGroup> = nodes.iter().filter(|group| group.partition == partition).collect();
    let Some(first) = groups.first() else {
        let mut known: Vec<&str> = nodes.iter().map(|group| group.partition.as_str()).collect();
        known.dedup();
        return Finding::bad("partition", format!("there is no `{partition}`; there are {}", known.join(", ")));
    };
    let usable: u32 = groups.iter().filter(|group| group.state.is_usable()).map(|group| group.count).sum();
    let total: u32 = groups.iter().map(|group| group.count).sum();
    let kinds = groups.iter().flat_map(|group| &group.gres.0).filter(|gres| gres.is_gpu());
    let mut kinds: Vec<String> =
        kinds.map(|gres| gres.kind().map_or_else(|| "gpu".to_owned(), ToString::to_string)).collect();
    kinds.sort();
    kinds.dedup();
    if let Some(kind) = site.gpu_type.as_ref().filter(|kind| !kinds.iter().any(|found| found == kind.as_str())) {
        return Finding::bad(
            "partition",
            format!("`{partition}` has no GPU of type {kind}; it has: {}", kinds.join(", ")),
        );
    }
    let limit =
        first.time_limit.map_or_else(|| "no limit of time".to_owned(), |limit| format!("at most {limit} a job"));
    let gpus = if kinds.is_empty() { "no GPUs".to_owned() } else { format!("GPUs: {}", kinds.join(", ")) };
    let words = format!("`{partition}`: {usable} of {total} nodes usable, {gpus}, {limit}");
    if first.is_up && usable > 0 {
        Finding::good("partition", words)
    } else {
        Finding::doubtful("partition", words + "; jobs wait until it is back")
    }
}

#[cfg(test)]
mod tests {
    use slurm::parse::{Reply, scontrol_config, sinfo};

    use super::Verdict::{Bad, Doubtful, Good};
    use super::*;

    fn configuration(settings: &str) -> ClusterConfig {
        let stdout =
            format!("Configuration data as of 2026-01-01T00:00:00\n{settings}\nSlurmctld(primary) at here is UP\n");
        scontrol_config::read(&Reply { command: "scontrol", exit: Some(0), stdout: &stdout, stderr: "" }).unwrap()
    }

    fn nodes(rows: &str) -> Vec<NodeGroup> {
        let stdout =
            format!("PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\n{rows}\n");
        sinfo::read(&Reply { command: "sinfo", exit: Some(0), stdout: &stdout, stderr: "" }).unwrap()
    }

    #[test]
    fn settings_are_judged() {
        let verdicts = |settings: &str| {
            let configuration = configuration(settings);
            [version(&configuration), arrays(&configuration), grace(&configuration), preemption(&configuration)]
                .map(|finding| finding.verdict)
        };
        assert_eq!(
            verdicts("SLURM_VERSION = 22.05.8\nMaxArraySize = 1001\nKillWait = 30 sec\nPreemptMode = REQUEUE"),
            [Good; 4]
        );
        assert_eq!(
            verdicts("SLURM_VERSION = 19.05.1\nMaxArraySize = 0\nKillWait = 5 sec\nPreemptMode = CANCEL"),
            [Doubtful, Bad, Doubtful, Doubtful]
        );
    }

    #[test]
    fn partitions_are_looked_for() {
        let rows = "gpu*|up|1-00:00:00|3|idle|64|500000|gpu:a100:4|n[1-3]|(null)\nold|down|infinite|1|down*|8|1000|(null)|o1|(null)";
        let found = |site: &str| {
            let site: Site = toml::from_str(site).unwrap();
            places(&site, &nodes(rows)).into_iter().map(|finding| (finding.verdict, finding.words)).collect::<Vec<_>>()
        };
        assert_eq!(
            found(""),
            [(Verdict::Good, "`gpu`: 3 of 3 nodes usable, GPUs: a100, at most 1-00:00:00 a job".to_owned())]
        );
        assert_eq!(found("gpu-type = 'h100'")[0].0, Verdict::Bad);
        assert_eq!(found("[placement]\npartition = 'old'")[0].0, Verdict::Doubtful);
        assert_eq!(
            found("[placement]\npartition = 'nowhere'"),
            [(Verdict::Bad, "there is no `nowhere`; there are gpu, old".to_owned())]
        );
    }
}
