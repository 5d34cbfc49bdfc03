//! Tables beyond those of single strata, in words: what page, Markdown and LaTeX show alike.

use serde::Serialize;

use super::rows::{NOTHING, flagged};
use crate::number;
use crate::plot::forest::verdict_class;
use crate::report::Report;
use crate::report::answers::Answer;
use crate::report::comparison::Verdict;
use crate::report::cost::Cost;
use crate::report::effects::{Effects, Leads};
use crate::report::judged::{Judged, Meaning, Needed};
use crate::report::metric::{Contrast, MetricReport};
use crate::report::model::Blocks;
use crate::statistics::estimate::Interval;
use crate::statistics::mixed::fit::Joint;

/// A row; the class belongs to its last cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetRow {
    /// A cell a column.
    pub cells: Vec<String>,
    /// CSS class of the verdict, or nothing.
    pub class: &'static str,
}

/// A table with what stands above and below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// Sentences above it.
    pub lead: Vec<String>,
    /// The columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<SheetRow>,
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let header = header.into_iter().map(Into::into).collect();
        Self { title: title.into(), lead: Vec::new(), header, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, cells: Vec<String>, class: &'static str) {
        self.rows.push(SheetRow { cells, class });
    }
}

/// A table a question: its pairs, and all of them pooled.
pub fn questions(report: &Report) -> Vec<Sheet> {
    let Some(metric) = report.primary() else { return Vec::new() };
    report.answers.iter().map(|answer| question(report, metric, answer)).collect()
}

fn question(report: &Report, metric: &MetricReport, answer: &Answer) -> Sheet {
    let interval = format!("{} interval", number::percent(1.0 - report.analysis.alpha));
    // Hours of GPUs and of other machines are not compared: where not all ran on GPUs, plain hours are shown.
    let on_gpus = answer.pairs.iter().flat_map(|pair| &pair.cost).all(|cost| cost.gpu_hours.is_some());
    let known =
        answer.pairs.iter().flat_map(|pair| &pair.cost).any(|cost| cost.parameters.is_some() || cost.hours.is_some());
    let mut header = vec!["pair", "seeds", "difference", &interval, "p", "adjusted p", "detectable", "seeds to settle"];
    if known {
        header.extend(["parameters", if on_gpus { "GPU-hours a run" } else { "hours a run" }]);
    }
    header.push("verdict");
    let mut sheet = Sheet::new(answer.name.clone(), header);
    sheet.lead.push(answer.sentence.clone());
    if !known {
        sheet.lead.push("A table of results says neither parameters nor hours.".to_owned());
    }
    let mut row = |name: String, judged: &Judged, cost: Option<&[Cost; 2]>| {
        let mut cells = vec![name];
        cells.extend(judged_cells(judged, metric.decimals, false));
        if known {
            cells.extend(cost.map_or([NOTHING.to_owned(), NOTHING.to_owned()], |cost| costs(cost, on_gpus)));
        }
        cells.push(flagged(judged.verdict, judged.diverged));
        sheet.push(cells, verdict_class(judged.verdict));
    };
    let mut gaps = Vec::new();
    for pair in &answer.pairs {
        let name = format!("{} \u{2212} {}", pair.level, pair.baseline);
        gaps.extend(not_tested(&name, &pair.judged));
        row(name, &pair.judged, Some(&pair.cost));
    }
    if answer.pairs.len() > 1 {
        row("all pairs".to_owned(), &answer.pooled, None);
    }
    sheet.lead.extend(gaps);
    sheet
}

/// `level / baseline` for the parameters and for the GPU-hours, or plain hours, of a run.
fn costs(cost: &[Cost; 2], on_gpus: bool) -> [String; 2] {
    let both = |of: &dyn Fn(&Cost) -> Option<String>| match (of(&cost[0]), of(&cost[1])) {
        (None, None) => NOTHING.to_owned(),
        (one, other) => {
            format!("{} / {}", one.unwrap_or_else(|| NOTHING.to_owned()), other.unwrap_or_else(|| NOTHING.to_owned()))
        }
    };
    let parameters = |cost: &Cost| cost.parameters.map(|count| number::count(count.round() as u64));
    let hours = |cost: &Cost| {
        let hours = if on_gpus { cost.gpu_hours } else { cost.hours };
        hours.map(|hours| number::fixed(hours, number::decimals_for(hours).min(4)))
    };
    [both(&parameters), both(&hours)]
}

/// Seeds, difference, interval, p, adjusted p, what could have been seen, and what would settle it.
fn judged_cells(judged: &Judged, decimals: usize, simultaneous: bool) -> Vec<String> {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    let test = judged.estimate.as_ref().and_then(|estimate| estimate.test());
    let interval = if simultaneous { judged.simultaneous } else { test.map(|test| test.interval) };
    vec![
        judged.seeds.to_string(),
        or_nothing(judged.estimate.map(|estimate| number::signed(estimate.difference, decimals))),
        or_nothing(interval.map(|interval| range(interval, decimals))),
        or_nothing(test.map(|test| number::p_value(test.p))),
        or_nothing(judged.adjusted_p.map(number::p_value)),
        or_nothing(judged.detectable.map(|size| number::fixed(size, decimals))),
        needed(judged.needed.as_ref()),
    ]
}

pub(super) fn range(interval: Interval, decimals: usize) -> String {
    let [low, high] = [interval.low, interval.high].map(|end| number::signed(end, decimals));
    format!("{low} to {high}")
}

