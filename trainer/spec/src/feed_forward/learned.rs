//! The functions that learn: which parameters each has, and where they start.

use serde::{Deserialize, Serialize};

/// How many parameters a learnable activation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// One set per hidden channel.
    Channel,
    /// One set per layer.
    Layer,
}

/// A function with parameters. [`LearnedFunction::definition`] is the table of what each learns; formulas and sources
/// are with the code, in the trainer's file of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LearnedFunction {
    /// scale·max(0, x)² + bias.
    StarRelu,
    /// max(0, x) + a·min(0, x).
    Prelu,
    /// PReLU as the study of 2024 ran it: a starts at 0.
    DelftPrelu,
    /// x above 0, α·erf x below.
    ErfRelu,
    /// αₚx² + x/2 above 0, αₙx² + x/2 below.
    Xiprelu,
    /// αₚx² + x/2 above 0, αₙ(eˣ − 1 − x) + x/2 below.
    Xielu,
    /// γ·tanh(αx) + β.
    Dyt,
    /// x + sin²(αx)/α.
    Snake,
    /// x·σ(βx).
    Swish,
    /// What the study of 2024 ran as Swish: x·silu(βx) = βx²·σ(βx).
    DelftSwish,
    /// SiLU with a gate from −α to 1 + α.
    Xsilu,
    /// The same with a gate of arctan.
    Xatlu,
    /// (p₁ − p₂)x·σ(β(p₁ − p₂)x) + p₂x.
    AconC,
    /// α·x·Φ(x).
    ScaledGelu,
    /// x·Φ(βx).
    LearnableGelu,
    /// x·Φ(β(x − µ)).
    ShiftedGelu,
    /// α·x·Φ(βx).
    ScaledLearnableGelu,
    /// What the study of 2024 ran as learnable GELU: α times the tanh approximation.
    DelftLearnableGelu,
    /// GELU with a gate from −α to 1 + α.
    Xgelu,
    /// A polynomial of degree 3 in max(0, x).
    PolyRelu,
    /// x, x² and x³, each normalised over the row, mixed.
    PolyNorm,
    /// A polynomial of degree 5 over 1 + |one of degree 4|.
    Rational,
    /// Straight lines between 64 anchors on [−15, 15], constant beyond.
    LinearSpline,
}

/// What a function learns.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The granularity of its source, unless `model.granularity` asks for the other.
    pub granularity: Granularity,
    /// Its parameters, in the order in which the trainer's code takes them.
    pub parameters: &'static [Parameter],
}

/// A tensor that a function learns: `[owners]` for one value each, `[owners, values]` for several, where the owners are
/// the channels, or one: the layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name in the state dict, below the activation's.
    pub name: &'static str,
    /// Where it starts.
    pub start: Start,
    /// Whether all channels share it, whatever the granularity.
    pub shared: bool,
}

