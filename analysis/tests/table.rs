//! Anyone's table: what is read, and what each mistake says.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::results::RunState;
use analysis::{Duplicates, Report, Results, TableOptions};
use spec::Value;
use spec::metric::Direction;

fn options() -> TableOptions {
    TableOptions { factors: vec!["act".to_owned()], metrics: vec!["acc".to_owned()], ..TableOptions::default() }
}

fn read(text: &str, options: &TableOptions) -> Result<Results, String> {
    Results::from_reader(text.as_bytes(), "t.csv".as_ref(), options).map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    read(text, &options()).unwrap_err()
}

fn report(results: &Results, baseline: &str) -> Report {
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), Direction::Higher);
    plan.baseline = [("act".to_owned(), Value::from(baseline))].into();
    Report::new(results, &plan).unwrap()
}

const WIDE: &str = "act,seed,acc,loss\nrelu,1,0.5,1\nrelu,2,0.6,2\ngelu,1,0.7,3\ngelu,2,0.9,4\n";
const LONG: &str = "act,seed,metric,value\nrelu,1,acc,0.5\nrelu,1,loss,1\nrelu,2,acc,0.6\nrelu,2,loss,2\ngelu,1,acc,0.7\n\
                    gelu,1,loss,3\ngelu,2,acc,0.9\ngelu,2,loss,4\n";

#[test]
fn wide_and_long_tables_say_the_same() {
    let wide = read(WIDE, &TableOptions { metrics: vec!["acc".to_owned(), "loss".to_owned()], ..options() }).unwrap();
    let long = read(LONG, &TableOptions { metrics: vec![], factors: vec![], ..options() }).unwrap();
    assert_eq!(wide.observations(), long.observations());
    assert_eq!(wide.metrics(), ["acc", "loss"]);
    assert_eq!(long.factors()[0].levels, ["gelu", "relu"]);
}

#[test]
fn marks_and_line_ends_are_no_part_of_a_table() {
    let decorated = format!("\u{feff}{}", WIDE.replace('\n', "\r\n").replace("relu,1", " relu , 1"));
    assert_eq!(read(&decorated, &options()).unwrap().observations(), read(WIDE, &options()).unwrap().observations());
    let quoted = WIDE.replace("act,", "\"act\",").replace("gelu", "\"gelu, tanh\"");
    assert_eq!(read(&quoted, &options()).unwrap().factors()[0].levels, ["gelu, tanh", "relu"]);
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let mut lines: Vec<&str> = LONG.lines().skip(1).collect();
    lines.reverse();
    lines.swap(0, 3);
    let shuffled = format!("{}\n{}\n", LONG.lines().next().unwrap(), lines.join("\n"));
    let options = TableOptions { factors: vec![], ..options() };
    let reports = [LONG, &shuffled].map(|text| report(&read(text, &options).unwrap(), "relu"));
    assert_eq!(reports[0].json(), reports[1].json());
    assert_eq!(analysis::render::html::page(&reports[0]).unwrap(), analysis::render::html::page(&reports[1]).unwrap());
}

#[test]
fn what_is_written_can_be_read_again() {
    let results = read(WIDE, &options()).unwrap();
    let bytes = analysis::render::tables::observations(&report(&results, "relu"));
    let again = Results::from_reader(bytes.as_slice(), "t.csv".as_ref(), &TableOptions::default()).unwrap();
    assert_eq!(again.observations(), results.observations());
}

#[test]
fn a_value_that_is_not_finite_is_a_diverged_run() {
    let results = read(&WIDE.replace("0.6", "NaN").replace("0.9", ""), &options()).unwrap();
    assert_eq!((results.observations().len(), results.unusable().len()), (2, 1));
    let report = report(&results, "relu");
    let arms = &report.metrics[0].contrasts[0].strata[0].arms;
    assert_eq!(arms[0].gaps[0].reason, "no value");
    assert_eq!(arms[1].gaps[0].reason, "diverged");
    let comparison = arms[0].comparison.as_ref().unwrap();
    assert_eq!((comparison.seeds_used, comparison.seeds_planned), (1, 2));
    assert_eq!(comparison.p(), None);
    assert!(!String::from_utf8(report.json()).unwrap().contains("NaN"));
}