/// The seeds that would settle a comparison.
pub(super) fn needed(needed: Option<&Needed>) -> String {
    match needed {
        None => NOTHING.to_owned(),
        Some(Needed { seeds: None, .. }) => "> 1\u{2009}000\u{2009}000".to_owned(),
        Some(Needed { seeds: Some(seeds), .. }) => number::count(*seeds),
    }
}

/// `swish: not tested, the values are identical.`
fn not_tested(name: &str, judged: &Judged) -> Option<String> {
    let reason = judged.reason.as_ref().filter(|_| judged.verdict == Verdict::NotTested)?;
    Some(format!("{name}: not tested, {reason}."))
}

/// What follows from the number of seeds that would settle it, as a sentence; nothing without such a number.
pub fn meaning_of_needed(report: &Report) -> Option<String> {
    let metric = report.primary()?;
    let meaning = metric.comparisons().find_map(|(.., comparison)| Some(comparison.needed?.meaning))?;
    Some(match meaning {
        Meaning::Margin => {
            "\u{201c}Seeds to settle\u{201d}: how many would find a difference as large as the declared margin, and show that \
             one of 0 is within it, with 80 % power.".to_owned()
        }
        Meaning::Seen => {
            "\u{201c}Seeds to settle\u{201d}: how many would find a true difference as large as the one seen with \
                          80 % power; what was seen is only an estimate of it, so plan for more."
                .to_owned()
        }
    })
}

/// The factor of a contrast over all strata.
pub fn effects(metric: &MetricReport, contrast: &Contrast) -> Option<Sheet> {
    let effects = contrast.effects.as_ref()?;
    let mut sheet = Sheet::new(
        format!("{}, averaged over {}", contrast.factor, number::list(&effects.across)),
        [
            contrast.factor.as_str(),
            "seeds",
            "difference",
            "simultaneous interval",
            "p",
            "adjusted p",
            "detectable",
            "seeds to settle",
            "verdict",
        ],
    );
    sheet.lead = about(contrast, effects);
    for contrast in &effects.contrasts {
        if effects.leads == Leads::MainEffects {
            sheet.lead.extend(not_tested(&contrast.level, &contrast.judged));
        }
        let mut cells = vec![contrast.level.clone()];
        cells.extend(judged_cells(&contrast.judged, metric.decimals, true));
        cells.push(flagged(contrast.judged.verdict, contrast.judged.diverged));
        sheet.push(cells, verdict_class(contrast.judged.verdict));
    }
    let wider = effects.contrasts.iter().any(|contrast| {
        let holds_nothing = contrast.judged.simultaneous.is_some_and(|range| range.low <= 0.0 && range.high >= 0.0);
        matches!(contrast.judged.verdict, Verdict::Better | Verdict::Worse) && holds_nothing
    });
    if wider {
        sheet.lead.push(
            "The simultaneous intervals are Bonferroni\u{2019}s. Holm\u{2019}s procedure, which decides, is sharper: an interval may \
             hold 0 where a difference was found."
                .to_owned(),
        );
    }
    Some(sheet)
}

fn about(contrast: &Contrast, effects: &Effects) -> Vec<String> {
    let across = number::list(&effects.across);
    let test = |joint: Joint| {
        let [one, two] = joint.df;
        let df = [one, two].map(number::degrees).join(", ");
        format!("F({df}) = {}, p {}", number::fixed(joint.f, 2), number::p_value(joint.p))
    };
    let mut lead = Vec::new();
    lead.extend(
        effects.interaction.map(|joint| format!("Interaction of {} and {across}: {}.", contrast.factor, test(joint))),
    );
    if effects.leads == Leads::SimpleEffects {
        lead.push("Levels are judged within each stratum only: the averages are shown and claim nothing.".to_owned());
    }
    lead.extend(effects.main_effect.map(|joint| format!("Main effect of {}: {}.", contrast.factor, test(joint))));
    lead.extend(effects.blocks.map(|blocks| {
        let error = number::fixed(effects.residual_variance.unwrap_or_default().sqrt(), 4);
        match blocks {
            Blocks::Random => format!(
                "Standard deviation of a run around its arm and seed {error}, between seeds {}.",
                number::fixed(effects.between_variance.unwrap_or_default().max(0.0).sqrt(), 4)
            ),
            Blocks::Fixed if effects.between_variance.is_some() => format!(
                "Standard deviation of a run around its arm and seed {error}; nearly all that varies lies between seeds, which are \
                 fixed blocks."
            ),
            Blocks::Fixed => format!(
                "Standard deviation of a run around its arm and seed {error}; none between seeds was found, and seeds are fixed \
                 blocks."
            ),
            Blocks::None => format!("Standard deviation of a run around its arm {error}."),
        }
    }));
    if let Some(ratio) = effects.spread.ratio {
        let p =
            effects.spread.p.map_or_else(String::new, |p| format!(" (Brown and Forsythe, p {})", number::p_value(p)));
        lead.push(format!("Largest over smallest standard deviation of an arm: {}{p}.", number::fixed(ratio, 1)));
    }
    if !effects.left_out.is_empty() {
        lead.push(format!(
            "Without a seed that has a value in every stratum, and so not here: {}.",
            number::list(&effects.left_out)
        ));
    }
    lead.extend(effects.reason.as_ref().map(|reason| format!("Not everything could be computed: {reason}.")));
    lead
}
