//! The tests of Levene and of Brown and Forsythe for equal spread.

use crate::statistics::anova::one_way::{OneWay, one_way};
use crate::statistics::describe::{mean, median};
use crate::statistics::refusal::Refusal;

/// From where the spread of a group is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centre {
    /// From its mean: Levene's test, for symmetric values.
    Mean,
    /// From its median: the test of Brown and Forsythe, which stands skewed values.
    Median,
}

/// Tests whether groups vary as much as each other: the one-way analysis of variance of |x - centre|.
///
/// Approximate; with a handful of values a group it has little power, and for odd, small groups the one from the median is
/// conservative, as one distance is always 0.
///
/// Source: Levene (1960), in Contributions to Probability and Statistics; Brown and Forsythe (1974), JASA 69.
///
/// # Errors
/// A [`Refusal`] for what [`one_way`] refuses; groups that do not vary at all are [`Refusal::Identical`], and groups of two
/// with spreads of their own [`Refusal::NoSpread`].
pub fn levene<Group: AsRef<[f64]>>(groups: &[Group], centre: Centre) -> Result<OneWay, Refusal> {
    Refusal::unless_groups(groups, 2)?;
    let distances = |(group, values): (usize, &Group)| {
        let values = values.as_ref();
        let centre = if centre == Centre::Mean { mean(values) } else { median(values) };
        let centre = centre.ok_or(Refusal::TooFewValues { group, needed: 2, found: 0 })?;
        Ok(values.iter().map(|value| (value - centre).abs()).collect())
    };
    let distances: Vec<Vec<f64>> = groups.iter().enumerate().map(distances).collect::<Result<_, Refusal>>()?;
    one_way(&distances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_compared() {
        assert_eq!(levene(&[[1.0, 1.0], [2.0, 2.0]], Centre::Median), Err(Refusal::Identical));
        assert_eq!(levene(&[[1.0, 2.0], [2.0, 4.0]], Centre::Median), Err(Refusal::NoSpread));
        assert_eq!(levene(&[[1.0, 2.0]], Centre::Mean), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
    }
}
