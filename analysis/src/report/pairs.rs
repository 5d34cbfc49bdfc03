//! All arms of a stratum against each other: what nobody declared beforehand, and some readers ask for.

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Pairing};

use super::metric::{Arm, Stratum};
use super::{rule, scale};
use crate::results::Seed;
use crate::statistics::holm::holm;
use crate::statistics::paired::paired_t;
use crate::statistics::welch::welch_t;

/// Two arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// The first arm's place in its stratum.
    pub first: usize,
    /// The second arm's.
    pub second: usize,
    /// Mean difference, the second minus the first; `None` where they have no values in common.
    pub difference: Option<f64>,
    /// The difference in its standard deviations: t/√n for pairs, t·√(1/n + 1/m) for groups of n and m.
    pub effect: Option<f64>,
    /// The p value of the pair alone.
    pub p: Option<f64>,
    /// The p value adjusted by Holm over all pairs of the stratum.
    pub holm_p: Option<f64>,
}

/// All pairs of a stratum's arms.
///
/// By the test of the declared comparisons, the paired or Welch's t test, corrected by Holm over all k(k - 1)/2 pairs:
/// more than the declared comparisons pay for, so a pair may be told apart there and not here.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Pairs {
    #[serde(skip)]
    arms: usize,
    /// Row by row: of the first arm with all later ones, then the second.
    pairs: Vec<Pair>,
}

impl Pairs {
    /// Compares all arms of a stratum in a metric with each other, on its declared scale.
    pub fn of(metric: &str, stratum: &Stratum, analysis: &AnalysisSpec) -> Self {
        let arms = &stratum.arms;
        let scale = scale::of(metric, analysis);
        let mut pairs = Vec::with_capacity(arms.len() * arms.len().saturating_sub(1) / 2);
        for first in 0..arms.len() {
            pairs.extend((first + 1..arms.len()).map(|second| compare(arms, (first, second), scale, analysis)));
        }
        let adjusted = holm(&pairs.iter().map(|pair| pair.p).collect::<Vec<_>>());
        for (pair, p) in pairs.iter_mut().zip(adjusted) {
            pair.holm_p = p;
        }
        Self { arms: arms.len(), pairs }
    }

    /// The second arm against the first; mirrored if it was compared the other way round. `None` for an arm against
    /// itself.
    pub fn get(&self, first: usize, second: usize) -> Option<Pair> {
        if first > second {
            let Pair { difference, effect, p, holm_p, .. } = self.get(second, first)?;
            return Some(Pair {
                first,
                second,
                difference: difference.map(|d| -d),
                effect: effect.map(|d| -d),
                p,
                holm_p,
            });
        }
        if first == second || second >= self.arms {
            return None;
        }
        let before = first * (2 * self.arms - first - 1) / 2;
        self.pairs.get(before + second - first - 1).copied()
    }

    /// Whether two arms are told apart at `alpha`.
    pub fn separable(&self, first: usize, second: usize, alpha: f64) -> bool {
        self.get(first, second).and_then(|pair| pair.holm_p).is_some_and(|p| p < alpha)
    }

    /// Every pair once: of the first arm with all later ones, then of the second.
    pub fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter()
    }

    /// How many pairs were tested.
    pub fn tested(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.p.is_some()).count()
    }
}

fn compare(arms: &[Arm], places: (usize, usize), scale: fn(f64) -> f64, analysis: &AnalysisSpec) -> Pair {
    let (first, second) = (&arms[places.0], &arms[places.1]);
    let values = |arm: &Arm| arm.values.iter().map(|value| scale(value.value)).collect::<Vec<f64>>();
    let (estimate, unit, seeds) = match analysis.pairing {
        Pairing::Seed => {
            let of =
                |seed: &Seed| first.values.iter().find(|value| value.seed == *seed).map(|value| scale(value.value));
            let pairs: Vec<(f64, f64)> =
                second.values.iter().filter_map(|value| Some((scale(value.value), of(&value.seed)?))).collect();
            (paired_t(&pairs, analysis.alpha), (pairs.len() as f64).sqrt().recip(), pairs.len())
        }
        Pairing::None => {
            let [n, m] = [first, second].map(|arm| arm.values.len());
            let unit = (1.0 / n as f64 + 1.0 / m as f64).sqrt();
            (welch_t(&values(second), &values(first), analysis.alpha), unit, n.min(m))
        }
    };
    let test = estimate.as_ref().and_then(|estimate| estimate.test()).filter(|_| seeds >= rule::LEAST_SEEDS);
    Pair {
        first: places.0,
        second: places.1,
        difference: estimate.map(|estimate| estimate.difference),
        effect: test.map(|test| test.t * unit),
        p: test.map(|test| test.p),
        holm_p: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::metric::SeedValue;

    pub(in crate::report) fn stratum(arms: &[(&str, &[f64])]) -> Stratum {
        let arm = |(level, values): &(&str, &[f64])| Arm {
            level: (*level).to_owned(),
            values: values
                .iter()
                .enumerate()
                .filter(|(_, value)| value.is_finite())
                .map(|(seed, value)| SeedValue { seed: Seed::from_text(&seed.to_string()), value: *value })
                .collect(),
            ..Arm::default()
        };
        Stratum { arms: arms.iter().map(arm).collect(), ..Stratum::default() }
    }

    pub(in crate::report) fn analysis() -> AnalysisSpec {
        AnalysisSpec {
            baseline: std::collections::BTreeMap::new(),
            primary: "y".to_owned(),
            directions: std::collections::BTreeMap::new(),
            margin: None,
            alpha: 0.05,
            family: spec::analysis::Family::Metric,
            pairing: Pairing::Seed,
            scale: spec::analysis::Scale::Linear,
            questions: Vec::new(),
        }
    }

    pub(in crate::report) const NONE: f64 = f64::NAN;

    #[test]
    fn pairs_are_found_and_mirrored() {
        let stratum = stratum(&[
            ("a", &[1.0, 2.0, 3.0]),
            ("b", &[1.5, 2.6, 3.4]),
            ("c", &[9.0, 9.9, 11.3]),
            ("d", &[NONE, NONE, 1.0]),
        ]);
        let pairs = Pairs::of("y", &stratum, &analysis());
        let known = paired_t(&[(9.0, 1.5), (9.9, 2.6), (11.3, 3.4)], 0.05).unwrap();
        let found = pairs.get(1, 2).unwrap();
        assert_eq!((found.difference, found.p), (Some(known.difference), Some(known.test().unwrap().p)));
        assert_eq!(pairs.get(2, 1).unwrap().difference, found.difference.map(|d| -d));
        assert_eq!((pairs.get(2, 2), pairs.get(0, 4)), (None, None));
        assert_eq!(pairs.tested(), 3);
        assert!(pairs.get(1, 2).unwrap().holm_p > found.p && !pairs.separable(3, 0, 0.05));
    }
}
