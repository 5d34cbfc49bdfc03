//! What can be wrong with benchmark data.

use std::io;
use std::path::{Path, PathBuf};

use crate::data::DataError;
use crate::files::WriteError;
use crate::finetune::tasks::TaskError;

/// Why data could not be had.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nobody says where the store lies.
    #[error("there is no place for data: neither SEEDBED_DATA nor HOME is set; name a folder with --store")]
    NoPlace,
    /// A name that is no set's.
    #[error("`{name}` is no set of data{}; `seedbed-trainer data list` names all", nearest.as_ref().map(|near| format!(" (is `{near}` meant?)")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The set whose name is most like it.
        nearest: Option<String>,
    },
    /// A set that is not in the store.
    #[error("the store {} has no `{name}`", store.display())]
    Missing {
        /// The set.
        name: String,
        /// The store.
        store: PathBuf,
    },
    /// A set whose data nobody can download.
    #[error("`{name}` says no address to download from; take it in with `seedbed-trainer data import {name} PATH`")]
    NoAddress {
        /// The set.
        name: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An archive is damaged.
    #[error("{} is not a whole archive: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An archive of another kind.
    #[error("{} is packed with {what}, which is not read here; unpack it, or pack it as .zip, .tar, .tar.gz or .tar.zst", path.display())]
    Packed {
        /// The archive.
        path: PathBuf,
        /// How it is packed.
        what: &'static str,
    },
    /// A table of Apache Parquet is damaged, or not of stories.
    #[error("{} cannot be read as Parquet: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Tables of Apache Parquet that are too few or too many.
    #[error("the Parquet files of {split} are no whole set: {reason}")]
    Shards {
        /// The part of the set.
        split: String,
        /// What is missing or there twice, and what would be right.
        reason: String,
    },
    /// Tables of Apache Parquet that are another set's.
    #[error(
        "the Parquet files of {split} have {rows} rows, which are those of `{other}` and not of `{set}`; `{set}` is made of {wanted}"
    )]
    OtherSet {
        /// The part of the set.
        split: String,
        /// How many rows.
        rows: u64,
        /// Whose they are.
        other: &'static str,
        /// The set that was asked for.
        set: String,
        /// What it is made of.
        wanted: String,
    },
    /// A table of Apache Parquet where a set has none.
    #[error("{} is a Parquet file; only stories are read from those, and `{set}` is made of {wanted}", path.display())]
    NoParquet {
        /// The file.
        path: PathBuf,
        /// The set.
        set: String,
        /// What it is made of.
        wanted: String,
    },
    /// What was given lacks a file.
    #[error("{origin} holds none of {wanted}, which `{set}` needs")]
    NotThere {
        /// What was looked into.
        origin: String,
        /// The set.
        set: String,
        /// The names that were looked for.
        wanted: String,
    },
    /// What was given has some of the files that one is made of, and not all.
    #[error("{origin} holds {found} of the {of} files that `{set}` is made of; {lacking} are missing")]
    Incomplete {
        /// What was looked into.
        origin: String,
        /// The set.
        set: String,
        /// How many were found.
        found: usize,
        /// How many are needed.
        of: usize,
        /// The names of the first that are not there.
        lacking: String,
    },
    /// A line is not what it should be.
    #[error("{file}, line {line}: {reason}")]
    BadLine {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A file of a task is not what it should be.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A file without content.
    #[error("{file} holds no {what}")]
    Empty {
        /// The file.
        file: String,
        /// What it should hold.
        what: &'static str,
    },
    /// The server cannot be reached, or ends too early every time.
    #[error("cannot download {url}: {reason} ({kept} bytes are kept, and the next attempt goes on from there)")]
    Network {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
        /// Bytes that are there.
        kept: u64,
    },
    /// The server has not what is asked for.
    #[error("the server answers {status} to {url}")]
    Status {
        /// The answer.
        status: u16,
        /// The address.
        url: String,
    },
    /// What the server sent cannot be unpacked.
    #[error("what came from {url} is of no use: {reason}")]
    Sent {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// Content is not the one that was expected.
    #[error("{what} is not the file that was expected: its checksum is {found}, not {expected}")]
    Checksum {
        /// The address, or the file.
        what: String,
        /// The checksum that is known.
        expected: String,
        /// The checksum that was found.
        found: String,
    },
    /// A description of sets is wrong.
    #[error("{}: {reason}", path.display())]
    Description {
        /// The TOML file.
        path: PathBuf,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A record of the store is not one.
    #[error("{} is no record of this version ({reason}); get or import the set again", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process was waited for in vain.
    #[error(transparent)]
    Lease(#[from] DataError),
}

impl StoreError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }
}
