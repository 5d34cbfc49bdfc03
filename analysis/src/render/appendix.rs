//! Tables that decide nothing: diverged runs, machines, and other tests of the same differences.

use super::rows::{self, NOTHING, range};
use super::sheets::{Sheet, needed};
use crate::number;
use crate::report::Report;
use crate::report::divergence::Divergence;
use crate::report::hardware::{Finding, HardwareCheck};
use crate::report::metric::{Arm, Contrast, MetricReport, Stratum};
use crate::report::sensitivity::{Check, Sensitivity};
use crate::report::worst_rank::{Favours, WorstRank};
use crate::results::Seed;

/// Diverged runs by level, and the comparisons that they touch with them ranked last.
pub fn divergence(report: &Report) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = report.divergence.iter().map(counts).collect();
    let worst: Vec<Sheet> = report.metrics.iter().filter_map(worst_ranks).collect();
    sheets.extend(worst);
    sheets
}

fn counts(divergence: &Divergence) -> Sheet {
    let header =
        [divergence.factor.as_str(), "diverged", "of runs that ended", "interval of the chance", "exact p", "Holm p"];
    let mut sheet = Sheet::new(format!("Diverged runs by {}", divergence.factor), header);
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    for level in &divergence.levels {
        let percent = |share: f64| format!("{}\u{a0}%", number::fixed(share * 100.0, 0));
        let name = if level.baseline { format!("{} (baseline)", level.level) } else { level.level.clone() };
        let cells = vec![
            name,
            level.diverged.to_string(),
            level.ended.to_string(),
            or_nothing(
                level.interval.map(|interval| format!("{} to {}", percent(interval.low), percent(interval.high))),
            ),
            or_nothing(level.p.map(number::p_value)),
            or_nothing(level.holm_p.map(number::p_value)),
        ];
        sheet.push(cells, "");
    }
    sheet
}

fn worst_ranks(metric: &MetricReport) -> Option<Sheet> {
    let header =
        ["comparison", "diverged", "runs left out: difference", "p", "runs ranked last: favours", "p", "floor"];
    let mut sheet = Sheet::new(format!("{} with and without the diverged runs", metric.label), header);
    for (contrast, stratum, arm, comparison) in metric.comparisons() {
        let Some(WorstRank { diverged: [level, baseline], p, floor, favours, .. }) = comparison.worst_rank else {
            continue;
        };
        let favours = match favours {
            Favours::Level => arm.level.clone(),
            Favours::Baseline => contrast.baseline.clone().unwrap_or_default(),
            Favours::Neither => "neither".to_owned(),
        };
        let difference = comparison.estimate.map(|estimate| number::signed(estimate.difference, metric.decimals));
        let cells = vec![
            place(stratum, arm),
            format!("{level} and {baseline}"),
            difference.unwrap_or_else(|| NOTHING.to_owned()),
            comparison.p().map_or_else(|| NOTHING.to_owned(), number::p_value),
            favours,
            number::p_value(p),
            number::p_value(floor),
        ];
        sheet.push(cells, "");
    }
    (!sheet.rows.is_empty()).then_some(sheet)
}

fn place(stratum: &Stratum, arm: &Arm) -> String {
    if stratum.name.is_empty() { arm.level.clone() } else { format!("{}, {}", arm.level, stratum.name) }
}

/// Where the runs of each level ran; only where arms ran on more than one kind of machine.
pub fn machines(report: &Report) -> Vec<Sheet> {
    report.hardware.iter().filter(|check| check.finding != Finding::Same).map(machine).collect()
}

fn machine(check: &HardwareCheck) -> Sheet {
    let header: Vec<&str> =
        std::iter::once(check.factor.as_str()).chain(check.machines.iter().map(String::as_str)).collect();
    let mut sheet = Sheet::new(format!("Runs by {} and {}", check.factor, check.attribute), header);
    sheet.lead.push(format!("{} of {} pairs of runs ran on two of them.", check.pairs_apart, check.pairs));
    for level in &check.levels {
        let mut cells = vec![level.level.clone()];
        cells.extend(level.runs.iter().map(ToString::to_string));
        sheet.push(cells, "");
    }
    sheet
}

/// With more seeds a table of their values is too wide to be read; they are in `observations.csv`.
const MOST_SEEDS: usize = 20;

/// The value of every seed, and the mean rank: what the drawings of a stratum show when they are pointed at. `None` for
/// more than 20 seeds, and without a value.
pub fn values(metric: &MetricReport, contrast: &Contrast, stratum: &Stratum) -> Option<Sheet> {
    let values = stratum.arms.iter().flat_map(|arm| &arm.values);
    let gaps = stratum.arms.iter().flat_map(|arm| &arm.gaps);
    let mut seeds: Vec<Seed> = values.map(|value| &value.seed).chain(gaps.map(|gap| &gap.seed)).cloned().collect();
    seeds.sort();
    seeds.dedup();
    if seeds.is_empty() || seeds.len() > MOST_SEEDS {
        return None;
    }
    let name = if stratum.name.is_empty() { String::new() } else { format!(", {}", stratum.name) };
    let columns = seeds.iter().map(|seed| format!("seed {seed}"));
    let header = std::iter::once(contrast.factor.clone()).chain(columns).chain(["mean rank".to_owned()]);
    let mut sheet = Sheet::new(format!("{} of every seed{name}", metric.label), header);
    for (index, arm) in stratum.arms.iter().enumerate() {
        let mut cells = vec![arm.level.clone()];
        cells.extend(seeds.iter().map(|seed| {
            let value = arm.values.iter().find(|value| value.seed == *seed);
            let gap = arm.gaps.iter().find(|gap| gap.seed == *seed);
            match (value, gap) {
                (Some(value), _) => number::fixed(value.value, metric.decimals + 1),
                (None, Some(gap)) => gap.reason.to_owned(),
                (None, None) => NOTHING.to_owned(),
            }
        }));
        let rank = stratum.ranking.iter().flat_map(|ranking| &ranking.ranks).find(|rank| rank.arm == index);
        cells.push(rank.map_or_else(|| NOTHING.to_owned(), |rank| number::fixed(rank.rank, 2)));
        sheet.push(cells, "");
    }
    Some(sheet)
}

