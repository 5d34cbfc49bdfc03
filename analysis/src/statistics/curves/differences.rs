//! The differences of two arms' curves, step by step.

use crate::statistics::describe::standard_deviation;
use crate::statistics::estimate::is_rounding;
use crate::statistics::refusal::Refusal;

/// The differences at one step.
pub(super) struct Column {
    /// Level minus baseline, a value a seed.
    pub(super) values: Vec<f64>,
    /// Their standard deviation; `None` where it is nothing but the rounding of what was subtracted.
    pub(super) spread: Option<f64>,
}

/// `level` minus `baseline`, each with a row a seed, in the same order, and a column a step.
///
/// # Errors
/// A [`Refusal`] for fewer than two seeds, no step, tables or rows of unequal length, and values that are not finite.
pub(super) fn columns(level: &[Vec<f64>], baseline: &[Vec<f64>]) -> Result<Vec<Column>, Refusal> {
    Refusal::unless_blocks(level, 2, 1)?;
    Refusal::unless_blocks(baseline, level.len(), level[0].len())?;
    if baseline.len() > level.len() {
        return Err(Refusal::TooFewBlocks { needed: baseline.len(), found: level.len() });
    }
    if baseline[0].len() > level[0].len() {
        return Err(Refusal::TooFewGroups { needed: baseline[0].len(), found: level[0].len() });
    }
    Ok((0..level[0].len()).map(|step| column(level, baseline, step)).collect())
}

fn column(level: &[Vec<f64>], baseline: &[Vec<f64>], step: usize) -> Column {
    let pairs = || level.iter().zip(baseline).map(|(level, baseline)| (level[step], baseline[step]));
    let values: Vec<f64> = pairs().map(|(level, baseline)| level - baseline).collect();
    let largest = pairs().map(|(level, baseline)| level.abs().max(baseline.abs())).fold(0.0, f64::max);
    let spread = standard_deviation(&values).filter(|spread| !is_rounding(*spread, largest));
    Column { values, spread }
}
