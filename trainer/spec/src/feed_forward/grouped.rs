//! The functions of a Kolmogorov-Arnold layer whose channels share them in groups.

use serde::{Deserialize, Serialize};

/// A function that the channels of a group share; each group has coefficients of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum GroupedFunction {
    /// A polynomial of degree 5, the same for all groups, over 1 + |one of degree 4|.
    Rational,
    /// A sum of Chebyshev polynomials of tanh x.
    Chebyshev {
        /// The highest degree; at least 1.
        degree: u32,
    },
}

/// The curve as which the function of the hidden layer starts. That of the layer's entries starts as the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// x·σ(x).
    Swish,
    /// x·Φ(x).
    Gelu,
}

/// Numerator coefficients of [`GroupedFunction::Rational`].
pub const NUMERATOR: u32 = 6;

/// Denominator coefficients of a group of [`GroupedFunction::Rational`].
pub const DENOMINATOR: u32 = 4;

impl GroupedFunction {
    /// Parameters of one function with this number of groups.
    pub fn parameters(self, groups: u32) -> u64 {
        let groups = u64::from(groups);
        match self {
            Self::Rational => u64::from(NUMERATOR) + groups * u64::from(DENOMINATOR),
            Self::Chebyshev { degree } => groups * (u64::from(degree) + 1),
        }
    }
}
