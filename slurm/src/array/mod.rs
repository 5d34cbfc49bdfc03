//! Job arrays: which indices, how many at once, and how a long list is cut into arrays.

mod indices;
mod slices;
mod spec;

pub use indices::{ArrayIndices, IndicesError, MAX_INDEX};
pub use slices::{Slice, SliceError, SliceLimits, SlicePlan, slice};
pub use spec::ArraySpec;
