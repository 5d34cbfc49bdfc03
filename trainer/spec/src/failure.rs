//! How an error reaches the person at the terminal: `error:`, `caused by:`, `hint:`, and an exit code with a meaning.

use std::error::Error;
use std::fmt::Write as _;

use crate::exit::ExitCode;

/// An error on its way to the terminal.
#[derive(Debug)]
pub struct Failure {
    exit: ExitCode,
    source: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Failure {
    /// The error of a library, with the exit code that scripts rely on.
    pub fn new(exit: ExitCode, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, source: source.into(), hints: Vec::new() }
    }

    /// Adds what the person could do about it: one sentence without a full stop.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        self.exit
    }

    /// The whole message, a line each for the error, its causes and the hints.
    pub fn render(&self) -> String {
        let mut text = format!("error: {}\n", self.source);
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let _ = writeln!(text, "caused by: {error}");
            cause = error.source();
        }
        for hint in &self.hints {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read the sweep")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_and_hints_follow_the_error() {
        let error = Outer(std::io::Error::other("disk on fire"));
        let text = Failure::new(ExitCode::BadSpec, error).hint("call the fire brigade").render();
        assert_eq!(text, "error: cannot read the sweep\ncaused by: disk on fire\nhint: call the fire brigade\n");
    }
}
