//! What a bench says.

use std::fmt;

use serde::Serialize;
use spec::train::Precision;

/// Smallest, middle and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one; of an even number, the upper of the two in the middle.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// The spread of `numbers`.
    ///
    /// # Panics
    /// When there is none.
    pub fn of(numbers: &[f64]) -> Self {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { min: sorted[0], median: sorted[sorted.len() / 2], max: sorted[sorted.len() - 1] }
    }
}

/// The part of a step that a phase takes, forward and backward.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseTime {
    /// The phase.
    pub phase: &'static str,
    /// Mean over the timed steps.
    pub milliseconds: f64,
}

/// The result of a bench.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Measurement {
    /// `gpt-neo` or `roberta`.
    pub architecture: String,
    /// The level of `activation`.
    pub activation: String,
    /// The precision of matrix products.
    pub precision: Precision,
    /// Device and threads in words.
    pub device: String,
    /// The processor's name.
    pub processor: String,
    /// Parameters of the network.
    pub parameters: u64,
    /// Steps that were timed.
    pub steps: u64,
    /// Their mean length.
    pub tokens_per_step: f64,
    /// Tokens of stories, none of padding.
    pub real_tokens_per_second: Spread,
    /// Time of a step, in ms.
    pub step_milliseconds: Spread,
    /// Its parts; on a GPU without meaning, since work is only handed over there.
    pub phases: Vec<PhaseTime>,
    /// 10⁹ operations a second that the network needs by its sizes, at the median rate.
    pub gigaflops: f64,
    /// 10⁹ operations a second of the fastest matrix product just after the steps.
    pub peak_gigaflops: f64,
    /// The one as a part of the other.
    pub share_of_peak: f64,
    /// Most memory of the device, for a processor of the process, while it trained, in MiB.
    pub peak_memory_mebibytes: u64,
    /// Loss of the last step, in nats per token.
    pub last_loss: f64,
    /// Networks that were trained in turns with this one. Memory is that of all together then.
    pub beside: Vec<Beside>,
}

/// Another network, trained in turns with the one that is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Beside {
    /// The level of `activation`.
    pub activation: String,
    /// Tokens of stories, none of padding.
    pub real_tokens_per_second: Spread,
    /// Its rate by that of the measured network in the same turn.
    pub ratio: Spread,
    /// Loss of the last step, in nats per token.
    pub last_loss: f64,
}

impl fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = match self.precision {
            Precision::Fp32 => "fp32",
            Precision::Bf16 => "bf16",
        };
        let (rate, step) = (self.real_tokens_per_second, self.step_milliseconds);
        writeln!(formatter, "model           {}, {}, {precision}", self.architecture, self.activation)?;
        writeln!(formatter, "parameters      {}", self.parameters)?;
        writeln!(formatter, "device          {} ({})", self.device, self.processor)?;
        writeln!(formatter, "steps           {} of {:.0} tokens", self.steps, self.tokens_per_step)?;
        let line = |spread: Spread| format!("{:.0} (min {:.0}, max {:.0})", spread.median, spread.min, spread.max);
        writeln!(formatter, "tokens/s        {}", line(rate))?;
        writeln!(formatter, "step, ms        {}", line(step))?;
        for part in &self.phases {
            writeln!(formatter, "  {:<14}{:.1}", part.phase, part.milliseconds)?;
        }
        let share = 100.0 * self.share_of_peak;
        writeln!(formatter, "GFLOP/s         {:.0}, {share:.0} % of {:.0}", self.gigaflops, self.peak_gigaflops)?;
        writeln!(formatter, "peak memory     {} MiB", self.peak_memory_mebibytes)?;
        writeln!(formatter, "last loss       {:.4}", self.last_loss)?;
        for other in &self.beside {
            let Spread { min, median, max } = other.ratio;
            writeln!(formatter, "  {:<13} {median:.2} of its rate (min {min:.2}, max {max:.2})", other.activation)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0, max: 3.0 });
        assert_eq!(Spread::of(&[4.0, 1.0, 3.0, 2.0]).median, 3.0);
    }
}
