//! The tables `[factors]` and `[[zip]]`: the axes of the design.

use std::collections::{BTreeMap, BTreeSet};

use spec::Value;
use spec::plan::Factor;
use spec::setting::Kind;

use super::document::{Block, Document, Entry, Node};
use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::{RESERVED, Target, Vocabulary};

/// A factor as the file names it.
#[derive(Debug)]
pub(super) struct FactorSource {
    pub(super) name: String,
    pub(super) target: Target,
    /// Where its name was written.
    pub(super) origin: Origin,
    pub(super) levels: Vec<Value>,
    /// Which level has this literal.
    positions: BTreeMap<String, usize>,
}

/// Factors that move together: one factor, or those of a `[[zip]]`.
#[derive(Debug)]
pub(super) struct Axis {
    /// Positions of its factors.
    pub(super) factors: Vec<usize>,
    /// For every step, the level of each of its factors.
    pub(super) steps: Vec<Vec<usize>>,
}

/// All factors and how they are combined: every step of an axis with every step of the others.
#[derive(Debug, Default)]
pub(super) struct Factors {
    pub(super) list: Vec<FactorSource>,
    pub(super) axes: Vec<Axis>,
    /// The names of those that were refused: what follows from that alone is no further mistake.
    refused: Vec<String>,
}

impl FactorSource {
    /// The factor as plans and reports know it.
    pub(super) fn into_factor(self) -> Factor {
        Factor { name: self.name, levels: self.levels }
    }

    /// The position of a level.
    pub(super) fn level(&self, value: &Value) -> Option<usize> {
        self.positions.get(&value.literal()).copied()
    }

    /// Adds a level behind the others; the position of the one that is there where it is known.
    pub(super) fn add(&mut self, value: Value) -> usize {
        let next = self.levels.len();
        let position = *self.positions.entry(value.literal()).or_insert(next);
        if position == next {
            self.levels.push(value);
        }
        position
    }

    /// The level that `node` stands for, or a problem.
    pub(super) fn accept(&self, node: &Node, problems: &mut Problems) -> Option<Value> {
        self.target.accept(&self.name, node, problems)?;
        self.stored(&node.value)
    }

    /// The level that `value` stands for, if it fits the factor.
    pub(super) fn stored(&self, value: &Value) -> Option<Value> {
        let Target::Setting(setting) = &self.target else { return Some(value.clone()) };
        Some(match setting.accept(value).ok()? {
            // One path is shown as a path and not as the list of one that the setting makes of it.
            Value::List(items) if matches!(setting.kind, Kind::Paths) && items.len() == 1 => items[0].clone(),
            stored => stored,
        })
    }
}

impl Factors {
    /// Reads `[factors]` and every `[[zip]]`.
    pub(super) fn read(document: &mut Document, vocabulary: &Vocabulary, problems: &mut Problems) -> Self {
        let mut factors = Self::default();
        for entry in document.take("factors").entries {
            let Some((position, levels)) = factors.read_factor(&entry, vocabulary, problems) else { continue };
            let mut seen = BTreeSet::new();
            for (node, level) in entry.node.items.iter().zip(&levels) {
                if !seen.insert(*level) {
                    let literal = node.value.literal();
                    problems.error(&node.origin, format!("the level {literal} of {} stands twice", entry.path));
                }
            }
            let steps = levels.into_iter().map(|level| vec![level]).collect();
            factors.axes.push(Axis { factors: vec![position], steps });
        }
        for block in document.take_array("zip") {
            factors.read_zip(&block, vocabulary, problems);
        }
        factors
    }

    /// Whether one that is written was refused, so that nothing can be said of how many there are.
    pub(super) fn lack_some(&self) -> bool {
        !self.refused.is_empty()
    }

