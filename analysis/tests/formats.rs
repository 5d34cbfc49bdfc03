//! Every form of a report says the same: the tables of the page stand, row by row, in Markdown and LaTeX too, and the
//! numbers of the CSV files and of the JSON are those that are shown.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::collections::BTreeSet;

use analysis::number;
use analysis::render::latex::latex;
use analysis::render::latex::text::escape;
use analysis::render::sheets::Sheet;
use analysis::render::{appendix, averages, html, markdown, networks, overall, sheets, tables};
use analysis::report::comparison::Verdict;
use analysis::report::metric::{Arm, MetricReport};
use analysis::statistics::estimate::Estimate;
use analysis::{Report, Results};
use spec::Value;
use spec::analysis::{AnalysisSpec, Question};

const LEARNABLE: &str = "learnable against static";
const KAN: &str = "KAN against MLP";

/// The standard study: two architectures, the mission's two questions and a margin.
fn report() -> Report {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    let pair = |[level, baseline]: [&str; 2]| [Value::from(level), Value::from(baseline)];
    let question = |name: &str, pairs: &[[&str; 2]]| Question {
        name: name.to_owned(),
        factor: "activation".to_owned(),
        pairs: pairs.iter().copied().map(pair).collect(),
    };
    let learnable = [["prelu", "relu"], ["swish", "silu"], ["learnable-gelu", "gelu"], ["geglu", "gelu"]];
    let questions = vec![question(LEARNABLE, &learnable), question(KAN, &[["kan", "gelu"]])];
    let plan = AnalysisSpec { questions, margin: Some(0.02), ..fixture::analysis() };
    Report::new(&Results::from_sweep(&layout).unwrap(), &plan).unwrap()
}

/// Every table that is made of sheets.
fn all_sheets(report: &Report) -> Vec<Sheet> {
    let mut all = sheets::questions(report);
    for metric in &report.metrics {
        all.extend(
            metric.contrasts.iter().filter_map(|contrast| averages::averages(metric, contrast, report.analysis.alpha)),
        );
    }
    all.extend(appendix::divergence(report));
    all.extend(networks::networks(report));
    all.extend(appendix::machines(report));
    all.extend(appendix::sensitivity(report));
    all.extend(appendix::all_values(report));
    all
}

/// The cells of a row, in one line.
fn line(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>().join(" | ")
}

fn of_page(page: &str) -> BTreeSet<String> {
    let text = |cell: &str| {
        let mut shown = String::new();
        for piece in cell.split('<') {
            shown.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
            .iter()
            .fold(shown, |shown, (mark, letter)| shown.replace(mark, letter))
    };
    let row = |row: &str| line(row.replace("<th", "<td").split("<td").skip(1).map(|cell| text(&format!("<td{cell}"))));
    page.split("<tr").skip(1).map(|found| row(found.split("</tr>").next().unwrap())).collect()
}

fn of_markdown(text: &str) -> BTreeSet<String> {
    let plain = |cell: &str| cell.replace("&lt;", "<").replace("&gt;", ">").replace('\\', "");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| line(row.trim_matches('|').split(" | ").map(plain))).collect()
}

fn of_latex(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_suffix(" \\\\"));
    rows.map(|row| line(row.split(" & ").map(str::to_owned))).collect()
}

