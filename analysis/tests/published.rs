//! The worked example of `docs/published-table.md`: the table that a published study gave, analysed again.
//!
//! The table is its authors' and not part of this project; where it is not beside the checkout, nothing is tested, and
//! each test says so past what the test runner keeps to itself.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![allow(clippy::explicit_write, reason = "eprintln! is kept back where the test passes")]

mod fixture;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use analysis::report::comparison::Verdict;
use analysis::{Report, Results, TableOptions};
use spec::Value;
use spec::analysis::{AnalysisSpec, Question};
use spec::metric::Direction;

fn table() -> Option<PathBuf> {
    let folders = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found =
        folders.ancestors().map(|folder| folder.join("shared/reference/study-results.csv")).find(|path| path.exists());
    if found.is_none() {
        say_skipped(&folders);
    }
    found
}

fn say_skipped(folder: &Path) {
    let words = "skipped: there is no shared/reference/study-results.csv in a folder above";
    writeln!(std::io::stderr(), "published table: {words} {}", folder.display()).unwrap();
}

fn report(path: &Path) -> Report {
    let pair = |level: &str, baseline: &str| [Value::from(level), Value::from(baseline)];
    let question = |name: &str, pairs: &[[&str; 2]]| Question {
        name: name.to_owned(),
        factor: "activation".to_owned(),
        pairs: pairs.iter().map(|[level, baseline]| pair(level, baseline)).collect(),
    };
    let plan = AnalysisSpec {
        primary: "blimp".to_owned(),
        directions: ["blimp", "glue"].map(|metric| (metric.to_owned(), Direction::Higher)).into(),
        questions: vec![
            question(
                "learnable against static",
                &[["prelu", "relu"], ["delft-swish", "silu"], ["learnable-gelu", "gelu"]],
            ),
            question("KAN against MLP", &[["kan", "gelu"]]),
        ],
        ..fixture::analysis()
    };
    let results = Results::from_table(path, &TableOptions::default()).unwrap();
    Report::new(&results, &plan).unwrap()
}

#[test]
fn the_summary_is_the_one_in_the_documentation() {
    let Some(path) = table() else { return };
    let summary = report(&path).summary();
    let page = include_str!("../docs/published-table.md");
    let shown: Vec<&str> =
        page.lines().skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```").collect();
    let found: Vec<&str> = summary.trim_end().lines().collect();
    assert_eq!(shown, found, "docs/published-table.md is stale; the summary now is:\n{summary}");
}

#[test]
fn what_it_could_and_could_not_claim_is_said() {
    let Some(path) = table() else { return };
    let report = report(&path);
    let caveat = |words: &str| report.caveats.iter().any(|caveat| caveat.contains(words));
    // One seed of KAN is 63.43 where the others lie between 52.7 and 54.9.
    assert!(caveat("seed 42 with 63.4"), "{:#?}", report.caveats);
    assert!(caveat("not every seed has both runs"), "{:#?}", report.caveats);
    assert!(caveat("nothing shows that its comparisons were declared"), "{:#?}", report.caveats);
    let [learnable, kan] = report.answers.as_slice() else { panic!("two answers") };
    assert_eq!((learnable.strata, kan.strata, kan.left_out.as_slice()), (2, 1, &["roberta".to_owned()][..]));
    assert_eq!(learnable.pooled.verdict, Verdict::Inconclusive);
    for answer in &report.answers {
        assert!(answer.pooled.detectable.is_some() && answer.pooled.needed.is_some(), "{answer:?}");
    }
    // Identity was run with seeds of its own: no pair, and no comparison.
    let identity = report.metrics[0].comparisons().find(|(.., arm, _)| arm.level == "identity").unwrap().3;
    assert_eq!((identity.seeds_used, identity.reason.as_deref()), (0, Some("no values in common")));
}
