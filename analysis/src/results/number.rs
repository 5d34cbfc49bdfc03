//! What the text of a cell says as a number, without the spaces around it.

/// The value of a metric.
pub(super) enum Number {
    /// A value, finite or not.
    Given(f64),
    /// An empty cell or `NA`.
    Missing,
}

impl Number {
    /// What `text` says; `None` where it says neither, or a finite number that is too large to be held.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.is_empty() || text == "NA" {
            return Some(Self::Missing);
        }
        // An infinity that was not written as one is a number that did not fit.
        let fits = |value: &f64| !value.is_infinite() || text.contains(['n', 'N']);
        text.parse().ok().filter(fits).map(Self::Given)
    }
}

/// A step: finite and not below 0.
pub(super) fn step(text: &str) -> Option<f64> {
    text.parse().ok().filter(|step: &f64| *step >= 0.0 && step.is_finite())
}
