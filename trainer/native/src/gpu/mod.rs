//! An NVIDIA GPU: what it is, and kernels of our own on it.
//!
//! The kernels (`gpu/*.cu`) are compiled by [`open`] on the machine that runs them, with NVIDIA's run-time compiler,
//! which comes with libtorch's CUDA libraries: so the program is built without CUDA. They serve training in bfloat16;
//! all else is libtorch's own.
//!
//! [`device`] says what the GPU is; [`kernels`] has what runs on it, each with a way back of its own.

pub mod device;
pub mod kernels;

use std::ffi::{CString, c_int};
use std::path::{Path, PathBuf};
use std::ptr;

use crate::shim;
use crate::{TorchError, libraries};

/// Beside this library of CUDA lies the compiler.
const NEIGHBOUR: &str = "libcudart.so.";
const COMPILER: &str = "libnvrtc.so.";
const BUILTINS: &str = "libnvrtc-builtins.so.";

/// Compiles the kernels for the GPU of this number among those that the process sees; once done, later calls for it do
/// nothing.
///
/// # Errors
///
/// When there is no driver, no compiler, or the GPU is older than Ampere (compute capability 8.0), which has no
/// bfloat16; or when they were compiled for another: a process computes on one.
pub fn open(index: usize) -> Result<(), TorchError> {
    let (compiler, builtins) = compiler(neighbourhood().as_deref());
    let builtins_or_null = builtins.as_ref().map_or(ptr::null(), |path| path.as_ptr());
    // SAFETY: both texts are zero-terminated and live through the call, which keeps neither.
    unsafe {
        shim::check(shim::seedbed_gpu_open(
            c_int::try_from(index).unwrap_or(c_int::MAX),
            compiler.as_ptr(),
            builtins_or_null,
        ))
    }
}

/// Whether [`open`] has succeeded.
pub fn is_open() -> bool {
    // SAFETY: nothing goes in but a question.
    unsafe { shim::seedbed_gpu_is_ready() }
}

/// The folder that this process has loaded CUDA from.
fn neighbourhood() -> Option<PathBuf> {
    let loaded = libraries().ok()?;
    let neighbour = loaded.into_iter().find(|library| library.name.starts_with(NEIGHBOUR))?;
    neighbour.path.parent().map(Path::to_owned)
}

/// The compiler and what it needs: from that folder, else wherever the dynamic linker finds it.
fn compiler(folder: Option<&Path>) -> (CString, Option<CString>) {
    let find = |beginning: &str| {
        let entries = std::fs::read_dir(folder?).ok()?.flatten();
        let mut names: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| {
                path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(beginning))
            })
            .collect();
        names.sort();
        CString::new(names.pop()?.into_os_string().into_encoded_bytes()).ok()
    };
    (find(COMPILER).unwrap_or_else(|| c"libnvrtc.so.13".to_owned()), find(BUILTINS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources compile for every generation that multiplies bfloat16, where there is a compiler: no GPU is needed.
    #[test]
    fn the_kernels_compile_where_there_is_a_compiler() {
        let folder = std::env::var_os("SEEDBED_NVRTC").map(PathBuf::from).or_else(neighbourhood);
        let (compiler, builtins) = compiler(folder.as_deref());
        let builtins_or_null = builtins.as_ref().map_or(ptr::null(), |path| path.as_ptr());
        for capability in [80, 86, 90, 100] {
            let mut bytes = 0;
            // SAFETY: both texts are zero-terminated and live through the call, which fills `bytes`.
            let outcome = unsafe {
                shim::check(shim::seedbed_gpu_compile(compiler.as_ptr(), builtins_or_null, capability, &raw mut bytes))
            };
            match outcome {
                Ok(()) => assert!(bytes > 10_000, "{capability}: {bytes} bytes"),
                // Without CUDA's libraries there is none, and nothing to be tested.
                Err(error) => assert!(error.to_string().contains("libnvrtc"), "{error}"),
            }
        }
    }

    #[test]
    fn threads_that_open_at_once_are_told_the_same() {
        let threads: Vec<_> =
            (0..4).map(|_| std::thread::spawn(|| open(0).map_err(|error| error.to_string()))).collect();
        let told: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
        assert_eq!(is_open(), told[0].is_ok());
    }

    #[test]
    fn without_a_gpu_opening_says_what_is_missing() {
        if matches!(crate::cuda::load(), crate::cuda::Availability::NoDriver) {
            let error = open(0).unwrap_err();
            assert!(error.to_string().contains("libcuda.so.1"), "{error}");
            assert!(!is_open());
        }
    }
}
