//! NCCL, which adds up tensors over several GPUs: a small binding to the library that libtorch's CUDA part comes with.
//!
//! It is loaded at run time ([`Nccl::load`]), so a machine without it runs everything else. One process, or one thread,
//! per GPU takes part as a *rank*: rank 0 makes a [`UniqueId`], every rank learns it and makes its [`Communicator`].
//!
//! Read in this order: [`library`](self) loads, [`communicator`](self) is what one uses, `abi` holds the numbers and
//! layouts of NCCL's header, `stream` says where the work goes, `waiting` how it is waited for.
//!
//! Order. A call enqueues its work on the stream on which libtorch lays the work of the thread that made it. It
//! therefore runs after what was asked of tensors before it and before what is asked after it, with nothing to wait for
//! in between; memory that is freed afterwards is used again on that stream only. [`Communicator::wait`] is for the
//! processor, which must not wait for ever for a rank that is gone.
//!
//! Communicators are made without blocking: no call of NCCL holds the thread while it waits for another rank, and every
//! wait here ends, at a limit of time at the latest, with the communicator aborted.

mod abi;
mod communicator;
mod element;
mod error;
mod library;
mod search;
mod stream;
#[cfg(test)]
mod tests;
mod unique_id;
mod waiting;

pub use communicator::{Communicator, Place, Reduction};
pub use error::{Fault, NcclError};
pub use library::{Nccl, Version};
pub use search::NAMED_VARIABLE;
pub use unique_id::UniqueId;
