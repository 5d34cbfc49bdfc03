//! The C++ compiler that libtorch's bindings need.

use std::env;
use std::path::Path;

use crate::failure::{Failure, Outcome};

/// What the bindings are compiled with unless `CXX` says otherwise.
const DEFAULT: &str = "c++";
const OTHERS: [&str; 2] = ["g++", "clang++"];

/// Fails if this machine has no C++ compiler.
pub(crate) fn require() -> Outcome<()> {
    let chosen = env::var_os("CXX").is_some();
    if chosen || is_installed(DEFAULT) || other_than_default().is_some() {
        return Ok(());
    }
    Err(Failure::new(format!("no C++ compiler: none of {DEFAULT}, {} is installed", OTHERS.join(", ")))
        .hint("install one, such as with `apt-get install g++` or `dnf install gcc-c++`, or set CXX"))
}

/// The compiler to choose by `CXX` where the default one is missing.
pub(crate) fn other_than_default() -> Option<&'static str> {
    if env::var_os("CXX").is_some() || is_installed(DEFAULT) {
        return None;
    }
    OTHERS.into_iter().find(|name| is_installed(name))
}

/// Whether a program of this name is on the search path.
pub(crate) fn is_installed(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| Path::new(&folder).join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name() {
        assert!(is_installed("sh"));
        assert!(!is_installed("no-such-program"));
    }
}
