//! What a study could find, asked before it is run: how many seeds it needs, and what a number of seeds can see.
//!
//! [`spread`] says how much differences between runs vary, from a pilot or as given; [`question`] asks, and its
//! [`Answer`] holds every number that a reader sees. [`crate::render::power`] shows it.

mod pool;
pub mod question;
pub mod spread;

pub use self::question::{Answer, Question};
pub use self::spread::Spread;

/// Why there is nothing to plan with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanningError {
    /// A setting is out of its range, or asks for what no number of seeds can give.
    #[error(transparent)]
    Refused(#[from] crate::statistics::refusal::Refusal),
    /// The pilot has no two runs from which a spread could be told.
    #[error("the pilot shows no spread of {metric}: {reason}")]
    NoSpread {
        /// The metric.
        metric: String,
        /// What is missing.
        reason: String,
    },
}
