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
/// Approximate; with a handful of values a group it has little power, and for odd, small groups the one from the median
/// is conservative, as one distance is always 0.
///
/// Source: Levene (1960), in Contributions to Probability and Statistics; Brown and Forsythe (1974), JASA 69.
///
/// # Errors
/// A [`Refusal`] for what [`one_way`] refuses. Both values of a group of two are as far from its centre, so that groups
/// of two alone leave nothing to test by: they are [`Refusal::Identical`] where all spread alike, and
/// [`Refusal::NoSpread`] where not.
pub fn levene<Group: AsRef<[f64]>>(groups: &[Group], centre: Centre) -> Result<OneWay, Refusal> {
    Refusal::unless_groups(groups, 2)?;
    let distances = |(group, values): (usize, &Group)| {
        let values = values.as_ref();
        let centre = if centre == Centre::Mean { mean(values) } else { median(values) };
        let centre = centre.ok_or(Refusal::TooFewValues { group, needed: 2, found: 0 })?;
        Ok(match values {
            // Taken from a rounded centre the two distances may differ by a rounding, and F be that rounding's.
            [one, other] => vec![(one / 2.0 - other / 2.0).abs(); 2],
            _ => values.iter().map(|value| (value - centre).abs()).collect(),
        })
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
        // 6.644 and the like: the distances from the rounded middles are not quite equal.
        let losses = [[6.770_476_864_750_9, 6.644_1], [6.791_3, 6.652_7], [6.701_9, 6.633_31], [6.712, 6.699_907]];
        for centre in [Centre::Mean, Centre::Median] {
            assert_eq!(levene(&losses, centre), Err(Refusal::NoSpread));
        }
        assert_eq!(levene(&[[1.0, 2.0]], Centre::Mean), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
    }
}
