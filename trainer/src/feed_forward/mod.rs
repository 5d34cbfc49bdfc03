//! The layer in the feed-forward place of a block: the factor of the study.
//!
//! Read [`activation`] (which function), then one family a file: [`relu`], [`elu`], [`sigmoid`], [`periodic`],
//! [`silu`], [`gelu`], [`polynomial`], [`linear_spline`]; then what takes the place of the whole layer: [`gated`], and
//! the Kolmogorov-Arnold networks [`spline`] ([`spline_start`], [`delft_spline`]), [`radial_basis`], [`chebyshev`] and
//! [`grouped`] ([`grouped_start`]). [`layer`] chooses among them, and [`tabulated`] makes activations in bf16 quick,
//! [`one_pass`] two of them in fp32. What each function learns, and where that starts, is a table in
//! [`spec::feed_forward::learned`].
//!
//! # Invariants
//! - A parameter that two layers share has one name and one start, so that they begin alike.
//! - An activation is computed in fp32 or wider, and what it learns is never rounded to bf16: near β = 1 bf16 knows no
//!   number between 1 and 1.0078.
//! - A finite entry has a finite value and finite gradients, up to ±10⁴ at the least.

pub mod activation;
pub mod chebyshev;
pub mod delft_spline;
pub mod elu;
pub mod gated;
pub mod gelu;
pub mod grouped;
pub mod grouped_start;
pub mod layer;
pub mod linear_spline;
pub mod one_pass;
pub mod periodic;
pub mod polynomial;
pub mod positive_definite;
pub mod radial_basis;
pub mod relu;
pub mod sigmoid;
pub mod silu;
pub mod spline;
pub mod spline_start;
pub mod tabulated;

pub use layer::{FeedForward, Names, declare};
