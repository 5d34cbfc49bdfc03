//! A folder with a libtorch: `lib/`, `include/`, and a file that says its version.

use std::path::{Path, PathBuf};

use super::VERSION;
use crate::failure::{Failure, Outcome};

/// A folder with the libtorch that is needed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Home {
    path: PathBuf,
}

impl Home {
    /// The libtorch in `path`, if it is the one that is needed.
    pub(super) fn at(path: &Path) -> Outcome<Self> {
        let wanting = |what: String| Failure::new(format!("{} {what}", path.display()));
        for file in ["lib/libtorch_cpu.so", "include/ATen/Context.h"] {
            if !path.join(file).is_file() {
                return Err(wanting(format!("is no libtorch: it has no {file}")));
            }
        }
        match version(path) {
            Some(version) if number(&version) == VERSION => Ok(Self { path: path.to_owned() }),
            Some(version) => Err(wanting(format!("holds libtorch {version}, but Seedbed needs {VERSION}"))),
            None => Err(wanting("says nowhere which libtorch it holds: no version.py, no build-version".to_owned())),
        }
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can use a GPU.
    pub(super) fn has_cuda(&self) -> bool {
        self.path.join("lib/libtorch_cuda.so").is_file()
    }
}

/// The version of the libtorch in `home`: a Python package's, or a plain libtorch's.
fn version(home: &Path) -> Option<String> {
    if let Ok(python) = std::fs::read_to_string(home.join("version.py")) {
        let value = python.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        return Some(value.trim().trim_matches(['\'', '"']).to_owned());
    }
    let version = std::fs::read_to_string(home.join("build-version")).ok()?;
    Some(version.trim().to_owned())
}

/// The version without the build: `2.11.0` of `2.11.0+cu130`.
fn number(version: &str) -> &str {
    version.split('+').next().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::fs;

    /// Makes a folder that looks like a libtorch of `version`.
    pub(in crate::libtorch) fn pretend(home: &Path, version: &str) {
        fs::create_dir_all(home.join("lib")).unwrap();
        fs::create_dir_all(home.join("include/ATen")).unwrap();
        fs::write(home.join("lib/libtorch_cpu.so"), "").unwrap();
        fs::write(home.join("include/ATen/Context.h"), "").unwrap();
        fs::write(home.join("version.py"), format!("debug = False\n__version__ = '{version}'\n")).unwrap();
    }

    #[test]
    fn the_right_release_is_taken_whatever_its_build() {
        let folder = tempfile::tempdir().unwrap();
        pretend(folder.path(), "2.11.0+cu130");
        let home = Home::at(folder.path()).unwrap();
        assert!(!home.has_cuda());
        fs::write(folder.path().join("lib/libtorch_cuda.so"), "").unwrap();
        assert!(home.has_cuda());
        fs::remove_file(folder.path().join("version.py")).unwrap();
        fs::write(folder.path().join("build-version"), "2.11.0+cpu\n").unwrap();
        Home::at(folder.path()).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let said = || Home::at(folder.path()).unwrap_err().render();
        assert!(said().contains("is no libtorch: it has no lib/libtorch_cpu.so"), "{}", said());
        pretend(folder.path(), "2.10.0+cpu");
        assert!(said().contains("holds libtorch 2.10.0+cpu, but Seedbed needs 2.11.0"), "{}", said());
        fs::remove_file(folder.path().join("version.py")).unwrap();
        assert!(said().contains("says nowhere"), "{}", said());
    }
}
