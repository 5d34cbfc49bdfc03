//! Several GPUs at work together.
//!
//! - [`trial`]: whether NCCL works on the GPUs of this machine, for `seedbed-trainer inspect --collective`.

pub mod trial;
