//! What is measured.
//!
//! [`objective`] says what a model is trained for, [`examiner`] and [`validation`] ask it about held-out stories.
//! Minimal pairs: [`protocol`] (what the score of a sentence is), [`sentences`] (scores of many at once, by way of
//! [`prefix_tree`] and [`gaps`]), [`minimal_pairs`] (choices, ties, means), [`items`] (every choice), [`folder`] (what
//! is written). [`command`] is `seedbed-trainer evaluate`, [`sources`] where its pairs lie.

pub mod command;
pub mod examiner;
pub mod folder;
pub mod gaps;
pub mod items;
pub mod minimal_pairs;
pub mod objective;
pub mod prefix_tree;
pub mod protocol;
pub mod sentences;
pub mod sources;
pub mod validation;
