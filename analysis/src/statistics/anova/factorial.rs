//! The analysis of variance of several factors, balanced or not.

use serde::Serialize;

use super::factor::{Factor, columns, empty_cell};
use crate::statistics::distributions::f;
use crate::statistics::linear::orthogonal::Split;
use crate::statistics::refusal::{Refusal, usable};

/// After which other terms a term is looked at. For balanced designs all three are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Squares {
    /// After those named before it: type I. The answer depends on the order.
    Sequential,
    /// After all that do not contain it: type II. The most powerful for main effects when there is no interaction.
    Marginal,
    /// After all others: type III. Main effects of unweighted means, with the interaction in the model.
    Partial,
}

/// One term of the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// Its factors by their index: one for a main effect, two or more for an interaction, none for the mean.
    pub term: Vec<usize>,
    /// Its sum of squares.
    pub sum: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// Its mean square over that of the residuals.
    pub f: f64,
    /// p value against no such effect.
    pub p: f64,
    /// Partial η² = sum / (sum + residual sum).
    pub partial_eta_squared: f64,
}

/// The terms of a model and what they leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The terms in the order in which they were named.
    pub effects: Vec<Effect>,
    /// Sum of squares of the residuals.
    pub residual_sum: f64,
    /// Their degrees of freedom.
    pub residual_df: f64,
}

/// Compares the means of `values` over `factors` by a linear model with the mean and `terms`, each a set of factors by
/// index.
///
/// For activation × architecture with the seed as a block: three factors and the terms `[0]`, `[1]`, `[2]`, `[0, 1]`.
/// Each term's sum of squares is the squared length of the part of the values along its columns once those of the terms
/// before it (see [`Squares`]) are taken out, and F is its mean square over that of the residuals of the whole model.
///
/// Assumes residuals that are independent, roughly normal and of one variance. Look at the interaction first: where it
/// matters, a main effect is an average over arms that behave differently. With the seed as a block it also assumes
/// that all arms correlate alike over seeds ([`super::within`] looks at that). A combination of levels that no run has
/// takes degrees of freedom from its interaction in types I and II.
///
/// Source: Yates (1934), JASA 29; Herr (1986), The American Statistician 40 (the types).
///
/// # Errors
/// A [`Refusal`] for values that are not finite or too few, a factor of another length or that is not there, type III
/// with an empty cell, and residuals that are all 0.
pub fn factorial(values: &[f64], factors: &[Factor], terms: &[&[usize]], squares: Squares) -> Result<Table, Refusal> {
    valid(values, factors, terms, squares)?;
    let model = Model::of(factors, terms, values.len());
    let residual = model.residual(values)?;
    let named = model.terms.len() - terms.len();
    let effects = (named..model.terms.len()).map(|index| model.effect(values, index, squares, residual));
    Ok(Table {
        effects: effects.collect::<Result<_, Refusal>>()?,
        residual_sum: residual.sum,
        residual_df: residual.df,
    })
}

fn valid(values: &[f64], factors: &[Factor], terms: &[&[usize]], squares: Squares) -> Result<(), Refusal> {
    Refusal::unless_all(&[values], usable)?;
    if let Some(block) = factors.iter().position(|factor| factor.levels().len() != values.len()) {
        return Err(Refusal::Ragged { block, expected: values.len(), found: factors[block].levels().len() });
    }
    if let Some(factor) = terms.iter().flat_map(|term| term.iter()).find(|factor| **factor >= factors.len()) {
        return Err(Refusal::Range { name: "factor", value: *factor as f64, expected: "the index of a factor" });
    }
    if squares == Squares::Partial {
        let mut pairs = terms.iter().filter(|term| term.len() == 2);
        if let Some(empty) = pairs.find_map(|term| empty_cell(&factors[term[0]], &factors[term[1]])) {
            return Err(empty);
        }
    }
    Ok(())
}

/// What the whole model leaves: the sum of squares and its degrees of freedom.
#[derive(Clone, Copy)]
struct Residual {
    sum: f64,
    df: f64,
}

/// The terms, the mean among them, and their columns.
struct Model {
    terms: Vec<Vec<usize>>,
    columns: Vec<Vec<Vec<f64>>>,
}

impl Model {
    fn of(factors: &[Factor], terms: &[&[usize]], runs: usize) -> Self {
        let mut terms: Vec<Vec<usize>> = terms.iter().map(|term| term.to_vec()).collect();
        if !terms.iter().any(Vec::is_empty) {
            terms.insert(0, Vec::new());
        }
        let of_term = |term: &Vec<usize>| {
            let factors: Vec<&Factor> = term.iter().map(|factor| &factors[*factor]).collect();
            columns(&factors, runs)
        };
        Self { columns: terms.iter().map(of_term).collect(), terms }
    }

