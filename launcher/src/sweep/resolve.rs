//! From a design point to everything that its runs share: a validated program, how it is carried out, and its id but
//! for the seed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use spec::benchmark::Benchmarks;
use spec::execution::ExecutionSpec;
use spec::resources::ResourcesSpec;
use spec::run::{CommandSpec, Science};
use spec::setting::{Protocol, Settings};
use spec::{Digest, Program, RunSpec, SCHEMA, SpecError, Study, Value, budget};

use super::blocks::{Inclusion, Override};
use super::content::Contents;
use super::design::Point;
use super::factors::Factors;
use super::program::{Command, ProgramSource};
use super::source::Origin;
use super::vocabulary::{Assignment, Target};

/// Everything that says what a point of the design means.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) name: &'a str,
    /// What fills in the settings that nobody wrote.
    pub(super) protocol: &'static Protocol,
    pub(super) program: &'a ProgramSource,
    pub(super) factors: &'a Factors,
    pub(super) inclusions: &'a [Inclusion],
    pub(super) overrides: &'a [Override],
    /// What wins over everything.
    pub(super) forced: &'a [Assignment],
    /// What holds where nothing else says otherwise.
    pub(super) fixed: &'a [Assignment],
    pub(super) contents: &'a Contents<'a>,
}

/// What the runs of one point share.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    name: &'a str,
    levels: Arc<BTreeMap<String, Value>>,
    program: ResolvedProgram<'a>,
    execution: ExecutionSpec,
    resources: ResourcesSpec,
    benchmarks: Benchmarks,
    files: BTreeMap<Digest, PathBuf>,
    /// What its network misses its budget by, as a part of it, if by more than is tolerated.
    pub(super) missed: Option<f64>,
}

#[derive(Debug)]
enum ResolvedProgram<'a> {
    /// A study and its science, made once for all seeds.
    Builtin(Arc<Study>, Science),
    /// A command whose arguments may hold the seed.
    Command(&'a Command, BTreeMap<String, Value>),
}

/// Why a point is no run, and where the value that is to blame was written.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) error: SpecError,
    pub(super) origin: Origin,
}

impl<'a> Resolver<'a> {
    /// The settings of all points, before anything that depends on the point.
    pub(super) fn common(&self) -> Settings {
        let mut settings = Settings::under(self.protocol);
        for assignment in self.fixed {
            give(&mut settings, assignment);
        }
        settings
    }

    /// The settings of `point`; `common` is what [`Self::common`] gave.
    pub(super) fn settings(&self, common: &Settings, point: &Point) -> Settings {
        let mut settings = common.clone();
        for (factor, level) in self.factors.list.iter().zip(&point.levels) {
            if let Target::Setting(setting) = &factor.target {
                settings.give(setting, &factor.levels[*level]).expect("invariant: a level was accepted by its factor");
            }
        }
        for assignment in self.assignments(point) {
            give(&mut settings, assignment);
        }
        settings
    }

