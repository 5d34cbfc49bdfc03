use std::fmt;

/// A person who can be asked for a passphrase, a password or a one-time code.
pub trait Questions: fmt::Debug + Send + Sync {
    /// Asks; the answer is shown while it is typed only if `echo` is set. `None` if there is nobody to ask.
    fn ask(&self, question: &str, echo: bool) -> Option<String>;
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAnswers;

impl Questions for NoAnswers {
    fn ask(&self, _: &str, _: bool) -> Option<String> {
        None
    }
}
