//! How a command ends badly: what, why, and what to do about it.

use std::error::Error;
use std::fmt::Write as _;

/// The outcome of a step of a command.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// An error on its way to the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    cause: Option<Box<dyn Error>>,
    hint: Option<String>,
}

impl Failure {
    /// What went wrong: a lowercase fragment without a full stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None, hint: None }
    }

    /// Adds why.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Error + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Adds what the person could do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The whole message, a line each for the error, its causes and the hint.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("error: {}\n", self.message);
        let mut cause = self.cause.as_deref();
        while let Some(error) = cause {
            let _ = writeln!(text, "caused by: {error}");
            cause = error.source();
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_and_the_hint_follow_the_error() {
        let failure = Failure::new("cannot write a.toml").because(std::io::Error::other("disk full")).hint("free some");
        assert_eq!(failure.render(), "error: cannot write a.toml\ncaused by: disk full\nhint: free some\n");
    }
}
