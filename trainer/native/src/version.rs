//! The libtorch that this program was built against, and the one it runs with.

use std::path::PathBuf;

use crate::libraries;
pub use crate::release::Release;

/// Another libtorch is loaded than the one whose headers this program was compiled with.
///
/// Their C++ objects may differ in layout, so going on could end in a crash or in wrong numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} holds libtorch {} ({}), but this program was built against {} ({})",
    .home.display(), .loaded.version, .loaded.commit, .compiled.version, .compiled.commit)]
pub struct VersionMismatch {
    /// Where the loaded one lies.
    pub home: PathBuf,
    /// The loaded one.
    pub loaded: Release,
    /// The one compiled against.
    pub compiled: Release,
}

/// The release whose headers this program was compiled with.
pub fn compiled() -> Release {
    Release { version: env!("SEEDBED_TORCH_VERSION").to_owned(), commit: env!("SEEDBED_TORCH_COMMIT").to_owned() }
}

/// The release that is loaded and the folder it lies in; none if no file beside the loaded library says it.
pub fn loaded() -> Option<(PathBuf, Release)> {
    let home = libraries::loaded_from("libtorch_cpu.so")?.parent()?.parent()?.to_owned();
    let release = Release::beside(&home)?;
    Some((home, release))
}

/// Refuses a loaded libtorch other than the one compiled against.
///
/// One that says nothing of itself is let through: a distribution's package has no such file.
///
/// # Errors
///
/// When both are known and differ in version or commit. CPU and CUDA builds of one commit may stand in for each other.
pub fn check() -> Result<(), VersionMismatch> {
    match loaded() {
        Some((home, loaded)) => compare(home, loaded, compiled()),
        None => Ok(()),
    }
}

fn compare(home: PathBuf, loaded: Release, compiled: Release) -> Result<(), VersionMismatch> {
    let commits_agree = loaded.commit == compiled.commit || loaded.commit.is_empty() || compiled.commit.is_empty();
    if loaded.number() == compiled.number() && commits_agree {
        return Ok(());
    }
    Err(VersionMismatch { home, loaded, compiled })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str, commit: &str) -> Release {
        Release { version: version.to_owned(), commit: commit.to_owned() }
    }

    #[test]
    fn the_tests_run_with_the_libtorch_they_were_built_against() {
        assert_eq!(compiled().number(), "2.11.0");
        assert_eq!(loaded().unwrap().1, compiled());
        check().unwrap();
    }

    #[test]
    fn builds_of_one_commit_agree_and_others_do_not() {
        let compare =
            |version, commit| compare("lib".into(), release(version, commit), release("2.11.0+cu130", "70d9"));
        compare("2.11.0+cpu", "70d9").unwrap();
        compare("2.11.0", "").unwrap();
        assert!(compare("2.11.0+cu130", "8888").is_err());
        assert_eq!(
            compare("2.10.0+cu128", "449b").unwrap_err().to_string(),
            "lib holds libtorch 2.10.0+cu128 (449b), but this program was built against 2.11.0+cu130 (70d9)"
        );
    }

    #[test]
    fn a_folder_says_which_release_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Release::beside(folder.path()), None);
        std::fs::write(folder.path().join("build-version"), "2.11.0+cpu\n").unwrap();
        assert_eq!(Release::beside(folder.path()), Some(release("2.11.0+cpu", "")));
        let python = "from typing import Optional\n__all__ = ['__version__']\n__version__ = '2.11.0+cu130'\n\
                      cuda: Optional[str] = '13.0'\ngit_version = '70d99e99'\n";
        std::fs::write(folder.path().join("version.py"), python).unwrap();
        assert_eq!(Release::beside(folder.path()), Some(release("2.11.0+cu130", "70d99e99")));
    }
}
