//! When a run has diverged.

use serde::{Deserialize, Serialize};

/// Steps in a row above the bound before a run counts as diverged: a spike that heals is not a divergence.
const PATIENCE: u32 = 20;

/// Watches the training loss. Its state is part of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DivergenceWatch {
    /// Twice the loss of a uniform guess, 2·ln(vocabulary), in nats per token.
    bound: f64,
    /// Steps in a row above the bound.
    above: u32,
}

impl DivergenceWatch {
    /// A watch for a model that chooses among `vocabulary` tokens.
    pub fn new(vocabulary: u32) -> Self {
        Self { bound: 2.0 * f64::from(vocabulary).ln(), above: 0 }
    }

    /// Looks at one step; says what is wrong if the run has diverged.
    pub fn see(&mut self, loss: f64, gradient_norm: f64) -> Option<String> {
        if !loss.is_finite() {
            return Some(format!("the training loss is {loss}"));
        }
        if !gradient_norm.is_finite() {
            return Some(format!("the gradient's norm is {gradient_norm}"));
        }
        self.above = if loss > self.bound { self.above + 1 } else { 0 };
        (self.above >= PATIENCE).then(|| {
            format!(
                "the training loss was above {:.2} nats, twice that of a uniform guess, for {PATIENCE} steps",
                self.bound
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_a_divergence_at_once() {
        for (loss, norm) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (1.0, f64::NAN)] {
            assert!(DivergenceWatch::new(100).see(loss, norm).is_some());
        }
    }

    #[test]
    fn a_spike_is_forgiven_and_a_plateau_is_not() {
        let mut watch = DivergenceWatch::new(100);
        for _ in 0..PATIENCE - 1 {
            assert_eq!(watch.see(50.0, 1.0), None);
        }
        assert_eq!(watch.see(4.0, 1.0), None);
        let seen: Vec<bool> = (0..PATIENCE).map(|_| watch.see(50.0, 1.0).is_some()).collect();
        assert_eq!(seen.iter().filter(|diverged| **diverged).count(), 1);
        assert!(seen[PATIENCE as usize - 1]);
    }
}
