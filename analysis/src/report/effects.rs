//! A factor over all strata: does it matter, does it matter everywhere alike, and which levels differ from the
//! baseline.

use serde::Serialize;
use spec::analysis::AnalysisSpec;
use spec::metric::Direction;

use super::correction::{Correction, judge};
use super::design::ComparedFactor;
use super::grid::Grid;
use super::judged::Judged;
use super::model::Blocks;
use super::rule;
use crate::statistics::diagnostics::levene::{Centre, levene};
use crate::statistics::estimate::Joint;
use crate::statistics::refusal::Refusal;

/// How unequal the spread of the arms is. Shown, and never used to choose a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The largest standard deviation of an arm over the smallest; absent where an arm has none.
    pub ratio: Option<f64>,
    /// p of Brown and Forsythe's test.
    pub p: Option<f64>,
    /// The level that varies most, where that is no chance.
    pub widest: Option<Widest>,
}

/// A level that varies more than the others do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Widest {
    /// The level.
    pub level: String,
    /// Its standard deviation over that of all other levels, without what a seed does to all of them where runs are
    /// paired: of seeds' means over strata where seeds recur, else of runs within strata.
    pub ratio: f64,
    /// p of the F test of its variance against theirs, times the number of levels (Bonferroni); below [`UNEQUAL`].
    pub p: f64,
}

/// Below it a level is said to vary more than the others.
const UNEQUAL: f64 = 0.01;

/// Which comparisons the report leads with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leads {
    /// Those over all strata: nothing says, where it could be tested, that a level's effect depends on the stratum.
    MainEffects,
    /// Those within each stratum: the interaction is significant, and an average over strata would hide it.
    SimpleEffects,
}

/// A level against the baseline, averaged over the strata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MainContrast {
    /// The level.
    pub level: String,
    /// The difference and its verdict.
    pub judged: Judged,
}

/// The factor over all strata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effects {
    /// The factors that make the strata.
    pub across: Vec<String>,
    /// How many strata.
    pub strata: usize,
    /// Levels that have values in every stratum, of one seed in all of them where seeds recur.
    pub levels: Vec<String>,
    /// Levels that lack a stratum, and are in no comparison here.
    pub left_out: Vec<String>,
    /// How the model treats the runs of one seed in one stratum; absent where it could not be fitted.
    pub blocks: Option<Blocks>,
    /// Variance between seeds within a stratum, in the metric's unit squared.
    pub between_variance: Option<f64>,
    /// Variance of a run around its arm and seed.
    pub residual_variance: Option<f64>,
    /// Whether differences between levels differ between strata: to be read first.
    pub interaction: Option<Joint>,
    /// Whether levels differ on average.
    pub main_effect: Option<Joint>,
    /// How unequal the arms' spread is.
    pub spread: Spread,
    /// Which comparisons lead.
    pub leads: Leads,
    /// The levels against the baseline.
    pub contrasts: Vec<MainContrast>,
    /// Why something of this is absent, in words.
    pub reason: Option<String>,
}

/// The effects of `compared`; `None` where there is one stratum or no baseline, and so nothing to average over.
pub(super) fn effects(
    grid: &Grid<'_>,
    compared: &ComparedFactor,
    direction: Option<Direction>,
    (analysis, primary): (&AnalysisSpec, bool),
) -> Option<Effects> {
    let baseline = compared.baseline?;
    if compared.strata.len() < 2 {
        return None;
    }
    let across: Vec<String> = compared.strata[0].settings.iter().map(|setting| setting.factor.clone()).collect();
    let place = grid.levels.iter().position(|level| *level == baseline);
    let model = grid.model();
    let interaction = grid.interaction();
    let untested = |refusal: &Refusal| format!("the interaction was not tested: {refusal}");
    let reasons = model.as_ref().err().map(ToString::to_string).or_else(|| interaction.as_ref().err().map(untested));
    let interaction = interaction.ok();
    let mut effects = Effects {
        across,
        strata: compared.strata.len(),
        levels: grid.names(&grid.levels),
        left_out: grid.names(&grid.left_out),
        blocks: model.as_ref().ok().map(|model| model.blocks),
        between_variance: model.as_ref().ok().and_then(|model| model.between),
        residual_variance: model.as_ref().ok().map(|model| model.residual),
        interaction,
        main_effect: grid.main_effect().ok(),
        spread: Spread { widest: widest(grid), ..spread(grid) },
        leads: Leads::MainEffects,
        contrasts: Vec::new(),
        reason: reasons,
    };
    if interaction.is_some_and(|test| test.p < analysis.alpha) {
        effects.leads = Leads::SimpleEffects;
    }
    let Some(place) = place else {
        effects.reason = Some(format!("the baseline {} has no seed in every stratum", grid.name(baseline)));
        return Some(effects);
    };
    effects.contrasts = contrasts(grid, place);
    let loadings: Vec<f64> =
        (0..grid.levels.len()).filter(|level| *level != place).map(|level| grid.loading(level, place)).collect();
    let mut family: Vec<&mut Judged> = effects.contrasts.iter_mut().map(|contrast| &mut contrast.judged).collect();
    judge(&mut family, Correction::Dunnett(&loadings), direction, (analysis, primary));
    if effects.leads == Leads::SimpleEffects {
        effects.contrasts.iter_mut().for_each(|contrast| contrast.judged.withhold(DEPENDS));
    }
    Some(effects)
}

/// Why an average is not judged.
const DEPENDS: &str = "the interaction is significant, and levels are judged within each stratum only";

fn contrasts(grid: &Grid<'_>, place: usize) -> Vec<MainContrast> {
    let others = (0..grid.levels.len()).filter(|level| *level != place);
    others
        .map(|level| MainContrast {
            level: grid.name(grid.levels[level]).to_owned(),
            judged: grid.judge(&[(level, place)], grid.complete_seeds() >= rule::SEEDS_ALONE),
        })
        .collect()
}

fn spread(grid: &Grid<'_>) -> Spread {
    let groups: Vec<Vec<f64>> = grid.all_cells().map(|cell| cell.iter().map(|(_, value)| *value).collect()).collect();
    let spreads: Option<Vec<f64>> =
        groups.iter().map(|group| crate::statistics::describe::standard_deviation(group)).collect();
    let ratio = spreads.filter(|spreads| !spreads.is_empty()).and_then(|spreads| {
        let (low, high) = spreads.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), s| (low.min(*s), high.max(*s)));
        Some(high / low).filter(|ratio| ratio.is_finite())
    });
    Spread { ratio, p: levene(&groups, Centre::Median).ok().map(|found| found.p), widest: None }
}

/// The level that varies most, where that is no chance.
fn widest(grid: &Grid<'_>) -> Option<Widest> {
    let found = grid.widest()?;
    let p = (found.p * grid.levels.len() as f64).min(1.0);
    (p < UNEQUAL).then(|| Widest { level: grid.name(grid.levels[found.level]).to_owned(), ratio: found.ratio, p })
}
