//! The permutation test for two independent groups.

use rand_chacha::rand_core::Rng;

use super::chance::{Drawn, below};
use crate::statistics::ranks::attainable::choose;
use crate::statistics::ranks::decimal;

/// The most arrangements that are counted one by one.
pub const EXACT: f64 = 5e6;

/// The exact two-sided p value of a difference of means: over all ways to deal the values at hand into groups of these
/// sizes, twice the smaller of the shares whose difference is at least as high and at least as low, at most 1.
///
/// Exact when the groups come from one distribution; a difference in spread alone can be found too. Values are taken as
/// decimals, so that equal means count as equal. `None` if a group is empty or a value not finite, and with more than
/// [`EXACT`] arrangements.
///
/// Source: Pitman (1937), Supplement to the Journal of the Royal Statistical Society 4.
pub fn exact(level: &[f64], baseline: &[f64]) -> Option<f64> {
    let Pooled { values, observed, slack } = Pooled::of(level, baseline)?;
    let (all, taken) = (values.len(), level.len());
    if choose(all, taken) > EXACT {
        return None;
    }
    let mut chosen: Vec<usize> = (0..taken).collect();
    let (mut above, mut below, mut count) = (0_u64, 0_u64, 0_u64);
    loop {
        let sum: f64 = chosen.iter().map(|index| values[*index]).sum();
        above += u64::from(sum >= observed - slack);
        below += u64::from(sum <= observed + slack);
        count += 1;
        // The next choice in order: the last index that can still rise does, and those after it follow closely.
        let Some(last) = (0..taken).rev().find(|place| chosen[*place] < all - taken + place) else { break };
        chosen[last] += 1;
        for place in last + 1..taken {
            chosen[place] = chosen[place - 1] + 1;
        }
    }
    Some((2.0 * above.min(below) as f64 / count as f64).min(1.0))
}

/// The same from `draws` random arrangements. `None` as for [`exact`], but for their number.
pub fn drawn(level: &[f64], baseline: &[f64], draws: u64, random: &mut impl Rng) -> Option<Drawn> {
    let Pooled { mut values, observed, slack } = Pooled::of(level, baseline)?;
    let (mut above, mut beneath) = (0, 0);
    for _ in 0..draws {
        for place in 0..level.len() {
            let other = place + below(random, (values.len() - place) as u32) as usize;
            values.swap(place, other);
        }
        let sum: f64 = values[..level.len()].iter().sum();
        above += u64::from(sum >= observed - slack);
        beneath += u64::from(sum <= observed + slack);
    }
    let one_sided = Drawn::of(above.min(beneath), draws);
    Some(Drawn { p: (2.0 * one_sided.p).min(1.0), error: 2.0 * one_sided.error })
}

/// All values, those of the level first, and the sum of these: it orders arrangements as the difference of means does.
struct Pooled {
    values: Vec<f64>,
    observed: f64,
    slack: f64,
}

impl Pooled {
    fn of(level: &[f64], baseline: &[f64]) -> Option<Self> {
        let values = [level, baseline].concat();
        if level.is_empty() || baseline.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let (values, slack) = if let Some((whole, _)) = decimal::whole(&values) {
            (whole, 0.5)
        } else {
            let total: f64 = values.iter().map(|value| value.abs()).sum();
            let slack = total * f64::EPSILON * values.len() as f64;
            (values, slack)
        };
        let observed = values[..level.len()].iter().sum();
        Some(Self { values, observed, slack })
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn drawing_comes_close_to_counting() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let expected = exact(&x, &y).unwrap();
        let found = drawn(&x, &y, 20_000, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
        assert!((found.p - expected).abs() < 4.0 * found.error, "{found:?} {expected}");
        assert_eq!(Some(found), drawn(&x, &y, 20_000, &mut ChaCha8Rng::seed_from_u64(3)));
        assert_eq!(exact(&y, &x), Some(expected));
    }

    #[test]
    fn what_cannot_be_dealt() {
        assert_eq!(exact(&[], &[1.0]), None);
        assert_eq!(exact(&[f64::NAN], &[1.0]), None);
        assert_eq!(exact(&[1.0; 20], &[1.0; 20]), None);
        assert_eq!(exact(&[1.0, 1.0], &[1.0]), Some(1.0));
    }
}
