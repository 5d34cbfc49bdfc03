//! The partitions that a profile names.

use slurm::parse::sinfo::NodeGroup;
use spec::setting::closest;

use super::Finding;
use crate::cluster::site::Site;

pub(super) fn examine(site: &Site, nodes: &[NodeGroup]) -> Vec<Finding> {
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
        let near = closest(partition, known.iter().copied());
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Finding::bad("partition", format!("there is no `{partition}`; there are {}{near}", known.join(", ")));
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
    use slurm::parse::{Reply, sinfo};

    use super::super::Verdict;
    use super::*;

    fn nodes(rows: &str) -> Vec<NodeGroup> {
        let stdout =
            format!("PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\n{rows}\n");
        sinfo::read(&Reply { command: "sinfo", exit: Some(0), stdout: &stdout, stderr: "" }).unwrap()
    }

    #[test]
    fn partitions_are_looked_for() {
        let rows = "gpu*|up|1-00:00:00|3|idle|64|500000|gpu:a100:4|n[1-3]|(null)\nold|down|infinite|1|down*|8|1000|(null)|o1|(null)";
        let found = |site: &str| {
            let site: Site = toml::from_str(site).unwrap();
            examine(&site, &nodes(rows)).into_iter().map(|finding| (finding.verdict, finding.words)).collect::<Vec<_>>()
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
