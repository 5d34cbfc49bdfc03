//! What can go wrong between the ranks of a run.

use std::io;
use std::path::PathBuf;

use native::nccl::NcclError;

use crate::files::WriteError;

/// Why the ranks of a run could not work together.
#[derive(Debug, thiserror::Error)]
pub enum CollectiveError {
    /// The environment does not say who this rank is.
    #[error("{variable} is `{found}`, which is not {expected}")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The environment says but a part of who this rank is.
    #[error("{found} is set, but not {missing}: set all of them, or none")]
    Incomplete {
        /// A variable that is set.
        found: &'static str,
        /// One that is not.
        missing: &'static str,
    },
    /// The folder of the rendezvous never came.
    #[error("after {seconds} s there was no folder {} for the ranks to meet in: whoever starts them makes it", .folder.display())]
    NoFolder {
        /// How long was waited.
        seconds: u64,
        /// Where it should be.
        folder: PathBuf,
    },
    /// Some ranks never came.
    #[error("after {seconds} s {} of {world} had not come to {}", ranks(.missing), .folder.display())]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// How many ranks there should be.
        world: u32,
        /// How long was waited.
        seconds: u64,
        /// Where they should have come.
        folder: PathBuf,
    },
    /// A rank of this number is there already.
    #[error("rank {rank} of another start is at {} already ({who}): one rendezvous is for one start of one run", .folder.display())]
    Taken {
        /// The number.
        rank: u32,
        /// Where.
        folder: PathBuf,
        /// What the other one says of itself.
        who: String,
    },
    /// The ranks are not of one run, or not alike.
    #[error("rank {rank} has {what} {theirs}, but rank 0 {ours}")]
    Disagreement {
        /// The rank.
        rank: u32,
        /// What it has.
        what: String,
        /// Its value there.
        theirs: String,
        /// Its value at rank 0.
        ours: String,
    },
    /// Rank 0 has turned the ranks away.
    #[error("rank 0 ended the start: {0}")]
    Refused(String),
    /// A file of the rendezvous says nothing that one can use.
    #[error("{} is no message of a rank: {reason}", .path.display())]
    Message {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system has no thread for the sums.
    #[error("cannot start the thread that sums gradients")]
    Thread(#[source] io::Error),
    /// A file of the rendezvous could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Ranks without GPUs lie on one machine.
    #[error("ranks without GPUs work together on one machine only, but rank {rank} is on {host} and rank 0 on {first}")]
    Hosts {
        /// The rank.
        rank: u32,
        /// Its machine.
        host: String,
        /// That of rank 0.
        first: String,
    },
    /// The connection to a rank failed.
    #[error("rank {rank} is gone or stuck ({during})")]
    Lost {
        /// The rank.
        rank: u32,
        /// What was under way.
        during: &'static str,
        /// What the system says, or for how long nothing was heard.
        #[source]
        source: io::Error,
    },
    /// Two ranks do different things.
    #[error("rank {rank} asks for {theirs} where rank 0 is at {ours}")]
    OutOfStep {
        /// The rank.
        rank: u32,
        /// What it asks for.
        theirs: String,
        /// What rank 0 does.
        ours: String,
    },
    /// A tensor of a kind that the ranks do not exchange.
    #[error("ranks without GPUs exchange fp32 and fp64, not {0}")]
    Kind(String),
    /// NCCL failed.
    #[error("NCCL failed")]
    Nccl(#[from] NcclError),
    /// libtorch failed.
    #[error("the ranks' tensors do not fit")]
    Torch(#[from] tch::TchError),
}

fn ranks(missing: &[u32]) -> String {
    let numbers: Vec<String> = missing.iter().map(u32::to_string).collect();
    let word = if missing.len() == 1 { "rank" } else { "ranks" };
    format!("{word} {}", numbers.join(", "))
}