/// The values of the primary metric in all strata.
pub fn all_values(report: &Report) -> Vec<Sheet> {
    let contrasts =
        report.primary().into_iter().flat_map(|metric| metric.contrasts.iter().map(move |one| (metric, one)));
    contrasts
        .flat_map(|(metric, contrast)| contrast.strata.iter().filter_map(move |one| values(metric, contrast, one)))
        .collect()
}

/// The runs that are in no comparison, and why; none where all count.
pub fn open_runs(report: &Report) -> Option<Sheet> {
    let factors = report.study.factors.iter().map(|factor| factor.name.as_str());
    let mut sheet = Sheet::new("Runs that do not count", factors.chain(["seed", "state", "cause", "host", "id"]));
    for run in rows::runs(report).into_iter().filter(|run| run.state != "done") {
        let mut cells = run.levels;
        cells.extend([run.seed, run.state.to_owned(), run.cause, run.host, run.id]);
        sheet.push(cells, "");
    }
    (!sheet.rows.is_empty()).then_some(sheet)
}

/// The checks in the order of their columns.
const METHODS: [&str; 6] =
    ["sign-flip", "signed-rank", "permutation", "mann-whitney", "welch", "studentised-bootstrap"];

/// The checks of every comparison of the primary metric.
pub fn sensitivity(report: &Report) -> Option<Sheet> {
    let metric = report.primary()?;
    let all = || metric.comparisons().filter_map(|(.., comparison)| comparison.sensitivity.as_ref());
    all().next()?;
    // What any comparison has: the first one may have too few seeds for some.
    let has = |method: &str| all().flat_map(|one| &one.checks).any(|check| check.method == method);
    let methods: Vec<&'static str> = METHODS.into_iter().filter(|method| has(method)).collect();
    let effect = all().find_map(|one| one.standardised).map_or("effect", |effect| effect.kind);
    let mut header = vec![
        "comparison".to_owned(),
        effect.to_owned(),
        "its interval".to_owned(),
        "correlation".to_owned(),
        "primary p".to_owned(),
    ];
    header.extend(methods.iter().map(|method| (*method).to_owned()));
    header.extend(["seeds to settle".to_owned(), "disagreement".to_owned()]);
    let mut sheet = Sheet::new(format!("{}: other looks at each comparison", metric.label), header);
    sheet.lead.push(
        "None of this decides anything; each p is for its comparison alone. In brackets the smallest p that so many seeds can \
         give, where even that could not pass the correction; \u{b1} the standard error of one that was drawn."
            .to_owned(),
    );
    for (_, stratum, arm, comparison) in metric.comparisons() {
        let Some(sensitivity) = &comparison.sensitivity else { continue };
        let mut cells = vec![place(stratum, arm)];
        cells.extend(effect_cells(sensitivity));
        cells.push(comparison.p().map_or_else(|| NOTHING.to_owned(), number::p_value));
        cells.extend(methods.iter().map(|method| {
            let check = sensitivity.checks.iter().find(|check| check.method == *method);
            check.map_or_else(|| NOTHING.to_owned(), |check| check_cell(check, metric.decimals))
        }));
        cells.push(needed(comparison.needed.as_ref()));
        cells.push(match sensitivity.disagrees {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => NOTHING.to_owned(),
        });
        sheet.push(cells, "");
    }
    Some(sheet)
}

fn effect_cells(sensitivity: &Sensitivity) -> [String; 3] {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    [
        or_nothing(sensitivity.standardised.map(|effect| number::signed(effect.effect, 2))),
        or_nothing(sensitivity.standardised.and_then(|effect| effect.interval).map(|interval| range(interval, 2))),
        or_nothing(sensitivity.correlation.map(|r| number::signed(r, 2))),
    ]
}

fn check_cell(check: &Check, decimals: usize) -> String {
    let unattainable = check.floor.filter(|_| check.attainable == Some(false));
    let floor = unattainable.map_or_else(String::new, |floor| format!(" [{}]", number::p_value(floor)));
    // What was drawn is known no better than that.
    let drawn = check.error.map_or_else(String::new, |error| {
        if error < 5e-5 { " \u{b1} <0.0001".to_owned() } else { format!(" \u{b1} {}", number::fixed(error, 4)) }
    });
    match (check.p, check.interval) {
        (Some(p), _) => format!("{}{drawn}{floor}", number::p_value(p)),
        (None, Some(interval)) => range(interval, decimals),
        (None, None) => NOTHING.to_owned(),
    }
}
