//! Files as this house writes and reads them: whole or not at all, with a schema, and with errors that say which and
//! why.
//!
//! Read [`atomic`] for how a file comes to be, [`record`] for JSON with a schema in it.

mod atomic;
mod error;
mod record;

pub use self::atomic::{create_directory, create_new, write_atomic};
pub use self::error::{FileError, Verb};
pub use self::record::{read_optional_record, read_record, read_small, write_record};
