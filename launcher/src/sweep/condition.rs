//! Which design points an `[[exclude]]` or a `when` speaks of.

use spec::Value;

use super::document::{Entry, Node};
use super::factors::Factors;
use super::problem::Problems;

/// A point matches when, for every factor named, its level is one of those given.
#[derive(Debug)]
pub(super) struct Condition {
    /// Position of the factor, and for each of its levels whether it matches.
    terms: Vec<(usize, Vec<bool>)>,
}

impl Condition {
    /// Reads factor names with a level or a list of levels each. What is wrong is a problem, and its term is left out.
    pub(super) fn read(entries: &[Entry], factors: &Factors, problems: &mut Problems) -> Self {
        let mut terms = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(position) = factors.expect(&entry.path, &entry.origin, problems) else { continue };
            let factor = &factors.list[position];
            let mut matching = vec![false; factor.levels.len()];
            let whole = level(position, &entry.node, factors);
            let nodes = match (&entry.node.value, whole) {
                (Value::List(_), None) => entry.node.items.as_slice(),
                _ => std::slice::from_ref(&entry.node),
            };
            if nodes.is_empty() {
                problems.error(&entry.node.origin, format!("`{} = []` can match nothing", entry.path));
            }
            for node in nodes {
                match level(position, node, factors) {
                    Some(level) => matching[level] = true,
                    None => refuse(position, node, factors, problems),
                }
            }
            terms.push((position, matching));
        }
        Self { terms }
    }

    /// Whether the point with these levels matches.
    pub(super) fn matches(&self, levels: &[usize]) -> bool {
        self.terms.iter().all(|(factor, matching)| matching[levels[*factor]])
    }
}

/// The position of the level that `node` names.
pub(super) fn level(factor: usize, node: &Node, factors: &Factors) -> Option<usize> {
    let factor = &factors.list[factor];
    factor.level(&node.value).or_else(|| factor.level(&factor.stored(&node.value)?))
}

/// Records that `node` names no level of a factor.
pub(super) fn refuse(factor: usize, node: &Node, factors: &Factors, problems: &mut Problems) {
    let factor = &factors.list[factor];
    let literal = node.value.literal();
    let texts = || {
        factor.levels.iter().filter_map(|level| if let Value::Text(text) = level { Some(text.as_str()) } else { None })
    };
    let near = match &node.value {
        Value::Text(text) => spec::setting::closest(text, texts()),
        _ => None,
    };
    let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
    let levels: Vec<String> = factor.levels.iter().take(12).map(Value::literal).collect();
    let more = if factor.levels.len() > levels.len() { ", …" } else { "" };
    problems
        .error(&node.origin, format!("{literal} is not a level of {}{near}", factor.name))
        .hint(format!("its levels are {}{more}", levels.join(", ")));
}
