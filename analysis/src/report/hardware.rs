//! Whether arms ran on different machines: a difference between them may then be one of the machines.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::design::ComparedFactor;
use super::index::Index;
use crate::number;
use crate::results::{RunAccount, RunState, Seed};

/// How the machines lie over the arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// All runs ran on one kind.
    Same,
    /// There are several, and both runs of every pair ran on the same one.
    Matched,
    /// Some pairs ran on two of them.
    Mixed,
    /// A level shares none with the baseline: their effects cannot be told apart.
    Apart,
}

/// A level and where its runs ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelRuns {
    /// The level.
    pub level: String,
    /// How many of its runs ran on each of the machines.
    pub runs: Vec<usize>,
}

/// One attribute of the machines, over the levels of one factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HardwareCheck {
    /// `device`, the model of the GPU or the kind of processor, or `node`.
    pub attribute: &'static str,
    /// The factor.
    pub factor: String,
    /// What there is.
    pub machines: Vec<String>,
    /// The runs of each level.
    pub levels: Vec<LevelRuns>,
    /// Pairs of runs, a level and the baseline with one seed in one stratum, of which both say where they ran.
    pub pairs: usize,
    /// How many of these ran on two machines.
    pub pairs_apart: usize,
    /// The levels that share no machine with the baseline.
    pub apart: Vec<String>,
    /// What it comes to.
    pub finding: Finding,
}

/// What a run says of its machine.
type Attribute = fn(&RunAccount) -> Option<String>;

/// The device of a run as far as it can matter: the model of the GPU, or what the trainer says, without the number of
/// the GPU.
fn device(run: &RunAccount) -> Option<String> {
    let said =
        || run.device.as_deref().map(|device| if device.starts_with("cuda") { "cuda" } else { device }.to_owned());
    let is_gpu = run.device.as_deref().is_none_or(|device| device.starts_with("cuda"));
    run.gpu.clone().filter(|_| is_gpu).or_else(said)
}

/// The checks of every compared factor; none where no run says where it ran.
pub(super) fn checks(index: &Index<'_>, compared: &[ComparedFactor]) -> Vec<HardwareCheck> {
    let attributes: [(&'static str, Attribute); 2] = [("device", device), ("node", |run| run.host.clone())];
    let with_baseline = compared.iter().filter(|factor| factor.baseline.is_some());
    with_baseline
        .flat_map(|factor| attributes.iter().filter_map(|(name, of)| check(index, factor, name, *of)))
        .collect()
}

fn check(
    index: &Index<'_>,
    compared: &ComparedFactor,
    attribute: &'static str,
    of: Attribute,
) -> Option<HardwareCheck> {
    let factor = &index.results.factors[compared.factor];
    let baseline = compared.baseline?;
    // By level: the machine of every run that counts, by stratum and seed.
    let mut places: BTreeMap<usize, BTreeMap<(usize, &Seed), String>> = BTreeMap::new();
    for (stratum, planned) in compared.strata.iter().enumerate() {
        for (level, point) in &planned.arms {
            let ended = index.runs(point).iter().filter(|run| matches!(run.state, RunState::Done | RunState::Diverged));
            let known = ended.filter_map(|run| Some(((stratum, &run.seed), of(run)?)));
            places.entry(*level).or_default().extend(known);
        }
    }
    let machines: BTreeSet<&String> = places.values().flat_map(BTreeMap::values).collect();
    if machines.is_empty() {
        return None;
    }
    let machines: Vec<String> = machines.into_iter().cloned().collect();
    let none = BTreeMap::new();
    let base = places.get(&baseline).unwrap_or(&none);
    let others = || places.iter().filter(|(level, _)| **level != baseline);
    let paired =
        || others().flat_map(|(_, runs)| runs.iter()).filter_map(|(key, machine)| Some((machine, base.get(key)?)));
    let shares = |runs: &BTreeMap<_, String>| runs.values().any(|machine| base.values().any(|other| other == machine));
    let apart: Vec<String> = others()
        .filter(|(_, runs)| !runs.is_empty() && !base.is_empty() && !shares(runs))
        .map(|(level, _)| factor.levels[*level].clone())
        .collect();
    let pairs_apart = paired().filter(|(one, other)| one != other).count();
    let finding = match (machines.len(), apart.is_empty(), pairs_apart) {
        (1, ..) => Finding::Same,
        (_, false, _) => Finding::Apart,
        (_, true, 0) => Finding::Matched,
        (_, true, _) => Finding::Mixed,
    };
    let on =
        |runs: &BTreeMap<(usize, &Seed), String>, machine: &String| runs.values().filter(|one| *one == machine).count();
    let levels = places.iter().map(|(level, runs)| LevelRuns {
        level: factor.levels[*level].clone(),
        runs: machines.iter().map(|machine| on(runs, machine)).collect(),
    });
    Some(HardwareCheck {
        attribute,
        factor: factor.name.clone(),
        levels: levels.collect(),
        pairs: paired().count(),
        pairs_apart,
        apart,
        finding,
        machines,
    })
}

/// What a reader must know of it; nothing where arms are on equal terms.
pub(super) fn caveat(check: &HardwareCheck) -> Option<String> {
    let kinds = if check.attribute == "device" { "kinds of device" } else { "nodes" };
    match check.finding {
        Finding::Same | Finding::Matched => None,
        Finding::Mixed => Some(format!(
            "{} of {} ran on different {kinds} ({}): their differences hold those of the machines too.",
            check.pairs_apart,
            number::plural(check.pairs, "pair of runs", "pairs of runs"),
            number::list(&check.machines)
        )),
        Finding::Apart => Some(format!(
            "{} of {} and the baseline ran on different {kinds} throughout: an effect of the level cannot be told from one of the \
             machines.",
            number::list(&check.apart),
            check.factor
        )),
    }
}