#[test]
fn each_mistake_has_its_place() {
    assert_eq!(refusal(""), "t.csv holds no header");
    assert_eq!(refusal("act,seed,acc\n"), "t.csv holds no rows");
    assert_eq!(refusal("activation,seed,acc\na,1,2\n"), "t.csv has no column `act`; did you mean `activation`?");
    assert_eq!(refusal("act,sed,acc\na,1,2\n"), "t.csv has no column `seed`; did you mean `sed`?");
    assert_eq!(refusal("act,seed,acc,acc\na,1,2,3\n"), "t.csv: the column `acc` stands in the header twice");
    assert_eq!(
        refusal("act,seed,acc\na,1,0.5\na,2,half\n"),
        "t.csv:3, column `acc`: `half` is not a number (such as 0.5, 1e-3, NaN for a diverged run, or empty for a missing one)"
    );
    assert_eq!(refusal("act,seed,acc\n,1,0.5\n"), "t.csv:2, column `act`: `` is not a level: the cell is empty");
    assert_eq!(
        refusal("act,seed,acc\na,1,0.5\nb,1,0.5\na,1,0.6\n"),
        "t.csv:4: a second value of `acc` for act = a, seed 1; the first is on line 2"
    );
    assert_eq!(
        refusal("act,seed,acc\na,1,0.5\nb,01,0.5\n"),
        "t.csv:3, column `seed`: the seed `01` is written `1` on line 2: write it in one way"
    );
    assert_eq!(refusal("act,seed,acc\na,1\n"), "t.csv:2: 2 cells where the header has 3");
    let latin = Results::from_reader(&b"act,seed,acc\n\xe9,1,2\n"[..], "t.csv".as_ref(), &options()).unwrap_err();
    assert_eq!(latin.to_string(), "t.csv:2, column `act`: not UTF-8 text");
    let both = TableOptions { factors: vec!["seed".to_owned()], ..options() };
    assert_eq!(
        read(WIDE, &both).unwrap_err(),
        "t.csv: the column `seed` was given two parts: factor, seed, step or metric"
    );
    let none = TableOptions { metrics: vec![], ..options() };
    assert_eq!(
        read(WIDE, &none).unwrap_err(),
        "t.csv: say which columns are metrics (or give columns `metric` and `value`); there is `act`, `seed`, `acc`, `loss`"
    );
    let unknown = TableOptions { metrics: vec!["ac".to_owned()], ..options() };
    assert_eq!(read(LONG, &unknown).unwrap_err(), "there is no metric `ac`; did you mean `acc`?");
}

#[test]
fn an_unknown_metric_needs_a_direction() {
    let results = read(WIDE, &options()).unwrap();
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.baseline = [("act".to_owned(), Value::from("relu"))].into();
    let error = Report::new(&results, &plan).unwrap_err();
    assert!(error.to_string().starts_with("it is not known which way is better for the metric `acc`"), "{error}");
}

#[test]
fn equal_differences_are_not_certainty() {
    let results = read("act,seed,acc\na,1,0.5\na,2,0.6\na,3,0.7\nb,1,0.6\nb,2,0.7\nb,3,0.8\n", &options()).unwrap();
    let report = report(&results, "a");
    let comparison = report.metrics[0].contrasts[0].strata[0].arms[1].comparison.as_ref().unwrap();
    assert_eq!(comparison.verdict, analysis::report::comparison::Verdict::NotTested);
    assert_eq!(comparison.reason.as_deref(), Some("all differences are equal: p is not defined"));
}

