//! The layer in the feed-forward place of a block: the factor of the study.
//!
//! Read [`activation`] (which function), then one family a file: [`relu`], [`elu`], [`sigmoid`], [`periodic`], [`silu`],
//! [`gelu`], [`polynomial`], [`linear_spline`]; then [`gated`] and [`spline`], which take the place of the whole layer.
//! [`layer`] chooses among them. What each function learns, and where that starts, is a table in [`spec::feed_forward::learned`].
//!
//! # Invariants
//! - A parameter that two layers share has one name and one start, so that they begin alike.
//! - An activation is computed in fp32 or wider, and what it learns is never rounded to bf16: near β = 1 bf16 knows no number
//!   between 1 and 1.0078.
//! - A finite entry has a finite value and finite gradients, up to ±10⁴ at the least.

pub mod activation;
pub mod elu;
pub mod gated;
pub mod gelu;
pub mod layer;
pub mod linear_spline;
pub mod periodic;
pub mod polynomial;
pub mod relu;
pub mod sigmoid;
pub mod silu;
pub mod spline;

pub use layer::{FeedForward, Names, declare};
