//! Settings that are written and make no difference to any run: `kan.order` in a sweep of gelu and relu.
//!
//! Whether a run uses a setting is found out by changing it: where every other value gives the same network and the
//! same training, it is not used. So there is no list of which setting belongs to which layer that could grow old.

use spec::benchmark::Benchmarks;
use spec::evaluate::EvaluateSpec;
use spec::model::ModelSpec;
use spec::setting::{Kind, Setting, Settings};
use spec::train::TrainSpec;
use spec::{Digest, SpecError, Value};

use super::design::Point;
use super::problem::Problems;
use super::resolve::Resolver;
use super::source::Origin;
use super::vocabulary::{Assignment, Target};

/// Sections whose settings all come into [`Outcome`].
const SECTIONS: [&str; 3] = ["model.", "train.", "evaluate."];

/// Matched and unmatched can come to the same width, and yet one of them is meant.
const NEVER_IDLE: &str = "model.budget";

/// Most points of a design that is asked; of a larger one nothing is said.
const MOST_ASKED: usize = 5_000;

/// What the settings of these sections come to.
type Outcome = Result<(ModelSpec, TrainSpec, EvaluateSpec, Benchmarks), SpecError>;

/// Warns of the settings that no run uses.
pub(super) fn warn(resolver: &Resolver, points: &[Point], problems: &mut Problems) {
    let common = resolver.common();
    let is_idle = |setting: &'static Setting| {
        let all = || points.iter().map(|point| resolver.settings(&common, point));
        // What an [[override]] says that matches no run stands nowhere, and is warned of already.
        let mut with_it = all().filter(|settings| settings.is_given(setting.key)).peekable();
        points.len() <= MOST_ASKED && with_it.peek().is_some() && !with_it.any(|settings| is_used(setting, &settings))
    };
    let idle: Vec<_> = written(resolver).into_iter().filter(|(setting, _)| is_idle(setting)).collect();
    let Some((_, first)) = idle.first() else { return };
    let names: Vec<String> = idle.iter().map(|(setting, _)| format!("`{}`", setting.key)).collect();
    let (said, advice) = match names.as_slice() {
        [name] => (format!("no run uses {name}"), "take it out, or add the level or task that it is for"),
        names => {
            (format!("no run uses {}", names.join(", ")), "take them out, or add the levels or tasks that they are for")
        }
    };
    problems.warn(first, said).hint(advice);
}

/// Every setting that the sweep writes out, with where it does so first.
fn written<'a>(resolver: &'a Resolver<'_>) -> Vec<(&'static Setting, &'a Origin)> {
    let overriding = resolver.overrides.iter().flat_map(|block| &block.assignments);
    let including = resolver.inclusions.iter().flat_map(|block| &block.assignments);
    let all = resolver.fixed.iter().chain(resolver.forced).chain(overriding).chain(including);
    let mut found: Vec<(&'static Setting, &Origin)> = Vec::new();
    for Assignment { target, origin, .. } in all {
        if let Target::Setting(setting) = target
            && SECTIONS.iter().any(|section| setting.key.starts_with(section))
            && setting.key != NEVER_IDLE
            && !found.iter().any(|(known, _)| known.key == setting.key)
        {
            found.push((*setting, origin));
        }
    }
    found
}

/// Whether a run with these settings would be another one with another value of `setting`.
fn is_used(setting: &'static Setting, settings: &Settings) -> bool {
    let Some(value) = settings.value(setting.key).filter(|_| settings.is_given(setting.key)) else { return false };
    let others = others(setting, &value);
    let before = outcome(settings);
    let differs = |other: &Value| {
        let mut changed = settings.clone();
        changed.give(setting, other).is_ok() && outcome(&changed) != before
    };
    // What has no other value that could be tried is taken to be used.
    others.is_empty() || others.iter().any(differs)
}

fn outcome(settings: &Settings) -> Outcome {
    let model = ModelSpec::from_settings(settings)?;
    let train = TrainSpec::from_settings(settings, model.architecture)?;
    // Which files there are makes no difference here.
    let content = |path: &str| Some(Digest::of(path.as_bytes()));
    let evaluate = EvaluateSpec::from_settings(settings, &content)?;
    let mut benchmarks = Benchmarks::from_settings(settings, &content)?;
    if benchmarks.asked.is_empty() {
        benchmarks.curve_pairs = None;
    }
    Ok((model, train, evaluate, benchmarks))
}

/// Other values that `setting` takes: near ones, and one at an end, since a near one may be cut to the same by another
/// setting.
fn others(setting: &Setting, value: &Value) -> Vec<Value> {
    let candidates: Vec<Value> = match (setting.kind, value) {
        (Kind::Flag, Value::Boolean(flag)) => vec![Value::Boolean(!flag)],
        (Kind::Integer { least, .. }, Value::Integer(number)) => {
            [number.saturating_add(1), number.saturating_sub(1), least].map(Value::Integer).to_vec()
        }
        (Kind::Float { least, most }, Value::Float(number)) => [number / 2.0, least, most].map(Value::Float).to_vec(),
        (Kind::Positive { .. }, Value::Float(number)) => vec![Value::Float(number / 2.0)],
        (Kind::Choice(names), _) => names.iter().map(|name| Value::from(*name)).collect(),
        _ => Vec::new(),
    };
    candidates.into_iter().filter(|other| other != value && setting.accept(other).is_ok()).collect()
}
