//! Why a procedure over several groups or blocks has no answer for the data at hand.

/// Why there is no answer. Groups, blocks and values are counted from 0 in the order in which they were given, so that
/// the caller can say their names.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Fewer groups (arms, levels of a factor) than can be compared.
    #[error("{found} groups were given, and at least {needed} are needed")]
    TooFewGroups {
        /// How many there must be.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// Fewer blocks (seeds, tasks) than leave anything to estimate an error from.
    #[error("{found} blocks were given, and at least {needed} are needed")]
    TooFewBlocks {
        /// How many there must be.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A group with fewer values than the procedure needs of each.
    #[error("group {group} holds {found} values, and at least {needed} are needed")]
    TooFewValues {
        /// The group.
        group: usize,
        /// How many there must be.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// More values than the procedure was made for.
    #[error("{found} values are more than the {most} that it was made for")]
    TooManyValues {
        /// The most there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// A value that cannot be used: NaN, and for all but the tests by ranks ±∞ and what is beyond 1e150 and has no
    /// square. A run that diverged is set aside, or ranked last, before it comes here.
    #[error("value {place} of group or block {row} is not a number that can be used here")]
    NotFinite {
        /// The group or block.
        row: usize,
        /// The value in it.
        place: usize,
    },
    /// A block that lacks an arm, or has one too many.
    #[error("block {block} holds {found} values, and the first one {expected}")]
    Ragged {
        /// The block.
        block: usize,
        /// Values of the first block.
        expected: usize,
        /// Values of this one.
        found: usize,
    },
    /// No run has this combination of levels, so that what was asked for cannot be estimated.
    #[error("there is no run with level {first} of the first factor and level {second} of the second")]
    EmptyCell {
        /// Level of the first factor.
        first: usize,
        /// Level of the second factor.
        second: usize,
    },
    /// Columns of a model that are combinations of each other, as those of a factor and of one nested in it are.
    #[error("the columns of the model are combinations of each other, so that their coefficients cannot be told apart")]
    Aliased,
    /// All values are equal, up to rounding: there is nothing to compare.
    #[error("all values are equal")]
    Identical,
    /// The groups differ and nothing varies within them, up to rounding: there is no spread from which an error could
    /// be told. Software that prints p = 0 here claims certainty from a lack of information.
    #[error("nothing varies within the groups, so that there is no error to measure a difference by")]
    NoSpread,
    /// As many coefficients as values: no degrees of freedom are left for the error.
    #[error("no degrees of freedom are left for the error")]
    NoFreedom,
    /// A setting out of its range.
    #[error("`{name} = {value}` is out of range: expected {expected}")]
    Range {
        /// Which setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
}

/// Whether a value can be used in means and variances: a number whose square is one.
pub(super) fn usable(value: f64) -> bool {
    value.abs() <= 1e150
}

impl Refusal {
    /// Whether `alpha` lies in (0, 1).
    pub(super) fn unless_level(alpha: f64) -> Result<(), Self> {
        let expected = "a number between 0 and 1";
        if alpha > 0.0 && alpha < 1.0 { Ok(()) } else { Err(Self::Range { name: "alpha", value: alpha, expected }) }
    }

    /// Whether `margin` is a number that is not below 0.
    pub(super) fn unless_margin(margin: f64) -> Result<(), Self> {
        let expected = "a number that is not below 0";
        let valid = margin >= 0.0 && margin.is_finite();
        if valid { Ok(()) } else { Err(Self::Range { name: "margin", value: margin, expected }) }
    }

    /// Whether there are at least two groups, each with `needed` values or more, all [`usable`].
    pub(super) fn unless_groups<Group: AsRef<[f64]>>(groups: &[Group], needed: usize) -> Result<(), Self> {
        Self::unless_ranked_groups(groups, needed)?;
        Self::unless_all(groups, usable)
    }

    /// The same for a test by ranks, which infinite values do not disturb.
    pub(super) fn unless_ranked_groups<Group: AsRef<[f64]>>(groups: &[Group], needed: usize) -> Result<(), Self> {
        if groups.len() < 2 {
            return Err(Self::TooFewGroups { needed: 2, found: groups.len() });
        }
        for (group, values) in groups.iter().enumerate() {
            let found = values.as_ref().len();
            if found < needed {
                return Err(Self::TooFewValues { group, needed, found });
            }
        }
        Self::unless_all(groups, |value| !value.is_nan())
    }

    /// Whether there are at least `needed` blocks, each with the same arms, `arms` or more, and no NaN.
    pub(super) fn unless_ranked_blocks(blocks: &[Vec<f64>], needed: usize, arms: usize) -> Result<(), Self> {
        if blocks.len() < needed.max(1) {
            return Err(Self::TooFewBlocks { needed: needed.max(1), found: blocks.len() });
        }
        let expected = blocks[0].len();
        if expected < arms {
            return Err(Self::TooFewGroups { needed: arms, found: expected });
        }
        if let Some(block) = blocks.iter().position(|block| block.len() != expected) {
            return Err(Self::Ragged { block, expected, found: blocks[block].len() });
        }
        Self::unless_all(blocks, |value| !value.is_nan())
    }

    /// The same for a procedure with means: no infinite value either.
    pub(super) fn unless_blocks(blocks: &[Vec<f64>], needed: usize, arms: usize) -> Result<(), Self> {
        Self::unless_ranked_blocks(blocks, needed, arms)?;
        Self::unless_all(blocks, usable)
    }

    /// Whether every value passes.
    pub(super) fn unless_all<Row: AsRef<[f64]>>(rows: &[Row], passes: impl Fn(f64) -> bool) -> Result<(), Self> {
        for (row, values) in rows.iter().enumerate() {
            if let Some(place) = values.as_ref().iter().position(|value| !passes(*value)) {
                return Err(Self::NotFinite { row, place });
            }
        }
        Ok(())
    }
}
