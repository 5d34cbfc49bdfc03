//! What became of a suite, counted from what its tests said.

use std::ops::AddAssign;

use super::failed;

/// Tests by how they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Did what they should.
    pub(super) passed: u64,
    /// Did not, or could not be run.
    pub(super) failed: u64,
    /// Were not run, as their source says.
    pub(super) ignored: u64,
    /// Those that failed by name, each in a line.
    pub(super) told: Vec<String>,
}

impl Tally {
    /// One check that passed or failed.
    pub(super) fn of(success: bool) -> Self {
        Self { passed: u64::from(success), failed: u64::from(!success), ..Self::default() }
    }

    /// The sum over the closing lines of Rust's test harness in `output`.
    ///
    /// A command that failed counts as a failure even if no test says so: it did not compile, or it crashed.
    pub(super) fn of_tests(output: &str, success: bool) -> Self {
        let mut sum = Self::default();
        for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            sum.passed += count(line, "passed");
            sum.failed += count(line, "failed");
            sum.ignored += count(line, "ignored");
        }
        sum.told = failed::tests(output);
        if !success && sum.failed == 0 {
            sum.failed = 1;
        }
        sum
    }

    /// Whether something was tested and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.told.extend(other.told);
    }
}

/// The number in front of `word` in a line such as `ok. 23 passed; 0 failed; 1 ignored; …`.
fn count(line: &str, word: &str) -> u64 {
    let number = line.split([';', '.']).find_map(|part| part.trim().strip_suffix(word));
    number.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 2 tests
test a ... ok
test result: ok. 23 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.07s

test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.07s
";

    #[test]
    fn closing_lines_add_up() {
        assert_eq!(Tally::of_tests(OUTPUT, false), Tally { passed: 26, failed: 2, ignored: 1, told: Vec::new() });
    }

    #[test]
    fn a_failure_that_no_test_tells_counts() {
        assert_eq!(Tally::of_tests("error: could not compile", false), Tally::of(false));
        assert!(!Tally::of_tests("", true).is_good());
        assert!(Tally::of(true).is_good());
    }
}
