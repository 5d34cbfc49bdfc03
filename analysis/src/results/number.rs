//! What the text of a cell says as a number, without the spaces around it.

/// The value of a metric.
pub(super) enum Number {
    /// A value, finite or not.
    Given(f64),
    /// An empty cell or `NA`.
    Missing,
}

impl Number {
    /// What `text` says; `None` where it says neither.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.is_empty() || text == "NA" { Some(Self::Missing) } else { text.parse().ok().map(Self::Given) }
    }
}

/// A step: finite and not below 0.
pub(super) fn step(text: &str) -> Option<f64> {
    text.parse().ok().filter(|step: &f64| *step >= 0.0 && step.is_finite())
}
