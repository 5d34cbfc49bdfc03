//! What the values of a run in a table come to.

use super::design::{Point, Seed};
use super::observation::{LARGEST, RunAccount, RunState, is_usable};

/// A run of a table, as far as its values tell of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    usable: bool,
    unusable: bool,
    /// Where it ends before others, in words.
    unfinished: Option<String>,
}

impl Outcome {
    /// Takes in a value at the step at which the metric ends.
    pub(super) fn ended(&mut self, value: f64) {
        self.usable |= is_usable(value);
        self.unusable |= !is_usable(value);
    }

    /// Takes in that a `metric` ends at `step`, where another run has one at `last`; the first that does is told.
    pub(super) fn stopped(&mut self, metric: &str, step: f64, last: f64) {
        self.unfinished.get_or_insert_with(|| {
            format!("`{metric}` ends at step {step}, and {last} was reached elsewhere in the table")
        });
    }

    /// The run. One that diverged in one metric and has another one counts there.
    pub(super) fn account(self, point: Point, seed: Seed) -> RunAccount {
        let mut account = RunAccount::missing(None, point, seed);
        (account.state, account.cause) = match self.unfinished {
            _ if self.unusable && !self.usable => {
                (RunState::Diverged, Some(format!("a value is not finite or beyond ±{LARGEST:e}")))
            }
            Some(cause) => (RunState::Interrupted, Some(cause)),
            None => (RunState::Done, None),
        };
        account
    }
}
