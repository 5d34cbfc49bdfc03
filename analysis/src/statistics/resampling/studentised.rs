//! The studentised bootstrap of a mean.

use rand_chacha::rand_core::Rng;

use super::bootstrap::quantile;
use super::chance::below;
use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{Interval, is_rounding};

/// The interval of level 1 - `alpha` for a mean, from the t statistics of `draws` resamples.
///
/// Each resample gives t* = (x̄* - x̄) / (s* / √n), and the interval is x̄ - t*(1 - alpha/2) s/√n to x̄ - t*(alpha/2)
/// s/√n. A resample without spread has no t* and is left out. It follows skewness where the t interval cannot, and is
/// wide where the data are few. `None` for fewer than three values, values without spread, and when more than a
/// twentieth of the resamples had to be left out: with three values one in nine has no spread, so that intervals begin
/// at four.
///
/// Source: Efron (1981); Hall (1988), Annals of Statistics 16.
pub fn studentised(values: &[f64], draws: usize, alpha: f64, random: &mut impl Rng) -> Option<Interval> {
    let (centre, spread) = (mean(values)?, standard_deviation(values)?);
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if values.len() < 3 || draws == 0 || is_rounding(spread, largest) {
        return None;
    }
    let root = (values.len() as f64).sqrt();
    let mut resample = values.to_vec();
    let mut found = Vec::with_capacity(draws);
    for _ in 0..draws {
        for place in &mut resample {
            *place = values[below(random, values.len() as u32) as usize];
        }
        let own = standard_deviation(&resample)?;
        if !is_rounding(own, largest) {
            found.push((mean(&resample)? - centre) / (own / root));
        }
    }
    if found.len() * 20 < draws * 19 {
        return None;
    }
    found.sort_unstable_by(f64::total_cmp);
    let error = spread / root;
    let (low, high) = (quantile(&found, alpha / 2.0), quantile(&found, 1.0 - alpha / 2.0));
    Some(Interval { low: centre - high * error, high: centre - low * error })
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::statistics::describe::describe;

    #[test]
    fn many_even_values_give_the_t_interval() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 40)).collect();
        let found = studentised(&values, 20_000, 0.05, &mut ChaCha8Rng::seed_from_u64(4)).unwrap();
        let known = describe(&values, 0.05).unwrap().interval.unwrap();
        let width = known.high - known.low;
        assert!((found.low - known.low).abs() < 0.03 * width && (found.high - known.high).abs() < 0.03 * width);
    }

    #[test]
    fn too_few_and_without_spread() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        assert_eq!(studentised(&[1.0, 2.0, 4.0], 1000, 0.05, &mut random), None);
        assert_eq!(studentised(&[0.1; 8], 1000, 0.05, &mut random), None);
        assert!(studentised(&[1.0, 2.0, 4.0, 3.0], 1000, 0.05, &mut random).is_some());
    }
}
