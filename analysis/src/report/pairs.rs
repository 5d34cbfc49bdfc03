//! All arms of a stratum against each other, and their ranks: what nobody declared beforehand, and some readers ask for.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Pairing};
use spec::metric::Direction;

use super::metric::{Arm, Stratum};
use super::{rule, scale};
use crate::results::Seed;
use crate::statistics::holm::holm;
use crate::statistics::paired::paired_t;
use crate::statistics::ranks::midranks;
use crate::statistics::welch::welch_t;

/// Two arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
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
/// By the test of the declared comparisons, the paired or Welch's t test, corrected by Holm over all k(k - 1)/2 pairs: more than
/// the declared comparisons pay for, so a pair may be told apart there and not here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pairs {
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
        for (index, first) in arms.iter().enumerate() {
            pairs.extend(arms[index + 1..].iter().map(|second| compare(first, second, scale, analysis)));
        }
        let adjusted = holm(&pairs.iter().map(|pair| pair.p).collect::<Vec<_>>());
        for (pair, p) in pairs.iter_mut().zip(adjusted) {
            pair.holm_p = p;
        }
        Self { arms: arms.len(), pairs }
    }

    /// The second arm against the first; mirrored if it was compared the other way round. `None` for an arm against itself.
    pub fn get(&self, first: usize, second: usize) -> Option<Pair> {
        if first > second {
            let Pair { difference, effect, p, holm_p } = self.get(second, first)?;
            return Some(Pair { difference: difference.map(|d| -d), effect: effect.map(|d| -d), p, holm_p });
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

    /// How many pairs were tested.
    pub fn tested(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.p.is_some()).count()
    }
}

fn compare(first: &Arm, second: &Arm, scale: fn(f64) -> f64, analysis: &AnalysisSpec) -> Pair {
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
        difference: estimate.map(|estimate| estimate.difference),
        effect: test.map(|test| test.t * unit),
        p: test.map(|test| test.p),
        holm_p: None,
    }
}

/// An arm's rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanRank {
    /// The arm's index in its stratum.
    pub arm: usize,
    /// Its mean rank over seeds; 1 is the best of a seed, and equal values share their mean rank.
    pub rank: f64,
}

/// How the arms rank within each seed, on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// Seeds that all ranked arms have.
    pub seeds: usize,
    /// The ranked arms, best first.
    pub ranks: Vec<MeanRank>,
    /// Arms that have too few seeds in common with the others.
    pub left_out: Vec<usize>,
}

impl Ranking {
    /// Ranks the arms over the seeds that all of them have. Where those are fewer than two, the arm that shares the fewest seeds
    /// with the others is left out, again and again. `None` where no two arms are left.
    pub fn of(stratum: &Stratum, direction: Direction) -> Option<Self> {
        let seeds_of = |arm: &Arm| arm.values.iter().map(|value| value.seed.clone()).collect::<BTreeSet<Seed>>();
        let seeds: Vec<BTreeSet<Seed>> = stratum.arms.iter().map(seeds_of).collect();
        let mut kept: Vec<usize> = (0..seeds.len()).collect();
        let shared = loop {
            let (first, others) = kept.split_first().filter(|(_, others)| !others.is_empty())?;
            let in_all = seeds[*first].iter().filter(|seed| others.iter().all(|arm| seeds[*arm].contains(*seed)));
            let shared: Vec<&Seed> = in_all.collect();
            if shared.len() > 1 {
                break shared;
            }
            let in_common = |arm: &usize| -> usize {
                kept.iter()
                    .filter(|other| *other != arm)
                    .map(|other| seeds[*arm].intersection(&seeds[*other]).count())
                    .sum()
            };
            let loneliest = *kept.iter().min_by_key(|arm| (in_common(arm), usize::MAX - **arm))?;
            kept.retain(|arm| *arm != loneliest);
        };
        let sign = if direction == Direction::Higher { -1.0 } else { 1.0 };
        let mut sums = vec![0; kept.len()];
        for seed in &shared {
            let of = |arm: &usize| stratum.arms[*arm].values.iter().find(|value| value.seed == **seed);
            let row: Vec<f64> = kept.iter().filter_map(of).map(|value| sign * value.value).collect();
            for (sum, rank) in sums.iter_mut().zip(midranks::doubled(&row)) {
                *sum += rank;
            }
        }
        let n = shared.len();
        let rank = |(arm, sum): (&usize, u64)| MeanRank { arm: *arm, rank: sum as f64 / (2 * n) as f64 };
        let mut ranks: Vec<MeanRank> = kept.iter().zip(sums).map(rank).collect();
        ranks.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.arm.cmp(&b.arm)));
        let left_out = (0..seeds.len()).filter(|arm| !kept.contains(arm)).collect();
        Some(Self { seeds: n, ranks, left_out })
    }

    /// The longest runs of neighbouring ranks of which no two arms are told apart: first and last of each, as places in
    /// [`Ranking::ranks`]. A run within another is left out.
    pub fn cliques(&self, pairs: &Pairs, alpha: f64) -> Vec<(usize, usize)> {
        let apart = |a: usize, b: usize| pairs.separable(self.ranks[a].arm, self.ranks[b].arm, alpha);
        let mut found: Vec<(usize, usize)> = Vec::new();
        for first in 0..self.ranks.len() {
            let mut last = first;
            while last + 1 < self.ranks.len() && (first..=last).all(|member| !apart(member, last + 1)) {
                last += 1;
            }
            if last > first && found.last().is_none_or(|(_, end)| last > *end) {
                found.push((first, last));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::metric::SeedValue;

    fn stratum(arms: &[(&str, &[f64])]) -> Stratum {
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

    fn analysis() -> AnalysisSpec {
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

    const NONE: f64 = f64::NAN;

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

    #[test]
    fn ranks_and_what_is_not_told_apart() {
        let arms: [(&str, &[f64]); 4] = [
            ("low", &[1.0, 1.2, 0.9, 1.1]),
            ("high", &[9.0, 9.1, 9.3, 9.2]),
            ("middle", &[1.0, 1.3, 1.0, 1.0]),
            ("lonely", &[5.0, NONE, NONE, NONE]),
        ];
        let stratum = stratum(&arms);
        let ranking = Ranking::of(&stratum, Direction::Lower).unwrap();
        let shown: Vec<(usize, f64)> = ranking.ranks.iter().map(|entry| (entry.arm, entry.rank)).collect();
        assert_eq!(shown, [(0, 1.375), (2, 1.625), (1, 3.0)]);
        assert_eq!((ranking.seeds, &ranking.left_out[..]), (4, &[3][..]));
        let pairs = Pairs::of("y", &stratum, &analysis());
        assert_eq!(ranking.cliques(&pairs, 0.05), [(0, 1)]);
        assert_eq!(Ranking::of(&stratum, Direction::Higher).unwrap().ranks[0].arm, 1);
    }
}
