//! What became of the design since it was first frozen: seeds and levels that came or went when results could be seen.
//!
//! Who leaves out an arm, or adds seeds until something is significant, has other chances of a false claim than the
//! tests say. The plans of before are kept beside `plan.json`, and the records of runs say when they ended.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::layout::SweepLayout;
use spec::plan::Plan;
use spec::status::{State, Status};
use spec::{RunId, SCHEMA};

use super::run_files::read_record;

/// A design that was changed when results could be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DesignChange {
    /// When the first plan that is still there was frozen: RFC 3339, UTC.
    pub first: String,
    /// How many runs of an earlier plan had given their result before the plan was changed.
    pub results_seen: usize,
    /// What came since the first plan: `seeds 8, 9`, `arm m4`.
    pub added: Vec<String>,
    /// What was in an earlier plan and is not in this one.
    pub removed: Vec<String>,
    /// What was changed where seeds and levels are those of before.
    pub other: Option<&'static str>,
}

/// How `plan` differs from the earlier ones; `None` where its runs are the same, or were changed before any of them had
/// ended.
pub(super) fn of_design(layout: &SweepLayout, plan: &Plan) -> Option<DesignChange> {
    let read = |revision| read_record::<Plan>(&layout.earlier_plan(revision)).ok();
    let mut plans: Vec<Plan> = (0..plan.revision).filter_map(read).filter(|plan| plan.schema == SCHEMA).collect();
    let first = plans.first()?.frozen.clone();
    plans.push(plan.clone());
    let mut seen = BTreeSet::new();
    for (before, after) in plans.iter().zip(&plans[1..]) {
        if ids(before) != ids(after) {
            seen.extend(ids(before).into_iter().filter(|run| had_ended(layout, *run, &after.frozen)));
        }
    }
    if seen.is_empty() {
        return None;
    }
    let (earlier, now) = (&plans[..plans.len() - 1], Parts::of(std::slice::from_ref(plan)));
    let added = now.without(&Parts::of(&earlier[..1]));
    let removed = Parts::of(earlier).without(&now);
    let other = (added.is_empty() && removed.is_empty()).then(|| what_else(earlier, plan));
    Some(DesignChange { first, results_seen: seen.len(), added, removed, other })
}

/// What was changed where seeds and levels are those of before.
fn what_else(earlier: &[Plan], now: &Plan) -> &'static str {
    let points = |plan: &Plan| -> BTreeSet<String> {
        plan.runs.iter().map(|run| spec::run::label(&run.levels, run.seed)).collect()
    };
    let of_now = points(now);
    if earlier.iter().any(|plan| points(plan) != of_now) {
        "combinations of levels and seeds"
    } else {
        "settings that are no factor"
    }
}

fn ids(plan: &Plan) -> BTreeSet<RunId> {
    plan.runs.iter().map(|run| run.id).collect()
}

/// Whether a run had given its result at a moment.
fn had_ended(layout: &SweepLayout, run: RunId, moment: &str) -> bool {
    let status: Option<Status> = read_record(&layout.run(run).status()).ok();
    let ended = status.filter(|status| matches!(status.state, State::Done | State::Diverged));
    let ended = ended.and_then(|status| status.attempts.last()?.ended.clone());
    // Times are text of one form and one zone, so their order is that of time.
    ended.is_some_and(|ended| *ended <= *moment)
}

/// The seeds and levels of some plans, each in the order in which it comes first.
struct Parts {
    seeds: Vec<String>,
    /// By factor.
    levels: Vec<(String, Vec<String>)>,
}

impl Parts {
    fn of(plans: &[Plan]) -> Self {
        let mut parts = Self { seeds: Vec::new(), levels: Vec::new() };
        let add = |to: &mut Vec<String>, text: String| {
            if !to.contains(&text) {
                to.push(text);
            }
        };
        for plan in plans {
            plan.seeds.iter().for_each(|seed| add(&mut parts.seeds, seed.to_string()));
            for factor in &plan.factors {
                let place = parts.levels.iter().position(|(name, _)| *name == factor.name).unwrap_or_else(|| {
                    parts.levels.push((factor.name.clone(), Vec::new()));
                    parts.levels.len() - 1
                });
                factor.levels.iter().for_each(|level| add(&mut parts.levels[place].1, level.to_string()));
            }
        }
        parts
    }

    /// What `other` does not have, a text for the seeds and one for each factor.
    fn without(&self, other: &Self) -> Vec<String> {
        let missing = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|one| !those.contains(one)).cloned().collect()
        };
        let mut texts = Vec::new();
        let seeds = missing(&self.seeds, &other.seeds);
        if !seeds.is_empty() {
            texts.push(format!("{} {}", if seeds.len() == 1 { "seed" } else { "seeds" }, seeds.join(", ")));
        }
        for (factor, levels) in &self.levels {
            let known = other.levels.iter().find(|(name, _)| name == factor).map_or(&[][..], |(_, levels)| levels);
            let levels = missing(levels, known);
            if !levels.is_empty() {
                texts.push(format!("{factor} {}", levels.join(", ")));
            }
        }
        texts
    }
}
