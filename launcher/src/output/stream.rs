use std::io::{ErrorKind, Write as _};

use spec::ExitCode;

use crate::error::CliError;

/// Writes `text` to stdout. A pipe whose reader is gone swallows it.
///
/// # Errors
/// When stdout is a file that cannot take it: no space, for instance.
pub fn print(text: &str) -> Result<(), CliError> {
    still_heard(text.as_bytes()).map(|_| ())
}

/// Like [`print()`], of bytes as they are; false when nobody listens any more, so that an endless command can end.
///
/// # Errors
/// As [`print()`].
pub fn still_heard(bytes: &[u8]) -> Result<bool, CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::new(ExitCode::CannotWrite, error).hint("stdout could not take the output")),
    }
}

/// Says `line` on stderr. Where nobody can hear it, it is lost: talk is never worth a failure.
pub fn talk(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
