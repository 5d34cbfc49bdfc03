//! The levels of the factor `activation`: one name each, and the layer that it means.
//!
//! # Names
//! They are in kebab-case and follow Hugging Face's transformers where it has one (`leaky_relu` is `leaky-relu`), but
//! for `identity`, which is `linear` there, and `gelu-tanh`, which is `gelu_new` and `gelu_pytorch_tanh` there. A name
//! that begins with `delft-` is what the study of 2024 ran under a name that means something else.
//!
//! # What is left out
//! - Meta-ACON: its β comes from a small network over the whole image, so it is no function of an entry, and nobody has
//!   said what it would be for text.
//! - APL, the adaptive piecewise linear units of Agostinelli et al. 2014 (arXiv:1412.6830): the paper does not say
//!   where its hinges and slopes start. `linear-spline` can become any of them.

use super::activation::StaticFunction;
use super::kan::KanLevel;
use super::learned::LearnedFunction;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A function between two linear maps.
    Plain(Function),
    /// A function on one half of the hidden layer, which gates the other.
    Gated(Function),
    /// A function on both halves of the hidden layer, which are multiplied.
    GatedBoth(Function),
    /// A Kolmogorov-Arnold network in place of the whole layer.
    Kan(KanLevel),
}

/// A function by what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// One without parameters.
    Static(StaticFunction),
    /// One with parameters.
    Learned(LearnedFunction),
}

/// Names of one function: CELU is ELU at the only α that either takes here, 1.
pub const SYNONYMS: [(&str, &str); 1] = [("celu", "elu")];

/// Every level, family by family.
pub const LEVELS: [(&str, Level); 61] = {
    use LearnedFunction as L;
    use StaticFunction as S;
    [
        ("identity", plain(S::Identity)),
        // Rectifiers.
        ("relu", plain(S::Relu)),
        ("leaky-relu", plain(S::LeakyRelu)),
        ("relu6", plain(S::Relu6)),
        ("relu2", plain(S::Relu2)),
        ("star-relu", learned(L::StarRelu)),
        ("prelu", learned(L::Prelu)),
        ("delft-prelu", learned(L::DelftPrelu)),
        ("erf-relu", learned(L::ErfRelu)),
        ("xiprelu", learned(L::Xiprelu)),
        // Exponential below zero.
        ("elu", plain(S::Elu)),
        ("selu", plain(S::Selu)),
        ("celu", plain(S::Celu)),
        ("xielu", learned(L::Xielu)),
        // Sigmoids, and what is made of one.
        ("tanh", plain(S::Tanh)),
        ("sigmoid", plain(S::Sigmoid)),
        ("softplus", plain(S::Softplus)),
        ("laplace", plain(S::Laplace)),
        ("gaussian", plain(S::Gaussian)),
        ("dyt", learned(L::Dyt)),
        // Periodic.
        ("sin", plain(S::Sin)),
        ("snake", learned(L::Snake)),
        // The entry times a gate of its own.
        ("silu", plain(S::Silu)),
        ("swish", learned(L::Swish)),
        ("delft-swish", learned(L::DelftSwish)),
        ("hardswish", plain(S::Hardswish)),
        ("mish", plain(S::Mish)),
        ("golu", plain(S::Golu)),
        ("xsilu", learned(L::Xsilu)),
        ("xatlu", learned(L::Xatlu)),
        ("acon-c", learned(L::AconC)),
        // The same with the normal distribution.
        ("gelu", plain(S::Gelu)),
        ("gelu-tanh", plain(S::GeluTanh)),
        ("quick-gelu", plain(S::QuickGelu)),
        ("scaled-gelu", learned(L::ScaledGelu)),
        ("learnable-gelu", learned(L::LearnableGelu)),
        ("shifted-gelu", learned(L::ShiftedGelu)),
        ("scaled-learnable-gelu", learned(L::ScaledLearnableGelu)),
        ("delft-learnable-gelu", learned(L::DelftLearnableGelu)),
        ("xgelu", learned(L::Xgelu)),
        // Polynomials, and curves of any shape.
        ("poly-relu", learned(L::PolyRelu)),
        ("poly-norm", learned(L::PolyNorm)),
        ("rational", learned(L::Rational)),
        ("linear-spline", learned(L::LinearSpline)),
        // Gated layers.
        ("glu", Level::Gated(Function::Static(S::Sigmoid))),
        ("bilinear", Level::Gated(Function::Static(S::Identity))),
        ("reglu", Level::Gated(Function::Static(S::Relu))),
        ("geglu", Level::Gated(Function::Static(S::Gelu))),
        ("delft-geglu", Level::Gated(Function::Static(S::GeluTanh))),
        ("delft-learnable-geglu", Level::Gated(Function::Learned(L::DelftLearnableGelu))),
        ("swiglu", Level::Gated(Function::Static(S::Silu))),
        ("learnable-swiglu", Level::Gated(Function::Learned(L::Swish))),
        ("relu2-glu", Level::Gated(Function::Static(S::Relu2))),
        ("drelu", Level::GatedBoth(Function::Static(S::Relu))),
        // In place of the layer.
        ("kan", Level::Kan(KanLevel::Spline)),
        ("efficient-kan", Level::Kan(KanLevel::EfficientSpline)),
        ("delft-kan", Level::Kan(KanLevel::DelftSpline)),
        ("fast-kan", Level::Kan(KanLevel::RadialBasis)),
        ("chebyshev-kan", Level::Kan(KanLevel::Chebyshev)),
        ("grouped-chebyshev-kan", Level::Kan(KanLevel::GroupedChebyshev)),
        ("gr-kan", Level::Kan(KanLevel::GroupedRational)),
    ]
};

