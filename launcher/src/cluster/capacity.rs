//! What the nodes of a site could give, and what of that a task asks for in vain.

use std::collections::BTreeMap;

use slurm::client::Client;
use slurm::name::GresKind;
use slurm::parse::sinfo::NodeGroup;
use slurm::resources::{Gres, GresList, MemoryRequest, Resources, TimeLimit};

use super::error::ClusterError;
use super::site::Site;
use crate::output::counted;

/// What a site could give, asked when it is first needed.
#[derive(Debug)]
pub struct Capacity<'a> {
    client: Option<&'a Client>,
    site: &'a Site,
    groups: Option<Vec<NodeGroup>>,
}

impl<'a> Capacity<'a> {
    /// That of `site`, asked through `client`.
    pub fn new(client: &'a Client, site: &'a Site) -> Self {
        Self { client: Some(client), site, groups: None }
    }

    /// All nodes.
    fn all(&mut self) -> Result<&[NodeGroup], ClusterError> {
        if let (None, Some(client)) = (&self.groups, self.client) {
            self.groups = Some(client.nodes()?);
        }
        Ok(self.groups.as_deref().unwrap_or_default())
    }

    /// The nodes that a job of this site may come to.
    fn groups(&mut self) -> Result<Vec<&NodeGroup>, ClusterError> {
        let wanted = self.site.placement.partition.as_ref().map(|partition| partition.as_str().to_owned());
        let is_meant = |group: &&NodeGroup| match &wanted {
            Some(names) => names.split(',').any(|name| name == group.partition),
            None => group.is_default,
        };
        Ok(self.all()?.iter().filter(is_meant).collect())
    }

    /// The memory of the largest node that has what is `asked` for besides, in mebibytes.
    ///
    /// # Errors
    /// The site does not say what it has.
    pub(super) fn largest(&mut self, asked: &Resources) -> Result<Option<u64>, ClusterError> {
        let besides = Resources { memory: None, ..asked.clone() };
        Ok(self.groups()?.into_iter().filter(|group| has(group, &besides)).map(|group| group.memory).max())
    }

    /// The longest limit, in seconds; `None` where there is one without end.
    ///
    /// # Errors
    /// As [`Capacity::largest`].
    pub(super) fn longest(&mut self) -> Result<Option<u64>, ClusterError> {
        let limits: Option<Vec<u64>> = self.groups()?.iter().map(|group| group.time_limit?.seconds()).collect();
        Ok(limits.and_then(|limits| limits.into_iter().max()))
    }

    /// How many nodes have what is `asked` for, at least: a node that is in several partitions is counted once, and
    /// those that the site itself leaves out are not.
    ///
    /// # Errors
    /// As [`Capacity::largest`].
    pub(super) fn nodes(&mut self, asked: &Resources) -> Result<u64, ClusterError> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let left_out = self.site.placement.exclude.as_ref().map_or(0, |list| list.as_str().split(',').count() as u64);
        for group in self.groups()?.into_iter().filter(|group| has(group, asked)) {
            *counts.entry(&group.partition).or_default() += u64::from(group.count);
        }
        Ok(counts.into_values().max().unwrap_or_default().saturating_sub(left_out))
    }

    /// Why a task that asks for this would wait for ever or be refused, in words; `None` if some node has it.
    ///
    /// # Errors
    /// As [`Capacity::largest`].
    pub fn shortfall(&mut self, task: &Resources) -> Result<Option<String>, ClusterError> {
        let named = self.site.placement.partition.as_ref().map(|partition| partition.as_str().to_owned());
        let place =
            named.as_ref().map_or_else(|| "the default partition".to_owned(), |name| format!("partition {name}"));
        if self.groups()?.is_empty() {
            let mut names: Vec<String> = self.all()?.iter().map(|group| group.partition.clone()).collect();
            names.dedup();
            let there = if names.is_empty() { "no nodes at all".to_owned() } else { names.join(", ") };
            return Ok(Some(match named {
                Some(name) => format!("there is no partition {name} with nodes; there is: {there}"),
                None => format!("no partition is the default one; there is: {there}"),
            }));
        }
        if let (Some(asked), Some(most)) = (task.time.and_then(TimeLimit::seconds), self.longest()?)
            && asked > most
        {
            let limit = |seconds| {
                TimeLimit::from_seconds(seconds).map_or_else(|_| seconds.to_string(), |limit| limit.to_string())
            };
            return Ok(Some(format!("{} is asked for, and {place} allows {}", limit(asked), limit(most))));
        }
        if !self.groups()?.iter().any(|group| has(group, task)) {
            return Ok(Some(format!("no node of {place} has all that a task asks for: {}", in_words(task))));
        }
        let (wanted, found) = (u64::from(task.nodes.get()), self.nodes(task)?);
        Ok((found < wanted).then(|| {
            let has = counted(found as usize, "node");
            format!("{wanted} nodes are asked for, and {place} has {has} with all that each needs: {}", in_words(task))
        }))
    }
}

