//! What stands in the feed-forward place of a block: a plain layer, a gated one, or a Kolmogorov-Arnold network.
//!
//! [`level`] names the levels of the factor `activation`; [`layer`] makes of one the layer that it means, with an
//! [`activation`] in it, or what [`kan`] says of a Kolmogorov-Arnold network: the [`spline_grid`] or [`radial_grid`] of
//! its edges, or the functions of its [`grouped`] channels. [`learned`] is the table of what activations learn,
//! [`delft`] how such layers started in the study of 2024.

pub mod activation;
pub mod delft;
pub mod grouped;
pub mod kan;
pub mod layer;
pub mod learned;
pub mod level;
pub mod radial_grid;
pub mod spline_grid;

pub use activation::{Activation, Learned, StaticFunction};
pub use delft::DelftStart;
pub use grouped::{Curve, GroupedFunction};
pub use kan::{KanLevel, KanStart, SplineOutput};
pub use layer::FeedForward;
pub use learned::{Granularity, LearnedFunction};
pub use level::Level;
pub use radial_grid::RadialGrid;
pub use spline_grid::SplineGrid;
