//! One file: its column `text`, row by row.

use std::fs::File;
use std::path::Path;

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::ByteArrayType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::broken;
use crate::store::error::StoreError;

/// The column that holds the stories.
const TEXT: &str = "text";

/// Rows that are read at once.
const ROWS: usize = 512;

/// Bytes of the longest text that is taken: a dictionary repeats one at the cost of a number.
const LONGEST: usize = 1 << 20;

/// How many rows the file at `path` has.
///
/// # Errors
/// When it cannot be read as Parquet.
pub fn rows(path: &Path) -> Result<u64, StoreError> {
    let rows = open(path)?.metadata().file_metadata().num_rows();
    u64::try_from(rows)
        .map_err(|_| StoreError::Parquet { path: path.to_owned(), reason: format!("it claims {rows} rows") })
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::read(path, error))?;
    SerializedFileReader::new(file).map_err(|error| broken(path, &error))
}

/// A file and how far it was read.
pub(super) struct Table<'a> {
    pub(super) path: &'a Path,
    reader: SerializedFileReader<File>,
    /// The place of the column of texts, and the definition level of a row that has one.
    column: usize,
    level: i16,
    group: usize,
    /// Rows of the open group that were read.
    read: u64,
    open: Option<ColumnReaderImpl<ByteArrayType>>,
}

impl<'a> Table<'a> {
    /// The file at `path`, of which nothing is read yet.
    pub(super) fn open(path: &'a Path) -> Result<Self, StoreError> {
        let reader = open(path)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns = schema.columns();
        let wrong = |reason: String| StoreError::Parquet { path: path.to_owned(), reason };
        // A name that nobody has said is the stories' may as well be that of titles or addresses.
        let Some(column) = columns.iter().position(|column| column.path().parts()[0] == TEXT) else {
            let names: Vec<String> = columns.iter().map(|column| column.path().string()).collect();
            let names = names.join(", ");
            return Err(wrong(format!(
                "it has no column `{TEXT}`, from which stories are read; its columns are {names}"
            )));
        };
        if let Some(found) = other_than_text(&columns[column]) {
            return Err(wrong(format!("its column `{TEXT}` holds {found}, not a text a row")));
        }
        let level = columns[column].max_def_level();
        Ok(Self { path, reader, column, level, group: 0, read: 0, open: None })
    }

    /// The next rows, those without a value as an empty text; nothing at the end.
    pub(super) fn rows(&mut self) -> Result<Option<Vec<String>>, StoreError> {
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
                self.read = 0;
                self.open = Some(column);
                continue;
            };
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let read = column.read_records(ROWS, Some(&mut levels), None, &mut values);
            let (records, ..) = read.map_err(|error| broken(self.path, &error))?;
            self.read += records as u64;
            if records == 0 {
                self.open = None;
                self.check_group()?;
                continue;
            }
            let mut values = values.into_iter();
            let mut row = |has_value: bool| match if has_value { values.next() } else { None } {
                Some(bytes) if bytes.len() > LONGEST => {
                    Err(self.wrong(format!("a text in it has {} bytes; at most {LONGEST} are taken", bytes.len())))
                }
                Some(bytes) => String::from_utf8(bytes.data().to_vec())
                    .map_err(|error| self.wrong(format!("a text in it is not UTF-8: {error}"))),
                None => Ok(String::new()),
            };
            let has_value = |index: usize| self.level == 0 || levels[index] == self.level;
            return (0..records).map(|index| row(has_value(index))).collect::<Result<_, _>>().map(Some);
        }
    }

    /// Whether all of the group that has just ended was there: a column may be cut off where a page ends.
    fn check_group(&self) -> Result<(), StoreError> {
        let claimed = self.reader.metadata().row_group(self.group - 1).num_rows();
        if u64::try_from(claimed).is_ok_and(|claimed| claimed == self.read) {
            return Ok(());
        }
        let (group, read) = (self.group, self.read);
        Err(self.wrong(format!("its row group {group} should have {claimed} rows, but {read} are there")))
    }

    fn wrong(&self, reason: String) -> StoreError {
        StoreError::Parquet { path: self.path.to_owned(), reason }
    }
}

/// What a column holds, if that is not a text a row.
fn other_than_text(column: &ColumnDescriptor) -> Option<String> {
    if column.max_rep_level() > 0 {
        return Some("lists".to_owned());
    }
    if column.path().parts().len() > 1 {
        return Some(format!("fields ({})", column.path().string()));
    }
    let found = column.physical_type();
    (found != Type::BYTE_ARRAY).then(|| format!("values of the type {found}"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// Writes a file of one column, `schema`, with `rows` of the same text, or of numbers.
    pub(in crate::store) fn write(path: &Path, column: &str, rows: usize) {
        let schema = Arc::new(parse_message_type(&format!("message m {{ {column}; }}")).unwrap());
        let file = File::create(path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::new())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut open = group.next_column().unwrap().unwrap();
        let levels = vec![1; rows];
        if column.contains("int64") {
            open.typed::<Int64Type>().write_batch(&vec![7; rows], Some(&levels), Some(&vec![0; rows])).unwrap();
        } else {
            let texts = vec![ByteArray::from("Once."); rows];
            open.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), Some(&vec![0; rows])).unwrap();
        }
        open.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
    }

    fn error(path: &Path) -> String {
        let error = Table::open(path).err().unwrap().to_string();
        error.replace(&format!("{} cannot be read as Parquet: ", path.display()), "")
    }

    #[test]
    fn only_texts_in_a_column_called_text_are_stories() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(&at("text"), "optional binary text (UTF8)", 3);
        let path = at("text");
        let mut table = Table::open(&path).unwrap();
        assert_eq!(table.rows().unwrap(), Some(vec!["Once.".to_owned(); 3]));
        assert_eq!(rows(&at("text")).unwrap(), 3);
        write(&at("url"), "optional binary url (UTF8)", 3);
        insta::assert_snapshot!(error(&at("url")), @"it has no column `text`, from which stories are read; its columns are url");
        write(&at("number"), "optional int64 text", 3);
        insta::assert_snapshot!(error(&at("number")), @"its column `text` holds values of the type INT64, not a text a row");
        write(&at("list"), "repeated binary text (UTF8)", 3);
        insta::assert_snapshot!(error(&at("list")), @"its column `text` holds lists, not a text a row");
    }
}
