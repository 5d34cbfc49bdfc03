//! Anyone's table: what is read, and what each mistake says.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use analysis::results::RunState;
use analysis::{Report, Results, TableOptions};
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
    assert_eq!(latin.to_string(), "t.csv:2: not UTF-8 text");
    let both = TableOptions { factors: vec!["seed".to_owned()], ..options() };
    assert_eq!(read(WIDE, &both).unwrap_err(), "t.csv: the column `seed` was given two parts: factor, seed or metric");
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
