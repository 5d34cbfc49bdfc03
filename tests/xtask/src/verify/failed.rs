//! The tests that failed, in a line each: the end of a long output is what is read first, and sometimes all that is kept of it.

/// The name of each failed test in the `output` of Rust's test harness, with what it said first: of a panic, where it was and its
/// message.
pub(super) fn tests(output: &str) -> Vec<String> {
    let mut lines = output.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----")) else {
            continue;
        };
        let mut said =
            lines.clone().map(str::trim).filter(|line| !line.is_empty()).take_while(|line| !is_heading(line));
        let first = said.next().unwrap_or("it said nothing");
        found.push(match first.split_once(" panicked at ") {
            Some((_, place)) => format!("{name}: {place} {}", said.next().unwrap_or_default()),
            None => format!("{name}: {first}"),
        });
    }
    found
}

/// Whether this line begins what another test said, or ends what they said.
fn is_heading(line: &str) -> bool {
    line.starts_with("---- ") || line == "failures:"
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_failed_test_is_told_with_its_message() {
        let output = "\
test outages::one ... FAILED

failures:

---- outages::one stdout ----

thread 'outages::one' (4711) panicked at tests/slurm/bench.rs:203:9:
waited in vain until squeue is called
a line more
---- outages::two stdout ----
Error: Missing

---- outages::three stdout ----


failures:
    outages::one
";
        let expected = [
            "outages::one: tests/slurm/bench.rs:203:9: waited in vain until squeue is called",
            "outages::two: Error: Missing",
            "outages::three: it said nothing",
        ];
        assert_eq!(super::tests(output), expected);
        assert!(super::tests("test result: ok. 23 passed; 0 failed").is_empty());
    }
}
