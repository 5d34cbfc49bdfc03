//! The one command of a script.

use super::{AbsolutePath, ContainerImage, MountPath, ScriptError};
use crate::quoting::{Destination, quote};

/// One argument of the command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Argument {
    /// This text, whatever it holds.
    Text(String),
    /// The index of the array task.
    ArrayIndex,
    /// The number of the array, or of the job where there is no array.
    JobNumber,
    /// How often Slurm has queued this job again: 0 at first.
    RestartCount,
    /// The processors that the job asked for, 1 if it did not.
    Cpus,
}

impl Argument {
    fn word(&self) -> Result<String, ScriptError> {
        let variable = match self {
            Self::Text(text) => {
                return quote(text, Destination::Shell).map_err(ScriptError::at(format!("argument {text:?}")));
            }
            Self::ArrayIndex => "\"${SLURM_ARRAY_TASK_ID}\"",
            Self::JobNumber => "\"${SLURM_ARRAY_JOB_ID:-${SLURM_JOB_ID}}\"",
            Self::Cpus => "\"${SLURM_CPUS_PER_TASK:-1}\"",
            Self::RestartCount => "\"${SLURM_RESTART_COUNT:-0}\"",
        };
        Ok(variable.to_owned())
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The container in which the command runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "runtime", deny_unknown_fields)]
pub enum Container {
    /// `apptainer exec`, with the GPUs of the host.
    Apptainer {
        /// The image.
        image: ContainerImage,
        /// Directories of the host that the container sees at the same place.
        #[serde(default)]
        binds: Vec<MountPath>,
    },
    /// `srun` with the pyxis plugin.
    Pyxis {
        /// The image.
        image: ContainerImage,
        /// Directories of the host that the container sees at the same place.
        #[serde(default)]
        binds: Vec<MountPath>,
    },
}

impl Container {
    fn prefix(&self) -> Vec<Argument> {
        match self {
            Self::Apptainer { image, binds } => {
                let mut words: Vec<Argument> = ["apptainer", "exec", "--nv"].map(Into::into).into();
                for bind in binds {
                    words.push("--bind".into());
                    words.push(bind.as_str().into());
                }
                words.push(image.as_str().into());
                words
            }
            Self::Pyxis { image, binds } => {
                // Since 22.05 srun no longer takes over the number of processors of the job.
                let mut words: Vec<Argument> = ["srun", "--ntasks=1", "--cpus-per-task"].map(Into::into).into();
                words.push(Argument::Cpus);
                words.push(Argument::Text(format!("--container-image={image}")));
                if !binds.is_empty() {
                    let mounts: Vec<_> = binds.iter().map(|bind| format!("{bind}:{bind}")).collect();
                    let mounts = mounts.join(",");
                    words.push(Argument::Text(format!("--container-mounts={mounts}")));
                }
                words
            }
        }
    }
}

/// A program with its arguments, perhaps in a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommandLine {
    /// The container; none runs the program on the node itself.
    pub container: Option<Container>,
    /// The program.
    pub program: AbsolutePath,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

impl CommandLine {
    /// True if the command asks which task of an array it is.
    pub(super) fn needs_array(&self) -> bool {
        self.arguments.contains(&Argument::ArrayIndex)
    }

    /// The `exec` line with its newline.
    pub(super) fn text(&self) -> Result<String, ScriptError> {
        let mut words = vec!["exec".to_owned()];
        for argument in self.container.iter().flat_map(Container::prefix) {
            words.push(argument.word()?);
        }
        words.push(Argument::Text(self.program.to_string()).word()?);
        for argument in &self.arguments {
            words.push(argument.word()?);
        }
        Ok(words.join(" ") + "\n")
    }
}
