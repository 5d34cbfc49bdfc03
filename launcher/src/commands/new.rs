//! `seedbed new`: a sweep file to begin with.

use std::path::PathBuf;

use clap::Args;
use spec::ExitCode;

use crate::error::CliError;
use crate::files::{FileError, create_new, write_atomic};
use crate::output::print;
use crate::sweep::outline;

/// Arguments of `seedbed new`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write
    #[arg(default_value = "sweep.toml")]
    path: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

/// Writes a commented sweep file.
///
/// # Errors
/// When the file is there already, unless it may be replaced, is a directory, or cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let path = &arguments.path;
    if path.is_dir() {
        let message = format!("{} is a directory", path.display());
        let file = path.join("sweep.toml");
        return Err(CliError::new(ExitCode::CannotWrite, message).hint(format!("name the file: {}", file.display())));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let text = outline(stem);
    let not_written = |error: FileError| CliError::from(error).hint("name a file in a folder that can be written");
    if arguments.force {
        write_atomic(path, text.as_bytes()).map_err(not_written)?;
    } else if !create_new(path, text.as_bytes()).map_err(not_written)? {
        let message = format!("{} is there already", path.display());
        return Err(CliError::new(ExitCode::CannotWrite, message).hint("--force replaces it"));
    }
    print(&format!("wrote {0}; set data.corpus, then: seedbed check {0}\n", path.display()))?;
    Ok(ExitCode::Done)
}
