//! Loading CUDA at run time.
//!
//! The program links against the CPU part of libtorch alone, so that it starts on every machine. libtorch looks for its
//! CUDA part once, when it is first asked, and remembers the answer for good: therefore [`load`] comes first.

use std::path::PathBuf;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY, RTLD_NOW};

use crate::libraries;

/// The environment variable with the folder to load libtorch's CUDA part from.
pub const FOLDER_VARIABLE: &str = "SEEDBED_TORCH_LIB";

/// What libtorch's CUDA part reads when it is loaded: a workspace with which cuBLAS gives the same bits each time, and
/// memory that grows in place, since no two batches of whole stories have the same length.
const CHOICES: [(&str, &str); 2] =
    [("CUBLAS_WORKSPACE_CONFIG", ":4096:8"), ("PYTORCH_ALLOC_CONF", "expandable_segments:True")];

/// The driver's own library: no driver without it, wherever the rest may lie.
const DRIVER: &str = "libcuda.so.1";
const LIBRARY: &str = "libtorch_cuda.so";

/// What became of loading CUDA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// Loaded; 0 devices if they are hidden from this process or the driver is broken.
    Loaded {
        /// The number of devices that this process sees.
        devices: usize,
    },
    /// This machine has no NVIDIA driver. Nothing else was tried.
    NoDriver,
    /// There is a driver, but libtorch's CUDA part cannot be loaded.
    Missing {
        /// The dynamic linker's words, such as the library that was not found.
        reason: String,
    },
}

/// Loads libtorch's CUDA part if this machine has an NVIDIA driver.
///
/// Call it first thing in `main`, before any other thread or use of libtorch: later, libtorch has settled for the CPU.
/// It also sets `CUBLAS_WORKSPACE_CONFIG` and `PYTORCH_ALLOC_CONF` unless the environment holds a choice.
pub fn load() -> Availability {
    if !has_driver() {
        return Availability::NoDriver;
    }
    let Some(path) = library_path() else {
        return Availability::Missing { reason: format!("no {LIBRARY} beside libtorch_cpu.so") };
    };
    for (variable, choice) in CHOICES {
        if std::env::var_os(variable).is_none() {
            // SAFETY: by this function's contract no other thread runs that could read the environment.
            unsafe { std::env::set_var(variable, choice) };
        }
    }
    // SAFETY: running libtorch's initialisers is what this function is for. They register its CUDA part and no more.
    match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            // libtorch's CUDA part must outlive every tensor: it is never unloaded.
            std::mem::forget(library);
            Availability::Loaded { devices: usize::try_from(tch::Cuda::device_count()).unwrap_or(0) }
        }
        Err(error) => Availability::Missing { reason: describe(&error) },
    }
}

/// Whether this machine has an NVIDIA driver.
fn has_driver() -> bool {
    // SAFETY: the driver's library has no initialiser with effects; it does nothing before `cuInit`.
    unsafe { Library::open(Some(DRIVER), RTLD_LAZY) }.is_ok()
}

fn library_path() -> Option<PathBuf> {
    let folder = match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => libraries::loaded_from("libtorch_cpu.so")?.parent()?.to_owned(),
    };
    Some(folder.join(LIBRARY))
}

/// The dynamic linker's words stand in the source of libloading's error.
pub(crate) fn describe(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_cuda_agrees_with_the_machine() {
        match load() {
            Availability::NoDriver => assert!(!has_driver()),
            Availability::Missing { reason } => assert!(has_driver() && !reason.is_empty()),
            Availability::Loaded { .. } => assert!(libraries::loaded_from(LIBRARY).is_some()),
        }
    }

    #[test]
    fn the_cuda_part_is_looked_for_beside_the_cpu_part() {
        if std::env::var_os(FOLDER_VARIABLE).is_none() {
            let cpu = libraries::loaded_from("libtorch_cpu.so").unwrap();
            assert_eq!(library_path().unwrap(), cpu.with_file_name("libtorch_cuda.so"));
        }
    }

    #[test]
    fn the_reason_of_a_failure_is_the_dynamic_linkers() {
        // SAFETY: the file does not exist, so nothing is loaded.
        let error = unsafe { Library::open(Some("/nowhere/libtorch_cuda.so"), RTLD_NOW) }.unwrap_err();
        let reason = describe(&error);
        assert!(reason.contains("/nowhere/libtorch_cuda.so: cannot open shared object file"), "{reason}");
    }
}
