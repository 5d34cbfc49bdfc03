//! Main effects and interactions in a mixed model.

use super::fit::Mixed;
use crate::statistics::anova::factor::{Factor, columns, empty_cell};
use crate::statistics::estimate::Joint;
use crate::statistics::refusal::Refusal;

/// A mixed model of factors, and a test of each of its terms.
#[derive(Debug, Clone)]
pub struct Effects {
    /// The fit: its first coefficient is the mean of all cells, and the others are deviations from it.
    pub model: Mixed,
    /// The test of each term, in the order in which they were named.
    pub tests: Vec<Joint>,
}

/// Fits `values` with the fixed `terms` of `factors`, each a set of factors by index, and a random effect of `seed`,
/// and tests each term after all others.
///
/// For activation × architecture: two factors and the terms `[0]`, `[1]`, `[0, 1]`. The model with several factors that
/// shares all runs' degrees of freedom: with three seeds, five activations and three architectures 28 instead of the 2
/// of a paired test. Look at the interaction first: where it matters, a main effect is an average over arms that behave
/// differently.
///
/// Assumes what [`Mixed::fit`] does, and one variance in all cells. The tests are those of [`Mixed::joint`]; for
/// balanced data they are those of the blocked analysis.
///
/// Source: as of [`Mixed::fit`].
///
/// # Errors
/// A [`Refusal`] for what [`Mixed::fit`] refuses, a term with a factor that is not there, and a combination of levels
/// without runs.
pub fn effects(values: &[f64], factors: &[Factor], terms: &[&[usize]], seed: &Factor) -> Result<Effects, Refusal> {
    if let Some(factor) = terms.iter().flat_map(|term| term.iter()).find(|factor| **factor >= factors.len()) {
        return Err(Refusal::Range { name: "factor", value: *factor as f64, expected: "the index of a factor" });
    }
    if let Some(block) = factors.iter().position(|factor| factor.levels().len() != values.len()) {
        return Err(Refusal::Ragged { block, expected: values.len(), found: factors[block].levels().len() });
    }
    let pairs = terms.iter().filter(|term| term.len() == 2);
    if let Some(empty) = pairs.into_iter().find_map(|term| empty_cell(&factors[term[0]], &factors[term[1]])) {
        return Err(empty);
    }
    let mut design = columns(&[], values.len());
    let mut spans = Vec::with_capacity(terms.len());
    for term in terms {
        let factors: Vec<&Factor> = term.iter().map(|factor| &factors[*factor]).collect();
        let own = columns(&factors, values.len());
        spans.push(design.len()..design.len() + own.len());
        design.extend(own);
    }
    let model = Mixed::fit(values, &design, seed)?;
    let unit = |index: usize| (0..design.len()).map(|other| f64::from(u8::from(other == index))).collect();
    let tests = spans.into_iter().map(|span| model.joint(&span.map(unit).collect::<Vec<_>>()));
    Ok(Effects { tests: tests.collect::<Result<_, Refusal>>()?, model })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_answer() {
        let (one, other) = (Factor::of(vec![0, 0, 1, 1]).unwrap(), Factor::of(vec![0, 1, 1, 1]).unwrap());
        let seed = Factor::of(vec![0, 1, 0, 1]).unwrap();
        let values = [1.0, 2.0, 3.0, 5.0];
        let factors = [one, other];
        let empty = Refusal::EmptyCell { first: 1, second: 0 };
        assert_eq!(effects(&values, &factors, &[&[0], &[1], &[0, 1]], &seed).unwrap_err(), empty);
        assert_eq!(effects(&values, &factors, &[&[0], &[1]], &seed).unwrap_err(), Refusal::NoFreedom);
        assert!(matches!(effects(&values, &factors, &[&[2]], &seed), Err(Refusal::Range { name: "factor", .. })));
    }
}
