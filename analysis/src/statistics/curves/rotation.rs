//! One test for a whole learning curve.

use rand_chacha::rand_core::Rng;
use serde::Serialize;

use super::differences::columns;
use crate::statistics::linear::cholesky::dot;
use crate::statistics::refusal::Refusal;
use crate::statistics::resampling::chance::{Drawn, normal};

/// What the largest of all steps' t says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rotation {
    /// The largest |t| of all steps.
    pub largest: f64,
    /// The step that has it.
    pub step: usize,
    /// p value against no difference anywhere.
    pub p: Drawn,
}

/// Tests whether the mean difference of two arms' curves, each with a row a seed, in the same order, and a column a
/// step, is 0 at all steps, by the largest |t| of all.
///
/// If the rows of differences are independent, normal and without mean, the table multiplied by any rotation of the n
/// seeds is as likely as it was, whatever the correlation between steps. The t of a step with values x under a random
/// rotation is u·x / √((x·x - (u·x)²) / (n - 1)), with u a random direction, the same for all steps; p is the share of
/// `draws` whose largest |t| is at least that of the data, the data among them.
///
/// Exact for two seeds and more, for any number of steps; unlike a test by signs it has no smallest p for few seeds, as
/// it assumes normal values. It says that the curves differ, not where: see [`super::band`]. Steps that do not vary are
/// left out.
///
/// Source: Langsrud (2005), Statistics and Computing 15; Läuter, Glimm and Kropf (1998), Annals of Statistics 26.
///
/// # Errors
/// A [`Refusal`] for fewer than two seeds, no draws, tables or rows of unequal length, values that are not finite, and
/// curves that do not vary at any step.
pub fn rotation(
    level: &[Vec<f64>],
    baseline: &[Vec<f64>],
    draws: u64,
    random: &mut impl Rng,
) -> Result<Rotation, Refusal> {
    let columns = columns(level, baseline)?;
    if draws == 0 {
        return Err(Refusal::Range { name: "draws", value: 0.0, expected: "a number above 0" });
    }
    let n = level.len();
    let steps: Vec<(usize, Vec<f64>)> = columns
        .into_iter()
        .enumerate()
        .filter(|(_, column)| column.spread.is_some())
        .map(|(step, column)| (step, scaled(column.values)))
        .collect();
    let squares: Vec<f64> = steps.iter().map(|(_, values)| dot(values, values)).collect();
    // t² grows with the share of x·x that lies along the direction: shares are compared, which need no root.
    let share = |direction: &[f64], index: usize| dot(direction, &steps[index].1).powi(2) / squares[index];
    let even = vec![(n as f64).sqrt().recip(); n];
    let shares = (0..steps.len()).map(|index| (index, share(&even, index)));
    let Some((index, observed)) = shares.max_by(|one, other| one.1.total_cmp(&other.1)) else {
        return Err(Refusal::NoSpread);
    };
    let mut extreme = 0;
    let mut direction = vec![0.0; n];
    for _ in 0..draws {
        for element in &mut direction {
            *element = normal(random);
        }
        let length = dot(&direction, &direction).sqrt();
        for element in &mut direction {
            *element /= length;
        }
        let reached = (0..steps.len()).any(|index| share(&direction, index) >= observed * (1.0 - 1e-12));
        extreme += u64::from(reached);
    }
    let largest = (observed * (n - 1) as f64 / (1.0 - observed).max(f64::EPSILON)).sqrt();
    Ok(Rotation { largest, step: steps[index].0, p: Drawn::of(extreme, draws) })
}

/// In units of the largest, so that no square leaves the range of floats.
fn scaled(mut values: Vec<f64>) -> Vec<f64> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for value in &mut values {
        *value /= largest;
    }
    values
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::statistics::paired::paired_t;

    fn nothing(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        rows.iter().map(|row| vec![0.0; row.len()]).collect()
    }

    fn against_nothing(rows: &[Vec<f64>], draws: u64, random: &mut ChaCha8Rng) -> Result<Rotation, Refusal> {
        rotation(rows, &nothing(rows), draws, random)
    }

    #[test]
    fn one_step_is_the_paired_test() {
        let values = [0.03, 0.01, 0.04, -0.015];
        let known = *paired_t(&values.map(|value| (value, 0.0)), 0.05).unwrap().test().unwrap();
        let rows = values.map(|value| vec![0.0, value, 2.0 * value]);
        let found = against_nothing(&rows, 40_000, &mut ChaCha8Rng::seed_from_u64(6)).unwrap();
        assert!((found.largest / known.t - 1.0).abs() < 1e-12);
        assert!((found.p.p - known.p).abs() < 4.0 * found.p.error, "{found:?} {known:?}");
    }

    #[test]
    fn what_has_no_answer() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        assert_eq!(against_nothing(&[vec![0.1], vec![0.1]], 10, &mut random), Err(Refusal::NoSpread));
        assert!(against_nothing(&[vec![0.1]], 10, &mut random).is_err());
        assert!(against_nothing(&[vec![0.1], vec![0.2]], 0, &mut random).is_err());
    }

    /// Walks of twenty steps without a mean, by three and by five seeds.
    fn walks(seeds: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let walk = |_| {
            let mut place = 0.0;
            (0..20)
                .map(|_| {
                    place += normal(random);
                    place
                })
                .collect()
        };
        (0..seeds).map(walk).collect()
    }

    #[test]
    fn errors_are_as_often_as_they_say_and_bands_cover() {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        for seeds in [3, 5] {
            let (mut rejected, mut missed) = (0, 0);
            for _ in 0..2000 {
                let rows = walks(seeds, &mut random);
                rejected += u32::from(against_nothing(&rows, 199, &mut random).unwrap().p.p <= 0.05);
                let steps = super::super::band::band(&rows, &nothing(&rows), 0.05).unwrap();
                missed += u32::from(steps.iter().any(|step| step.test.unwrap().p < 0.05));
            }
            // 100 are expected, with a standard deviation of 10; of the band at most as many.
            assert!((60..=140).contains(&rejected), "{seeds}: {rejected}");
            assert!(missed <= 140 && missed > 10, "{seeds}: {missed}");
        }
    }
}
