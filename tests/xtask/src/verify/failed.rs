//! The tests that failed, in a line each: the end of a long output is what is read first, and sometimes all that is
//! kept.

/// The name of each failed test in the `output` of Rust's test harness, with the place and the first line of its panic,
/// or else with what it said first.
pub(super) fn tests(output: &str) -> Vec<String> {
    // Two programs may have tests of the same name.
    output.split("\nrunning ").flat_map(of_program).collect()
}

fn of_program(output: &str) -> impl Iterator<Item = String> {
    let names = output.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    names.map(|name| format!("{name}: {}", reason(said_by(name, output))))
}

/// What a failed test said; the harness leaves out those that said nothing.
fn said_by<'a>(name: &str, output: &'a str) -> &'a str {
    let said = output.split_once(&format!("\n---- {name} stdout ----\n")).map_or("", |(_, said)| said);
    let end = ["\n---- ", "\nfailures:\n"].iter().filter_map(|next| said.find(next)).min();
    &said[..end.unwrap_or(said.len())]
}

fn reason(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let panic = lines.clone().skip_while(|line| !(line.starts_with("thread '") && line.contains(" panicked at ")));
    match panic.take(2).collect::<Vec<_>>()[..] {
        [place, message] => {
            format!("{} {message}", place.split_once(" panicked at ").map_or(place, |(_, place)| place))
        }
        _ => lines.next().unwrap_or("it said nothing").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    const OUTPUT: &str = "\
running 4 tests
test outages::one ... FAILED
test outages::two ... FAILED
test outages::three ... FAILED
test outages::four ... FAILED
test outages::five ... ok

failures:

---- outages::one stdout ----

thread 'outages::one' (4711) panicked at tests/slurm/bench.rs:203:9:
waited in vain until squeue is called
a line more
---- outages::two stdout ----
Error: Missing

---- outages::three stdout ----
a snapshot differs

thread 'outages::three' panicked at tests/it/page.rs:7:5:
snapshot assertion failed

failures:
    outages::four
    outages::one

test result: FAILED. 1 passed; 4 failed

running 1 test
test outages::one ... FAILED

failures:

---- outages::one stdout ----
Error: another program


failures:
    outages::one
";

    #[test]
    fn each_failed_test_is_told_with_its_message() {
        let expected = [
            "outages::one: tests/slurm/bench.rs:203:9: waited in vain until squeue is called",
            "outages::two: Error: Missing",
            "outages::three: tests/it/page.rs:7:5: snapshot assertion failed",
            "outages::four: it said nothing",
            "outages::one: Error: another program",
        ];
        assert_eq!(super::tests(OUTPUT), expected);
        assert!(super::tests("test result: ok. 23 passed; 0 failed").is_empty());
    }
}