#[test]
fn every_table_stands_in_every_form() {
    let report = report();
    let (page, text, latex) = (html::page(&report).unwrap(), markdown::markdown(&report), latex(&report));
    let forms = [("page", of_page(&page)), ("Markdown", of_markdown(&text))];
    let of_latex = of_latex(&latex);
    let found = all_sheets(&report);
    assert!(found.len() >= 10, "{}", found.len());
    for sheet in found {
        let rows = std::iter::once(&sheet.header).chain(sheet.rows.iter().map(|row| &row.cells));
        for row in rows {
            // The values of every seed are on the page, in LaTeX and in observations.csv: too many for Markdown.
            let of_seeds = sheet.title.contains("of every seed");
            for (name, form) in forms.iter().filter(|(name, _)| !of_seeds || *name == "page") {
                assert!(form.contains(&line(row.clone())), "{}: the {name} lacks {row:?}", sheet.title);
            }
            let escaped = line(row.iter().map(|cell| escape(cell)));
            assert!(of_latex.contains(&escaped), "{}: LaTeX lacks {escaped}", sheet.title);
        }
    }
    for run in appendix::open_runs(&report).unwrap().rows {
        assert!(
            forms[1].1.contains(&line(run.cells.clone()))
                && of_latex.contains(&line(run.cells.iter().map(|c| escape(c))))
        );
        assert!(page.contains(run.cells.last().unwrap()), "the page lacks {:?}", run.cells);
    }
}

/// What the tables of strata show of an arm, from the numbers of the report: mean, spread, difference, interval, p,
/// adjusted p, adjusted p of equivalence, detectable difference.
fn shown(metric: &MetricReport, arm: &Arm) -> [String; 8] {
    let fixed = |value: Option<f64>| value.map(|value| number::fixed(value, metric.decimals));
    let compared = arm.comparison.as_ref();
    let estimate = compared.and_then(|one| one.estimate);
    let test = estimate.as_ref().and_then(|estimate| estimate.test());
    let cells = [
        fixed(arm.description.map(|found| found.mean)),
        fixed(arm.description.and_then(|found| found.sd)),
        estimate.map(|estimate| number::signed(estimate.difference, metric.decimals)),
        test.map(|test| {
            [test.interval.low, test.interval.high].map(|end| number::signed(end, metric.decimals)).join(" to ")
        }),
        test.map(|test| number::p_value(test.p)),
        compared.and_then(|one| one.holm_p).map(number::p_value),
        compared.and_then(|one| one.equivalence?.holm_p).map(number::p_value),
        fixed(compared.and_then(|one| one.detectable).map(|size| size.in_family)),
    ];
    cells.map(|cell| cell.unwrap_or_else(|| "\u{2013}".to_owned()))
}

#[test]
fn arms_have_the_same_numbers_in_every_form() {
    let report = report();
    let (page, text, latex) = (html::page(&report).unwrap(), markdown::markdown(&report), latex(&report));
    let (page, text, latex, summary) = (of_page(&page), of_markdown(&text), of_latex(&latex), report.summary());
    let with = |rows: &BTreeSet<String>, start: &str, end: &str| {
        rows.iter().any(|row| row.starts_with(start) && row.contains(end))
    };
    for metric in &report.metrics {
        for arm in metric.contrasts.iter().flat_map(|one| &one.strata).flat_map(|stratum| &stratum.arms) {
            let [mean, sd, difference, interval, p, holm, equivalence, detectable] = shown(metric, arm);
            let mut cells = vec![difference.clone(), interval, p, holm.clone()];
            // The margin is one of the primary metric.
            cells.extend(metric.primary.then_some(equivalence));
            cells.push(detectable);
            let start = format!("{} | ", arm.level);
            let end = line([vec![mean.clone(), sd.clone()], cells.clone()].concat());
            assert!(with(&text, &start, &end), "Markdown lacks {start}{end}");
            let on_page = if arm.baseline { line([mean.clone(), sd.clone(), "baseline".to_owned()]) } else { end };
            assert!(with(&page, &start, &on_page), "the page lacks {start}{on_page}");
            let in_latex = line(cells.iter().map(|cell| escape(cell)));
            let start = format!("{} | ", escape(&arm.level));
            assert!(arm.baseline || with(&latex, &start, &in_latex), "LaTeX lacks {start}{in_latex}");
            let in_line = |line: &str| [&arm.level, &mean, &difference, &holm].iter().all(|cell| line.contains(*cell));
            assert!(!metric.primary || summary.lines().any(in_line), "the terminal lacks {}", arm.level);
        }
    }
}

