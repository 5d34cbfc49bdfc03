//! The parameters of a network: declared by name, held in one flat buffer.
//!
//! A network first says which parameters it has ([`Declaration`]); [`Parameters`] then lays them out one after the other in a
//! single fp32 buffer, those with weight decay first, and starts each from its own random stream. Gradients lie in a second
//! buffer of the same layout, so that clipping, the optimiser, a checkpoint and a sum over machines are one operation each.

use std::collections::BTreeMap;

use rand_chacha::rand_core::Rng;
use tch::{Device, Kind, Tensor};

use crate::streams;

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// The same value everywhere.
    Constant(f64),
    /// N(0, std²).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// N(0, std²), but zeros in one row: the padding row of an embedding.
    NormalExceptRow {
        /// Standard deviation.
        std: f64,
        /// The row of zeros.
        row: i64,
    },
    /// U(−bound, bound).
    Uniform {
        /// Largest magnitude.
        bound: f64,
    },
}

/// A parameter that a network has.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its name in Hugging Face's state dict where it has one there.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How it starts.
    pub start: Start,
    /// Whether weight decay applies: matrices and embeddings, not biases, norms or activation parameters.
    pub decays: bool,
}

impl Declaration {
    /// Number of entries.
    pub fn size(&self) -> i64 {
        self.shape.iter().product()
    }
}
