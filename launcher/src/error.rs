//! How an error reaches the person at the terminal.

pub use spec::failure::Failure as CliError;
