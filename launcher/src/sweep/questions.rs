//! `analysis.questions`: contrasts that the report answers by name.
//!
//! `questions."learnable against static" = [["prelu", "relu"], ["swish", "silu"]]`: under a name, pairs of levels of
//! one factor. The factor need not be said: it is the one that is compared, or else the first that has all the levels.

use spec::Value;
use spec::analysis::Question;

use super::condition;
use super::document::{Entry, Node};
use super::factors::Factors;
use super::problem::Problems;

const FORM: &str = "a question is a list of pairs of levels: \"learnable against static\" = [[\"prelu\", \"relu\"], …]";

/// Reads the questions in the order of the file; `usual` is the factor that is compared where nothing says otherwise.
pub(super) fn read(
    entries: &[Entry],
    factors: &Factors,
    usual: Option<usize>,
    problems: &mut Problems,
) -> Vec<Question> {
    entries.iter().filter_map(|entry| question(entry, factors, usual, problems)).collect()
}

fn question(entry: &Entry, factors: &Factors, usual: Option<usize>, problems: &mut Problems) -> Option<Question> {
    let pairs = pairs(entry, problems)?;
    let nodes: Vec<&Node> = pairs.iter().flatten().copied().collect();
    let has_all = |factor: &usize| nodes.iter().all(|node| condition::level(*factor, node, factors).is_some());
    let Some(usual) = usual else {
        if !factors.lack_some() {
            let message = "a question needs a factor whose levels it compares, but no factor has two levels";
            problems.error(&entry.origin, message);
        }
        return None;
    };
    let Some(position) = std::iter::once(usual).chain(0..factors.list.len()).find(has_all) else {
        // They may be levels of a factor that was refused.
        if factors.lack_some() {
            return None;
        }
        // The factor that has most of them is meant.
        let missing =
            |factor: &usize| nodes.iter().filter(|node| condition::level(*factor, node, factors).is_none()).count();
        let meant = std::iter::once(usual).chain(0..factors.list.len()).min_by_key(missing).unwrap_or(usual);
        for node in nodes.iter().filter(|node| condition::level(meant, node, factors).is_none()) {
            condition::refuse(meant, node, factors, problems);
        }
        return None;
    };
    let factor = &factors.list[position];
    let stored = |node: &Node| condition::level(position, node, factors).map(|level| factor.levels[level].clone());
    let mut known: Vec<[Value; 2]> = Vec::with_capacity(pairs.len());
    for [level, baseline] in pairs {
        let pair = [stored(level)?, stored(baseline)?];
        if pair[0] == pair[1] {
            problems.error(&level.origin, format!("{} is set against itself", pair[0].literal()));
        } else if known.contains(&pair) {
            problems.error(&level.origin, format!("{} against {} stands twice", pair[0], pair[1]));
        } else {
            known.push(pair);
        }
    }
    Some(Question { name: entry.path.clone(), factor: factor.name.clone(), pairs: known })
}

/// The pairs as they are written; one pair alone need not stand in a list of its own.
fn pairs<'a>(entry: &'a Entry, problems: &mut Problems) -> Option<Vec<[&'a Node; 2]>> {
    let items = &entry.node.items;
    let is_list = |node: &Node| matches!(node.value, Value::List(_));
    if let [level, baseline] = items.as_slice()
        && !is_list(level)
        && !is_list(baseline)
    {
        return Some(vec![[level, baseline]]);
    }
    let mut pairs = Vec::with_capacity(items.len());
    for item in items {
        let [level, baseline] = item.items.as_slice() else {
            problems.error(&item.origin, format!("{} is not a pair of levels", item.value.literal())).hint(FORM);
            return None;
        };
        pairs.push([level, baseline]);
    }
    if pairs.is_empty() {
        let message = format!("analysis.questions.{} names no pair of levels", entry.path);
        problems.error(&entry.node.origin, message).hint(FORM);
        return None;
    }
    Some(pairs)
}
