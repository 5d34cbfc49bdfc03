//! The levels of the factor `activation`.

/// The name of a level of the factor `activation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivationName {
    /// No activation: two linear maps. The floor of any study.
    Identity,
    /// max(0, x).
    Relu,
    /// max(0, x) + a·min(0, x), a learned.
    Prelu,
    /// x·σ(x).
    Silu,
    /// x·σ(βx), β learned.
    Swish,
    /// x·Φ(x), exact.
    Gelu,
    /// The tanh approximation of GELU, `gelu_new` in transformers.
    GeluTanh,
    /// x·Φ(βx), β learned.
    LearnableGelu,
    /// W₂(GELU(xW) · xV).
    Geglu,
    /// A Kolmogorov-Arnold network of B-spline edges in place of the whole layer.
    Kan,
}

impl ActivationName {
    /// Every name, in the order of the variants.
    pub const NAMES: [&'static str; 10] =
        ["identity", "relu", "prelu", "silu", "swish", "gelu", "gelu-tanh", "learnable-gelu", "geglu", "kan"];

    const ALL: [Self; 10] = [
        Self::Identity,
        Self::Relu,
        Self::Prelu,
        Self::Silu,
        Self::Swish,
        Self::Gelu,
        Self::GeluTanh,
        Self::LearnableGelu,
        Self::Geglu,
        Self::Kan,
    ];

    /// The activation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|index| Self::ALL[index])
    }

    /// The name in sweep files and reports.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in ActivationName::NAMES {
            assert_eq!(ActivationName::from_name(name).map(ActivationName::name), Some(name));
        }
    }
}