/// Whether each node of the group has as many processors and GPUs, of the right kind, and as much memory.
fn has(group: &NodeGroup, task: &Resources) -> bool {
    let of_kind = |list: &GresList, kind: Option<&str>| -> u64 {
        let is_meant =
            |gres: &&Gres| gres.is_gpu() && kind.is_none_or(|kind| gres.kind().is_some_and(|own| own.as_str() == kind));
        list.0.iter().filter(is_meant).map(|gres| u64::from(gres.count().get())).sum()
    };
    let memory = match task.memory {
        Some(MemoryRequest::PerNode(memory)) => memory.mebibytes(),
        _ => 0,
    };
    let gpus = task.gres.0.iter().filter(|gres| gres.is_gpu());
    group.cpus >= task.cpus.map_or(0, |cpus| u64::from(cpus.get()))
        && group.memory >= memory
        && gpus
            .into_iter()
            .all(|gres| of_kind(&group.gres, gres.kind().map(GresKind::as_str)) >= u64::from(gres.count().get()))
}

/// `4 processors, 16G of memory, gpu:a100:2`.
fn in_words(task: &Resources) -> String {
    let mut parts = Vec::new();
    parts.extend(task.cpus.map(|cpus| counted(cpus.get() as usize, "processor")));
    if let Some(MemoryRequest::PerNode(memory)) = task.memory {
        parts.push(format!("{memory} of memory"));
    }
    parts.extend(task.gres.0.iter().map(ToString::to_string));
    parts.join(", ")
}

#[cfg(test)]
pub(super) const NODES: &str = "PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\n\
    gpu*|up|5:00:00|2|idle|8|7000|gpu:a100:4|n[1-2]|(null)\n\
    gpu*|up|5:00:00|1|idle|8|90000|(null)|n3|(null)\n\
    big|up|infinite|1|idle|8|80000|gpu:a100:4|n4|(null)\n";

#[cfg(test)]
impl<'a> Capacity<'a> {
    /// That of the nodes that sinfo shows so.
    pub(super) fn of_nodes(site: &'a Site, text: &str) -> Self {
        let reply = slurm::parse::Reply { command: "sinfo", exit: Some(0), stdout: text, stderr: "" };
        Self { client: None, site, groups: Some(slurm::parse::sinfo::read(&reply).unwrap()) }
    }
}

#[cfg(test)]
mod tests {
    use slurm::resources::{Cpus, Memory};

    use super::*;

    fn asked(time: &str, cpus: u32, memory: &str, gres: &str) -> Resources {
        Resources {
            nodes: slurm::resources::Nodes::ONE,
            time: Some(time.parse().unwrap()),
            cpus: Some(Cpus::new(cpus).unwrap()),
            memory: Some(MemoryRequest::PerNode(memory.parse::<Memory>().unwrap())),
            gres: if gres.is_empty() { GresList::default() } else { gres.parse().unwrap() },
        }
    }

    fn shortfall(partition: Option<&str>, task: &Resources) -> Option<String> {
        let mut site = Site::default();
        site.placement.partition = partition.map(|name| name.parse().unwrap());
        Capacity::of_nodes(&site, NODES).shortfall(task).unwrap()
    }

    #[test]
    fn what_some_node_has_is_not_in_vain() {
        assert_eq!(shortfall(None, &asked("5h", 8, "7000M", "gpu:a100:4")), None);
        assert_eq!(shortfall(None, &asked("1h", 8, "80G", "")), None);
        assert_eq!(shortfall(Some("big"), &asked("30d", 8, "70G", "gpu:4")), None);
        assert_eq!(shortfall(Some("gpu,big"), &asked("30d", 8, "70G", "gpu:4")), None);
    }

    #[test]
    fn only_nodes_that_will_do_are_counted_and_each_once() {
        let nodes = |partition: &str, exclude: Option<&str>, task: &Resources| {
            let mut site = Site::default();
            site.placement.partition = Some(partition.parse().unwrap());
            site.placement.exclude = exclude.map(|list| list.parse().unwrap());
            let twice = format!("{NODES}same|up|5:00:00|2|idle|8|7000|gpu:a100:4|n[1-2]|(null)\n");
            Capacity::of_nodes(&site, &twice).nodes(task).unwrap()
        };
        let small = asked("1h", 1, "1G", "gpu:1");
        assert_eq!((nodes("gpu", None, &small), nodes("gpu", None, &asked("1h", 1, "1G", ""))), (2, 3));
        assert_eq!((nodes("gpu,same", None, &small), nodes("gpu", Some("n1"), &small)), (2, 1));
        assert_eq!(nodes("gpu", Some("n1,n2,n3,n4"), &small), 0);
    }

    #[test]
    fn what_no_node_has_is_named() {
        let said = |partition, task| shortfall(partition, &task).unwrap();
        assert_eq!(
            said(None, asked("5h", 8, "8000M", "gpu:1")),
            "no node of the default partition has all that a task asks for: 8 processors, 8000M of memory, gpu:1"
        );
        assert!(said(None, asked("5h", 9, "1G", "gpu:1")).contains("9 processors"));
        let three = Resources { nodes: "3".parse().unwrap(), ..asked("5h", 8, "1G", "gpu:1") };
        assert_eq!(
            said(None, three),
            "3 nodes are asked for, and the default partition has 2 nodes with all that each needs: 8 processors, 1G of \
             memory, gpu:1"
        );
        assert!(said(None, asked("5h", 1, "1G", "gpu:h100:1")).contains("gpu:h100:1"));
        assert_eq!(
            said(None, asked("6h", 1, "1G", "gpu:1")),
            "06:00:00 is asked for, and the default partition allows 05:00:00"
        );
        assert_eq!(
            said(Some("none"), asked("1h", 1, "1G", "gpu:1")),
            "there is no partition none with nodes; there is: gpu, big"
        );
    }
}
