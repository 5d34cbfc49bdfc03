use super::{Kind, Preset, Section, Setting};

pub(super) const SECTION: Section = Section {
    name: "train",
    meaning: "The optimisation",
    science: true,
    settings: &[
        Setting {
            key: "train.epochs",
            kind: Kind::Positive { most: 1e6 },
            default: Preset::Derived("1.0, unless steps are given"),
            meaning: "Passes over the training stories",
        },
        Setting {
            key: "train.steps",
            kind: Kind::Integer { least: 1, most: 1 << 40 },
            default: Preset::Derived("as many as the epochs hold"),
            meaning: "Optimiser steps, instead of epochs",
        },
        Setting {
            key: "train.stories-per-step",
            kind: Kind::Integer { least: 1, most: 1 << 24 },
            default: Preset::Derived("256, unless tokens per step are given"),
            meaning: "Stories in one optimiser step",
        },
        Setting {
            key: "train.tokens-per-step",
            kind: Kind::Integer { least: 2, most: 1 << 32 },
            default: Preset::Derived("as many as the stories hold"),
            meaning: "Token budget of one optimiser step, filled with whole stories, instead of a number of stories",
        },
        Setting {
            key: "train.micro-batch-tokens",
            kind: Kind::Integer { least: 2, most: 1 << 32 },
            default: Preset::Integer(16_384),
            meaning: "Most tokens in one forward pass; a larger step is accumulated from several, each with dropout of its own",
        },
        Setting {
            key: "train.averaging",
            kind: Kind::Choice(&["tokens", "micro-batches"]),
            default: Preset::Text("tokens"),
            meaning: "What the loss of a step is the mean of: its scored tokens, or the means of micro-batches (transformers before 4.46)",
        },
        Setting {
            key: "train.micro-batch-stories",
            kind: Kind::Integer { least: 1, most: 1 << 24 },
            default: Preset::Integer(16),
            meaning: "Stories of one micro-batch, where the means of micro-batches are averaged",
        },
        Setting {
            key: "train.learning-rate",
            kind: Kind::Positive { most: 10.0 },
            default: Preset::Float(5e-4),
            meaning: "Peak learning rate",
        },
        Setting {
            key: "train.schedule",
            kind: Kind::Choice(&["linear", "cosine", "constant"]),
            default: Preset::Text("linear"),
            meaning: "How the learning rate falls after the warm-up",
        },
        Setting {
            key: "train.warmup-steps",
            kind: Kind::Integer { least: 0, most: 1 << 40 },
            default: Preset::Integer(0),
            meaning: "Steps over which the learning rate rises linearly from zero",
        },
        Setting {
            key: "train.final-learning-rate",
            kind: Kind::Float { least: 0.0, most: 1.0 },
            default: Preset::Float(0.0),
            meaning: "Where the linear and cosine schedules end, as a part of the peak",
        },
        Setting {
            key: "train.beta1",
            kind: Kind::Float { least: 0.0, most: 0.9999 },
            default: Preset::Float(0.9),
            meaning: "AdamW's decay of the first moment",
        },
        Setting {
            key: "train.beta2",
            kind: Kind::Float { least: 0.0, most: 0.999_999 },
            default: Preset::Float(0.999),
            meaning: "AdamW's decay of the second moment",
        },
        Setting {
            key: "train.epsilon",
            kind: Kind::Positive { most: 1.0 },
            default: Preset::Float(1e-8),
            meaning: "AdamW's ε",
        },
        Setting {
            key: "train.weight-decay",
            kind: Kind::Float { least: 0.0, most: 10.0 },
            default: Preset::Float(0.0),
            meaning: "AdamW's decoupled decay, on matrices and embeddings only",
        },
        Setting {
            key: "train.clip",
            kind: Kind::Float { least: 0.0, most: 1e6 },
            default: Preset::Float(1.0),
            meaning: "Largest norm of the gradient of all parameters together; 0 turns clipping off",
        },
        Setting {
            key: "train.precision",
            kind: Kind::Choice(&["fp32", "bf16"]),
            default: Preset::Text("fp32"),
            meaning: "Precision of the matrix products; master weights, norms, softmax and loss stay in fp32",
        },
        Setting {
            key: "train.mask-probability",
            kind: Kind::Positive { most: 0.9 },
            default: Preset::Float(0.15),
            meaning: "Part of the tokens that the encoder must guess: 80 % masked, 10 % replaced, 10 % left as they are",
        },
    ],
};