#[test]
fn what_no_square_can_hold_is_set_aside() {
    let results = read("act,seed,acc\na,0,1e300\na,1,0.5\nb,0,0.25\nb,1,0.5\n", &options()).unwrap();
    assert_eq!((results.observations().len(), results.unusable().len()), (3, 1));
    assert_eq!(results.runs()[0].state, RunState::Diverged);
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for end in ["\n", "\r\n"] {
        let text = "act,seed,acc\na,1,0.5\n\nb,1,0.5\na,2,half\n".replace('\n', end);
        let expected = "t.csv:5, column `acc`: `half` is not a number";
        assert!(refusal(&text).starts_with(expected), "{end:?}: {}", refusal(&text));
    }
}

#[test]
fn a_quote_that_is_not_closed_is_told_at_the_end_too() {
    let expected = "t.csv:4: a quote that is opened here is not closed by the end of the file";
    for end in ["", "\n", "\n\n"] {
        let text = format!("act,seed,acc\na,1,0.5\n\nb,1,\"7{end}");
        assert_eq!(refusal(&text), expected);
        assert_eq!(refusal(&text.replace('\n', "\r\n")), expected);
    }
    assert!(read("act,seed,acc\na,1,0.5\nb,1,\"7\"", &options()).is_ok());
}

#[test]
fn a_number_that_does_not_fit_and_a_decimal_comma_are_told() {
    let of = |value: &str| refusal(&format!("act,seed,acc\na,1,0.5\na,2,{value}\n"));
    assert!(of("1e400").ends_with("`1e400` is not a number that fits: it may be at most 1.8e308 in size"));
    assert!(of("0,5").ends_with("(a decimal comma separates cells too: decimals have a point)"), "{}", of("0,5"));
    assert!(of("\"0,5\"").contains("decimals have a point here, not a comma"));
    assert!(read("act,seed,acc\na,1,0.5\na,2,-Inf\n", &options()).is_ok());
    let all = read("act,seed,acc\na,1,1e300\nb,1,1e300\n", &options()).unwrap();
    let said = &report(&all, "a").headline[0];
    assert!(said.contains("of 2 runs every one diverged") && said.contains("1e75"), "{said}");
}

/// Arms of six seeds: `b` a little and surely better than `a`, `c` neither, `d` on other seeds.
fn close_arms() -> Report {
    let mut text = String::from("act,seed,acc\n");
    for seed in 0..6_u32 {
        let base = f64::from(seed % 3);
        let wobble = f64::from(seed * 7 % 5) * 1e-3;
        writeln!(text, "a,{seed},{base}\nb,{seed},{}\nc,{seed},{}", base + 0.1 + wobble, base + wobble - 2e-3).unwrap();
        writeln!(text, "d,{},0.5", seed + 10).unwrap();
    }
    let results = read(&text, &options()).unwrap();
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), Direction::Higher);
    plan.baseline = [("act".to_owned(), Value::from("a"))].into();
    plan.margin = Some(0.5);
    Report::new(&results, &plan).unwrap()
}

#[test]
fn what_is_better_by_less_than_the_margin_is_called_so_and_equivalence_shows_its_p() {
    let report = close_arms();
    let text = report.summary();
    assert!(text.contains("Better: b (by less than the margin)."), "{text}");
    assert!(text.contains("better, by less than the margin") && text.contains("within ±0.5, Holm p"), "{text}");
    assert!(analysis::render::markdown::markdown(&report).contains("within ±0.5, Holm p"));
    // An arm that was never compared with the best has no mark of one that was.
    let table = analysis::render::latex::latex(&report);
    let row = table.lines().find(|line| line.starts_with("d &")).unwrap();
    assert!(!row.contains("dag"), "{row}");
}

#[test]
fn what_is_small_is_not_shown_as_nothing() {
    let mut text = String::from("act,seed,acc\n");
    for seed in 0..5_u32 {
        writeln!(text, "a,{seed},{}e-12\nb,{seed},{}e-12", seed % 3 + 1, seed % 2 + 4).unwrap();
    }
    let said = report(&read(&text, &options()).unwrap(), "a").summary();
    assert!(said.contains("e-12") && !said.contains("0.00000"), "{said}");
}

