//! The table `[analysis]`: what will be compared.

use std::collections::BTreeMap;

use spec::Value;
use spec::analysis::{AnalysisSpec, Family, Pairing, Scale};
use spec::metric::{self, Direction};
use spec::setting::Setting;

use super::condition;
use super::document::{Block, Entry, Node};
use super::factors::Factors;
use super::keys;
use super::problem::Problems;
use super::questions;
use super::source::Origin;

static SETTINGS: [Setting; 7] = keys::ANALYSIS;

/// The level that is the baseline where the file names none and this is a level.
const USUAL_BASELINE: &str = "gelu";

/// Reads `[analysis]`; `is_builtin` says whether the built-in trainer runs, whose metrics are known.
pub(super) fn read(mut block: Block, factors: &Factors, is_builtin: bool, problems: &mut Problems) -> AnalysisSpec {
    let baseline = read_baseline(&mut block, factors, problems);
    let direction_entries = block.take_below("directions");
    let questions = questions::read(&block.take_below("questions"), factors, compared(factors), problems);
    let [primary, direction, margin, alpha, family, pairing, scale] =
        SETTINGS.each_ref().map(|setting| keys::take(&mut block, setting, problems));
    let mut known = keys::names(&SETTINGS);
    known.extend(["baseline", "directions", "questions"]);
    let origin = block.origin.clone();
    block.refuse_rest(&known, problems);

    let mut directions = read_directions(&direction_entries, problems);
    let (primary, origin) = primary.map_or((None, origin), |(value, origin)| (Some(value.to_string()), origin));
    if primary.is_none() && !is_builtin {
        problems
            .error(&origin, "analysis.primary is required, since another program runs")
            .hint("name the metric of its results.csv: primary = \"accuracy\", direction = \"higher\"");
    }
    let is_given = primary.is_some() || is_builtin;
    let primary = primary.unwrap_or_else(|| "validation-loss".to_owned());
    if let Some((value, origin)) = direction {
        add_direction(&primary, &value, &origin, &mut directions, problems);
    }
    if is_given {
        check_primary(&primary, &directions, is_builtin, &origin, problems);
    }
    let number = |value: Option<(Value, Origin)>| match value {
        Some((Value::Float(number), _)) => Some(number),
        _ => None,
    };
    let is = |value: Option<(Value, Origin)>, name: &str| value.is_some_and(|(value, _)| value == Value::from(name));
    AnalysisSpec {
        baseline,
        primary,
        directions,
        margin: number(margin),
        alpha: number(alpha).unwrap_or(0.05),
        family: if is(family, "stratum") { Family::Stratum } else { Family::Metric },
        pairing: if is(pairing, "none") { Pairing::None } else { Pairing::Seed },
        scale: if is(scale, "log") { Scale::Log } else { Scale::Linear },
        questions,
    }
}

/// The factor that is compared where the file does not say: the activation, else the first that has something to
/// compare.
fn compared(factors: &Factors) -> Option<usize> {
    factors.find("activation").or_else(|| factors.list.iter().position(|factor| factor.levels.len() > 1))
}

fn read_baseline(block: &mut Block, factors: &Factors, problems: &mut Problems) -> BTreeMap<String, Value> {
    let table = block.take_below("baseline");
    let mut baseline = BTreeMap::new();
    for entry in &table {
        if let Some(position) = factors.expect(&entry.path, &entry.origin, problems) {
            baseline.extend(level(position, &entry.node, factors, problems));
        }
    }
    match (block.take("baseline"), compared(factors)) {
        (Some(entry), Some(position)) => baseline.extend(level(position, &entry.node, factors, problems)),
        (Some(entry), None) if !factors.lack_some() => {
            problems.error(&entry.origin, "a baseline needs a factor that is compared, but no factor has two levels");
        }
        (None, Some(position)) if table.is_empty() => {
            let factor = &factors.list[position];
            let usual = Value::from(USUAL_BASELINE);
            let level = if factor.level(&usual).is_some() { Some(usual) } else { factor.levels.first().cloned() };
            baseline.extend(level.map(|level| (factor.name.clone(), level)));
        }
        (Some(_) | None, _) => {}
    }
    baseline
}

fn level(position: usize, node: &Node, factors: &Factors, problems: &mut Problems) -> Option<(String, Value)> {
    let factor = &factors.list[position];
    let level = condition::level(position, node, factors);
    if level.is_none() {
        condition::refuse(position, node, factors, problems);
    }
    level.map(|level| (factor.name.clone(), factor.levels[level].clone()))
}

fn read_directions(entries: &[Entry], problems: &mut Problems) -> BTreeMap<String, Direction> {
    let mut directions = BTreeMap::new();
    for entry in entries {
        add_direction(&entry.path, &entry.node.value, &entry.node.origin, &mut directions, problems);
    }
    directions
}

fn add_direction(
    metric: &str,
    value: &Value,
    origin: &Origin,
    directions: &mut BTreeMap<String, Direction>,
    problems: &mut Problems,
) {
    let Some(direction) = Direction::from_name(&value.to_string()) else {
        let message =
            format!("the direction {} of {metric} is not valid: expected \"lower\" or \"higher\"", value.literal());
        problems.error(origin, message);
        return;
    };
    let known = metric::find(metric).and_then(|metric| metric.direction);
    if known.is_some_and(|known| known != direction) {
        problems.error(origin, format!("{metric} is known, and {value} is not better"));
    }
    if directions.insert(metric.to_owned(), direction).is_some_and(|other| other != direction) {
        problems.error(origin, format!("direction and directions disagree on {metric}"));
    }
}

fn check_primary(
    primary: &str,
    directions: &BTreeMap<String, Direction>,
    is_builtin: bool,
    origin: &Origin,
    problems: &mut Problems,
) {
    let known = metric::find(primary);
    if known.is_some_and(|metric| metric.direction.is_some()) {
        return;
    }
    let judged = metric::known().filter(|metric| metric.direction.is_some()).map(|metric| metric.name);
    let near = if is_builtin { spec::setting::closest(primary, judged) } else { None };
    if directions.contains_key(primary) {
        // It may be a set of pairs that somebody described; a slip would be found only by the report, after all runs.
        if let Some(near) = near.filter(|_| known.is_none()) {
            problems.warn(origin, format!("{primary} is no metric of the trainer; did you mean \"{near}\"?"));
        }
        return;
    }
    let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
    problems
        .error(origin, format!("nothing says which way {primary} is better{near}"))
        .hint("add direction = \"lower\" or direction = \"higher\" to [analysis]");
}
