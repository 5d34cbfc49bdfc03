//! The answer of `seedbed power` as text for a terminal, and as JSON.

use std::fmt::Write as _;

use spec::analysis::Scale;

use crate::number;
use crate::planning::Answer;
use crate::statistics::power::design::Design;

impl Answer {
    /// The spreads, what numbers of seeds can see, and the answer in a sentence; plain text without colours.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let question = &self.question;
        let test = match question.design {
            Design::Paired => "paired t test by seed",
            Design::Independent => "t test of independent arms",
        };
        let family = match question.comparisons {
            1 => format!("alpha {}", question.alpha),
            n => {
                format!("alpha {} over {n} comparisons ({} each, Holm's first step)", question.alpha, short(self.level))
            }
        };
        let _ = writeln!(text, "{test}, two-sided, {family}, power {}\n", number::percent(question.power));
        self.spreads_as_table(&mut text);
        self.outlook_as_table(&mut text);
        self.sentences(&mut text);
        text
    }

    /// The answer as JSON with a line end. It holds no NaN: what is not defined is null.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: an answer has text keys only");
        text.push('\n');
        text
    }

    fn spreads_as_table(&self, text: &mut String) {
        let what = match self.question.design {
            Design::Paired => "difference between runs of one seed",
            Design::Independent => "runs of one arm",
        };
        let of = self.metric.as_ref().map_or_else(String::new, |metric| format!(" in {metric}"));
        let unit = match self.scale {
            Scale::Log => " (natural logarithms: 0.01 is a ratio of 1.01)".to_owned(),
            Scale::Linear if self.unit.is_empty() => String::new(),
            Scale::Linear => format!(" ({})", self.unit),
        };
        let _ = writeln!(text, "Standard deviation, {what}{of}{unit}");
        let bound = format!("at most ({})", number::percent(self.question.confidence));
        let mut header = vec!["spread".to_owned(), "seeds".to_owned(), "estimate".to_owned(), bound];
        header.extend(self.question.difference.map(|difference| format!("seeds for {}", short(difference))));
        header.extend(self.question.margin.map(|margin| format!("seeds for \u{b1}{}", short(margin))));
        let mut rows = vec![header];
        for entry in &self.spreads {
            let spread = &entry.spread;
            let mut row = vec![
                spread.name.clone(),
                spread.seeds.map_or_else(|| "?".to_owned(), |seeds| seeds.to_string()),
                significant(spread.sd),
                spread.upper.map_or_else(|| "?".to_owned(), significant),
            ];
            row.extend(self.question.difference.map(|_| seeds(entry.seeds_for_difference)));
            row.extend(self.question.margin.map(|_| seeds(entry.seeds_for_margin)));
            rows.push(row);
        }
        align(text, &rows);
        if !self.without_spread.is_empty() {
            let names = number::list(&self.without_spread);
            let _ =
                writeln!(text, "  no spread (fewer than two seeds in common, or no difference between them): {names}");
        }
        if !self.left_out.is_empty() {
            let runs = self.left_out.iter().map(|left| left.runs).sum();
            let reasons: Vec<String> =
                self.left_out.iter().map(|left| format!("{} {}", left.runs, left.reason)).collect();
            let _ = writeln!(
                text,
                "  without {} of the pilot: {}",
                number::plural(runs, "run", "runs"),
                number::list(&reasons)
            );
        }
    }

    fn outlook_as_table(&self, text: &mut String) {
        let planned = &self.spreads[self.planned].spread;
        let _ = writeln!(text, "\nWith a standard deviation of {} ({})", significant(planned.planned()), planned.name);
        let mut header =
            vec!["seeds an arm".to_owned(), "finds a difference of".to_owned(), "shows equivalence within".to_owned()];
        header.extend(self.question.difference.map(|difference| format!("power for {}", short(difference))));
        header.extend(self.question.margin.map(|margin| format!("power for \u{b1}{}", short(margin))));
        let mut rows = vec![header];
        for outlook in &self.outlook {
            let mark = if Some(outlook.seeds) == self.question.seeds { " *" } else { "" };
            let mut row = vec![
                format!("{}{mark}", outlook.seeds),
                significant(outlook.detectable),
                format!("\u{b1}{}", significant(outlook.margin)),
            ];
            row.extend(outlook.power.map(chance));
            row.extend(outlook.margin_power.map(chance));
            rows.push(row);
        }
        align(text, &rows);
    }

    fn sentences(&self, text: &mut String) {
        let planned = &self.spreads[self.planned];
        let power = number::percent(self.question.power);
        text.push('\n');
        if let Some(difference) = self.question.difference {
            let difference = short(difference);
            let _ = match planned.seeds_for_difference {
                Some(seeds) => {
                    writeln!(
                        text,
                        "A difference of {difference} is found with {power} probability by {seeds} seeds an arm."
                    )
                }
                None => writeln!(text, "No ten million seeds find a difference of {difference}."),
            };
        }
        if let Some(margin) = self.question.margin {
            let margin = short(margin);
            let _ = match planned.seeds_for_margin {
                Some(seeds) => writeln!(
                    text,
                    "Arms that do not differ are shown to lie within \u{b1}{margin} with {power} probability by {seeds} seeds an arm."
                ),
                None => writeln!(text, "No ten million seeds show equivalence within \u{b1}{margin}."),
            };
        }
        if let Some(asked) = self.question.seeds
            && let Some(outlook) = self.outlook.iter().find(|outlook| outlook.seeds == asked)
        {
            let _ = writeln!(
                text,
                "{asked} seeds an arm (*) find a difference of {} or more with {power} probability.",
                significant(outlook.detectable)
            );
        }
        self.how_it_was_pooled(text);
        if planned.spread.upper.is_none() {
            text.push_str("The spread is taken as known; with --spread-seeds its uncertainty counts as well.\n");
        }
        text.push_str(
            "Assumes roughly normal values; the difference must not be the one that the pilot happened to show.\n",
        );
    }
}

