//! Small, dense linear algebra: what the linear models here need and no more.
//!
//! A model of a sweep has at most a few hundred coefficients. At that size plain loops are exact enough and fast
//! enough, and every step can be read; a library of matrices would be the largest dependency of this room.

pub mod cholesky;
pub mod least_squares;
pub mod orthogonal;