    fn residual(&self, values: &[f64]) -> Result<Residual, Refusal> {
        let all: Vec<usize> = (0..self.terms.len()).collect();
        let whole = self.split(values, &all);
        let (sum, df) = (whole.rest_squares(), values.len().saturating_sub(whole.rank()) as f64);
        if df < 1.0 {
            return Err(Refusal::NoFreedom);
        }
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if (sum / df).sqrt() <= 64.0 * f64::EPSILON * largest {
            let identical = values.iter().all(|value| (value - values[0]).abs() <= 4.0 * f64::EPSILON * largest);
            return Err(if identical { Refusal::Identical } else { Refusal::NoSpread });
        }
        Ok(Residual { sum, df })
    }

    /// The test of a term after those that are taken out before it.
    fn effect(&self, values: &[f64], index: usize, squares: Squares, residual: Residual) -> Result<Effect, Refusal> {
        let before = (0..self.terms.len()).filter(|other| self.precedes(*other, index, squares));
        let split = self.split(values, &before.chain([index]).collect::<Vec<usize>>());
        let own = &split.parts[split.parts.len() - self.columns[index].len()..];
        let sum: f64 = own.iter().flatten().map(|part| part * part).sum();
        let df = own.iter().flatten().count() as f64;
        if df < 1.0 {
            return Err(Refusal::NoFreedom);
        }
        let f = sum / df / (residual.sum / residual.df);
        let p = f::upper_tail(f, df, residual.df).ok_or(Refusal::NoFreedom)?;
        let partial_eta_squared = sum / (sum + residual.sum);
        Ok(Effect { term: self.terms[index].clone(), sum, df, f, p, partial_eta_squared })
    }

    /// Whether a term is taken out before another is looked at.
    fn precedes(&self, other: usize, term: usize, squares: Squares) -> bool {
        match squares {
            Squares::Sequential => other < term,
            Squares::Marginal => {
                let contains = self.terms[term].iter().all(|factor| self.terms[other].contains(factor));
                other != term && !contains
            }
            Squares::Partial => other != term,
        }
    }

    fn split(&self, values: &[f64], terms: &[usize]) -> Split {
        let columns: Vec<Vec<f64>> = terms.iter().flat_map(|term| self.columns[*term].iter().cloned()).collect();
        Split::of(values, &columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::anova::one_way::one_way;

    #[test]
    fn one_factor_is_the_one_way_analysis() {
        let values = [1.0, 2.5, 2.0, 4.0, 3.5, 7.0, 1.0];
        let factor = Factor::of(vec![0, 0, 1, 1, 1, 2, 2]).unwrap();
        let known = one_way(&[&values[..2], &values[2..5], &values[5..]]).unwrap();
        for squares in [Squares::Sequential, Squares::Marginal, Squares::Partial] {
            let found = factorial(&values, std::slice::from_ref(&factor), &[&[0]], squares).unwrap();
            assert!((found.effects[0].f / known.f - 1.0).abs() < 1e-12);
            assert!((found.effects[0].partial_eta_squared - known.eta_squared).abs() < 1e-12);
        }
    }

    #[test]
    fn what_has_no_answer() {
        let factors = [Factor::of(vec![0, 0, 1, 1]).unwrap(), Factor::of(vec![0, 1, 0, 0]).unwrap()];
        let terms: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
        let empty = Refusal::EmptyCell { first: 1, second: 1 };
        assert_eq!(factorial(&[1.0, 2.0, 3.0, 5.0], &factors, &terms, Squares::Partial), Err(empty));
        // Without that cell there is no interaction left.
        assert_eq!(factorial(&[1.0, 2.0, 3.0, 5.0], &factors, &terms, Squares::Marginal), Err(Refusal::NoFreedom));
        assert_eq!(factorial(&[1.0, 2.0, 3.0, 3.0], &factors, &terms[..2], Squares::Marginal), Err(Refusal::NoSpread));
        assert_eq!(factorial(&[0.1; 4], &factors, &terms[..2], Squares::Marginal), Err(Refusal::Identical));
        let ragged = Refusal::Ragged { block: 0, expected: 3, found: 4 };
        assert_eq!(factorial(&[1.0, 2.0, 3.0], &factors, &terms[..2], Squares::Marginal), Err(ragged));
        assert!(factorial(&[1.0, 2.0, 3.0, 5.0], &factors, &[&[2]], Squares::Marginal).is_err());
    }
}
