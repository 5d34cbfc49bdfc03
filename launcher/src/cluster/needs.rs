//! What a run asks for when it is handed over again: more of what it ended for want of, and other nodes than those that
//! failed under it.

use std::collections::{BTreeMap, BTreeSet};

use slurm::resources::{Memory, MemoryRequest, Resources, TimeLimit};
use spec::RunId;
use spec::status::Cause;

use super::capacity::Capacity;
use super::change::Changes;
use super::error::ClusterError;
use super::submissions::{SeenEnd, Submission};
use crate::ledger::RunEnd;
use crate::sweep::RetryPolicy;

/// How the tasks of each run ended, the oldest first, as far as the ledger tells.
#[derive(Debug, Clone, Default)]
pub struct Histories(BTreeMap<RunId, Vec<SeenEnd>>);

impl Histories {
    /// What `submissions`, oldest first, tell.
    pub fn of(submissions: &[Submission]) -> Self {
        let mut histories: BTreeMap<RunId, Vec<SeenEnd>> = BTreeMap::new();
        for (run, end) in submissions.iter().flat_map(|submission| &submission.observed) {
            histories.entry(*run).or_default().push(end.clone());
        }
        Self(histories)
    }

    /// How the tasks of `run` ended.
    pub fn of_run(&self, run: RunId) -> &[SeenEnd] {
        self.0.get(&run).map_or(&[], Vec::as_slice)
    }
}

/// What a run asks for, beyond what the sweep's file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// So much memory.
    pub memory: Option<Memory>,
    /// So much time.
    pub time: Option<TimeLimit>,
    /// Nodes to stay away from.
    pub exclude: BTreeSet<String>,
    /// A task for itself: what it ended for want of, it may have shared with others.
    pub alone: bool,
}

/// What is asked for in place of `asked` by these changes alone.
///
/// # Errors
/// What they want cannot be asked for.
pub fn changed(asked: &Resources, changes: &Changes) -> Result<Needs, ClusterError> {
    Ok(Needs { memory: changes.memory(asked)?, time: changes.time(asked)?, ..Needs::default() })
}

/// What a run needs that asks for `asked` and whose tasks ended as `history` tells.
///
/// `Err` says in words that it cannot get more of what it ended for want of.
///
/// # Errors
/// The site does not say what it has, or what the changes want cannot be asked for.
pub fn needs(
    asked: &Resources,
    history: &[SeenEnd],
    policy: &RetryPolicy,
    changes: &Changes,
    capacity: &mut Capacity<'_>,
) -> Result<Result<Needs, String>, ClusterError> {
    // What a person says stands, and nothing grows beyond it.
    let mut needs = changed(asked, changes)?;
    let times = |end: RunEnd| history.iter().filter(|past| past.end == end).count() as i32;
    let last = history.last().map(|past| past.end);
    let wanting = RunEnd::Timeout { progress: Some(false) };
    let (memory, time) = (times(RunEnd::OutOfMemory), times(wanting));
    if let Some(MemoryRequest::PerNode(base)) = asked.memory.filter(|_| needs.memory.is_none()) {
        let grow = |times: i32| policy.memory_factor.powi(times);
        let most = if memory > 0 { capacity.largest(asked)? } else { None };
        match grown(base.mebibytes(), memory, grow, most) {
            Growth::AtCap(most) if last == Some(RunEnd::OutOfMemory) => {
                let gib = most as f64 / 1024.0;
                return Ok(Err(format!(
                    "it was out of memory, and no node that it may come to has more than {gib:.1} GiB"
                )));
            }
            Growth::AtCap(amount) | Growth::To(amount) => needs.memory = Memory::from_mebibytes(amount).ok(),
            Growth::None => {}
        }
        needs.alone |= memory > 0;
    }
    if let Some(base) = asked.time.and_then(TimeLimit::seconds).filter(|_| needs.time.is_none()) {
        let grow = |times: i32| policy.time_factor.powi(times);
        let most = if time > 0 { capacity.longest()? } else { None };
        match grown(base, time, grow, most) {
            Growth::AtCap(_) if last == Some(wanting) => {
                return Ok(Err("its time was up, it had come no further, and its partition allows no more".to_owned()));
            }
            Growth::AtCap(seconds) | Growth::To(seconds) => needs.time = TimeLimit::from_seconds(seconds).ok(),
            Growth::None => {}
        }
        needs.alone |= time > 0;
    }
    if policy.exclude_nodes {
        let is_to_blame = |end| matches!(end, RunEnd::NodeFailure | RunEnd::Failed(Cause::Unavailable));
        let failed = history.iter().filter(|past| is_to_blame(past.end) && !past.nodes.is_empty());
        let failed: BTreeSet<String> = failed.map(|past| past.nodes.clone()).collect();
        // With nowhere left to go it would wait for ever.
        if !failed.is_empty() && (failed.len() as u64) < capacity.nodes(asked)? {
            needs.exclude = failed;
        }
    }
    Ok(Ok(needs))
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// What the sweep says.
    None,
    /// So much.
    To(u64),
    /// The most that there is, as the last time.
    AtCap(u64),
}

