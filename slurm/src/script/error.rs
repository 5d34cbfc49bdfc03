//! Why a script cannot be written.

use crate::quoting::QuotingError;

/// A script that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A value cannot stand in its place.
    #[error("{place} cannot be written into a batch script")]
    Value {
        /// The option, variable or argument at fault.
        place: String,
        /// What is wrong with its value.
        source: QuotingError,
    },
    /// The command asks for the index of its task in a script that is no array.
    #[error("the command takes an array index, but the script has no array")]
    NoArray,
}

impl ScriptError {
    /// Names the place of a quoting error.
    pub(super) fn at(place: impl Into<String>) -> impl FnOnce(QuotingError) -> Self {
        let place = place.into();
        |source| Self::Value { place, source }
    }
}
