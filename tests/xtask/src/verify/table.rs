//! The table at the end.

use std::fmt::Write as _;
use std::time::Duration;

use super::tally::Tally;

/// How a suite ended.
#[derive(Debug)]
pub(super) struct Row {
    /// The suite.
    pub(super) suite: &'static str,
    /// Its tests.
    pub(super) tally: Tally,
    /// How long it took, compiling included.
    pub(super) time: Duration,
}

/// The rows with a heading, columns aligned, and a line that says whether all is well.
pub(super) fn render(rows: &[Row]) -> String {
    let mut text = format!("\n{:<12} {:>7} {:>7} {:>8} {:>8}\n", "suite", "passed", "failed", "ignored", "seconds");
    for Row { suite, tally, time } in rows {
        let mark = if tally.is_good() { "" } else { "  <- failed" };
        let Tally { passed, failed, ignored, .. } = tally;
        let _ = writeln!(text, "{suite:<12} {passed:>7} {failed:>7} {ignored:>8} {:>8.1}{mark}", time.as_secs_f64());
    }
    for line in rows.iter().flat_map(|row| &row.tally.told) {
        let _ = writeln!(text, "failed: {line}");
    }
    let bad = rows.iter().filter(|row| !row.tally.is_good()).count();
    let _ = match bad {
        0 => writeln!(text, "all {} suites passed", rows.len()),
        _ => writeln!(text, "{bad} of {} suites failed", rows.len()),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_suite_is_marked_and_counted() {
        let row = |suite, tally| Row { suite, tally, time: Duration::from_millis(1250) };
        let good = row("unit", Tally { passed: 120, failed: 0, ignored: 1, told: Vec::new() });
        let told = vec!["page::opens: tests/it/page.rs:7:5: it is empty".to_owned()];
        let bad = row("end-to-end", Tally { passed: 3, failed: 2, ignored: 0, told });
        let expected = "
suite         passed  failed  ignored  seconds
unit             120       0        1      1.2
end-to-end         3       2        0      1.2  <- failed
failed: page::opens: tests/it/page.rs:7:5: it is empty
1 of 2 suites failed
";
        assert_eq!(render(&[good, bad]), expected);
        assert!(render(&[row("unit", Tally::of(true))]).ends_with("all 1 suites passed\n"));
    }
}
