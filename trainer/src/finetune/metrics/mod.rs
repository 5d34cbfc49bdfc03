//! The metrics of SuperGLUE (Wang et al. 2019, arXiv:1905.00537), each with formula and source, as fractions of 1.

pub mod classification;
pub mod multirc;
pub mod record;
pub mod winogender;