fn grown(base: u64, times: i32, factor: impl Fn(i32) -> f64, most: Option<u64>) -> Growth {
    if times == 0 {
        return Growth::None;
    }
    // What the sweep itself asks for is left to Slurm to refuse.
    let most = most.map_or(u64::MAX, |most| most.max(base));
    let after = |times: i32| ((base as f64 * factor(times)).ceil() as u64).min(most);
    let (before, now) = (after(times - 1), after(times));
    if now == most && before == most { Growth::AtCap(most) } else { Growth::To(now) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::site::Site;

    const POLICY: RetryPolicy = RetryPolicy {
        out_of_memory: 9,
        timeout: 9,
        node_failure: 9,
        preemption: 9,
        error: 0,
        memory_factor: 2.0,
        time_factor: 1.5,
        exclude_nodes: true,
    };

    fn end(end: RunEnd, nodes: &str) -> SeenEnd {
        SeenEnd { ending: None, nodes: nodes.to_owned(), end }
    }

    fn after(history: &[SeenEnd], changes: Changes) -> Result<Needs, String> {
        let site = Site::default();
        let mut capacity = Capacity::of_nodes(&site, crate::cluster::capacity::NODES);
        let asked = Resources {
            nodes: slurm::resources::Nodes::ONE,
            time: Some("2h".parse().unwrap()),
            cpus: None,
            memory: Some(MemoryRequest::PerNode("2000M".parse().unwrap())),
            gres: "gpu:1".parse().unwrap(),
        };
        needs(&asked, history, &POLICY, &changes, &mut capacity).unwrap()
    }

    #[test]
    fn memory_grows_to_the_largest_node_with_gpus_and_no_further() {
        let memory = |times| {
            let history = vec![end(RunEnd::OutOfMemory, "n1"); times];
            after(&history, Changes::default()).map(|needs| needs.memory.map(Memory::mebibytes))
        };
        assert_eq!(memory(0), Ok(None));
        assert_eq!(memory(1), Ok(Some(4000)));
        // With others it would share what there is, and be bound by less.
        assert!(after(&[end(RunEnd::OutOfMemory, "n1")], Changes::default()).unwrap().alone);
        assert!(!after(&[end(RunEnd::NodeFailure, "n1")], Changes::default()).unwrap().alone);
        assert_eq!(memory(2), Ok(Some(7000)));
        assert!(memory(3).unwrap_err().contains("6.8 GiB"));
        // What it was given before stays its own when it ends for another reason.
        let history = [end(RunEnd::OutOfMemory, "n1"), end(RunEnd::Preempted, "n1")];
        assert_eq!(after(&history, Changes::default()).unwrap().memory.map(Memory::mebibytes), Some(4000));
        assert_eq!(after(&[end(RunEnd::GpuOutOfMemory, "n1")], Changes::default()), Ok(Needs::default()));
    }

    #[test]
    fn time_grows_only_where_nothing_was_gained() {
        let time = |progress, times| {
            let history = vec![end(RunEnd::Timeout { progress }, "n1"); times];
            after(&history, Changes::default()).map(|needs| needs.time.and_then(TimeLimit::seconds))
        };
        assert_eq!(time(Some(true), 5), Ok(None));
        assert_eq!(time(None, 5), Ok(None));
        assert_eq!(time(Some(false), 1), Ok(Some(3 * 3600)));
        assert_eq!(time(Some(false), 3), Ok(Some(5 * 3600)));
        assert!(time(Some(false), 4).unwrap_err().contains("allows no more"));
    }

    #[test]
    fn nodes_that_failed_are_left_out_while_others_are_left() {
        let failed = |nodes: &[&str]| {
            let history: Vec<SeenEnd> = nodes.iter().map(|node| end(RunEnd::NodeFailure, node)).collect();
            after(&history, Changes::default()).unwrap().exclude.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(failed(&["n2", "n2"]), ["n2"]);
        // Of three nodes only two have GPUs.
        assert!(failed(&["n1", "n2"]).is_empty());
        assert!(failed(&[""]).is_empty());
    }

    #[test]
    fn what_a_person_says_stands() {
        let history = vec![end(RunEnd::OutOfMemory, "n1"); 5];
        let changes = Changes { memory: Some("3G".parse().unwrap()), time: Some("x2".parse().unwrap()) };
        let needs = after(&history, changes).unwrap();
        assert_eq!((needs.memory.unwrap().mebibytes(), needs.time.unwrap().seconds()), (3072, Some(4 * 3600)));
        assert!(!needs.alone);
    }
}
