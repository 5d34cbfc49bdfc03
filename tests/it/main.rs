//! End-to-end tests: the programs as they are built, on real data, libtorch and processes.

mod bad_input;
mod binaries;
mod browser;
mod evaluation;
mod finetuning;
mod foreign;
mod kills;
mod page;
mod preset;
mod ranks;
mod speed;
mod threads;
mod whole_path;
