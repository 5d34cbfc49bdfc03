//! Pure parsers of what the commands of Slurm print.
//!
//! Each module names what to ask for (`FORMAT`, `FIELDS`) and reads the answer from a [`Reply`].
//! Every query asks for its header line. The header proves that the command answered at all: what
//! a login shell printed before it is passed over, and an answer with a header and nothing else is
//! an empty answer. An answer without it is an error, as is one whose last line was cut. So an
//! empty list always means that Slurm said "none".
//!
//! Columns are separated by `|`. A job's name may hold anything, newlines too, and Slurm prints it
//! as it is; so it comes last but one, before a column that is always there and always plain.

mod reply;
pub mod sacct;
pub mod sacctmgr;
pub mod sbatch;
pub mod scontrol_config;
pub mod scontrol_job;
pub mod sinfo;
pub mod squeue;
mod table;
mod values;

pub use jiff::civil::DateTime;
pub use reply::{QueryError, Reply};