#[test]
fn a_metric_of_two_values_says_so() {
    let caveats = |value: fn(u32) -> u32| {
        let mut text = String::from("act,seed,acc\n");
        for seed in 0..8 {
            writeln!(text, "a,{seed},{}\nb,{seed},{}", value(seed), seed % 3 / 2).unwrap();
        }
        report(&read(&text, &options()).unwrap(), "a").caveats.join(" ")
    };
    assert!(caveats(|seed| seed % 2).contains("takes two values only, 0 and 1"));
    assert!(!caveats(|seed| seed % 4).contains("two values"));
}

#[test]
fn a_report_replaces_a_report_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(&read(WIDE, &options()).unwrap(), "relu");
    let page = folder.path().join("index.html");
    std::fs::write(&page, "my own text").unwrap();
    let refused = report.write(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("holds index.html that no report of Seedbed wrote"), "{refused}");
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "my own text");
    std::fs::remove_file(&page).unwrap();
    report.write(folder.path()).unwrap();
    report.write(folder.path()).unwrap();
    // Without its page it is still a report.
    std::fs::remove_file(&page).unwrap();
    report.write(folder.path()).unwrap();
}

#[test]
fn of_a_curve_the_highest_step_counts() {
    let long = "act,seed,step,metric,value\na,1,20,acc,0.7\na,1,3,acc,0.1\nb,1,20,acc,0.6\nb,1,5,acc,0.9\n";
    let options = TableOptions { factors: vec![], ..options() };
    let results = read(long, &options).unwrap();
    let values: Vec<f64> = results.observations().iter().map(|observation| observation.value).collect();
    assert_eq!(values, [0.7, 0.6]);
    assert_eq!(results.factors().len(), 1);
    let twice = read(&format!("{long}a,1,20,acc,0.8\n"), &options).unwrap_err();
    assert_eq!(twice, "t.csv:6: a second value of `acc` for act = a, seed 1; the first is on line 2");
    // A second row at an earlier step counts as little as the first.
    assert!(read(&format!("{long}a,1,3,acc,0.8\n"), &options).is_ok());
    let negative = read(&long.replace(",3,", ",-3,"), &options).unwrap_err();
    assert_eq!(negative, "t.csv:3, column `step`: `-3` is not a step: a number that is not below 0");
    // Where it was named as a factor it is one.
    let factor = TableOptions { factors: vec!["act".to_owned(), "step".to_owned()], ..options };
    assert_eq!(read(long, &factor).unwrap().factors().len(), 2);
}

#[test]
fn duplicates_are_refused_averaged_or_the_last_one_counts() {
    let text = "act,seed,acc\na,1,0.1\na,1,0.4\na,1,0.4\nb,1,0.5\n";
    let with = |duplicates| {
        let results = read(text, &TableOptions { duplicates, ..options() }).unwrap();
        results.observations()[0].value
    };
    assert!((with(Duplicates::Mean) - 0.3).abs() < 1e-16);
    assert!((with(Duplicates::Last) - 0.4).abs() < 1e-16);
    assert!(read(text, &options()).is_err());
    let diverged = text.replace("a,1,0.4\na", "a,1,NaN\na");
    let results = read(&diverged, &TableOptions { duplicates: Duplicates::Mean, ..options() }).unwrap();
    assert_eq!(results.runs()[0].state, RunState::Diverged);
}

/// Enough rows that they are read in several parts.
fn large(rows: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("act,arch,seed,step,metric,value\n");
    for row in 0..rows {
        let (act, arch, seed) = (row % 3, row / 3 % 2, row / 6 % 5);
        writeln!(
            text,
            "act-{act},arch-{arch},{seed},{},accuracy-of-the-model,{}",
            row / 30,
            (row * 7919 % 1000) as f64 / 1e3
        )
        .unwrap();
    }
    text
}

