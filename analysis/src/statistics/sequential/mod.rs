//! Evidence that may be looked at after every seed.
//!
//! An e value has an expectation of at most 1 under the null hypothesis at any time of stopping, so that rejecting once
//! it reaches 1/alpha keeps the error at alpha however often one looks. A p value does not allow that.
//!
//! Several comparisons: 1/e, or [`e_value::anytime_p`], takes the place of p in [`super::holm`] (error of the family)
//! and, of e values at one time of stopping, in Benjamini and Hochberg's correction, which for e values holds under any
//! dependence (Wang and Ramdas, 2022, Journal of the Royal Statistical Society B 84).

pub mod e_value;
