//! The power of the two one-sided tests before anything has been run.

use statrs::function::gamma::ln_gamma;

use super::design::{Design, MOST, unless_power, unless_seeds};
use super::threshold::least;
use crate::statistics::distributions::normal;
use crate::statistics::refusal::Refusal;
use crate::statistics::student;

impl Design {
    /// The probability that both one-sided tests at `alpha` show a difference to be within ±`margin`, where it is
    /// `difference`.
    ///
    /// Both are in standard deviations: of the differences for pairs, of the runs of an arm for independent groups.
    /// With u = s/σ, of density f, and M and D the margin and the difference in standard errors σ√(1/n) or σ√(2/n), the
    /// tests pass where the estimate lies within ±(M - t u), t the quantile of 1 - alpha: ∫ [Φ(M - t u - D) - Φ(-M + t
    /// u - D)] f(u) du from 0 to M/t. With few seeds this is far from what two separate powers of one test suggest:
    /// below M = t E(u) hardly anything passes, whatever is true.
    ///
    /// Assumes normal values and, for independent groups, one variance. To within 1e-8.
    ///
    /// Source: Phillips (1990), Journal of Pharmacokinetics and Biopharmaceutics 18.
    ///
    /// # Errors
    /// A [`Refusal`] for fewer than two seeds, a margin that is not above 0, a difference that is not finite, and an
    /// alpha outside (0, 0.5].
    pub fn equivalence_power(self, margin: f64, difference: f64, seeds: f64, alpha: f64) -> Result<f64, Refusal> {
        unless_one_sided(alpha)?;
        unless_seeds(seeds)?;
        unless_margin(margin)?;
        unless_difference(difference)?;
        let df = self.freedom(seeds);
        let critical = student::quantile(1.0 - alpha, df).ok_or(Refusal::NoFreedom)?;
        Ok(both_pass(margin * self.root(seeds), difference * self.root(seeds), critical, df))
    }

    /// How many seeds an arm show a `difference` to be within ±`margin` with probability `wanted`, as a fraction;
    /// rounded up it is the number to run. At least 2.
    ///
    /// # Errors
    /// As [`Design::equivalence_power`] has them, and for a difference that is not within the margin, a margin so small
    /// that ten million seeds would not do, and a power that is not above alpha and below 1.
    pub fn equivalence_seeds(self, margin: f64, difference: f64, wanted: f64, alpha: f64) -> Result<f64, Refusal> {
        unless_power(wanted, alpha)?;
        unless_difference(difference)?;
        if difference.abs() >= margin {
            let expected = "a number that is smaller in size than the margin";
            return Err(Refusal::Range { name: "difference", value: difference, expected });
        }
        let enough = |seeds| Ok(self.equivalence_power(margin, difference, seeds, alpha)? >= wanted);
        let expected = "a margin that ten million seeds can show";
        least((2.0, 2.0), MOST, 1e-11, enough)?.ok_or(Refusal::Range { name: "margin", value: margin, expected })
    }

    /// The smallest margin within which `seeds` an arm show a difference of 0 to lie with probability `wanted`.
    ///
    /// # Errors
    /// A [`Refusal`] for fewer than two seeds, an alpha outside (0, 0.5], and a power that is not above alpha and below
    /// 1.
    pub fn equivalence_margin(self, seeds: f64, wanted: f64, alpha: f64) -> Result<f64, Refusal> {
        unless_power(wanted, alpha)?;
        let enough = |margin| Ok(self.equivalence_power(margin, 0.0, seeds, alpha)? >= wanted);
        least((0.0, 1.0), 1e9, 1e-12, enough)?.ok_or(Refusal::NoFreedom)
    }
}

/// The probability of [`Design::equivalence_power`], for a margin and a difference in standard errors and any degrees
/// of freedom; `None` where the quantile of t is not defined.
pub(crate) fn shows(margin: f64, difference: f64, df: f64, alpha: f64) -> Option<f64> {
    Some(both_pass(margin, difference, student::quantile(1.0 - alpha, df)?, df))
}

