//! Which suites are run.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::suite::{SUITES, Suite};
use super::table::{self, Row};
use super::tally::Tally;
use crate::failure::{Failure, Outcome};
use crate::stream;
use crate::workspace::Workspace;

/// Which suites are wanted.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Leave out the suites that take long
    #[arg(long, conflicts_with = "suites")]
    quick: bool,
    /// Show the suites and run none
    #[arg(long, conflicts_with = "quick")]
    list: bool,
    /// Run these suites only
    suites: Vec<String>,
}

/// `cargo verify`.
pub(crate) fn run(workspace: &Workspace, request: &Request) -> Outcome<ExitCode> {
    let suites = selected(request)?;
    if request.list {
        let lines: Vec<_> = suites.iter().map(|suite| format!("{:<12} {}\n", suite.name, suite.meaning)).collect();
        stream::data(&lines.concat());
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Row> = suites.into_iter().map(|suite| row(workspace, suite)).collect();
    stream::data(&table::render(&rows));
    let good = rows.iter().all(|row| row.tally.is_good());
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(workspace: &Workspace, suite: &Suite) -> Row {
    let start = Instant::now();
    stream::say(&format!("\n=== {}: {}", suite.name, suite.meaning));
    let tally = suite.run(workspace).unwrap_or_else(|failure| {
        stream::say(failure.render().trim_end());
        Tally::of(false)
    });
    let (passed, failed, ignored) = (tally.passed, tally.failed, tally.ignored);
    stream::say(&format!("=== {}: {passed} passed, {failed} failed, {ignored} ignored", suite.name));
    Row { suite: suite.name, tally, time: start.elapsed() }
}

/// The suites that were asked for, in their own order.
fn selected(request: &Request) -> Outcome<Vec<&'static Suite>> {
    let known = |name: &str| SUITES.iter().any(|suite| suite.name == name);
    if let Some(unknown) = request.suites.iter().find(|name| !known(name)) {
        let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        return Err(Failure::new(format!("no suite `{unknown}`")).hint(format!("the suites are {}", names.join(", "))));
    }
    let wanted = |suite: &Suite| {
        if request.suites.is_empty() {
            suite.quick || !request.quick
        } else {
            request.suites.iter().any(|name| name == suite.name)
        }
    };
    Ok(SUITES.iter().filter(|suite| wanted(suite)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(quick: bool, suites: &[&str]) -> Outcome<Vec<&'static str>> {
        let suites = suites.iter().map(ToString::to_string).collect();
        let selected = selected(&Request { quick, list: false, suites })?;
        Ok(selected.into_iter().map(|suite| suite.name).collect())
    }

    #[test]
    fn suites_are_chosen_by_name_or_by_speed() {
        assert_eq!(names(false, &[]).unwrap().len(), SUITES.len());
        assert!(!names(true, &[]).unwrap().contains(&"end-to-end"));
        assert_eq!(names(false, &["unit", "format"]).unwrap(), ["format", "unit"]);
        let failure = names(false, &["units"]).unwrap_err().render();
        assert!(failure.contains("no suite `units`") && failure.contains("format, lints, plain, unit"), "{failure}");
    }
}
