//! The tables in LaTeX, compiled for real where there is a LaTeX.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what fails here fails the test, and what was not done is said"
)]

mod fixture;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use analysis::render::latex::latex;
use analysis::{Report, Results};
use spec::Value;
use spec::metric::Direction;

/// Levels that would break a document, and one of another alphabet.
const HOSTILE: [&str; 6] = [
    "\\end{document}",
    "50% & $x_1^2$",
    "{#}~",
    "\\input|\"ls\"",
    "中文 β é",
    "a--very-long-name-that-goes-on-and-on-and-on",
];

fn table(levels: &[String], seeds: usize) -> Report {
    let mut text = String::from("\"act_{%}\",seed,acc\n");
    for (row, level) in levels.iter().enumerate() {
        for seed in 0..seeds {
            let value = 0.5 + 0.01 * row as f64 + 0.001 * ((row * 7 + seed * seed * 3) % 5) as f64;
            let _ = writeln!(text, "\"{}\",{seed},{value}", level.replace('"', "\"\""));
        }
    }
    let options = fixture::table_options(&["act_{%}"], &["acc"]);
    let results = Results::from_reader(text.as_bytes(), "a_b & c%.csv".as_ref(), &options).unwrap();
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), Direction::Higher);
    plan.baseline = [("act_{%}".to_owned(), Value::from(levels[0].as_str()))].into();
    Report::new(&results, &plan).unwrap()
}

fn sweep() -> Report {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    Report::new(&Results::from_sweep(&layout).unwrap(), &fixture::analysis()).unwrap()
}

/// The pages that pdfTeX makes of a document; `None` where there is no pdfTeX.
fn compile(text: &str, directory: &Path) -> Option<usize> {
    fs::write(directory.join("tables.tex"), text).unwrap();
    let mut command = Command::new("pdflatex");
    command.args(["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]);
    let status = command.current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let log = String::from_utf8_lossy(&fs::read(directory.join("tables.log")).unwrap()).into_owned();
    assert!(status.success(), "{log}");
    assert!(!log.contains("Overfull \\hbox"), "{log}");
    assert!(!log.contains("Missing character"), "{log}");
    let pages = log.rsplit_once("Output written on tables.pdf (").unwrap().1;
    Some(pages.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn every_document_compiles() {
    let hostile: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    let many: Vec<String> = (0..50).map(|arm| format!("arm {arm}")).collect();
    for (name, report, pages) in [
        ("a sweep", sweep(), 1..=12),
        ("hostile names", table(&hostile, 4), 1..=2),
        ("fifty arms", table(&many, 3), 2..=6),
    ] {
        let directory = tempfile::tempdir().unwrap();
        match compile(&latex(&report), directory.path()) {
            Some(found) => assert!(pages.contains(&found), "{name}: {found} pages"),
            None => eprintln!("{name}: not compiled, as there is no pdflatex here"),
        }
    }
}

#[test]
fn the_best_is_bold_and_the_second_underlined() {
    let levels: Vec<String> = ["worst", "middle", "best"].map(str::to_owned).to_vec();
    let text = latex(&table(&levels, 5));
    let row = |level: &str| text.lines().find(|line| line.starts_with(&format!("{level} & "))).unwrap().to_owned();
    assert!(row("best").contains("\\textbf{0.52"), "{}", row("best"));
    assert!(row("middle").contains("\\underline{0.51"), "{}", row("middle"));
    assert!(row("worst").ends_with("& baseline \\\\"), "{}", row("worst"));
}

#[test]
fn braces_and_environments_are_balanced() {
    for report in [sweep(), table(&HOSTILE.map(str::to_owned), 4)] {
        let text = latex(&report);
        let mut depth = 0_i32;
        let mut escaped = false;
        for character in text.chars() {
            match character {
                '{' if !escaped => depth += 1,
                '}' if !escaped => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0);
            escaped = character == '\\' && !escaped;
        }
        assert_eq!(depth, 0);
        for environment in ["document", "table", "tabular", "longtable"] {
            let count = |word: &str| text.matches(&format!("\\{word}{{{environment}}}")).count();
            assert_eq!(count("begin"), count("end"), "{environment}");
        }
    }
}
