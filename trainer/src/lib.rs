//! The trainer: turns one `run.json` into curves, results and a checkpoint.
//!
//! Read in this order:
//!
//! 1. [`run`]: the whole of `seedbed-trainer run`, from the spec to the results; [`session`] makes a run ready,
//!    [`mod@alone`] keeps others off it.
//! 2. [`train`]: the training loop on one page; [`step`]: one optimiser step; [`feed`]: its batches, made a step ahead.
//! 3. [`model`] and [`feed_forward`]: the networks. [`parameters`]: their weights in one flat buffer.
//! 4. [`data`]: from text files to packed batches. [`streams`]: where every random number comes from.
//! 5. [`optimizer`], [`schedule`], [`divergence`]: how the weights move, and when a run has failed as science.
//! 6. [`measure`]: what is measured at the end, [`mod@judge`]: minimal pairs by all ranks; [`evaluate`]: how;
//!    [`store`]: the benchmark data for it.
//! 7. [`checkpoint`], [`curves`], [`files`]: what is written, so that a kill at any moment costs nothing but time.
//! 8. [`trained`]: a model at rest; [`export`], [`import`]: how it leaves and comes; [`ask`]: how it is asked.
//! 9. [`finetune`]: what it learns of other tasks; [`mod@bench`]: how fast it is, and where the time goes.
//! 10. [`collective`]: several GPUs together.
//! 11. [`cli`], [`inspect`], [`device`], [`signal`], [`logbook`], [`failure`], [`whole_number`]: the process around it.
//!
//! Invariants: every random number comes from a stream named by (seed, purpose, counters); a resumed run leaves the
//! same bytes as one never stopped, on a CPU with the same number of threads; nothing is padded, and no story sees
//! another.

pub mod alone;
pub mod ask;
pub mod bench;
pub mod checkpoint;
pub mod cli;
pub mod collective;
pub mod curves;
pub mod data;
pub mod device;
pub mod divergence;
pub mod evaluate;
pub mod export;
pub mod failure;
#[cfg(test)]
mod fairness_tests;
pub mod feed;
pub mod feed_forward;
pub mod files;
pub mod finetune;
pub mod import;
pub mod inspect;
mod judge;
pub mod logbook;
pub mod measure;
pub mod model;
pub mod optimizer;
pub mod parameters;
#[cfg(test)]
mod resume_tests;
pub mod run;
pub mod schedule;
pub mod session;
pub mod signal;
pub mod step;
pub mod store;
pub mod streams;
pub mod train;
pub mod trained;
pub mod whole_number;
