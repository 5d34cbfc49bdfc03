//! How a job stands: its state, why it waits, how it ended.

mod exit;
mod job_state;
mod reason;

pub use exit::ExitStatus;
pub use job_state::{Ending, JobState, Standing};
pub use reason::{Outlook, PendingReason};