/// The names of all levels, in the order of [`LEVELS`].
pub const NAMES: [&str; LEVELS.len()] = {
    let mut names = [""; LEVELS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = LEVELS[index].0;
        index += 1;
    }
    names
};

/// What else some levels are called, in kebab-case, and their name here: for suggestions only.
const CALLED_ELSEWHERE: [(&str, &str); 11] = [
    ("linear", "identity"),
    ("none", "identity"),
    ("gelu-new", "gelu-tanh"),
    ("gelu-pytorch-tanh", "gelu-tanh"),
    ("gelu-fast", "gelu-tanh"),
    ("squared-relu", "relu2"),
    ("pade", "rational"),
    ("pau", "rational"),
    ("b-spline", "kan"),
    ("chebykan", "chebyshev-kan"),
    ("kat", "gr-kan"),
];

/// The name here of what another program calls `name`, where no likeness of letters would find it.
pub fn called_elsewhere(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('_', "-");
    CALLED_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name).map(|(_, here)| *here)
}

impl Level {
    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        static TABLE: [(&str, Level); LEVELS.len()] = LEVELS;
        TABLE.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
    }
}

const fn plain(function: StaticFunction) -> Level {
    Level::Plain(Function::Static(function))
}

const fn learned(function: LearnedFunction) -> Level {
    Level::Plain(Function::Learned(function))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_once_and_a_plain_layer_is_called_by_its_function() {
        let mut seen = std::collections::BTreeSet::new();
        for (name, level) in LEVELS {
            assert!(seen.insert(name), "{name} stands twice");
            let function = match level {
                Level::Plain(Function::Static(function)) => serde_json::to_value(function),
                Level::Plain(Function::Learned(function)) => serde_json::to_value(function),
                Level::Gated(_) | Level::GatedBoth(_) | Level::Kan(_) => continue,
            };
            assert_eq!(function.unwrap(), name);
        }
    }

    #[test]
    fn what_others_call_a_level_is_known() {
        assert_eq!(called_elsewhere("gelu_new"), Some("gelu-tanh"));
        for (elsewhere, here) in CALLED_ELSEWHERE {
            assert!(NAMES.contains(&here) && !NAMES.contains(&elsewhere), "{elsewhere}: {here}");
        }
    }

    #[test]
    fn slips_of_the_hand_are_recognised() {
        for (slip, meant) in
            [("geul", "gelu"), ("leaky_relu", "leaky-relu"), ("polynorm", "poly-norm"), ("SwiGLU", "swiglu")]
        {
            assert_eq!(crate::setting::closest(slip, NAMES), Some(meant));
        }
    }
}