/// A table of CSV: its head and its records.
fn of_csv(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    (cells(reader.headers().unwrap()), reader.records().map(|record| cells(&record.unwrap())).collect())
}

/// The numbers of an estimate as both CSV and JSON have them, by name.
fn numbers(estimate: Option<Estimate>) -> Vec<(&'static str, Option<f64>)> {
    let test = estimate.and_then(|estimate| estimate.test().copied());
    vec![
        ("difference", estimate.map(|estimate| estimate.difference)),
        ("low", test.map(|test| test.interval.low)),
        ("high", test.map(|test| test.interval.high)),
        ("standard_error", test.map(|test| test.standard_error)),
        ("t", test.map(|test| test.t)),
        ("df", test.map(|test| test.df)),
        ("p", test.map(|test| test.p)),
    ]
}

/// That a record of CSV and an object of JSON have these numbers, to the last bit.
fn same(expected: &[(&str, Option<f64>)], (head, record): (&[String], &[String]), json: &serde_json::Value) {
    for (name, value) in expected {
        let place = head.iter().position(|found| found == name).unwrap();
        assert_eq!(record[place].parse::<f64>().ok(), *value, "{name} of {record:?}");
        let estimate = &json["estimate"];
        let found = match *name {
            "difference" => &estimate["difference"],
            "low" | "high" if json["interval"].is_object() => &json["interval"][name],
            "low" | "high" => &estimate["conclusion"]["interval"][name],
            "own_p" => &json["own"]["conclusion"]["p"],
            "standard_error" | "t" | "df" | "p" => &estimate["conclusion"][name],
            _ => &json[name],
        };
        assert_eq!(found.as_f64(), *value, "{name} of {json}");
    }
}

#[test]
fn csv_and_json_have_the_numbers_to_the_last_bit() {
    let report = report();
    let json: serde_json::Value = serde_json::from_slice(&report.json()).unwrap();
    let (head, records) = of_csv(&tables::comparisons(&report));
    let (overall_head, overall) = of_csv(&overall::overall(&report));
    let (mut records, mut averages) = (records.iter(), overall.iter().filter(|record| record[1] == "average"));
    for (at, metric) in report.metrics.iter().enumerate() {
        for (place, contrast) in metric.contrasts.iter().enumerate() {
            let found = &json["metrics"][at]["contrasts"][place];
            for (index, stratum) in contrast.strata.iter().enumerate() {
                for (arm, one) in stratum.arms.iter().enumerate() {
                    let record = records.next().unwrap();
                    let Some(compared) = &one.comparison else { continue };
                    let mut expected = numbers(compared.estimate);
                    expected.push(("holm_p", compared.holm_p));
                    same(&expected, (&head, record), &found["strata"][index]["arms"][arm]["comparison"]);
                }
            }
            for (index, average) in contrast.effects.iter().flat_map(|effects| &effects.contrasts).enumerate() {
                let judged = &average.judged;
                let mut expected = numbers(judged.estimate);
                // Where the error is pooled, the interval holds that of the difference's own.
                expected[1].1 = judged.interval.map(|interval| interval.low);
                expected[2].1 = judged.interval.map(|interval| interval.high);
                expected.push(("own_p", judged.own.and_then(|own| own.test().map(|test| test.p))));
                expected.extend([("adjusted_p", judged.adjusted_p), ("detectable", judged.detectable)]);
                let json = &found["effects"]["contrasts"][index]["judged"];
                same(&expected, (&overall_head, averages.next().unwrap()), json);
            }
        }
    }
    assert!(records.next().is_none() && averages.next().is_none());
}