#[test]
fn threads_and_the_order_of_rows_change_nothing() {
    let text = large(300_000);
    assert!(text.len() > 9_000_000, "{} bytes are read in one part", text.len());
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("{}\n{}\n", text.lines().next().unwrap(), lines.join("\n"));
    for (step, duplicates) in [(None, Duplicates::Refuse), (Some("seed2"), Duplicates::Mean)] {
        let options = |threads| TableOptions { factors: vec![], metrics: vec![], threads, duplicates, ..options() };
        let prepare = |text: &str| match step {
            // Without the column `step` all rows of a run are duplicates.
            Some(_) => text.replace(",step,", ",n,"),
            None => text.to_owned(),
        };
        let (text, turned) = (prepare(&text), prepare(&turned));
        let one = read(&text, &options(1)).unwrap();
        for threads in [2, 3, 8] {
            assert!(read(&text, &options(threads)).unwrap() == one, "{threads} threads");
        }
        assert!(read(&turned, &options(2)).unwrap() == one);
        assert_eq!(one.observations().len(), 30);
    }
}

#[test]
fn a_mistake_in_a_later_part_has_its_line() {
    let mut text = large(300_000);
    text.push_str("act-0,arch-0,0,1e9,accuracy-of-the-model,wrong\n");
    let options = TableOptions { factors: vec![], metrics: vec![], threads: 4, ..options() };
    assert!(read(&text, &options).unwrap_err().starts_with("t.csv:300002, column `value`: `wrong` is not a number"));
    // A quoted cell may hold a line end, so that the file is read in one part.
    let quoted = text.replace("wrong", "\"0.5\"").replacen("act-1", "\"act\n1\"", 1);
    let results = read(&quoted, &options).unwrap();
    assert_eq!(results.factors()[0].levels.len(), 4);
}

#[test]
fn several_files_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let one = write("one.csv", "act,seed,acc\na,1,0.5\nb,1,0.6\n");
    let two = write("two.csv", "seed,acc,act\n2,0.4,a\n2,0.7,b\n");
    let both = Results::from_tables(&[one.clone(), two.clone()], &options()).unwrap();
    let turned = Results::from_tables(&[two.clone(), one.clone()], &options()).unwrap();
    assert_eq!((both.observations(), both.observations().len()), (turned.observations(), 4));
    let message = |paths: &[std::path::PathBuf]| Results::from_tables(paths, &options()).unwrap_err().to_string();
    let again = message(&[one.clone(), one.clone()]);
    assert!(again.ends_with("one.csv:2"), "{again}");
    let spelling = write("three.csv", "act,seed,acc\na,02,0.4\n");
    assert!(message(&[two.clone(), spelling]).contains("the seed `02` is written `2` on "), "{again}");
    let long = |name: &str, text: &str| write(name, text);
    let (act, arch) =
        (long("l1.csv", "act,seed,metric,value\na,1,acc,1\n"), long("l2.csv", "arch,seed,metric,value\na,1,acc,1\n"));
    let open = TableOptions { factors: vec![], metrics: vec![], ..options() };
    let differ = Results::from_tables(&[act, arch], &open).unwrap_err().to_string();
    assert!(differ.contains("has the factors arch, and") && differ.ends_with("has act"), "{differ}");
}

#[test]
fn ten_thousand_columns_are_read_and_not_listed() {
    let names: Vec<String> = (0..10_000).map(|column| format!("m{column}")).collect();
    let values = vec!["0.5"; 10_000].join(",");
    let text = format!("act,seed,{}\na,1,{values}\nb,1,{values}\n", names.join(","));
    let all = TableOptions { metrics: names, ..options() };
    assert_eq!(read(&text, &all).unwrap().observations().len(), 20_000);
    let none = read(&text, &TableOptions { metrics: vec![], ..options() }).unwrap_err();
    assert!(none.len() < 400 && none.contains("and 9990 more"), "{none}");
}