    /// The position of the factor called `name`, by whichever of its names.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let key = spec::setting::find(name).map_or(name, |setting| setting.key);
        // A parameter goes by its bare name, too, also where that is short for a setting.
        let bare = name.strip_prefix("params.").unwrap_or(name);
        self.list.iter().position(|factor| {
            let own = factor.target.key();
            factor.name == name || own == key || (own == bare && matches!(factor.target, Target::Parameter(_)))
        })
    }

    /// The factor that moves `target`.
    pub(super) fn of(&self, target: &Target) -> Option<&FactorSource> {
        self.list.iter().find(|factor| factor.target.key() == target.key())
    }

    /// Like [`Self::find`], with a problem for a name that is no factor.
    pub(super) fn expect(&self, name: &str, origin: &Origin, problems: &mut Problems) -> Option<usize> {
        let found = self.find(name);
        if found.is_none() && !self.refused.iter().any(|refused| refused == name) {
            let names = || self.list.iter().map(|factor| &factor.name).chain(&self.refused).map(String::as_str);
            let near = spec::setting::closest(name, names());
            let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            let problem = problems.error(origin, format!("{name} is not a factor of this sweep{near}"));
            let names: Vec<&str> = names().collect();
            if !names.is_empty() {
                problem.hint(format!("the factors are {}", names.join(", ")));
            }
        }
        found
    }

    /// Adds the factor of an entry; its position, and the position of each level that was written.
    ///
    /// A factor with a wrong level stays known by name, so that the rest of the file is judged by it.
    fn read_factor(
        &mut self,
        entry: &Entry,
        vocabulary: &Vocabulary,
        problems: &mut Problems,
    ) -> Option<(usize, Vec<usize>)> {
        let Some((target, items)) = self.target_and_levels(entry, vocabulary, problems) else {
            self.refused.push(entry.path.clone());
            return None;
        };
        let name = entry.path.clone();
        let origin = entry.origin.clone();
        let mut factor = FactorSource { name, target, origin, levels: Vec::new(), positions: BTreeMap::new() };
        let accepted: Vec<Value> = entry.node.items.iter().filter_map(|node| factor.accept(node, problems)).collect();
        let is_right = accepted.len() == items.len();
        let levels = accepted.into_iter().map(|level| factor.add(level)).collect();
        self.list.push(factor);
        is_right.then_some((self.list.len() - 1, levels))
    }

    /// What a factor moves, and its levels as they are written.
    fn target_and_levels<'a>(
        &self,
        entry: &'a Entry,
        vocabulary: &Vocabulary,
        problems: &mut Problems,
    ) -> Option<(Target, &'a [Value])> {
        let target = self.factor_target(entry, vocabulary, problems)?;
        let Value::List(items) = &entry.node.value else {
            let literal = entry.node.value.literal();
            let message = format!("{} must be a list of levels, as in [{literal}]", entry.path);
            problems.error(&entry.node.origin, message);
            return None;
        };
        if items.is_empty() {
            problems.error(&entry.node.origin, format!("{} has no levels", entry.path));
            return None;
        }
        Some((target, items))
    }

    fn factor_target(&self, entry: &Entry, vocabulary: &Vocabulary, problems: &mut Problems) -> Option<Target> {
        let name = entry.path.as_str();
        if RESERVED.contains(&name) || name == "seeds" {
            problems
                .error(&entry.origin, format!("{name} cannot be a factor"))
                .hint("seeds stand under [sweep] as seeds = 10");
            return None;
        }
        let target = vocabulary.target(name, &entry.origin, problems)?;
        if !target.is_science() {
            problems
                .error(&entry.origin, format!("{name} cannot be a factor: it does not change what a run finds"))
                .hint("set it for some runs with [[override]]");
            return None;
        }
        if let Some(other) = self.list.iter().find(|factor| factor.target.key() == target.key()) {
            problems.error(&entry.origin, format!("{name} is a factor already, as {}", other.name));
            return None;
        }
        Some(target)
    }

    fn read_zip(&mut self, block: &Block, vocabulary: &Vocabulary, problems: &mut Problems) {
        let columns: Vec<Option<(usize, Vec<usize>)>> =
            block.entries.iter().map(|entry| self.read_factor(entry, vocabulary, problems)).collect();
        if columns.is_empty() {
            problems.error(&block.origin, "[[zip]] names no factors");
        }
        let Some(columns) = columns.into_iter().collect::<Option<Vec<_>>>() else { return };
        let Some(length) = columns.first().map(|(_, levels)| levels.len()) else { return };
        let first = &block.entries[0].path;
        for (entry, (_, levels)) in block.entries.iter().zip(&columns).filter(|(_, (_, levels))| levels.len() != length)
        {
            let count = levels.len();
            problems.error(
                &entry.node.origin,
                format!(
                    "{} has {count} levels and {first} has {length}: factors of a [[zip]] move together",
                    entry.path
                ),
            );
        }
        let factors = columns.iter().map(|(position, _)| *position).collect();
        let steps: Vec<Vec<usize>> = (0..length)
            .map(|step| columns.iter().filter_map(|(_, levels)| levels.get(step).copied()).collect())
            .collect();
        let mut seen = BTreeSet::new();
        for (step, node) in steps.iter().zip(&block.entries[0].node.items) {
            if !seen.insert(step) {
                problems.error(&node.origin, "this step of the [[zip]] stands twice");
            }
        }
        self.axes.push(Axis { factors, steps });
    }
}
