//! All tables of a sweep file, read but not yet expanded.

use std::collections::BTreeMap;
use std::path::Path;

use spec::analysis::AnalysisSpec;
use spec::{RunId, RunSpec};

use super::blocks::{Exclusion, Inclusion, Override};
use super::content::Contents;
use super::design::{self, Point};
use super::document::Document;
use super::factors::Factors;
use super::header::Header;
use super::preset::{self, Explicit, PresetUse};
use super::problem::Problems;
use super::program::ProgramSource;
use super::resolve::Resolver;
use super::retry::RetryPolicy;
use super::vocabulary::Assignment;
use super::{analysis, blocks, runs, synonyms, unused};

/// What the tables of a sweep file say.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) header: Header,
    pub(super) retry: RetryPolicy,
    pub(super) factors: Factors,
    pub(super) analysis: AnalysisSpec,
    /// What the preset of the header comes to.
    pub(super) preset: Option<PresetUse>,
    program: ProgramSource,
    exclusions: Vec<Exclusion>,
    inclusions: Vec<Inclusion>,
    overrides: Vec<Override>,
    /// What holds for all runs unless something else says otherwise.
    fixed: Vec<Assignment>,
    /// What wins over everything.
    forced: Vec<Assignment>,
}

impl Tables {
    /// Reads every table; what is wrong is a problem and left out.
    pub(super) fn read(mut document: Document, base: &Path, problems: &mut Problems) -> Self {
        document.check_tables(problems);
        let header = Header::read(document.take("sweep"), problems);
        let retry = RetryPolicy::read(document.take("retry"), problems);
        let program = ProgramSource::read(&mut document, base, problems);
        let vocabulary = program.vocabulary();
        let mut factors = Factors::read(&mut document, &vocabulary, problems);
        // Inclusions come before all that names levels, since they may bring levels of their own.
        let inclusions = blocks::read_inclusions(&mut document, &mut factors, &vocabulary, problems);
        let exclusions = blocks::read_exclusions(&mut document, &factors, problems);
        let overrides = blocks::read_overrides(&mut document, &factors, &vocabulary, problems);
        let (fixed, forced) = blocks::read_settings(&mut document, &factors, &vocabulary, problems);
        let analysis = analysis::read(document.take("analysis"), &factors, program.is_builtin(), problems);
        program.check(&factors, problems);
        let single = overrides.iter().map(|block| &block.assignments);
        let explicit = Explicit {
            factors: &factors,
            common: fixed.iter().chain(&forced).collect(),
            single: single.chain(inclusions.iter().map(|block| &block.assignments)).flatten().collect(),
        };
        let preset = preset::apply(header.protocol, &explicit, problems);
        if preset.is_some() && !program.is_builtin() {
            let message = "sweep.preset fills in settings of the built-in trainer, but [trainer] runs another program";
            problems.error(&header.protocol_origin, message);
        }
        Self { header, retry, factors, analysis, preset, program, exclusions, inclusions, overrides, fixed, forced }
    }

    /// The content of every file that is named anywhere.
    pub(super) fn contents<'a>(&self, base: &'a Path, problems: &mut Problems) -> Contents<'a> {
        let mut contents = Contents::new(base);
        let overriding = self.overrides.iter().flat_map(|block| &block.assignments);
        let including = self.inclusions.iter().flat_map(|block| &block.assignments);
        for assignment in self.fixed.iter().chain(&self.forced).chain(overriding).chain(including) {
            contents.add(&assignment.target, &assignment.value, &assignment.origin, problems);
        }
        for factor in &self.factors.list {
            for level in &factor.levels {
                contents.add(&factor.target, level, &factor.origin, problems);
            }
        }
        contents.tell_missing(problems);
        contents
    }

    /// The design, expanded; `None` only if there are problems.
    pub(super) fn expand(&self, contents: &Contents, problems: &mut Problems) -> Option<Expansion> {
        let inclusions = &self.inclusions;
        let points = design::points(&self.factors, &self.exclusions, inclusions, problems);
        design::check_overrides(&points, &self.overrides, problems);
        synonyms::warn(&self.factors, &points, problems);
        let own = |point: &Point| point.inclusion.and_then(|index| inclusions[index].seeds.as_deref());
        if !runs::are_few_enough(&self.header.seeds, &points, own, problems) {
            return None;
        }
        let resolver = Resolver {
            name: &self.header.name,
            protocol: self.header.protocol,
            program: &self.program,
            factors: &self.factors,
            inclusions,
            overrides: &self.overrides,
            forced: &self.forced,
            fixed: &self.fixed,
            contents,
        };
        let resolved = runs::resolve(&resolver, &points, problems);
        if problems.any() {
            return None;
        }
        if self.program.is_builtin() {
            unused::warn(&resolver, &points, problems);
        }
        let order = runs::seeds_of(&self.header.seeds, &points, own);
        runs::refuse_ambiguous(&points, &order, |index| inclusions[index].origin.clone(), problems);
        let (runs, missed_budgets) = runs::runs(&resolved, &order, problems);
        Some(Expansion { runs, seeds: order.into_iter().map(|(seed, _)| seed).collect(), missed_budgets })
    }
}

/// What a design comes to.
#[derive(Debug)]
pub(super) struct Expansion {
    /// The runs, seed by seed.
    pub(super) runs: Vec<RunSpec>,
    /// The seeds in their order.
    pub(super) seeds: Vec<u64>,
    /// The runs whose network misses the budget to which it is matched, and by which part of it.
    pub(super) missed_budgets: BTreeMap<RunId, f64>,
}
