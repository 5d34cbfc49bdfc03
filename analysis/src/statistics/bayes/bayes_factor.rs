//! The Bayes factor of a t test after Jeffreys, Zellner and Siow.

use std::f64::consts::PI;

/// The scale of the prior that is customary: half of all effects within 0.707 standard deviations.
pub const SCALE: f64 = 0.707;

/// Step of the rule, in ln g.
const STEP: f64 = 0.05;

/// ln of how much more probable a t statistic is if there is an effect than if there is none.
///
/// The effect, in standard deviations, has a Cauchy prior of the given `scale` r: with `pairs` n (for groups of n and
/// m, nm / (n + m)) and ν degrees of freedom, the factor is the mean over g, whose inverse is χ² of one degree of
/// freedom, of (1 + n r² g)^(-1/2) (1 + t²/((1 + n r² g) ν))^(-(ν + 1)/2), over (1 + t²/ν)^(-(ν + 1)/2). By the
/// trapezoidal rule over ln g.
///
/// Above 0 it speaks for an effect, below 0 for none; it depends on the scale, which belongs to the plan. Assumes what
/// the t test does. `None` for what is not finite, `pairs`, ν or a scale that are not above 0.
///
/// Source: Rouder, Speckman, Sun, Morey and Iverson (2009), Psychonomic Bulletin and Review 16.
pub fn log_bayes_factor(t: f64, pairs: f64, df: f64, scale: f64) -> Option<f64> {
    let positive = |value: f64| value > 0.0 && value.is_finite();
    if !t.is_finite() || !positive(pairs) || !positive(df) || !positive(scale) {
        return None;
    }
    let half = f64::midpoint(df, 1.0);
    // By logarithms all along, as squares would leave the range of floats.
    let square = 2.0 * t.abs().ln() - df.ln();
    let without = log_of_one_and(square);
    let strength = pairs.ln() + 2.0 * scale.ln();
    let term = |index: i32| {
        let log_g = f64::from(index) * STEP;
        let wider = log_of_one_and(strength + log_g);
        // The prior's density of g, times g for the step in ln g.
        let prior = -0.5 * (2.0 * PI).ln() - 0.5 * log_g - 0.5 * (-log_g).exp();
        prior - 0.5 * wider + half * (without - log_of_one_and(square - wider))
    };
    let terms: Vec<f64> = (-200..=2000).map(term).collect();
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = terms.iter().map(|term| (term - most).exp()).sum();
    Some(most + (total * STEP).ln())
}

/// ln(1 + eˣ).
fn log_of_one_and(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_is_a_distribution() {
        // A prior without width leaves no difference between effect and none; its tails still reach as far as they are
        // wide.
        assert!(log_bayes_factor(2.0, 10.0, 9.0, 1e-12).unwrap().abs() < 1e-10);
        assert!(log_bayes_factor(0.0, 10.0, 9.0, SCALE).unwrap() < 0.0);
        assert!(log_bayes_factor(1e8, 1000.0, 999.0, SCALE).unwrap() > 1000.0);
        assert_eq!(log_bayes_factor(f64::NAN, 10.0, 9.0, SCALE), None);
        assert_eq!(log_bayes_factor(1.0, 10.0, 0.0, SCALE), None);
    }
}
