//! What the end-to-end tests stand on: the built programs, and small studies to run with them.
//!
//! [`programs`] finds the programs and runs them; [`study`] writes a study of the demo's grammar into a folder of its
//! own; [`mod@bench`] is a sweep that a Slurm carries out, real or pretended; [`ranks`] compares and finds the ranks of
//! runs on several devices; [`browser`] looks at a page. `transformers/` compares with Hugging Face's library. The
//! tests are in `it/`, a file for each promise: the whole path, kills, bad input, other programs, the binaries
//! themselves, the report in a browser.

pub mod bench;
pub mod browser;
pub mod programs;
pub mod ranks;
pub mod study;
