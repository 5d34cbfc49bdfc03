//! Evidence that may be looked at after every seed.
//!
//! An e value has an expectation of at most 1 under the null hypothesis at any time of stopping, so that rejecting once it
//! reaches 1/alpha keeps the error at alpha however often one looks. A p value does not allow that.

pub mod e_value;
