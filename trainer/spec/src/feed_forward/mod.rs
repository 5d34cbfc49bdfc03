//! What stands in the feed-forward place of a block: a plain, a gated or a spline layer, and the activation in it.
//!
//! [`level`] names the levels of the factor `activation`; [`layer`] makes of one the layer that it means, with an
//! [`activation`] or a [`spline_grid`] in it.

pub mod activation;
pub mod layer;
pub mod level;
pub mod spline_grid;

pub use activation::{Activation, Granularity};
pub use layer::FeedForward;
pub use level::ActivationName;
pub use spline_grid::SplineGrid;
