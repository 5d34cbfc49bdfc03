//! The layer in the feed-forward place of a block: the factor of the study.
//!
//! Read [`activation`] (which function), then one family a file: [`relu`], [`silu`], [`gelu`]; then [`gated`] and [`spline`],
//! which take the place of the whole layer. [`layer`] chooses among them.
//!
//! # Invariants
//! - A parameter that two layers share has one name and one start, so that they begin alike.
//! - An activation is computed in fp32 or wider, and what it learns is never rounded to bf16: near β = 1 bf16 knows no number
//!   between 1 and 1.0078.

pub mod activation;
pub mod gated;
pub mod gelu;
pub mod layer;
pub mod relu;
pub mod silu;
pub mod spline;

pub use layer::{FeedForward, Names, declare};
