//! What a job asks for: time, processors, memory and generic resources such as GPUs.
//!
//! Every quantity is read from the text that a person writes or Slurm prints, written in the form
//! that Slurm reads, and serialised as that text.

mod cpus;
mod gres;
mod memory;
mod nodes;
mod request;
mod time;

pub use cpus::Cpus;
pub use gres::{Gres, GresList};
pub use memory::{Memory, MemoryRequest};
pub use nodes::Nodes;
pub use request::Resources;
pub use time::{TimeLimit, parse_clock};
