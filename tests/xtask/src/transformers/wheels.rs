//! The pinned wheels of each version.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, libtorch, python, stream};

/// A version of transformers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    /// Its number.
    pub(super) number: &'static str,
    /// It and what it needs but for torch, with hashes.
    requirements: &'static str,
}

/// An old version, from the time of the study, and a new one.
pub(super) const VERSIONS: [Version; 2] = [
    Version { number: "4.40.2", requirements: include_str!("requirements-4.40.2.txt") },
    Version { number: "5.23.0", requirements: include_str!("requirements-5.23.0.txt") },
];

/// Installs a version below `home`, or finds it there; the folder that holds its packages.
///
/// The stamp is the list of requirements, written last: a killed installation is begun anew, and a changed list
/// replaces it.
pub(super) fn install(workspace: &Workspace, version: Version, home: &Path) -> Outcome<PathBuf> {
    let (packages, stamp) = (home.join("packages"), home.join("installed.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == version.requirements) {
        return Ok(packages);
    }
    stream::say(&format!("installing transformers {} into {} (60 MB to fetch, once)", version.number, home.display()));
    file::remove(&stamp)?;
    file::remove(&packages)?;
    let requirements = home.join("requirements.txt");
    file::write(&requirements, version.requirements.as_bytes())?;
    let mut command = python::pip(workspace)?;
    command.args(["install", "--quiet", "--no-compile", "--only-binary=:all:", "--no-deps", "--require-hashes"]);
    command.args([
        "--implementation",
        "cp",
        "--python-version",
        "3.11",
        "--abi",
        "cp311",
        "--abi",
        "abi3",
        "--abi",
        "none",
    ]);
    command.args(libtorch::platforms().flat_map(|platform| ["--platform".to_owned(), platform]));
    command.args(["--platform", "any", "--platform", "manylinux1_x86_64"]);
    command.arg("--target").arg(&packages).arg("--requirement").arg(&requirements);
    if !stream::run(&mut command)?.success() {
        return Err(Failure::new(format!("pip could not install transformers {}", version.number))
            .hint("the package index must be reachable (PIP_INDEX_URL, PIP_PROXY); pip's own words stand above"));
    }
    file::write(&stamp, version.requirements.as_bytes())?;
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wheel_is_pinned_by_version_and_hash() {
        for version in VERSIONS {
            let wheels: Vec<&str> = version.requirements.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(wheels.iter().any(|wheel| wheel.starts_with(&format!("transformers=={} ", version.number))));
            assert!(!wheels.iter().any(|wheel| wheel.starts_with("torch==")), "torch is libtorch's own");
            for wheel in wheels {
                let (_, hash) = wheel.split_once(" --hash=sha256:").unwrap();
                assert!(wheel.contains("==") && hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
            }
        }
    }
}
