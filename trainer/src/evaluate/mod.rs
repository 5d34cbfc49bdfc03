//! What is measured: [`objective`] says what a model is asked, [`validation`] asks it about held-out stories, and
//! [`minimal_pairs`] asks it to choose between sentences.

pub mod minimal_pairs;
pub mod objective;
pub mod validation;
