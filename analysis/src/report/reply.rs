//! The answer to a question as a sentence.

use spec::analysis::AnalysisSpec;

use super::answers::Answer;
use super::comparison::{Verdict, flag};
use super::judged::{Basis, Judged};
use super::metric::MetricReport;
use super::reach::Meaning;
use super::rule;
use crate::number;
use crate::statistics::refusal::Refusal;

/// The answer to a question: verdict, difference and interval; where it is open, what could have been seen and what
/// would settle it.
pub(super) fn sentence(answer: &Answer, metric: &MetricReport, analysis: &AnalysisSpec) -> String {
    let judged = &answer.pooled;
    let name = &answer.name;
    let Some(estimate) = judged.estimate else {
        let reason = judged.reason.clone().unwrap_or_else(|| Refusal::NoFreedom.to_string());
        return format!("{name}: not answered, {reason}.");
    };
    let decimals = metric.decimals;
    let difference = number::signed(estimate.difference, decimals);
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" {}", metric.difference_unit) };
    if estimate.test().is_none() {
        return format!(
            "{name}: a difference of {difference}{unit}, not tested ({}).",
            judged.reason.clone().unwrap_or_default()
        );
    }
    let interval = judged.interval.map(|interval| {
        let [low, high] = [interval.low, interval.high].map(|end| number::signed(end, decimals));
        format!("{} interval {low} to {high}", number::percent(1.0 - analysis.alpha))
    });
    let p = judged.adjusted_p.map(|p| format!("adjusted p {}", number::p_value(p)));
    let numbers: Vec<String> = interval.into_iter().chain(p).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!("{}; ", numbers.join(", ")) };
    let word = match judged.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Equivalent => "equivalent within the declared margin",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotTested => "nothing may be claimed",
    };
    let why = judged.reason.as_ref().filter(|_| judged.verdict == Verdict::NotTested);
    let why = why.map_or_else(String::new, |reason| format!(", {reason}"));
    let below = if judged.is_below_margin(analysis.alpha) { " by less than the declared margin" } else { "" };
    let left_out = match answer.left_out.as_slice() {
        [] => String::new(),
        names => format!("; not in {}, which lacks a level of it", number::list(names)),
    };
    let basis = match judged.basis {
        Some(Basis::Seeds) | None => number::plural(judged.seeds, "seed", "seeds"),
        Some(Basis::Model) => {
            format!("at least {}, by the pooled error and its own", number::plural(judged.seeds, "seed", "seeds"))
        }
    };
    let open = if judged.verdict == Verdict::Inconclusive {
        let held = judged.held_back.map_or_else(String::new, |_| {
            let witnesses = rule::witnesses(analysis.pairing);
            format!(" The pooled error alone would have claimed more than its own {witnesses} bear out.")
        });
        format!("{held} {}", remaining(judged, &unit, decimals))
    } else {
        String::new()
    };
    let what = if answer.pairs.len() == 1 { "Difference" } else { "Mean difference of the pairs" };
    let flag = flag(judged.diverged).map_or_else(String::new, |flag| format!(" ({flag})"));
    let depends = dependence(answer, analysis.alpha);
    format!("{name}: {word}{below}{why}{flag}. {what} {difference}{unit} ({numbers}{basis}{left_out}).{open}{depends}")
}

/// A warning where the strata answer differently, or where that could not be seen.
fn dependence(answer: &Answer, alpha: f64) -> String {
    match answer.interaction {
        Some(test) if test.p < alpha => format!(
            " What its levels differ by depends on the stratum (p {}): this mean may hold for none of them, see each by itself.",
            number::p_value(test.p)
        ),
        None if answer.strata > 1 => " Whether the answer depends on the stratum could not be tested.".to_owned(),
        _ => String::new(),
    }
}

/// What an open question could have shown, and what it would take.
fn remaining(judged: &Judged, unit: &str, decimals: usize) -> String {
    let seen = judged.detectable.map(|size| {
        format!("A difference of {}{unit} would have been found with 80 % power", number::fixed(size, decimals))
    });
    let needed = judged.needed.map(|needed| {
        let size = number::fixed(needed.difference, decimals);
        let what = match needed.meaning {
            Meaning::Seen => format!("one of {size}"),
            Meaning::Margin => format!("to tell one of {size} from none"),
        };
        let seeds = needed.seeds.map_or_else(|| "more than a million".to_owned(), |seeds| format!("about {seeds}"));
        format!("{what} takes {seeds} seeds")
    });
    let parts: Vec<String> = seen.into_iter().chain(needed).collect();
    if parts.is_empty() { String::new() } else { format!("{}.", parts.join("; ")) }
}
