use crate::identity::Digest;

/// Why settings, each valid by itself, do not make a run, or why a record cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A setting without a default was not given.
    #[error("`{key}` is required: {meaning}")]
    Missing {
        /// Dotted key of the setting.
        key: &'static str,
        /// What the setting means.
        meaning: &'static str,
    },
    /// Two settings exclude each other and both were given.
    #[error("`{key}` and `{other}` exclude each other: give one of them")]
    Exclusive {
        /// The key that is reported.
        key: &'static str,
        /// The key it clashes with.
        other: &'static str,
    },
    /// A value is of the right type but does not fit the rest of the study.
    #[error("`{key} = {value}` does not fit: {reason}")]
    Unfit {
        /// Dotted key of the setting.
        key: &'static str,
        /// The value as written.
        value: String,
        /// What it clashes with and what would be right.
        reason: String,
    },
    /// A value is of another type or outside the setting's range.
    #[error("`{key} = {value}` is not valid: expected {expected}")]
    Invalid {
        /// Dotted key of the setting.
        key: &'static str,
        /// The value as written.
        value: String,
        /// The type and range that the setting takes.
        expected: String,
    },
    /// The content with this digest is named by the study but nobody said where it lies.
    #[error("no file is known for the content {0}")]
    UnknownContent(Digest),
    /// A record was written by another version of Seedbed.
    #[error("schema {found} of {what} is not supported: this version reads schema {known}")]
    Schema {
        /// Which record.
        what: &'static str,
        /// Version that the record names.
        found: u32,
        /// Version that this build reads.
        known: u32,
    },
    /// The id in a record is not the id of its content.
    #[error("the run calls itself {claimed}, but its content has the id {actual}: the file was edited or damaged")]
    IdMismatch {
        /// Id written in the record.
        claimed: String,
        /// Id computed from the content.
        actual: String,
    },
}

impl SpecError {
    /// The dotted key that the error is about, so that a caller can say where that key was written.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Missing { key, .. }
            | Self::Exclusive { key, .. }
            | Self::Unfit { key, .. }
            | Self::Invalid { key, .. } => Some(key),
            Self::UnknownContent(_) | Self::Schema { .. } | Self::IdMismatch { .. } => None,
        }
    }
}
