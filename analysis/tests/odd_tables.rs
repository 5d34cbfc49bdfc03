//! Tables as people really have them, and what must not change a report: separators, marks, names, the order and sign
//! of arms.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::planning::PlanningError;
use analysis::planning::spread::of_pilot;
use analysis::report::comparison::{Comparison, Verdict};
use analysis::{Report, Results, TableOptions};
use spec::Value;
use spec::analysis::{AnalysisSpec, Pairing, Question};
use spec::metric::Direction;

fn read(text: &str) -> Result<Results, String> {
    Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &fixture::table_options(&["act"], &["acc"]))
        .map_err(|error| error.to_string())
}

fn plan(baseline: &str) -> AnalysisSpec {
    AnalysisSpec {
        primary: "acc".to_owned(),
        directions: [("acc".to_owned(), Direction::Higher)].into(),
        baseline: [("act".to_owned(), Value::from(baseline))].into(),
        ..fixture::analysis()
    }
}

fn report(text: &str, baseline: &str) -> Report {
    Report::new(&read(text).unwrap(), &plan(baseline)).unwrap()
}

/// Two arms over five seeds, in hundredths.
fn table() -> String {
    let mut text = String::from("act,seed,acc\n");
    for (arm, values) in [("a", [51, 53, 52, 56, 54]), ("b", [58, 57, 59, 60, 62])] {
        for (seed, value) in values.iter().enumerate() {
            writeln!(text, "{arm},{},0.{value}", seed + 1).unwrap();
        }
    }
    text
}

#[test]
fn what_separates_cells_is_seen() {
    let expected = read(&table()).unwrap();
    for separator in ["\t", ";", " ; ", "\t "] {
        let text = table().replace(',', separator);
        assert_eq!(read(&text).unwrap(), expected, "{separator:?}");
        let crlf = text.replace('\n', "\r\n").replacen('a', "\"a\"", 1);
        assert_eq!(read(&crlf).unwrap().observations(), expected.observations(), "{separator:?}");
    }
    let comma = read(&table().replace(',', ";").replace("0.", "0,")).unwrap_err();
    assert!(comma.starts_with("t.csv:2, column `acc`: `0,51` is not a number: decimals have a point here"), "{comma}");
}

#[test]
fn a_quote_that_is_not_closed_is_named() {
    let error = read(&table().replace("\na,3", "\n\"a,3")).unwrap_err();
    assert_eq!(error, "t.csv:4: a quote that is opened here is not closed by the end of the file");
}

#[test]
fn what_is_no_text_is_refused_where_it_stands() {
    let escape = read(&table().replace("b,2", "b\u{1b}[31m,2")).unwrap_err();
    assert_eq!(escape, "t.csv:8, column `act`: a name holds a control character");
    let zero = read(&table().replace("b,2", "b\0,2")).unwrap_err();
    assert_eq!(zero, "t.csv:8, column `act`: a byte that is 0, as UTF-16 has them: save the table as UTF-8");
    let wide: Vec<u8> = table().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = Results::from_reader(wide.as_slice(), "t.csv".as_ref(), &fixture::table_options(&["act"], &["acc"]))
        .unwrap_err()
        .to_string();
    assert_eq!(wide, "t.csv:1: a byte that is 0, as UTF-16 has them: save the table as UTF-8");
}

#[test]
fn one_seed_has_one_spelling() {
    for spelling in ["01", "1.0", "+1", "1e0", "1."] {
        let error = read(&table().replace("b,1,", &format!("b,{spelling},"))).unwrap_err();
        let expected =
            format!("t.csv:7, column `seed`: the seed `{spelling}` is written `1` on line 2: write it in one way");
        assert_eq!(error, expected);
    }
}

#[test]
fn names_like_those_of_the_report_are_names_like_any_other() {
    let text = table().replace("act,seed,acc", "verdict,seed,acc").replace("a,", "baseline,").replace("b,", "p,");
    let results =
        Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &fixture::table_options(&["verdict"], &["acc"]))
            .unwrap();
    let plan = AnalysisSpec { baseline: [("verdict".to_owned(), Value::from("baseline"))].into(), ..plan("a") };
    let named = Report::new(&results, &plan).unwrap();
    let plain = report(&table(), "a");
    assert_eq!(only(&named).estimate, only(&plain).estimate);
    let rows = String::from_utf8(analysis::render::tables::observations(&named)).unwrap();
    assert!(rows.starts_with("verdict,"), "{rows}");
}

#[test]
fn no_column_of_what_is_written_has_the_name_of_another() {
    for factor in ["metric", "value", "n", "step", "mean", "p", "baseline", "compared"] {
        let text = table().replace("act,", &format!("{factor},"));
        let results =
            Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &fixture::table_options(&[factor], &["acc"]))
                .unwrap();
        let baseline = [(factor.to_owned(), Value::from("a"))].into();
        let report = Report::new(&results, &AnalysisSpec { baseline, ..plan("a") }).unwrap();
        for bytes in [analysis::render::tables::comparisons(&report), analysis::render::tables::observations(&report)] {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
        }
        let bytes = analysis::render::tables::observations(&report);
        let again = Results::from_reader(bytes.as_slice(), "t.csv".as_ref(), &TableOptions::default()).unwrap();
        assert_eq!(again.observations(), results.observations(), "{factor}");
    }
}