/// From so many times the pooled spread on, a comparison's own is said to differ from it.
const APART: f64 = 1.5;

impl Answer {
    /// What the pooled spread is, and for which comparisons it does not hold.
    fn how_it_was_pooled(&self, text: &mut String) {
        if self.all_pairs {
            let n = self.question.comparisons;
            let _ = writeln!(
                text,
                "The pilot has no baseline: every two arms are compared, {}. With --baseline the others are compared with it.",
                number::plural(n as usize, "comparison", "comparisons")
            );
        }
        if !self.across.is_empty() {
            let _ = writeln!(
                text,
                "Each comparison is within one combination of {}; a difference averaged over them, which a report leads with, takes \
                 fewer seeds.",
                number::list(&self.across)
            );
        }
        let planned = &self.spreads[self.planned].spread;
        let Some(df) = planned.df.filter(|_| planned.pooled) else { return };
        let _ = writeln!(
            text,
            "Pooled is the root of the mean variance of the comparisons; as they share runs, it is known as well as one of {} seeds{}.",
            number::degrees(self.question.design.seeds_of(df)),
            if self.question.design == Design::Independent { " an arm" } else { "" }
        );
        let rows = || self.spreads.iter().map(|entry| &entry.spread).filter(|spread| !spread.pooled);
        let largest = rows().max_by(|a, b| a.sd.total_cmp(&b.sd));
        let smallest = rows().map(|spread| spread.sd).fold(f64::INFINITY, f64::min);
        if let Some(largest) = largest
            && (largest.sd > APART * planned.sd || largest.sd > 3.0 * smallest)
        {
            let _ = writeln!(
                text,
                "The spreads differ: that of {} is {:.1} times the pooled one, which does not hold for every comparison. Go by its \
                 row; to find all of them, by the row that asks for the most seeds.",
                largest.name,
                largest.sd / planned.sd
            );
        }
    }
}

fn seeds(count: Option<u64>) -> String {
    count.map_or_else(|| ">10 million".to_owned(), |count| count.to_string())
}

fn chance(power: f64) -> String {
    match power {
        power if power > 0.9995 => ">99.9\u{a0}%".to_owned(),
        power if power < 0.0005 => "<0.1\u{a0}%".to_owned(),
        power => format!("{:.1}\u{a0}%", power * 100.0),
    }
}

/// Three significant digits.
fn significant(value: f64) -> String {
    let exponent = value.abs().log10().floor();
    if !exponent.is_finite() {
        return "0".to_owned();
    }
    if !(-5.0..9.0).contains(&exponent) {
        return format!("{value:.2e}");
    }
    number::fixed(value, (2.0 - exponent).max(0.0) as usize)
}

/// A number as somebody wrote it, or six digits of one that was computed.
fn short(value: f64) -> String {
    let text = value.to_string();
    if text.len() <= 8 { text } else { significant(value) }
}

/// Columns by width; the first begins where it begins, the others end where they end.
fn align(text: &mut String, rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let room = " ".repeat(width(column) - cell.chars().count());
            if column == 0 { line.extend([" ", cell, &room]) } else { line.extend(["  ", &room, cell]) }
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
