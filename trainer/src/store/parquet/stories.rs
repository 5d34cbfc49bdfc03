//! The stories of some files, as text.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::table::Table;
use crate::store::error::StoreError;

/// What ends a story.
const END: &str = "<|endoftext|>";

/// The stories of `files`, one after the other, as text.
pub struct Stories<'a> {
    files: VecDeque<&'a Path>,
    open: Option<Table<'a>>,
    buffer: Vec<u8>,
    place: usize,
    /// Stories so far.
    pub stories: u64,
    /// Rows without text so far.
    pub blank: u64,
    /// Why reading ended before the end.
    pub failure: Option<StoreError>,
}

impl<'a> Stories<'a> {
    /// Nothing is read yet.
    pub fn of(files: &'a [PathBuf]) -> Self {
        let files = files.iter().map(PathBuf::as_path).collect();
        Self { files, open: None, buffer: Vec::new(), place: 0, stories: 0, blank: 0, failure: None }
    }

    /// Fills the empty buffer; false at the end.
    fn fill(&mut self) -> Result<bool, StoreError> {
        self.buffer.clear();
        self.place = 0;
        while self.buffer.is_empty() {
            let Some(table) = &mut self.open else {
                let Some(path) = self.files.pop_front() else { return Ok(false) };
                self.open = Some(Table::open(path)?);
                continue;
            };
            let Some(rows) = table.rows()? else {
                self.open = None;
                continue;
            };
            for row in rows {
                if row.trim().is_empty() {
                    self.blank += 1;
                    continue;
                }
                if row.lines().any(|line| line.trim() == END) {
                    let reason = format!("story {} of it holds a line {END}, which ends stories", self.stories + 1);
                    return Err(StoreError::Parquet { path: table.path.to_owned(), reason });
                }
                self.stories += 1;
                self.buffer.extend_from_slice(row.as_bytes());
                self.buffer.extend_from_slice(format!("\n{END}\n").as_bytes());
            }
        }
        Ok(true)
    }
}

impl Read for Stories<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.place == self.buffer.len() {
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.failure = Some(error);
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        let count = into.len().min(self.buffer.len() - self.place);
        into[..count].copy_from_slice(&self.buffer[self.place..self.place + count]);
        self.place += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::fill::Source;
    use crate::store::parquet::{among, by_split};

    /// Written by pyarrow: see `tests/reference/make_parquet.py`.
    fn reference() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/stories")
    }

    fn read(files: &[PathBuf]) -> Result<(String, u64, u64), String> {
        let (mut stories, mut text) = (Stories::of(files), String::new());
        let result = stories.read_to_string(&mut text);
        match stories.failure.take() {
            Some(error) => Err(error.to_string()),
            None => result.map(|_| (text, stories.stories, stories.blank)).map_err(|error| error.to_string()),
        }
    }

    #[test]
    fn shards_of_pyarrow_come_out_as_the_text_that_it_wrote() {
        let found = among(&[Source { path: reference(), name: None }]).unwrap();
        let splits = by_split(found, &["train.txt", "validation.txt"], |_| true).unwrap().splits;
        for (split, blank) in [("train.txt", 2), ("validation.txt", 0)] {
            let expected = fs::read_to_string(reference().join(split)).unwrap();
            let stories = expected.lines().filter(|line| *line == END).count() as u64;
            assert_eq!(read(&splits[split]).unwrap(), (expected, stories, blank), "{split}");
        }
    }

    #[test]
    fn what_is_damaged_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let whole = fs::read(reference().join("train-00000-of-00002.parquet")).unwrap();
        fs::write(at("train-cut.parquet"), &whole[..whole.len() - 9]).unwrap();
        let error = read(&[at("train-cut.parquet")]).unwrap_err();
        assert!(error.contains("train-cut.parquet cannot be read as Parquet: "), "{error}");
        let mut damaged = whole;
        damaged[40..80].fill(0xff);
        fs::write(at("train-bad.parquet"), &damaged).unwrap();
        assert!(read(&[at("train-bad.parquet")]).unwrap_err().contains("train-bad.parquet cannot be read"));
        let error = read(&[reference().with_file_name("numbers.parquet")]).unwrap_err();
        assert!(
            error.contains("it has no column `text`, from which stories are read; its columns are a, b"),
            "{error}"
        );
    }
}
