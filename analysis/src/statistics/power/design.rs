//! The power of the two t tests before anything has been run.

use serde::Serialize;

use super::threshold::least;
use crate::statistics::detectable::power;
use crate::statistics::refusal::Refusal;

/// How two arms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// By the differences of runs that share their seed; n is the number of pairs.
    Paired,
    /// By two groups of the same size; n is the size of each.
    Independent,
}

/// The most seeds that are looked at.
pub(super) const MOST: f64 = 1e7;

impl Design {
    /// Degrees of freedom with n seeds an arm.
    pub(crate) fn freedom(self, n: f64) -> f64 {
        if self == Self::Paired { n - 1.0 } else { 2.0 * n - 2.0 }
    }

    /// Seeds an arm that give these degrees of freedom, which may be a fraction.
    pub(crate) fn seeds_of(self, freedom: f64) -> f64 {
        if self == Self::Paired { freedom + 1.0 } else { freedom / 2.0 + 1.0 }
    }

    /// How many standard errors an effect of 1 measures with n seeds an arm.
    pub(super) fn root(self, n: f64) -> f64 {
        if self == Self::Paired { n.sqrt() } else { (n / 2.0).sqrt() }
    }

    /// The probability that the two-sided t test at `alpha` finds an effect with `seeds` an arm, which need be no whole
    /// number.
    ///
    /// Assumes normal values and, for independent groups, one variance. To within 1e-8. An effect is as likely to be
    /// found as its opposite.
    ///
    /// # Errors
    /// A [`Refusal`] for fewer than two seeds, an effect that is not finite, and an alpha outside (0, 1).
    pub fn power(self, effect: f64, seeds: f64, alpha: f64) -> Result<f64, Refusal> {
        Refusal::unless_level(alpha)?;
        unless_seeds(seeds)?;
        if !effect.is_finite() {
            return Err(Refusal::Range { name: "effect", value: effect, expected: "a finite number" });
        }
        power(effect.abs() * self.root(seeds), self.freedom(seeds), alpha).ok_or(Refusal::NoFreedom)
    }

    /// The smallest effect that is found with probability `wanted`.
    ///
    /// Assumes what [`Design::power`] does. It is a property of the design and reinterprets no result.
    ///
    /// # Errors
    /// A [`Refusal`] for fewer than two seeds, an alpha outside (0, 1), and a power that is not above alpha and below
    /// 1.
    pub fn detectable(self, seeds: f64, wanted: f64, alpha: f64) -> Result<f64, Refusal> {
        Refusal::unless_level(alpha)?;
        unless_seeds(seeds)?;
        unless_power(wanted, alpha)?;
        // The power grows with the effect.
        let enough = |effect| Ok(self.power(effect, seeds, alpha)? >= wanted);
        least((0.0, 1.0), 1e9, 1e-12, enough)?.ok_or(Refusal::NoFreedom)
    }

    /// How many seeds an arm find `effect` with probability `wanted`, as a fraction; rounded up it is the number to
    /// run. At least 2.
    ///
    /// Assumes what [`Design::power`] does, and that the effect was not taken from the runs that it is to be tested on.
    /// An effect from a small pilot is as uncertain as its spread: see [`super::pilot`].
    ///
    /// # Errors
    /// A [`Refusal`] for an effect of 0 or one so small that ten million seeds would not do, one that is not finite, an
    /// alpha outside (0, 1), and a power that is not above alpha and below 1.
    pub fn seeds(self, effect: f64, wanted: f64, alpha: f64) -> Result<f64, Refusal> {
        Refusal::unless_level(alpha)?;
        unless_power(wanted, alpha)?;
        let enough = |seeds| Ok(self.power(effect, seeds, alpha)? >= wanted);
        let expected = "an effect that ten million seeds can find";
        least((2.0, 2.0), MOST, 1e-11, enough)?.ok_or(Refusal::Range { name: "effect", value: effect, expected })
    }
}

pub(super) fn unless_seeds(seeds: f64) -> Result<(), Refusal> {
    let valid = (2.0..=MOST).contains(&seeds);
    let expected = "a number from 2 to ten million";
    if valid { Ok(()) } else { Err(Refusal::Range { name: "seeds", value: seeds, expected }) }
}

pub(super) fn unless_power(wanted: f64, alpha: f64) -> Result<(), Refusal> {
    let expected = "a number above alpha and below 1";
    if wanted > alpha && wanted < 1.0 { Ok(()) } else { Err(Refusal::Range { name: "power", value: wanted, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_questions_agree() {
        for design in [Design::Paired, Design::Independent] {
            let effect = design.detectable(7.0, 0.9, 0.01).unwrap();
            assert!((design.power(effect, 7.0, 0.01).unwrap() - 0.9).abs() < 1e-9);
            assert!((design.seeds(-effect, 0.9, 0.01).unwrap() - 7.0).abs() < 1e-6);
        }
        // Found with two seeds already.
        assert!((Design::Paired.seeds(1e3, 0.8, 0.05).unwrap() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_answer() {
        let refused = |found: Result<f64, Refusal>, setting: &str| {
            assert!(matches!(found, Err(Refusal::Range { name, .. }) if name == setting), "{found:?}");
        };
        refused(Design::Paired.power(0.5, 1.0, 0.05), "seeds");
        refused(Design::Paired.power(f64::NAN, 5.0, 0.05), "effect");
        refused(Design::Paired.power(0.5, 5.0, 0.0), "alpha");
        refused(Design::Paired.seeds(0.0, 0.8, 0.05), "effect");
        refused(Design::Independent.detectable(5.0, 1.0, 0.05), "power");
        refused(Design::Independent.detectable(5.0, 0.05, 0.05), "power");
    }
}
