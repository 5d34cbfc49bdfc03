//! The report as tidy CSV: one row a comparison, one row a value. Numbers in full, nothing rounded.

use crate::report::Report;
use crate::report::design::Setting;
use crate::report::metric::{Arm, Contrast, MetricReport, Stratum};
use crate::report::pairs::Pairs;
use crate::results::Factor;
use crate::statistics::estimate::Estimate;

/// The columns of `comparisons.csv` after the factors.
const OF_COMPARISONS: [&str; 30] = [
    "baseline",
    "n",
    "mean",
    "sd",
    "median",
    "seeds_used",
    "seeds_planned",
    "difference",
    "low",
    "high",
    "standard_error",
    "t",
    "df",
    "p",
    "holm_p",
    "margin",
    "equivalence_p",
    "equivalence_holm_p",
    "detectable_alone",
    "detectable_in_family",
    "simultaneous_low",
    "simultaneous_high",
    "seeds_to_settle",
    "sign_flip_p",
    "signed_rank_p",
    "worst_rank_p",
    "diverged",
    "baseline_diverged",
    "verdict",
    "reason",
];

/// The columns of `observations.csv` after the factors.
const OF_OBSERVATIONS: [&str; 3] = ["seed", "metric", "value"];

/// Columns that a table of observations might have besides and that are no factors when it is read.
const NO_FACTORS: [&str; 2] = ["n", "step"];

/// The names of the factors' columns: a factor that is called like a column of `taken` is `factor NAME`.
fn columns(factors: &[&str], taken: &[&str]) -> Vec<String> {
    let name = |factor: &&str| if taken.contains(factor) { format!("factor {factor}") } else { (*factor).to_owned() };
    factors.iter().map(name).collect()
}

/// Every arm and its comparison: `comparisons.csv`. Empty cells are what is not defined.
pub fn comparisons(report: &Report) -> Vec<u8> {
    let mut rows = Rows::new();
    let factors: Vec<&str> = report.study.factors.iter().map(|factor| factor.name.as_str()).collect();
    let taken = [&OF_COMPARISONS[..], &["metric", "compared"]].concat();
    let header = ["metric", "compared"].map(str::to_owned).into_iter().chain(columns(&factors, &taken));
    rows.push(header.chain(OF_COMPARISONS.map(str::to_owned)));
    for metric in &report.metrics {
        for contrast in &metric.contrasts {
            for stratum in &contrast.strata {
                for arm in &stratum.arms {
                    rows.push(comparison(metric, contrast, (stratum, arm), &report.study.factors));
                }
            }
        }
    }
    rows.bytes
}

fn comparison(
    metric: &MetricReport,
    contrast: &Contrast,
    (stratum, arm): (&Stratum, &Arm),
    factors: &[Factor],
) -> Vec<String> {
    let mut cells = vec![metric.name.clone(), contrast.factor.clone()];
    cells.extend(factors.iter().map(|factor| match factor.levels.as_slice() {
        _ if factor.name == contrast.factor => arm.level.clone(),
        // A factor with one level makes no strata.
        [only] => only.clone(),
        _ => level(&stratum.settings, &factor.name),
    }));
    cells.push(contrast.baseline.clone().unwrap_or_default());
    let description = arm.description;
    cells.push(arm.values.len().to_string());
    cells
        .extend([description.map(|d| d.mean), description.and_then(|d| d.sd), description.map(|d| d.median)].map(cell));
    let compared = arm.comparison.as_ref();
    cells.extend(
        [compared.map(|c| c.seeds_used), compared.map(|c| c.seeds_planned)]
            .map(|n| n.map_or_else(String::new, |n| n.to_string())),
    );
    cells.extend(of_estimate(compared.and_then(|c| c.estimate)));
    let equivalence = compared.and_then(|c| c.equivalence);
    let detectable = compared.and_then(|c| c.detectable);
    cells.extend(
        [
            compared.and_then(|c| c.holm_p),
            equivalence.map(|e| e.margin),
            equivalence.map(|e| e.p),
            equivalence.and_then(|e| e.holm_p),
            detectable.map(|d| d.alone),
            detectable.map(|d| d.in_family),
            compared.and_then(|c| Some(c.simultaneous?.low)),
            compared.and_then(|c| Some(c.simultaneous?.high)),
        ]
        .map(cell),
    );
    let needed = compared.and_then(|c| c.needed?.seeds);
    cells.push(needed.map_or_else(String::new, |seeds| seeds.to_string()));
    let check = |method: &str| {
        let checks = &compared?.sensitivity.as_ref()?.checks;
        checks.iter().find(|check| check.method == method)?.p
    };
    let worst = compared.and_then(|c| Some(c.worst_rank?.p));
    cells.extend([check("sign-flip"), check("signed-rank"), worst].map(cell));
    let diverged = compared.map_or([String::new(), String::new()], |c| c.diverged.map(|runs| runs.to_string()));
    cells.extend(diverged);
    cells.push(if arm.baseline { "baseline" } else { compared.map_or("", |c| c.verdict.name()) }.to_owned());
    cells.push(compared.and_then(|c| c.reason.clone()).unwrap_or_default());
    cells
}

