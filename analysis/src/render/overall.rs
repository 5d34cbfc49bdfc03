//! What holds over all strata as tidy CSV: a row for every average, every question and every pair of one. Numbers in
//! full.

use super::tables::{Rows, cell, of_estimate};
use crate::report::Report;
use crate::report::answers::Answer;
use crate::report::cost::Cost;
use crate::report::judged::Judged;

/// `overall.csv`. Error, t, df and p are those of the estimate; where it pools its error, `own_p` is the one without that
/// of other arms, and `low`, `high`, the adjusted p values and the simultaneous interval hold both.
///
/// Of a question the pooled answer has no level, and its pairs have what a run of either level costs. Empty cells are
/// what is not defined.
pub fn overall(report: &Report) -> Vec<u8> {
    let mut rows = Rows::new();
    let header = [
        "metric",
        "kind",
        "question",
        "compared",
        "level",
        "baseline",
        "strata",
        "n",
        "difference",
        "low",
        "high",
        "standard_error",
        "t",
        "df",
        "p",
        "own_p",
        "adjusted_p",
        "simultaneous_low",
        "simultaneous_high",
        "equivalence_p",
        "equivalence_adjusted_p",
        "detectable",
        "seeds_to_settle",
        "level_parameters",
        "baseline_parameters",
        "level_hours",
        "baseline_hours",
        "level_gpu_hours",
        "baseline_gpu_hours",
        "verdict",
        "reason",
    ];
    rows.push(header.map(str::to_owned));
    for metric in &report.metrics {
        for (contrast, effects) in metric.contrasts.iter().filter_map(|found| Some((found, found.effects.as_ref()?))) {
            for one in &effects.contrasts {
                let baseline = contrast.baseline.as_deref().unwrap_or_default();
                let names = [&metric.name, "average", "", &contrast.factor, &one.level, baseline];
                rows.push(row(names, effects.strata, &one.judged, None));
            }
        }
        if metric.primary {
            report.answers.iter().for_each(|answer| of_answer(&mut rows, &metric.name, answer));
        }
    }
    rows.bytes
}

fn of_answer(rows: &mut Rows, metric: &str, answer: &Answer) {
    rows.push(row([metric, "question", &answer.name, &answer.factor, "", ""], answer.strata, &answer.pooled, None));
    for pair in &answer.pairs {
        let names = [metric, "pair", &answer.name, &answer.factor, &pair.level, &pair.baseline];
        rows.push(row(names, answer.strata, &pair.judged, Some(&pair.cost)));
    }
}

fn row(names: [&str; 6], strata: usize, judged: &Judged, cost: Option<&[Cost; 2]>) -> Vec<String> {
    let mut cells = names.map(str::to_owned).to_vec();
    cells.extend([strata, judged.seeds].map(|count| count.to_string()));
    let [difference, _, _, rest @ ..] = of_estimate(judged.estimate);
    let interval = judged.interval;
    cells.extend([
        difference,
        cell(interval.map(|interval| interval.low)),
        cell(interval.map(|interval| interval.high)),
    ]);
    cells.extend(rest);
    let numbers = [
        judged.own_p(),
        judged.adjusted_p,
        judged.simultaneous.map(|interval| interval.low),
        judged.simultaneous.map(|interval| interval.high),
        judged.equivalence.map(|found| found.p),
        judged.equivalence.and_then(|found| found.holm_p),
        judged.detectable,
        judged.needed.and_then(|needed| needed.seeds).map(|seeds| seeds as f64),
    ];
    cells.extend(numbers.map(cell));
    for of in [|cost: &Cost| cost.parameters, |cost: &Cost| cost.hours, |cost: &Cost| cost.gpu_hours] {
        cells.extend([0, 1].map(|side| cell(cost.and_then(|cost| of(&cost[side])))));
    }
    cells.push(judged.verdict.name().to_owned());
    cells.push(judged.reason.clone().unwrap_or_default());
    cells
}
