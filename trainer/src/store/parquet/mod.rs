//! Stories in Apache Parquet, the form in which the public hub keeps data sets: `data/train-00000-of-00004.parquet` …,
//! a column `text`, a row a story. They come out as the text files of the same hub: each story, then a line
//! `<|endoftext|>`.
//!
//! A set comes in several files, which belong together in the order of their names, and whose names say which split
//! they are of: [`shards`]. Rows without text are left out and counted: [`stories`]. A file is read a row group's page
//! at a time, whatever its size: [`table`].

mod shards;
mod stories;
mod table;

use std::path::Path;

use parquet::errors::ParquetError;

pub use self::shards::{Shards, among, by_split};
pub use self::stories::Stories;
pub use self::table::rows;
#[cfg(test)]
pub(super) use self::table::tests::write as write_for_tests;
use super::error::StoreError;

/// Whether `name` is that of a Parquet file.
pub fn is_one(name: &str) -> bool {
    name.to_lowercase().ends_with(".parquet")
}

fn broken(path: &Path, error: &ParquetError) -> StoreError {
    StoreError::Parquet { path: path.to_owned(), reason: error.to_string() }
}