#[test]
fn the_two_questions_are_answered_by_name_with_effect_interval_verdict_and_cost() {
    let report = report();
    let (page, text, latex, summary) =
        (html::page(&report).unwrap(), markdown::markdown(&report), latex(&report), report.summary());
    let (_, records) = of_csv(&overall::overall(&report));
    let json: serde_json::Value = serde_json::from_slice(&report.json()).unwrap();
    let metric = report.primary().unwrap();
    for (index, (name, pairs)) in [(LEARNABLE, 4), (KAN, 1)].into_iter().enumerate() {
        let answer = &report.answers[index];
        let interval = answer.pooled.interval.unwrap();
        let effect = number::signed(answer.pooled.estimate.unwrap().difference, metric.decimals);
        let interval = [interval.low, interval.high].map(|end| number::signed(end, metric.decimals)).join(" to ");
        let verdict = answer.pooled.verdict.name();
        let said = if answer.pooled.verdict == Verdict::NotTested { "nothing may be claimed" } else { verdict };
        for (form, found) in [("page", &page), ("Markdown", &text), ("summary", &summary)] {
            let line = found
                .lines()
                .find(|line| line.contains(&format!("{name}: ")))
                .unwrap_or_else(|| panic!("{form}: {name}"));
            assert!([effect.as_str(), &interval, said].iter().all(|word| line.contains(word)), "{form}: {line}");
        }
        assert!(latex.contains(&escape(&answer.sentence)), "LaTeX: {name}");
        // Each pair with the parameters and hours of both of its levels. The fixture trains without GPUs.
        let sheet = &sheets::questions(&report)[index];
        for word in ["parameters", "hours a run"] {
            let place = sheet.header.iter().position(|head| head == word).unwrap();
            assert!(sheet.rows[..pairs].iter().all(|row| row.cells[place].contains(" / ")), "{word}: {:?}", sheet.rows);
            assert!(summary.contains(&sheet.rows[0].cells[place]), "{word}");
        }
        let of =
            |kind: &str| records.iter().filter(|record| record[1] == kind && record[2] == name).collect::<Vec<_>>();
        assert_eq!((of("question").len(), of("pair").len()), (1, pairs));
        let pooled = of("question")[0];
        let [difference, low, high] =
            [8, 9, 10].map(|place: usize| number::signed(pooled[place].parse().unwrap(), metric.decimals));
        assert_eq!((difference, format!("{low} to {high}"), pooled[29].as_str()), (effect, interval, verdict));
        assert!(of("pair").iter().all(|record| record[23..27].iter().all(|cell| cell.parse::<f64>().is_ok())));
        let found = &json["answers"][index];
        assert_eq!(found["name"], name);
        assert_eq!(
            found["pooled"]["estimate"]["difference"].as_f64(),
            Some(answer.pooled.estimate.unwrap().difference)
        );
        assert!(
            found["pairs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|pair| pair["cost"][0]["parameters"].is_f64() && pair["cost"][1]["hours"].is_f64())
        );
    }
}

#[test]
fn every_row_of_markdown_has_the_cells_of_its_head() {
    let text = "arm,seed,acc\na|b,1,0.5\na|b,2,0.6\n`c\\|*,1,0.4\n`c\\|*,2,0.7\n<d>,1,0.3\n<d>,2,0.2\n";
    let options = fixture::table_options(&["arm"], &["acc"]);
    let results = Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &options).unwrap();
    let mut plan = AnalysisSpec { baseline: [("arm".to_owned(), Value::from("a|b"))].into(), ..fixture::analysis() };
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), spec::metric::Direction::Higher);
    let mut rows = 0;
    for report in [report(), Report::new(&results, &plan).unwrap()] {
        let text = markdown::markdown(&report);
        let mut columns = None;
        for line in text.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            // A bar after a backslash is a letter, and a backslash after one as well.
            let mut escaped = false;
            let bars = line.chars().filter(|letter| {
                let bar = *letter == '|' && !escaped;
                escaped = *letter == '\\' && !escaped;
                bar
            });
            let bars = bars.count();
            assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
            rows += 1;
        }
        assert!(!text.contains("<d>"));
    }
    assert!(rows > 150, "{rows}");
}
