//! What can go wrong with NCCL.

use std::path::PathBuf;
use std::time::Duration;

use super::abi::{IN_PROGRESS, Outcome};
use super::library::Version;
use crate::TorchError;

/// Whose fault a failure is, in NCCL's division (`ncclResult_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A call of CUDA failed.
    Cuda,
    /// A call of the system failed: sockets, files, memory.
    System,
    /// A bug of NCCL, or memory that was overwritten.
    Internal,
    /// An argument has a wrong value.
    Argument,
    /// The functions were used in a wrong way, such as with one GPU for two ranks.
    Usage,
    /// Another rank failed or is gone, or the network between is.
    Remote,
    /// The communicator is still busy with an earlier call.
    InProgress,
    /// A number that the header does not have.
    Unknown(i32),
}

impl Fault {
    pub(super) fn of(outcome: Outcome) -> Self {
        match outcome {
            1 => Self::Cuda,
            2 => Self::System,
            3 => Self::Internal,
            4 => Self::Argument,
            5 => Self::Usage,
            6 => Self::Remote,
            IN_PROGRESS => Self::InProgress,
            other => Self::Unknown(other),
        }
    }
}

/// Why something with NCCL did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NcclError {
    /// There is no NCCL.
    #[error("no NCCL on this machine: {}", .tried.join("; "))]
    Absent {
        /// Each place that was tried, with the dynamic linker's words.
        tried: Vec<String>,
    },
    /// The named file is not the one that is loaded already.
    #[error("NCCL is named as {}, but {} is loaded already, and two in one process would mix", .named.display(), .loaded.display())]
    Another {
        /// The file that was named.
        named: PathBuf,
        /// The file that libtorch has loaded.
        loaded: PathBuf,
    },
    /// A function is missing in the library.
    #[error("{} is no NCCL of version 2.14 or later: it has no {symbol}", .path.display())]
    Incomplete {
        /// The library's file.
        path: PathBuf,
        /// The function's name.
        symbol: &'static str,
    },
    /// The library is of a release that cannot be used.
    #[error("{} is NCCL {found}, but 2.14 or a later 2 is needed", .path.display())]
    Release {
        /// The library's file.
        path: PathBuf,
        /// Its version.
        found: Version,
    },
    /// A call of NCCL failed, or an operation that it had begun.
    #[error("{call}: {words}{}", .last.as_ref().map(|last| format!(" ({last})")).unwrap_or_default())]
    Failed {
        /// The function.
        call: &'static str,
        /// Whose fault it is.
        fault: Fault,
        /// NCCL's words for this kind of failure (`ncclGetErrorString`).
        words: String,
        /// What NCCL says of the last failure in this process (`ncclGetLastError`), if anything.
        last: Option<String>,
    },
    /// Something did not end in time; the communicator is aborted.
    #[error("{call}: no end within {} s; another rank is gone, stuck or was never there", .after.as_secs_f64())]
    Timeout {
        /// The function.
        call: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The communicator was aborted after an earlier failure.
    #[error("{call}: this communicator was aborted after an earlier failure")]
    Aborted {
        /// The function.
        call: &'static str,
    },
    /// The place of a rank is impossible.
    #[error("there is no rank {rank} among {world}")]
    Place {
        /// The rank.
        rank: u32,
        /// The number of ranks.
        world: u32,
    },
    /// NCCL cannot work on such a tensor.
    #[error("{call}: {reason}")]
    Tensor {
        /// The function.
        call: &'static str,
        /// What is wrong with the tensor.
        reason: String,
    },
    /// A text is no unique id.
    #[error("a unique id of NCCL has 256 hexadecimal digits, not `{0}`")]
    UniqueId(String),
    /// libtorch has no such GPU, or CUDA is not loaded.
    #[error(transparent)]
    Torch(#[from] TorchError),
}
