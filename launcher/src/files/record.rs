use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{FileError, write_atomic};

/// The JSON record at `path`.
///
/// Its `schema` is looked at before anything else, so that a record of another version is called that and not damaged.
///
/// # Errors
/// [`FileError`]: unreadable, another schema, or damaged.
pub fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let text = read_text(path).map_err(|error| FileError::read(path, error))?;
    parse_record(path, &text)
}

/// Like [`read_record`]; `None` where there is no such file.
///
/// # Errors
/// As [`read_record`].
pub fn read_optional_record<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match read_text(path) {
        Ok(text) => parse_record(path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::read(path, error)),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_small(path)?).map_err(|_| ErrorKind::InvalidData.into())
}

/// The whole of a file that is likely a small one. Its size is not asked for first: where the records of thousands of
/// runs are read, that is one call in five.
///
/// # Errors
/// It cannot be read, or is no plain file: a pipe would keep whoever reads it waiting for ever, and a device may have
/// no end.
pub fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::with_capacity(4096);
    // To open a pipe is to wait for a writer already.
    let without_waiting = i32::try_from(OFlags::NONBLOCK.bits()).expect("invariant: flags of open(2) are int");
    let file = fs::File::options().read(true).custom_flags(without_waiting).open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is no plain file"));
    }
    file.take(u64::MAX).read_to_end(&mut content)?;
    Ok(content)
}

/// Replaces the record at `path`: indented JSON with a final line end.
///
/// # Errors
/// [`FileError::System`].
pub fn write_record<T: Serialize>(path: &Path, record: &T) -> Result<(), FileError> {
    let mut text = serde_json::to_vec_pretty(record).expect("invariant: records have text keys and finite numbers");
    text.push(b'\n');
    write_atomic(path, &text)
}

/// What all records have in common.
#[derive(Deserialize)]
struct Envelope {
    schema: u64,
}

fn parse_record<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileError> {
    let damaged = |error: &serde_json::Error| FileError::Damaged {
        path: path.to_owned(),
        line: Some(error.line()),
        reason: error.to_string(),
    };
    match serde_json::from_str(text) {
        Ok(Envelope { schema }) if schema != u64::from(spec::SCHEMA) => {
            Err(FileError::Schema { path: path.to_owned(), found: schema })
        }
        _ => serde_json::from_str(text).map_err(|error| damaged(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Record {
        schema: u32,
        word: String,
    }

    fn read(text: &str) -> Result<Record, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        fs::write(&path, text).unwrap();
        read_record(&path)
    }

    #[test]
    fn records_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        let record = Record { schema: spec::SCHEMA, word: "gelu".to_owned() };
        write_record(&path, &record).unwrap();
        assert_eq!(read_record::<Record>(&path).unwrap(), record);
        assert!(read_optional_record::<Record>(&folder.path().join("other")).unwrap().is_none());
    }

    #[test]
    fn files_of_every_size_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for size in [0, 1, 4095, 4096, 4097, 8192, 20_000] {
            let content: Vec<u8> = (0..size).map(|byte| (byte % 251) as u8).collect();
            fs::write(&path, &content).unwrap();
            assert_eq!(read_small(&path).unwrap(), content, "{size} bytes");
        }
    }

    #[test]
    fn another_schema_is_not_called_damage() {
        let error = read(r#"{"schema": 7, "verb": "x"}"#).unwrap_err();
        assert!(matches!(error, FileError::Schema { found: 7, .. }), "{error}");
        assert!(matches!(read(r#"{"schema": 1, "wo"#).unwrap_err(), FileError::Damaged { line: Some(1), .. }));
        assert!(matches!(read(r#"{"schema": 1}"#).unwrap_err(), FileError::Damaged { .. }));
    }
}