/// The integral of [`Design::equivalence_power`] by Simpson's rule, over the twelve standard deviations around 1 in
/// which the density of u is not 0 and up to where nothing passes.
///
/// Where that range begins at 0, the density may rise from there like a root: u = low + width · x² makes it smooth.
fn both_pass(margin: f64, difference: f64, critical: f64, df: f64) -> f64 {
    let around = 12.0 / (2.0 * df).sqrt();
    let low = (1.0 - around).max(0.0);
    // An alpha of 0.5 asks for no distance from the margin at all.
    let edge = if critical > 0.0 { margin / critical } else { f64::INFINITY };
    let width = (1.0 + around).min(edge) - low;
    if width <= 0.0 {
        return 0.0;
    }
    let log_scale = std::f64::consts::LN_2 + 0.5 * df * (0.5 * df).ln() - ln_gamma(0.5 * df);
    let integrand = |x: f64| {
        let u = low + width * x * x;
        if u <= 0.0 {
            return 0.0;
        }
        let density = (log_scale + (df - 1.0) * u.ln() - 0.5 * df * u * u).exp();
        let room = margin - critical * u;
        (normal::cumulative(room - difference) - normal::cumulative(-room - difference)) * density * 2.0 * width * x
    };
    let per_unit = (80.0 * (2.0 * df).sqrt()).max(40.0 * critical);
    let intervals = (width * per_unit / 2.0).ceil().clamp(200.0, 100_000.0) as usize * 2;
    let step = 1.0 / intervals as f64;
    let inner: f64 =
        (1..intervals).map(|index| if index % 2 == 1 { 4.0 } else { 2.0 } * integrand(index as f64 * step)).sum();
    ((integrand(0.0) + inner + integrand(1.0)) * step / 3.0).clamp(0.0, 1.0)
}

fn unless_one_sided(alpha: f64) -> Result<(), Refusal> {
    let expected = "a number above 0 and up to 0.5";
    let valid = alpha > 0.0 && alpha <= 0.5;
    if valid { Ok(()) } else { Err(Refusal::Range { name: "alpha", value: alpha, expected }) }
}

fn unless_margin(margin: f64) -> Result<(), Refusal> {
    let valid = margin > 0.0 && margin.is_finite();
    let expected = "a number above 0";
    if valid { Ok(()) } else { Err(Refusal::Range { name: "margin", value: margin, expected }) }
}

fn unless_difference(difference: f64) -> Result<(), Refusal> {
    let expected = "a finite number";
    if difference.is_finite() {
        Ok(())
    } else {
        Err(Refusal::Range { name: "difference", value: difference, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_questions_agree() {
        for design in [Design::Paired, Design::Independent] {
            let margin = design.equivalence_margin(7.0, 0.9, 0.01).unwrap();
            assert!((design.equivalence_power(margin, 0.0, 7.0, 0.01).unwrap() - 0.9).abs() < 1e-9);
            assert!((design.equivalence_seeds(margin, 0.0, 0.9, 0.01).unwrap() - 7.0).abs() < 1e-6);
        }
    }

    #[test]
    fn at_the_margin_it_is_the_level_of_the_test() {
        // With a margin that the other test cannot reach, a difference as large as the margin passes with probability
        // alpha.
        for seeds in [3.0, 10.0, 200.0] {
            let found = Design::Paired.equivalence_power(40.0, 40.0, seeds, 0.05).unwrap();
            assert!((found - 0.05).abs() < 1e-8, "{seeds}: {found}");
            let mirrored = Design::Paired.equivalence_power(40.0, -40.0, seeds, 0.05).unwrap();
            assert!((found - mirrored).abs() < 1e-9, "{seeds}: {mirrored}");
        }
    }

    #[test]
    fn what_has_no_answer() {
        let refused = |found: Result<f64, Refusal>, setting: &str| {
            assert!(matches!(found, Err(Refusal::Range { name, .. }) if name == setting), "{found:?}");
        };
        refused(Design::Paired.equivalence_power(0.0, 0.0, 5.0, 0.05), "margin");
        refused(Design::Paired.equivalence_power(1.0, f64::NAN, 5.0, 0.05), "difference");
        refused(Design::Paired.equivalence_power(1.0, 0.0, 1.0, 0.05), "seeds");
        refused(Design::Paired.equivalence_power(1.0, 0.0, 5.0, 0.6), "alpha");
        refused(Design::Paired.equivalence_seeds(1.0, -1.0, 0.8, 0.05), "difference");
        refused(Design::Paired.equivalence_seeds(1e-9, 0.0, 0.8, 0.05), "margin");
        refused(Design::Independent.equivalence_margin(5.0, 1.0, 0.05), "power");
    }
}
