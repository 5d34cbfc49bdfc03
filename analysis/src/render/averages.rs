//! A factor averaged over all strata, in words: what page, Markdown, LaTeX and terminal show alike.

use super::judged_columns::JudgedColumns;
use super::rows::said;
use super::sheets::{Sheet, not_tested};
use crate::number;
use crate::plot::forest::verdict_class;
use crate::report::comparison::Verdict;
use crate::report::effects::{Effects, Leads};
use crate::report::metric::{Contrast, MetricReport};
use crate::report::model::Blocks;
use crate::statistics::estimate::Joint;

/// The factor of a contrast over all strata; `None` with one stratum, or without a baseline. Verdicts are at `alpha`.
pub fn averages(metric: &MetricReport, contrast: &Contrast, alpha: f64) -> Option<Sheet> {
    let effects = contrast.effects.as_ref()?;
    let columns = JudgedColumns::of(effects.contrasts.iter().map(|contrast| &contrast.judged));
    let mut header = vec![contrast.factor.clone()];
    header.extend(columns.head("simultaneous interval"));
    header.push("verdict".to_owned());
    let mut sheet = Sheet::new(format!("{}, averaged over {}", contrast.factor, number::list(&effects.across)), header);
    sheet.lead = about(contrast, effects);
    sheet.lead.extend(columns.meaning().map(str::to_owned));
    for contrast in &effects.contrasts {
        if effects.leads == Leads::MainEffects {
            sheet.lead.extend(not_tested(&contrast.level, &contrast.judged));
        }
        let mut cells = vec![contrast.level.clone()];
        let judged = &contrast.judged;
        cells.extend(columns.cells(judged, judged.simultaneous, metric.decimals));
        cells.push(said(judged.verdict, judged.diverged, judged.is_below_margin(alpha)));
        sheet.push(cells, verdict_class(contrast.judged.verdict));
    }
    let wider = effects.contrasts.iter().any(|contrast| {
        let holds_nothing = contrast.judged.simultaneous.is_some_and(|range| range.low <= 0.0 && range.high >= 0.0);
        matches!(contrast.judged.verdict, Verdict::Better | Verdict::Worse) && holds_nothing
    });
    if wider {
        sheet.lead.push(
            "The simultaneous intervals take every step as the strictest one. Holm\u{2019}s procedure, which decides, is sharper: an interval may \
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
        let arms = contrast.strata.iter().flat_map(|stratum| &stratum.arms);
        let are_pairs = arms.map(|arm| arm.values.len()).max().is_some_and(|most| most <= 2);
        let p = match effects.spread.p {
            Some(p) => format!(" (Brown and Forsythe, p {})", number::p_value(p)),
            None if are_pairs => " (no test of equal spread with two seeds)".to_owned(),
            None => String::new(),
        };
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
