//! The supervisor: one run from its claim to its terminal record.

mod guard;

pub use self::guard::{GuardError, become_trainer, tie_to_parent};
