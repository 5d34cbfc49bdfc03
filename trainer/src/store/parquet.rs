//! Stories in Apache Parquet, the form in which the public hub keeps data sets: `data/train-00000-of-00004.parquet` …, a column
//! `text`, a row a story. They come out as the text files of the same hub: each story, then a line `<|endoftext|>`.
//!
//! A set comes in several files, which belong together in the order of their names, and whose names say which split they are of.
//! Rows without text are left out and counted. A file is read a row group's page at a time, whatever its size.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::ByteArrayType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::error::StoreError;
use super::fill::Source;

/// What ends a story.
const END: &str = "<|endoftext|>";

/// Rows that are read at once.
const ROWS: usize = 512;

/// Whether `name` is that of a Parquet file.
pub fn is_one(name: &str) -> bool {
    name.to_lowercase().ends_with(".parquet")
}

/// The Parquet files among `sources` and in their folders, with the names by which they are told apart.
pub fn among(sources: &[Source]) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for source in sources {
        let name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        collect(&source.path, source.name.clone().unwrap_or(name), &mut found);
    }
    found.sort();
    found
}

fn collect(path: &Path, name: String, found: &mut Vec<(String, PathBuf)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let inner = entry.file_name().to_string_lossy().into_owned();
            collect(&entry.path(), format!("{name}/{inner}"), found);
        }
    } else if is_one(&name) {
        found.push((name, path.to_owned()));
    }
}

/// The files of each split by `splits`, the names of files such as `train.txt`: a Parquet file is of the split with whose name its own
/// begins, `valid` being short for `validation`.
///
/// # Errors
/// When one belongs to none of them.
pub fn by_split(found: Vec<(String, PathBuf)>, splits: &[&str]) -> Result<BTreeMap<String, Vec<PathBuf>>, StoreError> {
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (name, path) in found {
        let own = name.rsplit('/').next().unwrap_or_default().to_lowercase();
        let begins = |split: &&&str| {
            let stem = split.split('.').next().unwrap_or_default();
            own.starts_with(stem) || stem.starts_with("valid") && own.starts_with("valid")
        };
        let Some(split) = splits.iter().find(begins) else {
            let stems: Vec<&str> = splits.iter().map(|split| split.split('.').next().unwrap_or_default()).collect();
            let reason =
                format!("its name says not which part of the set it is: it must begin with {}", stems.join(" or "));
            return Err(StoreError::Parquet { path, reason });
        };
        files.entry((*split).to_owned()).or_default().push(path);
    }
    Ok(files)
}

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

/// A file and how far it was read.
struct Table<'a> {
    path: &'a Path,
    reader: SerializedFileReader<File>,
    /// The place of the column of texts, and the definition level of a row that has one.
    column: usize,
    level: i16,
    group: usize,
    open: Option<ColumnReaderImpl<ByteArrayType>>,
}

impl<'a> Table<'a> {
    fn open(path: &'a Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| StoreError::read(path, error))?;
        let reader = SerializedFileReader::new(file).map_err(|error| broken(path, &error))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns = schema.columns();
        let is_text =
            |index: &usize| columns[*index].physical_type() == Type::BYTE_ARRAY && columns[*index].max_rep_level() == 0;
        let texts: Vec<usize> = (0..columns.len()).filter(is_text).collect();
        let named = texts.iter().find(|index| columns[**index].path().string() == "text");
        let only = if let [only] = &texts[..] { Some(only) } else { None };
        let Some(column) = named.or(only).copied() else {
            let names: Vec<String> = columns.iter().map(|column| column.path().string()).collect();
            let reason = format!("it has no column `text`; its columns are {}", names.join(", "));
            return Err(StoreError::Parquet { path: path.to_owned(), reason });
        };
        let level = columns[column].max_def_level();
        Ok(Self { path, reader, column, level, group: 0, open: None })
    }

    /// The next rows, those without a value as an empty text; nothing at the end.
    fn rows(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        loop {
            let Some(column) = &mut self.open else {
                if self.group == self.reader.num_row_groups() {
                    return Ok(None);
                }
                let group = self.reader.get_row_group(self.group).map_err(|error| broken(self.path, &error))?;
                let column = group.get_column_reader(self.column).map_err(|error| broken(self.path, &error))?;
                let ColumnReader::ByteArrayColumnReader(column) = column else {
                    unreachable!("invariant: the column was chosen for its type");
                };
                self.group += 1;
                self.open = Some(column);
                continue;
            };
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let read = column.read_records(ROWS, Some(&mut levels), None, &mut values);
            let (records, ..) = read.map_err(|error| broken(self.path, &error))?;
            if records == 0 {
                self.open = None;
                continue;
            }
            let mut values = values.into_iter();
            let mut row = |has_value: bool| match values.next_if(has_value) {
                Some(bytes) => String::from_utf8(bytes.data().to_vec()).map_err(|error| StoreError::Parquet {
                    path: self.path.to_owned(),
                    reason: format!("a text in it is not UTF-8: {error}"),
                }),
                None => Ok(String::new()),
            };
            let has_value = |index: usize| self.level == 0 || levels[index] == self.level;
            return (0..records).map(|index| row(has_value(index))).collect::<Result<_, _>>().map(Some);
        }
    }
}

/// The next item, where there is one to take.
trait NextIf: Iterator {
    fn next_if(&mut self, wanted: bool) -> Option<Self::Item> {
        if wanted { self.next() } else { None }
    }
}

impl<I: Iterator> NextIf for I {}

fn broken(path: &Path, error: &ParquetError) -> StoreError {
    StoreError::Parquet { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let found = among(&[Source { path: reference(), name: None }]);
        let splits = by_split(found, &["train.txt", "validation.txt"]).unwrap();
        for (split, blank) in [("train.txt", 2), ("validation.txt", 0)] {
            let expected = fs::read_to_string(reference().join(split)).unwrap();
            let stories = expected.lines().filter(|line| *line == END).count() as u64;
            assert_eq!(read(&splits[split]).unwrap(), (expected, stories, blank), "{split}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
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
        assert!(error.contains("it has no column `text`; its columns are a, b"), "{error}");
        let named = vec![("stories.parquet".to_owned(), at("stories.parquet"))];
        let error = by_split(named, &["train.txt", "validation.txt"]).unwrap_err().to_string();
        assert!(error.contains("it must begin with train or validation"), "{error}");
    }
}
