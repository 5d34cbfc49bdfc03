//! `metrics.csv` and `timing.csv`: written as training goes, cut back to the checkpoint when it resumes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::files::WriteError;

/// A CSV file that grows by whole rows.
#[derive(Debug)]
pub struct Curve {
    path: PathBuf,
    /// Nothing where another rank writes.
    file: Option<BufWriter<File>>,
    bytes: u64,
}

impl Curve {
    /// Opens `path` with its first `bytes` kept and whatever follows cut off; a new file gets the header line.
    ///
    /// # Errors
    /// When the file cannot be opened or cut, or is shorter than `bytes`.
    pub fn open(path: &Path, header: &str, bytes: u64) -> Result<Self, WriteError> {
        let open = || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            if file.metadata()?.len() < bytes {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than its checkpoint says"));
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(Self { path: path.to_owned(), file: Some(BufWriter::new(file)), bytes })
        };
        let mut curve = open().map_err(|source| WriteError::new(path, source))?;
        if bytes == 0 {
            curve.append(format!("{header}\n").as_bytes())?;
        }
        Ok(curve)
    }

    /// A curve that another rank of the run writes: what is appended here goes nowhere.
    pub fn of_another_rank() -> Self {
        Self { path: PathBuf::new(), file: None, bytes: 0 }
    }

    /// Appends one row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, row: impl Serialize) -> Result<(), WriteError> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        let line = writer
            .serialize(row)
            .map_err(io::Error::other)
            .and_then(|()| writer.into_inner().map_err(|error| io::Error::other(error.to_string())))
            .map_err(|source| WriteError::new(&self.path, source))?;
        self.append(&line)
    }

    /// Hands what was written to the system, so that a reader of the file sees it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|source| WriteError::new(&self.path, source))
    }

    /// Makes what was written durable and returns the length: what a checkpoint records.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sync(&mut self) -> Result<u64, WriteError> {
        self.flush()?;
        if let Some(file) = &self.file {
            file.get_ref().sync_data().map_err(|source| WriteError::new(&self.path, source))?;
        }
        Ok(self.bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).map_err(|source| WriteError::new(&self.path, source))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reopened_curve_continues_where_the_checkpoint_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut curve = Curve::open(&path, "step,value", 0).unwrap();
        curve.row((1, 0.5)).unwrap();
        let bytes = curve.sync().unwrap();
        curve.row((2, 0.25)).unwrap();
        drop(curve);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3,0.1").unwrap();
        let mut curve = Curve::open(&path, "step,value", bytes).unwrap();
        curve.row((2, 0.25)).unwrap();
        curve.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "step,value\n1,0.5\n2,0.25\n");
        assert!(Curve::open(&path, "step,value", 1_000).is_err());
    }
}
