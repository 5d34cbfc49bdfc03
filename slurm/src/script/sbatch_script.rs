//! A whole batch script.

use super::{CommandLine, Environment, Header, ScriptError};

/// The exit code of a script whose setup failed: a file to source or a module is missing. It is
/// `EX_UNAVAILABLE` of `sysexits.h`.
pub const SETUP_FAILED: u8 = 69;

/// A batch script: what it asks of Slurm, what it sets up, what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbatchScript {
    /// The `#SBATCH` lines.
    pub header: Header,
    /// The setup.
    pub environment: Environment,
    /// The command that takes the place of the shell.
    pub command: CommandLine,
}

impl SbatchScript {
    /// The text of the script. Equal scripts give equal bytes.
    ///
    /// # Errors
    /// A value cannot be quoted for its place, or the command asks for an array index where there
    /// is no array.
    pub fn text(&self) -> Result<String, ScriptError> {
        if self.command.needs_array() && self.header.array.is_none() {
            return Err(ScriptError::NoArray);
        }
        let shell = self.environment.shell();
        let header = self.header.text()?;
        let start = self.header.start.text(self.header.array.is_some())?;
        let environment = self.environment.text()?;
        let command = self.command.text()?;
        Ok(format!("#!{shell}\n{header}\n{start}{environment}{command}"))
    }
}