#[test]
fn names_may_be_long_and_of_any_alphabet() {
    for name in ["x".repeat(5000), "γελου 激活 🚀".to_owned(), "a, \"b\" & <c> \\d$ %|`".to_owned()] {
        let quoted = format!("\nc\"{}\"", name.replace('"', "\"\"")).replace("\nc", "\n");
        let text = table().replace("\nb", &quoted);
        let found = report(&text, "a");
        assert_eq!(only(&found).estimate, only(&report(&table(), "a")).estimate);
        let again: serde_json::Value = serde_json::from_slice(&found.json()).unwrap();
        let level = &again["metrics"][0]["contrasts"][0]["strata"][0]["arms"];
        assert!(level.as_array().unwrap().iter().any(|arm| arm["level"] == name.as_str()), "{name}");
        assert!(!analysis::render::html::page(&found).unwrap().contains("<c>"));
    }
}

#[test]
fn a_baseline_alone_is_said_to_be_alone() {
    let lines: Vec<String> = table().lines().filter(|line| !line.starts_with('b')).map(str::to_owned).collect();
    let said = report(&(lines.join("\n") + "\n"), "a").summary();
    assert!(said.contains("there is no other level that could be compared with the baseline"), "{said}");
}

#[test]
fn a_factor_with_one_level_has_it_in_every_row() {
    let text = table().replace("act,", "arch,act,").replace("\na,", "\ngpt,a,").replace("\nb,", "\ngpt,b,");
    let results =
        Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &fixture::table_options(&["arch", "act"], &["acc"]))
            .unwrap();
    let report = Report::new(&results, &plan("a")).unwrap();
    let rows = String::from_utf8(analysis::render::tables::comparisons(&report)).unwrap();
    assert!(rows.lines().skip(1).all(|row| row.starts_with("acc,act,gpt,")), "{rows}");
}

#[test]
fn what_cannot_be_planned_is_said() {
    let refusal = |plan: &AnalysisSpec| Report::new(&read(&table()).unwrap(), plan).unwrap_err().to_string();
    let pair = ["a", "a"].map(Value::from);
    let question = Question { name: "same".to_owned(), factor: "act".to_owned(), pairs: vec![pair] };
    let itself = refusal(&AnalysisSpec { questions: vec![question], ..plan("a") });
    assert_eq!(itself, "the question `same` sets `a` against itself");
    for alpha in [1e-300, 0.0, -0.1, 0.6, f64::NAN] {
        let found = refusal(&AnalysisSpec { alpha, ..plan("a") });
        assert!(found.ends_with("is not valid: expected a number from 1e-9 to 0.5"), "{found}");
    }
}

/// The comparison of the one arm that is not the baseline.
fn only(report: &Report) -> &Comparison {
    let mut found = report.metrics[0].comparisons();
    let (.., comparison) = found.next().unwrap();
    assert!(found.next().is_none());
    comparison
}

#[test]
fn swapping_the_arms_flips_the_sign_and_nothing_else() {
    let mut noise = fixture::Noise::new(5);
    for pairing in [Pairing::Seed, Pairing::None] {
        for seeds in [2, 3, 5, 9, 12] {
            let mut text = String::from("act,seed,acc\n");
            for seed in 0..seeds {
                for arm in ["a", "b"] {
                    writeln!(text, "{arm},{seed},{:.3}", noise.next() + if arm == "b" { 1.5 } else { 0.0 }).unwrap();
                }
            }
            let of = |baseline: &str| {
                let plan = AnalysisSpec { pairing, margin: Some(0.4), ..plan(baseline) };
                Report::new(&read(&text).unwrap(), &plan).unwrap()
            };
            let (forth, back) = (of("a"), of("b"));
            let (one, other) = (only(&forth), only(&back));
            let (there, here) = (one.estimate.unwrap(), other.estimate.unwrap());
            assert_eq!(there.difference.to_bits(), (-here.difference).to_bits());
            let turned = |verdict| match verdict {
                Verdict::Better => Verdict::Worse,
                Verdict::Worse => Verdict::Better,
                same => same,
            };
            assert_eq!(one.verdict, turned(other.verdict));
            assert_eq!((one.p(), one.holm_p, one.detectable), (other.p(), other.holm_p, other.detectable));
            assert_eq!(one.equivalence, other.equivalence);
            if let (Some(there), Some(here)) = (there.test(), here.test()) {
                assert_eq!(there.t.to_bits(), (-here.t).to_bits());
                assert_eq!(there.interval.low.to_bits(), (-here.interval.high).to_bits());
            }
            let checks = |comparison: &Comparison| -> Vec<(&str, Option<f64>)> {
                let checks = comparison.sensitivity.iter().flat_map(|sensitivity| &sensitivity.checks);
                checks.map(|check| (check.method, check.p)).collect()
            };
            assert_eq!(checks(one), checks(other), "{seeds} seeds");
        }
    }
}

#[test]
fn a_spread_of_rounding_is_no_spread_to_plan_by() {
    // 0.83 - 0.73 and its like: all differences are a tenth, and no two of them the same float.
    let text = "act,seed,acc\na,0,0.73\na,1,0.64\na,2,0.55\na,3,0.46\nb,0,0.83\nb,1,0.74\nb,2,0.65\nb,3,0.56\n";
    for text in [text.to_owned(), format!("{text}c,0,0.93\nc,1,0.84\nc,2,0.75\nc,3,0.66\n")] {
        let found = of_pilot(&report(&text, "a"), 0.8);
        assert!(matches!(found, Err(PlanningError::NoSpread { .. })), "{found:?}");
    }
}
