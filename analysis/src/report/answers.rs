//! The declared questions and their answers, by name.

use serde::Serialize;
use spec::Value;
use spec::analysis::{AnalysisSpec, Question};

use super::correction::{Correction, judge};
use super::cost::Cost;
use super::design::{ComparedFactor, PlannedStratum, lay_out, stratum_name};
use super::grid::Grid;
use super::index::Index;
use super::judged::Judged;
use super::metric::MetricReport;
use super::reply::sentence;
use super::rule;
use crate::error::AnalysisError;
use crate::nearest::suggestion;
use crate::results::Results;
use crate::statistics::estimate::Joint;

/// One pair of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairAnswer {
    /// The level.
    pub level: String,
    /// What it is set against.
    pub baseline: String,
    /// The difference over all strata.
    pub judged: Judged,
    /// What a run of the level and one of the baseline cost.
    pub cost: [Cost; 2],
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Its name.
    pub name: String,
    /// The factor whose levels it sets against each other.
    pub factor: String,
    /// How many strata it is answered over: those in which all its levels have values.
    pub strata: usize,
    /// The names of the other strata.
    pub left_out: Vec<String>,
    /// The answer: the mean difference of all pairs.
    pub pooled: Judged,
    /// Whether differences between its levels differ between the strata; absent with one stratum and where it could not
    /// be tested.
    pub interaction: Option<Joint>,
    /// Each pair by itself; a single one is the answer, and has its correction.
    pub pairs: Vec<PairAnswer>,
    /// The answer as a sentence.
    pub sentence: String,
}

/// Checks that the results have what the questions name.
pub(super) fn check(results: &Results, questions: &[Question]) -> Result<(), AnalysisError> {
    for question in questions {
        let factor = factor_of(results, question)?;
        for level in question.pairs.iter().flatten() {
            results.find_level(factor, level).ok_or_else(|| unknown_level(results, factor, level))?;
        }
        let itself =
            |[level, baseline]: &&[Value; 2]| results.find_level(factor, level) == results.find_level(factor, baseline);
        if let Some([level, _]) = question.pairs.iter().find(itself) {
            return Err(AnalysisError::AgainstItself { question: question.name.clone(), level: level.to_string() });
        }
    }
    Ok(())
}

fn factor_of(results: &Results, question: &Question) -> Result<usize, AnalysisError> {
    let names = || results.factors.iter().map(|factor| factor.name.as_str());
    names().position(|name| name == question.factor).ok_or_else(|| AnalysisError::Unknown {
        kind: "factor".to_owned(),
        name: question.factor.clone(),
        suggestion: suggestion(&question.factor, names().collect::<Vec<_>>()),
    })
}

fn unknown_level(results: &Results, factor: usize, level: &Value) -> AnalysisError {
    let factor = &results.factors[factor];
    AnalysisError::Unknown {
        kind: format!("level of `{}`", factor.name),
        name: level.to_string(),
        suggestion: suggestion(&level.to_string(), factor.levels.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

/// The answers in the primary metric, in the order of the questions.
///
/// The pooled answers of all questions share one correction, and the pairs of a question another one, both Holm's.
pub(super) fn answers(
    index: &Index<'_>,
    analysis: &AnalysisSpec,
    metric: &MetricReport,
    scale: fn(f64) -> f64,
) -> Vec<Answer> {
    let mut answers: Vec<Answer> = analysis
        .questions
        .iter()
        .filter_map(|question| {
            let factor = factor_of(index.results, question).ok()?;
            Some(answer(index, analysis, question, (factor, metric, scale)))
        })
        .collect();
    let mut pooled: Vec<&mut Judged> = answers.iter_mut().map(|answer| &mut answer.pooled).collect();
    judge(&mut pooled, Correction::Holm, metric.direction, (analysis, true));
    for answer in &mut answers {
        if let [pair] = answer.pairs.as_mut_slice() {
            pair.judged = answer.pooled.clone();
        }
        answer.sentence = sentence(answer, metric, analysis);
    }
    answers
}

fn answer(
    index: &Index<'_>,
    analysis: &AnalysisSpec,
    question: &Question,
    (factor, metric, scale): (usize, &MetricReport, fn(f64) -> f64),
) -> Answer {
    let compared = lay_out(index.results, factor, None);
    let (compared, left_out) = narrowed(index, compared, question, &metric.name);
    let grid = Grid::new(index, &metric.name, &compared, (analysis, scale));
    let places: Vec<Option<(usize, usize)>> = question
        .pairs
        .iter()
        .map(|pair| Some((grid.place(&pair[0].to_string())?, grid.place(&pair[1].to_string())?)))
        .collect();
    let by_seeds = grid.complete_seeds() >= rule::SEEDS_ALONE || compared.strata.len() == 1;
    let absent = || Judged::not(0, Some("a level of it has no values in some stratum".to_owned()));
    let judged = |place: &Option<(usize, usize)>| place.map_or_else(absent, |place| grid.judge(&[place], by_seeds));
    let mut pairs: Vec<PairAnswer> = question
        .pairs
        .iter()
        .zip(&places)
        .map(|(pair, place)| PairAnswer {
            level: pair[0].to_string(),
            baseline: pair[1].to_string(),
            judged: judged(place),
            cost: pair.each_ref().map(|level| Cost::of(index, &compared, &level.to_string())),
        })
        .collect();
    let mut family: Vec<&mut Judged> = pairs.iter_mut().map(|pair| &mut pair.judged).collect();
    judge(&mut family, Correction::Holm, metric.direction, (analysis, true));
    let places = places.into_iter().collect::<Option<Vec<_>>>();
    let pooled = places.as_ref().map_or_else(absent, |places| grid.judge(places, by_seeds));
    let several = compared.strata.len() > 1;
    let interaction = if several && places.is_some() { grid.interaction().ok() } else { None };
    Answer {
        name: question.name.clone(),
        factor: question.factor.clone(),
        strata: compared.strata.len(),
        left_out,
        pooled,
        interaction,
        pairs,
        sentence: String::new(),
    }
}

/// The strata in which all levels of the question have values, with these levels only, so that the gaps of another
/// level cost it nothing; and the names of the other strata. Where no stratum has them all, every one is kept.
fn narrowed(
    index: &Index<'_>,
    mut compared: ComparedFactor,
    question: &Question,
    metric: &str,
) -> (ComparedFactor, Vec<String>) {
    let named = question.pairs.iter().flatten();
    let named: Vec<usize> = named.filter_map(|level| index.results.find_level(compared.factor, level)).collect();
    for stratum in &mut compared.strata {
        stratum.arms.retain(|(level, _)| named.contains(level));
    }
    let is_whole = |stratum: &PlannedStratum| {
        let has = |level: &usize| {
            let arm = stratum.arms.iter().find(|(other, _)| other == level);
            arm.is_some_and(|(_, point)| !index.values(metric, point).is_empty())
        };
        named.iter().all(has)
    };
    if !compared.strata.iter().any(is_whole) {
        return (compared, Vec::new());
    }
    let (whole, others): (Vec<_>, Vec<_>) = compared.strata.into_iter().partition(is_whole);
    compared.strata = whole;
    (compared, others.iter().map(|stratum| stratum_name(&stratum.settings)).collect())
}
