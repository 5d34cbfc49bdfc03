//! pip, asked for the wheels of one fixed platform whatever Python runs it.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, python, stream};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The platform tags of wheels for any Linux with a C library as new as the one torch's own wheel asks for (glibc
/// 2.28).
///
/// pip takes a tag literally: an older platform is not understood to be included.
pub(crate) fn platforms() -> impl Iterator<Item = String> {
    let named = ["manylinux2010", "manylinux2014"].map(str::to_owned);
    named.into_iter().chain((5..=28).map(|minor| format!("manylinux_2_{minor}"))).map(|tag| tag + "_x86_64")
}

/// The pinned wheels, with their hashes.
pub(super) fn pinned_wheels() -> Vec<&'static str> {
    REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Installs the pinned wheels, and nothing that they depend on, into the empty folder `target`.
pub(super) fn install_pinned(workspace: &Workspace, target: &Path) -> Outcome<()> {
    let requirements = target.join("requirements.txt");
    file::write(&requirements, REQUIREMENTS.as_bytes())?;
    let arguments = ["--no-deps", "--require-hashes", "--requirement"].map(OsStr::new);
    install(workspace, target, arguments.into_iter().chain([requirements.as_os_str()]))
}

/// Installs `requirements` and what they depend on into the empty folder `target`.
pub(super) fn install_with_dependencies(workspace: &Workspace, target: &Path, requirements: &[String]) -> Outcome<()> {
    install(workspace, target, requirements.iter().map(OsStr::new))
}

fn install<'a>(workspace: &Workspace, target: &Path, what: impl Iterator<Item = &'a OsStr>) -> Outcome<()> {
    // Wheels of half a gigabyte are unpacked here and renamed: a small /tmp must not matter.
    let temporary = target.join(".tmp");
    fs::create_dir_all(&temporary)
        .map_err(|error| Failure::new(format!("cannot make {}", temporary.display())).because(error))?;
    let mut command = python::pip(workspace)?;
    command.args(["install", "--target"]).arg(target).args(["--no-compile", "--only-binary=:all:"]);
    command.args(["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"]);
    command.args(platforms().flat_map(|platform| ["--platform".to_owned(), platform]));
    command.args(what).env("TMPDIR", &temporary);
    let (status, errors) = stream::run_keeping_errors(&mut command)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("pip could not install libtorch ({status})")).hint(advice(&errors)))
}

/// What to do about pip's complaint.
fn advice(errors: &str) -> &'static str {
    let complains = |words: &[&str]| words.iter().any(|word| errors.contains(word));
    if complains(&["DO NOT MATCH THE HASHES"]) {
        "the package index serves another file than the pinned one: check PIP_INDEX_URL, or use `--from` with a libtorch \
         that you trust"
    } else if complains(&["No space left on device", "Disk quota exceeded"]) {
        "free some space: libtorch needs 2.5 GB while it is installed, with CUDA 8 GB; then call the same command again"
    } else if complains(&["Permission denied"]) {
        "the checkout must be writable"
    } else if complains(&["Connection", "connection", "timed out", "Temporary failure", "No matching distribution"]) {
        "the package index must be reachable (PIP_INDEX_URL, PIP_PROXY); without a network, copy a libtorch 2.11.0 here \
         and call `cargo libtorch --from DIR`"
    } else {
        "pip's own words stand above; `cargo libtorch --from DIR` takes a libtorch 2.11.0 from elsewhere"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libtorch::VERSION;

    #[test]
    fn every_wheel_is_pinned_by_version_and_hash() {
        let wheels = pinned_wheels();
        assert!(wheels[0].starts_with(&format!("torch=={VERSION} ")));
        for wheel in &wheels {
            let (_, hash) = wheel.split_once(" --hash=sha256:").unwrap();
            assert!(wheel.contains("==") && hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn the_advice_fits_the_complaint() {
        for (complaint, word) in [
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "another file"),
            ("OSError: [Errno 28] No space left on device", "free some space"),
            ("NewConnectionError: Failed to establish a new connection: [Errno 101]", "reachable"),
            ("ERROR: No matching distribution found for torch==2.11.0", "reachable"),
            ("something new", "pip's own words"),
        ] {
            assert!(advice(complaint).contains(word), "{complaint}");
        }
    }
}
