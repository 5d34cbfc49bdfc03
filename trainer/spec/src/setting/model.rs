use super::{Kind, Preset, Section, Setting};
use crate::feed_forward::level;
use crate::model::Architecture;

/// Largest width, depth or length that a model may be asked for: far above any sensible one, far below overflow.
const LARGEST: i64 = 1 << 20;

pub(super) const SECTION: Section = Section {
    name: "model",
    meaning: "The network",
    science: true,
    settings: &[
        Setting {
            key: "model.architecture",
            kind: Kind::Choice(&Architecture::NAMES),
            default: Preset::Text("gpt-neo"),
            meaning: "Decoder (gpt-neo) or encoder (roberta), as in Hugging Face transformers",
        },
        Setting {
            key: "model.activation",
            kind: Kind::Choice(&level::NAMES),
            default: Preset::Text("gelu"),
            meaning: "What stands between the two linear maps of the feed-forward layer, or replaces the layer (…-kan)",
        },
        Setting {
            key: "model.hidden-size",
            kind: Kind::Integer { least: 1, most: LARGEST },
            default: Preset::Integer(512),
            meaning: "Width of the residual stream",
        },
        Setting {
            key: "model.layers",
            kind: Kind::Integer { least: 1, most: 1024 },
            default: Preset::Integer(2),
            meaning: "Number of transformer blocks",
        },
        Setting {
            key: "model.heads",
            kind: Kind::Integer { least: 1, most: LARGEST },
            default: Preset::Integer(4),
            meaning: "Attention heads; they divide the hidden size",
        },
        Setting {
            key: "model.ffn-size",
            kind: Kind::Integer { least: 1, most: LARGEST },
            default: Preset::Integer(1024),
            meaning: "Width of the plain feed-forward layer, whose parameter count is the budget of the others",
        },
        Setting {
            key: "model.budget",
            kind: Kind::Choice(&["matched", "unmatched"]),
            default: Preset::Text("matched"),
            meaning: "Whether gated and KAN layers shrink to the parameter count of the plain one",
        },
        Setting {
            key: "model.context",
            // A text is <s>, at least one token, </s>.
            kind: Kind::Integer { least: 3, most: LARGEST },
            default: Preset::Integer(512),
            meaning: "Longest text in tokens; the number of learned positions",
        },
        Setting {
            key: "model.window",
            kind: Kind::Integer { least: 1, most: LARGEST },
            default: Preset::Integer(256),
            meaning: "How many tokens a local attention layer of gpt-neo looks back, itself included",
        },
        Setting {
            key: "model.vocabulary",
            kind: Kind::Integer { least: 261, most: 65_536 },
            default: Preset::Integer(10_000),
            meaning: "Number of token ids, special tokens included",
        },
        Setting {
            key: "model.dropout",
            kind: Kind::Float { least: 0.0, most: 0.99 },
            default: Preset::Derived("0.0 for gpt-neo, 0.1 for roberta"),
            meaning: "Probability of zeroing an entry of the embeddings and of each block's two outputs",
        },
        Setting {
            key: "model.attention-dropout",
            kind: Kind::Float { least: 0.0, most: 0.99 },
            default: Preset::Derived("0.0 for gpt-neo, 0.1 for roberta"),
            meaning: "Probability of zeroing an attention weight",
        },
        Setting {
            key: "model.layer-norm-epsilon",
            kind: Kind::Positive { most: 1.0 },
            default: Preset::Derived("1e-5 for gpt-neo, 1e-12 for roberta"),
            meaning: "Added to the variance in layer normalisation",
        },
        Setting {
            key: "model.initialisation",
            kind: Kind::Choice(&["normal", "fan-in-uniform", "delft"]),
            default: Preset::Text("normal"),
            meaning: "One rule for the weights of every activation: N(0, init-std²) with zero biases, or U(±1/√fan-in); or the study of 2024's two, the second for layers that transformers does not have",
        },
        Setting {
            key: "model.init-std",
            kind: Kind::Positive { most: 10.0 },
            default: Preset::Float(0.02),
            meaning: "Standard deviation of the normal initialisation",
        },
        Setting {
            key: "model.granularity",
            kind: Kind::Choice(&["channel", "layer"]),
            default: Preset::Derived("that of the activation's source"),
            meaning: "Whether a learnable activation has parameters for each hidden channel or one set per layer",
        },
        Setting {
            key: "model.prelu.slope",
            kind: Kind::Float { least: -10.0, most: 10.0 },
            default: Preset::Float(0.25),
            meaning: "Initial slope of PReLU below zero (He et al. 2015)",
        },
        Setting {
            key: "model.swish.beta",
            kind: Kind::Float { least: -100.0, most: 100.0 },
            default: Preset::Float(1.0),
            meaning: "Initial β of Swish, x·σ(βx), also as a gate",
        },
        Setting {
            key: "model.snake.frequency",
            kind: Kind::Positive { most: 1000.0 },
            default: Preset::Float(1.0),
            meaning: "Initial α of Snake, x + sin²(αx)/α",
        },
        Setting {
            key: "model.learnable-gelu.beta",
            kind: Kind::Float { least: -100.0, most: 100.0 },
            default: Preset::Float(1.0),
            meaning: "Initial β of the learnable GELU, x·Φ(βx), and of those that learn more besides",
        },
        Setting {
            key: "model.kan.initialisation",
            kind: Kind::Choice(&["network", "source", "delft"]),
            default: Preset::Derived("\"network\", but \"delft\" for delft-kan"),
            meaning: "How KAN layers start: linear maps by model.initialisation and the rest by the paper, or all as in the authors' code, or as in the study of 2024 (B-splines)",
        },
        Setting {
            key: "model.kan.intervals",
            kind: Kind::Integer { least: 1, most: 256 },
            default: Preset::Derived("3 for kan and delft-kan, 5 for efficient-kan"),
            meaning: "Grid intervals of each B-spline edge",
        },
        Setting {
            key: "model.kan.order",
            kind: Kind::Integer { least: 1, most: 12 },
            default: Preset::Derived("5 for kan, 3 for efficient-kan and delft-kan"),
            meaning: "Polynomial order of each B-spline edge",
        },
        Setting {
            key: "model.kan.scaler",
            kind: Kind::Flag,
            default: Preset::Flag(true),
            meaning: "Whether each B-spline edge learns a scale besides its coefficients (enable_standalone_scale_spline)",
        },
        Setting {
            key: "model.kan.centres",
            kind: Kind::Integer { least: 2, most: 256 },
            default: Preset::Integer(8),
            meaning: "Centres of the radial basis functions of fast-kan",
        },
        Setting {
            key: "model.kan.low",
            kind: Kind::Float { least: -1e3, most: 1e3 },
            default: Preset::Derived("-1.0, but -2.0 for fast-kan"),
            meaning: "Lower end of the grid of splines or centres",
        },
        Setting {
            key: "model.kan.high",
            kind: Kind::Float { least: -1e3, most: 1e3 },
            default: Preset::Derived("1.0, but 2.0 for fast-kan"),
            meaning: "Upper end of the grid of splines or centres",
        },
        Setting {
            key: "model.kan.degree",
            kind: Kind::Integer { least: 1, most: 32 },
            default: Preset::Derived("4 for chebyshev-kan, 3 for grouped-chebyshev-kan"),
            meaning: "Highest degree of the Chebyshev polynomials",
        },
        Setting {
            key: "model.kan.groups",
            kind: Kind::Integer { least: 1, most: LARGEST },
            default: Preset::Integer(8),
            meaning: "Groups of channels that share a function in gr-kan and grouped-chebyshev-kan; they divide the hidden size",
        },
        Setting {
            key: "model.kan.start",
            kind: Kind::Choice(&["swish", "gelu"]),
            default: Preset::Text("swish"),
            meaning: "The curve as which the functions of the hidden layer start in gr-kan and grouped-chebyshev-kan",
        },
    ],
};
