//! Where benchmark data lies on a machine, and the record of each set. Paths and types only: nothing here touches the
//! disk.
//!
//! Files are named by their content, so that any number of sets and processes share them; the record of a set says
//! which content each of its files has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::identity::Digest;

/// The variable that names the store.
pub const VARIABLE: &str = "SEEDBED_DATA";

/// The name of the file of minimal pairs of a set.
pub const PAIRS: &str = "pairs.jsonl";

/// The name by which a file of a set is asked for where paths are: no file of a person is called so.
pub fn data(set: &str, file: &str) -> String {
    format!("data set {set} {file}")
}

/// A folder of benchmark data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLayout {
    root: PathBuf,
}

impl StoreLayout {
    /// The store in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { root: directory.into() }
    }

    /// Where the store lies for a person: the folder that [`VARIABLE`] names, else below the folder for caches, else
    /// below the home folder. `variable` gives the value of a variable of the environment.
    pub fn of_person(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let beside = |folder: PathBuf| folder.join("seedbed").join("data");
        given(VARIABLE)
            .or_else(|| given("XDG_CACHE_HOME").map(beside))
            .or_else(|| given("HOME").map(|home| beside(home.join(".cache"))))
            .map(Self::new)
    }

    /// The folder itself.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// The folder of files by content.
    pub fn contents(&self) -> PathBuf {
        self.root.join("content")
    }

    /// The file with this content.
    pub fn content(&self, digest: Digest) -> PathBuf {
        self.contents().join(digest.to_string())
    }

    /// The folder of records.
    pub fn records(&self) -> PathBuf {
        self.root.join("sets")
    }

    /// The record of a set.
    pub fn record(&self, set: &str) -> PathBuf {
        self.records().join(format!("{set}.json"))
    }

    /// The lease of whoever fills a set.
    pub fn lease(&self, set: &str) -> PathBuf {
        self.records().join(format!("{set}.lease"))
    }

    /// The folder of downloads that are not whole yet.
    pub fn partial(&self) -> PathBuf {
        self.root.join("partial")
    }
}

/// What the store knows of a set: the content of `sets/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SetRecord {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The set's name.
    pub set: String,
    /// Where it came from: addresses or paths.
    pub origin: Vec<String>,
    /// Its files by name.
    pub files: BTreeMap<String, StoredFile>,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StoredFile {
    /// Its content.
    pub content: Digest,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its examples: lines of JSON, or stories.
    pub examples: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_where_the_person_says() {
        let of = |variables: &[(&str, &str)]| {
            let find =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            StoreLayout::of_person(&find).map(|layout| layout.directory().to_owned())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("HOME", "/home/a")]), Some("/home/a/.cache/seedbed/data".into()));
        assert_eq!(of(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/c")]), Some("/c/seedbed/data".into()));
        assert_eq!(of(&[("SEEDBED_DATA", "/d"), ("XDG_CACHE_HOME", "/c")]), Some("/d".into()));
    }
}