    /// What the runs of `point` share; `common` is what [`Self::common`] gave.
    pub(super) fn resolve(&self, common: &Settings, point: &Point) -> Result<Resolved<'a>, Misfit> {
        let settings = self.settings(common, point);
        let mut parameters = BTreeMap::new();
        let mut levels = BTreeMap::new();
        for (factor, level) in self.factors.list.iter().zip(&point.levels) {
            let value = &factor.levels[*level];
            if let Target::Parameter(name) = &factor.target {
                parameters.insert(name.clone(), value.clone());
            }
            levels.insert(factor.name.clone(), value.clone());
        }
        for assignment in self.assignments(point) {
            if let Target::Parameter(name) = &assignment.target {
                parameters.insert(name.clone(), assignment.value.clone());
            }
        }
        let (program, benchmarks, files) = match self.program {
            ProgramSource::Builtin => self.study(&settings, point)?,
            ProgramSource::Command(command) => {
                (ResolvedProgram::Command(command, parameters), Benchmarks::default(), BTreeMap::new())
            }
        };
        let missed = match &program {
            ResolvedProgram::Builtin(study, _) => budget::deviation(&settings, &study.model),
            ResolvedProgram::Command(..) => None,
        };
        let missed = missed.filter(|deviation| deviation.abs() > budget::TOLERATED_DEVIATION);
        let execution = ExecutionSpec::from_settings(&settings);
        let resources = ResourcesSpec::from_settings(&settings).map_err(|error| self.misfit(error, point))?;
        let levels = Arc::new(levels);
        Ok(Resolved { name: self.name, levels, program, execution, resources, benchmarks, files, missed })
    }

    /// What is laid over the levels of `point`, in the order in which it is laid.
    fn assignments(&self, point: &Point) -> impl Iterator<Item = &'a Assignment> {
        let overrides = self.overrides.iter().filter(|replaced| replaced.condition.matches(&point.levels));
        let inclusion = point.inclusion.map(|index| &self.inclusions[index]);
        let overriding: Vec<&Assignment> = overrides.flat_map(|replaced| &replaced.assignments).collect();
        let including = inclusion.into_iter().flat_map(|inclusion| &inclusion.assignments);
        overriding.into_iter().chain(including).chain(self.forced)
    }

    fn study(
        &self,
        settings: &Settings,
        point: &Point,
    ) -> Result<(ResolvedProgram<'a>, Benchmarks, BTreeMap<Digest, PathBuf>), Misfit> {
        let asked = RefCell::new(BTreeSet::new());
        let content = |path: &str| {
            asked.borrow_mut().insert(path.to_owned());
            self.contents.digest(path)
        };
        let study = Study::from_settings(settings, &content).map_err(|error| self.misfit(error, point))?;
        let benchmarks = Benchmarks::from_settings(settings, &content).map_err(|error| self.misfit(error, point))?;
        let mut files = BTreeMap::new();
        for path in asked.into_inner() {
            if let Some(digest) = self.contents.digest(&path) {
                files.entry(digest).or_insert_with(|| self.contents.absolute(&path));
            }
        }
        let program = Program::Builtin(Arc::new(study));
        let science = Science::of(&program);
        let Program::Builtin(study) = program else { unreachable!("invariant: a study was just put in") };
        Ok((ResolvedProgram::Builtin(study, science), benchmarks, files))
    }

    /// `error` and where the value was written that is to blame for it.
    fn misfit(&self, error: SpecError, point: &Point) -> Misfit {
        Misfit { origin: error.key().map_or(Origin::Nowhere, |key| self.origin(key, point)), error }
    }

    /// Where the value was written that `key` has at `point`.
    pub(super) fn origin(&self, key: &str, point: &Point) -> Origin {
        let last = self.assignments(point).filter(|assignment| assignment.target.key() == key).last();
        let factor = self.factors.list.iter().find(|factor| factor.target.key() == key).map(|factor| &factor.origin);
        let fixed = self.fixed.iter().find(|assignment| assignment.target.key() == key);
        let found = last.map(|assignment| &assignment.origin).or(factor).or(fixed.map(|assignment| &assignment.origin));
        found.cloned().unwrap_or(Origin::Nowhere)
    }
}

impl Resolved<'_> {
    /// In words, by what its network misses its budget, if that must be said.
    pub(super) fn missed_in_words(&self) -> Option<String> {
        let ResolvedProgram::Builtin(study, _) = &self.program else { return None };
        let (missed, model) = (self.missed?, &study.model);
        let (percent, more) = (100.0 * missed.abs(), if missed > 0.0 { "more" } else { "fewer" });
        let width = model.feed_forward.width();
        Some(format!(
            "its feed-forward layer has {percent:.1} % {more} parameters than the plain one: at hidden size {} no width comes nearer \
             than {width}",
            model.hidden_size
        ))
    }

    /// The level of every factor.
    pub(super) fn levels(&self) -> &BTreeMap<String, Value> {
        &self.levels
    }

    /// The run with this seed.
    pub(super) fn run(&self, seed: u64) -> RunSpec {
        let (program, id) = match &self.program {
            ResolvedProgram::Builtin(study, science) => (Program::Builtin(Arc::clone(study)), science.id(seed)),
            ResolvedProgram::Command(command, parameters) => {
                let filled: CommandSpec = command.fill(seed, parameters);
                let program = Program::Command(filled);
                let id = Science::of(&program).id(seed);
                (program, id)
            }
        };
        RunSpec {
            schema: SCHEMA,
            id,
            sweep: self.name.to_owned(),
            seed,
            levels: Arc::clone(&self.levels),
            program,
            execution: self.execution.clone(),
            resources: self.resources.clone(),
            benchmarks: self.benchmarks.clone(),
            files: self.files.clone(),
            network: None,
        }
    }
}

fn give(settings: &mut Settings, assignment: &Assignment) {
    if let Target::Setting(setting) = &assignment.target {
        settings.give(setting, &assignment.value).expect("invariant: an assignment was accepted by its setting");
    }
}