/// Where a learned tensor starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// At this value.
    At(f64),
    /// At what this setting says.
    Setting(&'static str),
    /// At these values, the same for each owner.
    Values(&'static [f64]),
    /// At numbers from N(0, 1).
    Normal,
}

impl Parameter {
    /// How many values each owner has.
    pub fn values(&self) -> u32 {
        match self.start {
            Start::Values(values) => values.len() as u32,
            Start::At(_) | Start::Setting(_) | Start::Normal => 1,
        }
    }

    /// The shape for this number of owners.
    pub fn shape(&self, owners: u32) -> Vec<u32> {
        match self.start {
            Start::Values(values) => vec![owners, values.len() as u32],
            Start::At(_) | Start::Setting(_) | Start::Normal => vec![owners],
        }
    }
}

/// Numerator and denominator of [`LearnedFunction::Rational`]: the least-squares fit of GELU on [−5, 5], 0.0036 away at
/// most. `trainer/tests/reference/make_activations.py` fits it.
pub const RATIONAL_GELU: [&[f64]; 2] = [
    &[-0.002_636_04, 0.5, 0.415_098_04, 0.117_501_295, 0.012_380_07, 0.000_287_785],
    &[0.0, 0.235_002_59, 0.0, 0.000_575_57],
];

/// How far the anchors of [`LearnedFunction::LinearSpline`] reach to both sides of 0.
pub const ANCHOR_REACH: f64 = 15.0;

/// Number of anchors of [`LearnedFunction::LinearSpline`].
pub const ANCHORS: usize = 64;

/// The values of the identity at the anchors.
const ANCHOR_LINE: [f64; ANCHORS] = {
    let mut line = [0.0; ANCHORS];
    let mut index = 0;
    while index < ANCHORS {
        line[index] = ANCHOR_REACH * (2.0 * index as f64 / (ANCHORS - 1) as f64 - 1.0);
        index += 1;
    }
    line
};

/// softplus⁻¹ of the papers' 0.8, and of 0.8 − ½, since the second has ½ added: ln(eˣ − 1).
const XIELU_START: [f64; 2] = [0.203_382_320_811_024_6, -1.050_225_612_814_846_8];

impl LearnedFunction {
    /// What it learns. The starts are those of the sources named in the trainer.
    pub fn definition(self) -> Definition {
        const EXPANSION: Parameter = one("alpha", 0.0);
        const THIRDS: Parameter = several("weight", &[1.0 / 3.0; 3]);
        match self {
            Self::StarRelu => per_layer(const { &[one("scale", 0.8944), one("bias", -0.4472)] }),
            Self::Prelu => per_channel(const { &[setting("weight", "model.prelu.slope")] }),
            Self::DelftPrelu => per_channel(const { &[one("alpha", 0.0)] }),
            Self::ErfRelu => per_layer(const { &[one("alpha", 1.0)] }),
            Self::Xiprelu => per_layer(const { &[one("alpha_p", XIELU_START[0]), one("alpha_n", XIELU_START[0])] }),
            Self::Xielu => per_layer(const { &[one("alpha_p", XIELU_START[0]), one("alpha_n", XIELU_START[1])] }),
            Self::Dyt => per_channel(const { &[shared("alpha", 0.5), one("weight", 1.0), one("bias", 0.0)] }),
            Self::Snake => per_channel(const { &[setting("alpha", "model.snake.frequency")] }),
            Self::Swish | Self::DelftSwish => per_channel(const { &[setting("beta", "model.swish.beta")] }),
            Self::Xsilu | Self::Xatlu | Self::Xgelu => per_layer(const { &[EXPANSION] }),
            Self::AconC => per_channel(const { &[normal("p1"), normal("p2"), one("beta", 1.0)] }),
            Self::ScaledGelu | Self::DelftLearnableGelu => per_channel(const { &[one("alpha", 1.0)] }),
            Self::LearnableGelu => per_channel(const { &[setting("beta", "model.learnable-gelu.beta")] }),
            Self::ShiftedGelu => per_channel(const { &[setting("beta", "model.learnable-gelu.beta"), one("mu", 0.0)] }),
            Self::ScaledLearnableGelu => {
                per_channel(const { &[one("alpha", 1.0), setting("beta", "model.learnable-gelu.beta")] })
            }
            Self::PolyRelu | Self::PolyNorm => per_layer(const { &[THIRDS, one("bias", 0.0)] }),
            Self::Rational => {
                per_layer(const { &[several("numerator", RATIONAL_GELU[0]), several("denominator", RATIONAL_GELU[1])] })
            }
            Self::LinearSpline => per_layer(const { &[several("values", &ANCHOR_LINE)] }),
        }
    }
}

const fn per_channel(parameters: &'static [Parameter]) -> Definition {
    Definition { granularity: Granularity::Channel, parameters }
}

const fn per_layer(parameters: &'static [Parameter]) -> Definition {
    Definition { granularity: Granularity::Layer, parameters }
}

const fn one(name: &'static str, start: f64) -> Parameter {
    Parameter { name, start: Start::At(start), shared: false }
}

const fn shared(name: &'static str, start: f64) -> Parameter {
    Parameter { name, start: Start::At(start), shared: true }
}

const fn setting(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, start: Start::Setting(key), shared: false }
}

const fn several(name: &'static str, values: &'static [f64]) -> Parameter {
    Parameter { name, start: Start::Values(values), shared: false }
}

const fn normal(name: &'static str) -> Parameter {
    Parameter { name, start: Start::Normal, shared: false }
}