/// The cells of an estimate, in every table: `difference`, `low`, `high`, `standard_error`, `t`, `df`, `p`.
pub(super) fn of_estimate(estimate: Option<Estimate>) -> [String; 7] {
    let test = estimate.as_ref().and_then(|estimate| estimate.test());
    [
        estimate.map(|estimate| estimate.difference),
        test.map(|test| test.interval.low),
        test.map(|test| test.interval.high),
        test.map(|test| test.standard_error),
        test.map(|test| test.t),
        test.map(|test| test.df),
        test.map(|test| test.p),
    ]
    .map(cell)
}

/// Every two arms of a stratum of the primary metric, whether declared or not: `pairs.csv`.
pub fn pairs(report: &Report) -> Vec<u8> {
    let mut rows = Rows::new();
    let header = ["metric", "compared", "stratum", "first", "second", "difference", "effect", "p", "holm_p"];
    rows.push(header.map(str::to_owned));
    for metric in &report.metrics {
        for contrast in &metric.contrasts {
            for stratum in &contrast.strata {
                for pair in stratum.pairs.iter().flat_map(Pairs::iter) {
                    let names = [&metric.name, &contrast.factor, &stratum.name].map(Clone::clone);
                    let arms = [pair.first, pair.second].map(|arm| stratum.arms[arm].level.clone());
                    let numbers = [pair.difference, pair.effect, pair.p, pair.holm_p].map(cell);
                    rows.push(names.into_iter().chain(arms).chain(numbers));
                }
            }
        }
    }
    rows.bytes
}

/// Every value, in long form: `observations.csv`, which `seedbed report` reads again.
pub fn observations(report: &Report) -> Vec<u8> {
    let mut rows = Rows::new();
    let factors: Vec<&str> = report.study.factors.iter().map(|factor| factor.name.as_str()).collect();
    let taken = [&OF_OBSERVATIONS[..], &NO_FACTORS].concat();
    rows.push(columns(&factors, &taken).into_iter().chain(OF_OBSERVATIONS.map(str::to_owned)));
    for observation in &report.observations {
        let levels = factors.iter().map(|factor| level(&observation.settings, factor));
        let value = observation.value.map_or_else(|| "NaN".to_owned(), |value| cell(Some(value)));
        rows.push(levels.chain([observation.seed.to_string(), observation.metric.clone(), value]));
    }
    rows.bytes
}

/// The shortest decimal that reads back as the same float, never `-0`; empty for nothing.
pub(super) fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| spec::value::float_text(if value == 0.0 { 0.0 } else { value }))
}

fn level(settings: &[Setting], factor: &str) -> String {
    settings.iter().find(|setting| setting.factor == factor).map_or_else(String::new, |setting| setting.level.clone())
}

/// A table under construction.
pub(super) struct Rows {
    pub(super) bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    pub(super) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(&mut self.bytes);
        writer.write_record(cells).expect("invariant: writing to memory cannot fail");
        writer.flush().expect("invariant: writing to memory cannot fail");
    }
}
