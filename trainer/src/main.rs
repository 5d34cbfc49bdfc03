//! `seedbed-trainer`: trains and measures one run.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before any other call into libtorch: CUDA registers itself only while nobody has asked for it.
    let cuda = native::cuda::load();
    trainer::cli::main(&cuda)
}
