//! The programs under test, as a user would run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The built program of that name, which lies where the test itself was built.
///
/// # Panics
/// When it was not built: `cargo verify` builds it first.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process has an executable");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let path = folder.join(name);
    assert!(path.exists(), "{} is not there: build it first, or run `cargo verify`", path.display());
    path
}

/// A command of `seedbed` that will find the trainer beside it and no other.
pub fn seedbed() -> Command {
    let mut command = Command::new(program("seedbed"));
    command.env_remove("SEEDBED_TRAINER").env_remove("SEEDBED_ROOT").env("NO_COLOR", "1");
    command
}

/// What a command said and how it ended, in a form that a failed assertion can show.
pub fn transcript(output: &Output) -> String {
    format!(
        "exit: {:?}\n--- stdout\n{}--- stderr\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs a command, expects it to end with `code`, and returns everything that it said.
///
/// # Panics
/// When it ends otherwise; the message shows what it said.
pub fn ends(code: i32, mut command: Command) -> String {
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{}", transcript(&output));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs `seedbed` with `arguments`, expects it to end with `code`, and returns what it wrote to standard output and
/// error.
///
/// # Panics
/// When it ends otherwise; the message shows everything it said.
pub fn expect(code: i32, arguments: &[&str]) -> (String, String) {
    let output = seedbed().args(arguments).output().expect("seedbed starts");
    assert_eq!(output.status.code(), Some(code), "seedbed {arguments:?}\n{}", transcript(&output));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (text(&output.stdout), text(&output.stderr))
}
