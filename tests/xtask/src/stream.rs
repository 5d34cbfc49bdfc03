//! What is said to the terminal, and child processes whose words are passed on and kept.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Failure, Outcome};

/// Says a line to the person: on stderr, where talk belongs.
pub(crate) fn say(line: &str) {
    // Nothing is left to tell if the terminal is gone.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes what was asked for: on stdout, where data belong.
pub(crate) fn data(text: &str) {
    // As in `say`.
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Runs `command` on the terminal.
pub(crate) fn run(command: &mut Command) -> Outcome<ExitStatus> {
    command.status().map_err(|error| cannot_run(command, error))
}

/// Runs `command` on the terminal and keeps what it says on stdout.
pub(crate) fn run_keeping_output(command: &mut Command) -> Outcome<(ExitStatus, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_run(command, error))?;
    let stdout = child.stdout.take().expect("invariant: stdout is piped");
    let kept = pass_on(stdout, io::stdout()).map_err(|error| cannot_run(command, error))?;
    let status = child.wait().map_err(|error| cannot_run(command, error))?;
    Ok((status, kept))
}

/// Runs `command` on the terminal and keeps what it says on stderr.
pub(crate) fn run_keeping_errors(command: &mut Command) -> Outcome<(ExitStatus, String)> {
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| cannot_run(command, error))?;
    let stderr = child.stderr.take().expect("invariant: stderr is piped");
    let kept = pass_on(stderr, io::stderr()).map_err(|error| cannot_run(command, error))?;
    let status = child.wait().map_err(|error| cannot_run(command, error))?;
    Ok((status, kept))
}

/// Copies `from` line by line as it comes, so that progress is seen.
fn pass_on(from: impl Read, mut to: impl Write) -> io::Result<String> {
    let mut reader = BufReader::new(from);
    let (mut kept, mut line) = (String::new(), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        // The child goes on if the terminal is gone.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(kept)
}

fn cannot_run(command: &Command, error: io::Error) -> Failure {
    Failure::new(format!("cannot run {}", command.get_program().display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_passed_on_and_kept() {
        let mut passed = Vec::new();
        let kept = pass_on(&b"one\ntwo\xff\nthree"[..], &mut passed).unwrap();
        assert_eq!(kept, "one\ntwo\u{fffd}\nthree");
        assert_eq!(passed, b"one\ntwo\xff\nthree");
    }

    #[test]
    fn the_streams_are_told_apart_and_the_status_is_kept() {
        let shell = || {
            let mut command = Command::new("sh");
            command.args(["-c", "echo out; echo err >&2; exit 3"]);
            command
        };
        let (status, kept) = run_keeping_output(&mut shell()).unwrap();
        assert_eq!((status.code(), kept.as_str()), (Some(3), "out\n"));
        let (status, kept) = run_keeping_errors(&mut shell()).unwrap();
        assert_eq!((status.code(), kept.as_str()), (Some(3), "err\n"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(&mut Command::new("no-such-program")).unwrap_err();
        assert!(failure.render().starts_with("error: cannot run no-such-program\ncaused by: "));
    }
}
