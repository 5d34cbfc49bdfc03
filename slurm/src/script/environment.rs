//! The environment of a job: what is kept out, and what is set.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{AbsolutePath, SETUP_FAILED, ScriptError};
use crate::name::{ModuleName, VariableName};
use crate::quoting::{Destination, quote};

/// Beginnings of the variables with which one job, or one client command, leaks into another.
pub(crate) const SCRUBBED: [&str; 12] = [
    "SLURM_",
    "SLURMD_",
    "SBATCH_",
    "SRUN_",
    "SALLOC_",
    "SCANCEL_",
    "SCONTROL_",
    "SQUEUE_",
    "SACCT_",
    "SINFO_",
    "PMI_",
    "PMIX_",
];

/// True for a variable that must not reach a command of Slurm from the caller's environment.
///
/// Inside a job they describe that job and change the next one (`SLURM_CPU_BIND` slows it down
/// without a word); outside they change what the client commands ask and print. `SLURM_CONF`
/// stays: without it some clients do not find their cluster.
pub fn is_scrubbed(variable: &str) -> bool {
    variable != "SLURM_CONF" && SCRUBBED.iter().any(|start| variable.starts_with(start))
}

/// What a script sets up before its command. Nothing comes from the submitting shell
/// (`--export=NONE`).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Shell files to read first, such as the one that defines `module`.
    pub source: Vec<AbsolutePath>,
    /// Environment modules to load, in order, after all others are unloaded.
    pub modules: Vec<ModuleName>,
    /// Variables to set.
    pub variables: BTreeMap<VariableName, String>,
    /// A folder of the node below which the job gets one of its own, empty and closed to others, as its `TMPDIR`. The
    /// command finds it in [`SCRATCH`] as well, and removes it when it ends.
    pub scratch: Option<AbsolutePath>,
}

/// The variable that names the folder which the script has made for the job.
pub const SCRATCH: &str = "SEEDBED_SCRATCH";

impl Environment {
    /// The lines of the setup, each with its newline.
    ///
    /// # Errors
    /// A path or value cannot stand in a script.
    pub(super) fn text(&self) -> Result<String, ScriptError> {
        let mut lines = String::from(
            "# Slurm sets this for --export=NONE; steps of this job would start with nothing.\n\
             unset SLURM_EXPORT_ENV\n",
        );
        for path in &self.source {
            let word =
                quote(path.as_str(), Destination::Shell).map_err(ScriptError::at(format!("file {path} to source")))?;
            let _ = writeln!(lines, ". {word} || exit {SETUP_FAILED}");
        }
        if !self.modules.is_empty() {
            let _ = writeln!(lines, "module purge || exit {SETUP_FAILED}");
        }
        for module in &self.modules {
            let word =
                quote(module.as_str(), Destination::Shell).map_err(ScriptError::at(format!("module {module}")))?;
            let _ = writeln!(lines, "module load {word} || exit {SETUP_FAILED}");
        }
        // Only now: many files of modules read variables that are not set.
        lines.push_str("set -u\n");
        for (name, value) in &self.variables {
            let word = quote(value, Destination::Shell).map_err(ScriptError::at(format!("variable {name}")))?;
            let _ = writeln!(lines, "export {name}={word}");
        }
        if let Some(scratch) = &self.scratch {
            let word =
                quote(scratch.as_str(), Destination::Shell).map_err(ScriptError::at(format!("folder {scratch}")))?;
            // A name that nobody can guess: such folders are open to all.
            let _ = writeln!(
                lines,
                "{SCRATCH}=$(mktemp -d -- {word}/\"job-${{SLURM_JOB_ID}}-XXXXXXXX\") || exit {SETUP_FAILED}\n\
                 TMPDIR=${SCRATCH}\nexport {SCRATCH} TMPDIR"
            );
        }
        Ok(lines)
    }

    /// A command that carries out this setup and nothing after it. It makes no folder, and so can be tried where no job
    /// runs.
    ///
    /// # Errors
    /// A path or value cannot stand in a script.
    pub fn trial(&self) -> Result<Vec<String>, ScriptError> {
        let setup = Self { scratch: None, ..self.clone() };
        let shell = setup.shell().split(' ').map(str::to_owned);
        Ok(shell.chain(["-c".to_owned(), setup.text()?]).collect())
    }

    /// The shell that can read the setup.
    ///
    /// Sites write their files for bash, and a POSIX shell ends at once where one is missing;
    /// `module` is defined by such a file, or else by the login shell.
    pub(super) fn shell(&self) -> &'static str {
        match (self.source.is_empty(), self.modules.is_empty()) {
            (true, true) => "/bin/sh",
            (true, false) => "/bin/bash -l",
            (false, _) => "/bin/bash",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_other_jobs_are_kept_out() {
        for variable in ["SLURM_JOB_ID", "SLURM_CPU_BIND", "SBATCH_ACCOUNT", "PMIX_RANK", "SQUEUE_FORMAT"] {
            assert!(is_scrubbed(variable), "{variable}");
        }
        for variable in ["SLURM_CONF", "PATH", "HOME", "SLURMISH"] {
            assert!(!is_scrubbed(variable), "{variable}");
        }
    }
}
