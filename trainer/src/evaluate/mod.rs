//! What is measured: [`objective`] says what a model is asked, [`examiner`] asks it, [`validation`] about held-out stories and
//! [`minimal_pairs`] to choose between sentences.

pub mod examiner;
pub mod minimal_pairs;
pub mod objective;
pub mod validation;
