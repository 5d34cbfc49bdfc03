//! Fine-tuning: what a trained model learns of a task that it was not trained for.
//!
//! In reading order:
//!
//! 1. [`question`]: the form in which a network is asked; [`tasks`]: how each task of SuperGLUE comes to it.
//! 2. [`metrics`] and [`measure`]: what counts as good.

pub mod measure;
pub mod metrics;
pub mod question;
pub mod tasks;
#[cfg(test)]
pub(crate) mod testing;
