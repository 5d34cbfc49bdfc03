//! The tables that change single parts of the design: `[[exclude]]`, `[[include]]` and `[[override]]`.

use super::condition::Condition;
use super::document::{Block, Document, Entry};
use super::factors::Factors;
use super::header::read_seeds;
use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::{Assignment, Vocabulary};

/// An `[[exclude]]`: the points that are left out.
#[derive(Debug)]
pub(super) struct Exclusion {
    pub(super) condition: Condition,
    pub(super) origin: Origin,
}

/// An `[[override]]`: settings for the points that match.
#[derive(Debug)]
pub(super) struct Override {
    pub(super) condition: Condition,
    pub(super) assignments: Vec<Assignment>,
    pub(super) origin: Origin,
}

/// An `[[include]]`: one point beside the product of the factors.
#[derive(Debug)]
pub(super) struct Inclusion {
    /// The level of every factor.
    pub(super) levels: Vec<usize>,
    /// Its seeds; those of the sweep if it has none of its own.
    pub(super) seeds: Option<Vec<u64>>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) origin: Origin,
}

/// Reads every `[[include]]`, adding levels that only they have to `factors`.
pub(super) fn read_inclusions(
    document: &mut Document,
    factors: &mut Factors,
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) -> Vec<Inclusion> {
    let blocks = document.take_array("include");
    blocks.into_iter().filter_map(|block| read_inclusion(block, factors, vocabulary, problems)).collect()
}

fn read_inclusion(
    mut block: Block,
    factors: &mut Factors,
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) -> Option<Inclusion> {
    let seeds = read_seeds(&mut block, problems);
    let set = block.take_below("set");
    let assignments = read_set(&set, factors, vocabulary, problems);
    let mut levels: Vec<Option<usize>> = vec![None; factors.list.len()];
    for entry in &block.entries {
        let Some(position) = factors.expect(&entry.path, &entry.origin, problems) else { continue };
        let Some(value) = factors.list[position].accept(&entry.node, problems) else { continue };
        levels[position] = Some(factors.list[position].add(value));
    }
    let is_named = |position: usize| block.entries.iter().any(|entry| factors.find(&entry.path) == Some(position));
    let unnamed = (0..levels.len()).filter(|position| !is_named(*position));
    let missing: Vec<&str> = unnamed.map(|position| factors.list[position].name.as_str()).collect();
    if !missing.is_empty() {
        problems.error(&block.origin, format!("[[include]] needs a level of {}", missing.join(" and of ")));
    }
    let levels = levels.into_iter().collect::<Option<Vec<usize>>>()?;
    Some(Inclusion { levels, seeds, assignments, origin: block.origin })
}

/// Reads every `[[exclude]]`.
pub(super) fn read_exclusions(document: &mut Document, factors: &Factors, problems: &mut Problems) -> Vec<Exclusion> {
    let mut exclusions = Vec::new();
    for block in document.take_array("exclude") {
        if block.entries.is_empty() {
            problems
                .error(&block.origin, "[[exclude]] names no factor, and so would leave nothing")
                .hint("write a level for each factor that it speaks of, as in activation = \"kan\"");
        }
        let condition = Condition::read(&block.entries, factors, problems);
        exclusions.push(Exclusion { condition, origin: block.origin });
    }
    exclusions
}

/// Reads every `[[override]]`.
pub(super) fn read_overrides(
    document: &mut Document,
    factors: &Factors,
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) -> Vec<Override> {
    let mut overrides = Vec::new();
    for mut block in document.take_array("override") {
        let when = block.take_below("when");
        let set = block.take_below("set");
        if when.is_empty() {
            problems
                .error(&block.origin, "[[override]] needs when = { factor = level }")
                .hint("what holds for all runs stands in the sections: [model], [train], [resources]");
        }
        if set.is_empty() {
            problems.error(&block.origin, "[[override]] needs set = { \"key\" = value }");
        }
        let condition = Condition::read(&when, factors, problems);
        let assignments = read_set(&set, factors, vocabulary, problems);
        let origin = block.origin.clone();
        block.refuse_rest(&["when", "set"], problems);
        overrides.push(Override { condition, assignments, origin });
    }
    overrides
}

fn read_set(entries: &[Entry], factors: &Factors, vocabulary: &Vocabulary, problems: &mut Problems) -> Vec<Assignment> {
    let mut assignments = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(assignment) = vocabulary.assignment(&entry.path, entry, problems) else { continue };
        if let Some(factor) = factors.of(&assignment.target) {
            let message = format!("{} is a factor: its level says what it is", factor.name);
            problems.error(&entry.origin, message);
        } else {
            assignments.push(assignment);
        }
    }
    assignments
}

/// Reads the sections of settings and what `--set` lays over everything: what holds for all runs, and what wins.
pub(super) fn read_settings(
    document: &mut Document,
    factors: &Factors,
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) -> (Vec<Assignment>, Vec<Assignment>) {
    let mut fixed = Vec::new();
    for section in spec::setting::SECTIONS {
        for entry in document.take(section.name).entries {
            let name = format!("{}.{}", section.name, entry.path);
            fixed.extend(read_fixed(&name, &entry, factors, vocabulary, problems));
        }
    }
    let entries = std::mem::take(&mut document.forced);
    let forced =
        entries.iter().filter_map(|entry| read_fixed(&entry.path, entry, factors, vocabulary, problems)).collect();
    (fixed, forced)
}

fn read_fixed(
    name: &str,
    entry: &Entry,
    factors: &Factors,
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) -> Option<Assignment> {
    let assignment = vocabulary.assignment(name, entry, problems)?;
    match factors.of(&assignment.target) {
        None => Some(assignment),
        Some(factor) => {
            problems
                .error(&entry.origin, format!("{name} is set here and is the factor {} as well", factor.name))
                .hint(format!("keep one: the value here, or the levels of {} under [factors]", factor.name));
            None
        }
    }
}
