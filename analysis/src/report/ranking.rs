//! How the arms of a stratum rank within their seeds, and which neighbours are not told apart.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::metric::Direction;

use super::metric::{Arm, Stratum};
use super::pairs::Pairs;
use crate::results::Seed;
use crate::statistics::ranks::midranks;

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
    /// Ranks the arms over the seeds that all of them have. Where those are fewer than two, the arm that shares the
    /// fewest seeds with the others is left out, again and again. `None` where no two arms are left.
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
    use crate::report::pairs::tests::{NONE, analysis, stratum};

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
