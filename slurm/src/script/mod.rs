//! Batch scripts: typed values in, the text that `sbatch` reads on its standard input out.
//!
//! A script has three parts, always in this order: the `#SBATCH` [`Header`], the setup of the [`Environment`] (after
//! the commands of a [`StartingPoint`] that sbatch cannot read), and one `exec` line that turns the shell into the
//! [`CommandLine`], so that signals to the batch shell reach the program.

mod command;
mod dependency;
mod environment;
mod error;
mod header;
mod option;
mod path;
mod sbatch_script;
mod signal;
mod starting_point;

pub use command::{Argument, CommandLine, Container};
pub use dependency::{Dependency, DependencyKind};
pub(crate) use environment::SCRUBBED;
pub use environment::{Environment, SCRATCH, is_scrubbed};
pub use error::ScriptError;
pub use header::{Header, Placement};
pub use option::ExtraOption;
pub use path::{AbsolutePath, ContainerImage, MountPath};
pub use sbatch_script::{SETUP_FAILED, SbatchScript};
pub use signal::{Signal, WarningSignal};
pub use starting_point::StartingPoint;
