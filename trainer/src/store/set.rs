//! A set of benchmark data: where it can be had, and what its files are.

use spec::identity::Digest;

use super::example::Example;
use super::pair::PairForm;
use crate::finetune::tasks::Task;

/// A set.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// What it is, with its source.
    pub meaning: String,
    /// Its licence, as its authors name it.
    pub licence: String,
    /// What must be downloaded; empty if nothing can.
    pub downloads: Vec<Download>,
    /// Its files.
    pub files: Vec<SetFile>,
}

/// Something to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The address.
    pub url: String,
    /// The SHA-256 of the content, in hexadecimal, where it is known.
    pub sha256: Option<String>,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetFile {
    /// Its name in the store.
    pub name: String,
    /// What it is made of: each part is found under one of these paths, at the end of a longer one.
    pub parts: Vec<Vec<String>>,
    /// What it holds.
    pub form: Form,
    /// How many examples were published; fewer are said to be fewer.
    pub published: Option<u64>,
    /// The content that it has if it was made of what was published.
    pub content: Option<Digest>,
    /// Whether the set is of no use without it.
    pub needed: bool,
    /// What is known of the hub's Parquet that may be taken for it.
    pub parquet: Option<Published>,
}

/// A file that was published in Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The set that it is of: maybe another one, for which it must not be taken.
    pub set: &'static str,
    /// How many rows it has.
    pub rows: u64,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Minimal pairs, brought into one form.
    Pairs(PairForm),
    /// Labelled examples of a person's own, kept as they are.
    Examples(Example),
    /// Items of a task that models are tuned on, kept as they are.
    Task(&'static Task),
    /// Stories, kept as they are.
    Stories,
}

impl SetFile {
    /// The part that `path` is, if it is one of this file's, and how good the match is: the place among the part's
    /// names. FewGLUE's 32 examples of each task lie in folders of the tasks' names, and are never meant.
    pub fn part(&self, path: &str) -> Option<(usize, usize)> {
        if path.split('/').any(|folder| folder.starts_with("fewglue")) {
            return None;
        }
        self.parts.iter().enumerate().find_map(|(index, names)| {
            names.iter().position(|name| path == name || path.ends_with(&format!("/{name}"))).map(|rank| (index, rank))
        })
    }
}
