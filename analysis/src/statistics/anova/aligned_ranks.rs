//! The aligned rank transform: two factors and their interaction, whatever the shape of the values.

use super::factor::{Factor, empty_cell};
use super::factorial::{Effect, Squares, factorial};
use crate::statistics::describe::mean;
use crate::statistics::ranks::midranks;
use crate::statistics::refusal::{Refusal, usable};

/// Tests the main effects of two factors and their interaction, in this order, by ranks.
///
/// For each of the three the values are stripped of all other effects, value - cell mean + the effect's estimate from
/// the means of cells, levels and all; they are rounded to twelve digits, so that what is equal on paper ties, and
/// ranked; the type III analysis of variance of the ranks gives the effect its F. A `block`, such as the seed, is one
/// more term of that analysis.
///
/// Unlike ranks of the plain values these keep interactions apart from main effects. Approximate; not for many ties or
/// heavy skew, which alignment spreads over all cells. With few runs a cell the factorial analysis itself is as good.
///
/// Source: Wobbrock, Findlater, Gergle and Higgins (2011), CHI; Higgins and Tashtoush (1994), Nonlinear World 1.
///
/// # Errors
/// A [`Refusal`] for what [`factorial`] refuses, and a cell without runs.
pub fn aligned_ranks(values: &[f64], factors: [&Factor; 2], block: Option<&Factor>) -> Result<[Effect; 3], Refusal> {
    Refusal::unless_all(&[values], usable)?;
    if let Some(block) = factors.iter().position(|factor| factor.levels().len() != values.len()) {
        return Err(Refusal::Ragged { block, expected: values.len(), found: factors[block].levels().len() });
    }
    if let Some(empty) = empty_cell(factors[0], factors[1]) {
        return Err(empty);
    }
    let all: Vec<Factor> = factors.into_iter().chain(block).cloned().collect();
    let cells: Vec<usize> =
        factors[0].levels().iter().zip(factors[1].levels()).map(|(a, b)| a * factors[1].count() + b).collect();
    let cell = means(values, &cells);
    let [first, second] = factors.map(|factor| means(values, factor.levels()));
    let centre = mean(values).unwrap_or_default();
    let tested = |term: usize, effect: &dyn Fn(usize) -> f64| {
        let aligned: Vec<f64> = (0..values.len()).map(|run| values[run] - cell[run] + effect(run)).collect();
        let ranks: Vec<f64> =
            midranks::doubled(&rounded(&aligned, values)).into_iter().map(|rank| rank as f64).collect();
        let mut terms: Vec<&[usize]> = vec![&[0], &[1], &[0, 1]];
        if block.is_some() {
            terms.push(&[2]);
        }
        let mut found = factorial(&ranks, &all, &terms, Squares::Partial)?;
        // Ranks were doubled, and sums of squares fourfold.
        let mut effect = found.effects.swap_remove(term);
        effect.sum /= 4.0;
        Ok(effect)
    };
    Ok([
        tested(0, &|run| first[run] - centre)?,
        tested(1, &|run| second[run] - centre)?,
        tested(2, &|run| cell[run] - first[run] - second[run] + centre)?,
    ])
}

/// The mean of the run's group, for every run.
fn means(values: &[f64], groups: &[usize]) -> Vec<f64> {
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |highest| highest + 1)];
    for (value, group) in values.iter().zip(groups) {
        members[*group].push(*value);
    }
    let means: Vec<f64> = members.iter().map(|members| mean(members).unwrap_or_default()).collect();
    groups.iter().map(|group| means[*group]).collect()
}

/// To twelve decimal digits of the largest of the plain values.
fn rounded(aligned: &[f64], values: &[f64]) -> Vec<f64> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest <= 0.0 {
        return aligned.to_vec();
    }
    let unit = 10.0_f64.powf(12.0 - largest.log10().ceil());
    aligned.iter().map(|value| (value * unit).round()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_runs_is_named() {
        let (one, other) = (Factor::of(vec![0, 0, 1, 1]).unwrap(), Factor::of(vec![0, 1, 1, 1]).unwrap());
        let empty = Refusal::EmptyCell { first: 1, second: 0 };
        assert_eq!(aligned_ranks(&[1.0, 2.0, 3.0, 4.0], [&one, &other], None), Err(empty));
        let (one, other) = (Factor::of(vec![0, 0, 1, 1]).unwrap(), Factor::of(vec![0, 1, 0, 1]).unwrap());
        assert_eq!(aligned_ranks(&[1.0, 2.0, 3.0, 4.0], [&one, &other], None), Err(Refusal::NoFreedom));
    }

    #[test]
    fn the_scale_changes_nothing() {
        let one = Factor::of(vec![0, 0, 0, 0, 1, 1, 1, 1]).unwrap();
        let other = Factor::of(vec![0, 0, 1, 1, 0, 0, 1, 1]).unwrap();
        let values = [0.801, 0.795, 0.742, 0.751, 0.812, 0.808, 0.747, 0.76];
        let scaled = values.map(|value| (value * 1000.0_f64).round());
        assert_eq!(aligned_ranks(&values, [&one, &other], None), aligned_ranks(&scaled, [&one, &other], None));
    }
}
