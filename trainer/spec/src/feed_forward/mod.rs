//! What stands in the feed-forward place of a block: a plain, a gated or a spline layer, and the activation in it.
//!
//! [`level`] names the levels of the factor `activation`; [`layer`] makes of one the layer that it means, with an
//! [`activation`] or a [`spline_grid`] in it. [`learned`] is the table of what activations learn.

pub mod activation;
pub mod layer;
pub mod learned;
pub mod level;
pub mod spline_grid;

pub use activation::{Activation, Learned, StaticFunction};
pub use layer::FeedForward;
pub use learned::{Granularity, LearnedFunction};
pub use level::Level;
pub use spline_grid::SplineGrid;
