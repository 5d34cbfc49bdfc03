//! A pretended Slurm, for faults that a real one cannot be made to show at will.
//!
//! One program stands in for `sbatch`, `squeue`, `sacct`, `scancel`, `scontrol` and `sinfo`, chosen by the name under
//! which it is called. What it knows lies in one file of a folder, which the variable [`FOLDER`] names, so that every
//! test has a cluster of its own. It speaks as Slurm does, as far as Seedbed listens, and refuses what the Slurm of its
//! [`Version`] would refuse; what it cannot do it says, and never invents. Read in this order:
//!
//! 1. [`job`] and [`mod@cluster`]: jobs, their tasks, what each incarnation came to; and all that the cluster knows.
//! 2. [`version`]: what differs between the releases.
//! 3. [`commands`]: the six commands, each a function from arguments and cluster to an answer.
//! 4. [`fault`]: what goes wrong with an answer, and when.
//! 5. [`store`]: the file, read and replaced whole under a lock.
//! 6. [`node`]: the tasks, really carried out.
//! 7. [`pretence`]: the hand that holds all this in a test.

pub mod cluster;
pub mod commands;
pub mod fault;
pub mod job;
pub mod node;
pub mod pretence;
pub mod store;
pub mod version;

pub use crate::cluster::{Call, Cluster};
pub use crate::fault::{Effect, End, Fault, Printed, When};
pub use crate::job::{Incarnation, Job, Task};
pub use crate::pretence::Pretence;
pub use crate::version::Version;

/// The variable that names the folder of the cluster.
pub const FOLDER: &str = "PRETENCE";

/// The names under which the program is called.
pub const COMMANDS: [&str; 6] = ["sbatch", "squeue", "sacct", "scancel", "scontrol", "sinfo"];
