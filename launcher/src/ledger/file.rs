use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Entry, Event};
use crate::files::FileError;
use crate::lease::Lease;

/// What a ledger says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The events, oldest first.
    pub entries: Vec<Entry>,
    /// Bytes after the last complete line: an event whose writer was killed. Nobody acted on it.
    pub torn: u64,
    /// Bytes of the complete lines.
    complete: u64,
}

/// Reads the ledger at `path`; one that is not there yet is empty.
///
/// # Errors
/// When it cannot be read, or a complete line is not an event of this version.
pub fn read(path: &Path) -> Result<History, FileError> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(History::default()),
        Err(error) => return Err(FileError::read(path, error)),
    };
    let complete = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |position| position + 1);
    let lines = content[..complete].split_inclusive(|byte| *byte == b'\n');
    let entries = lines.enumerate().map(|(index, line)| entry(path, index + 1, line)).collect::<Result<_, _>>()?;
    Ok(History { entries, torn: (content.len() - complete) as u64, complete: complete as u64 })
}

fn entry(path: &Path, line: usize, text: &[u8]) -> Result<Entry, FileError> {
    let damaged = |error: serde_json::Error| FileError::Damaged {
        path: path.to_owned(),
        line: Some(line),
        reason: error.to_string(),
    };
    let value: serde_json::Value = serde_json::from_slice(text).map_err(damaged)?;
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(spec::SCHEMA) => Err(FileError::Schema { path: path.to_owned(), found }),
        _ => serde_json::from_slice(text).map_err(damaged),
    }
}

/// A ledger open for appending.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
}

impl Ledger {
    /// Opens the ledger at `path` for the holder of the sweep's lock, and cuts off a torn last line. Returns the bytes
    /// that were cut off, too.
    ///
    /// # Errors
    /// When it cannot be read, mended or written.
    pub fn open(path: &Path, _lock: &Lease) -> Result<(Self, u64), FileError> {
        let failure = |error| FileError::write(path, error);
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failure)?;
        let mut history = read(path)?;
        while history.torn > 0 && !cut(&file, &history).map_err(failure)? {
            history = read(path)?;
        }
        Ok((Self { path: path.to_owned(), file }, history.torn))
    }

    /// Appends `event`, which happened at `at`. It is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, at: String, event: Event) -> Result<(), FileError> {
        self.write(&[Entry { schema: spec::SCHEMA, at, event }])
    }

    /// Appends `events`, which were noticed `at` one moment. They are on disk when this returns.
    ///
    /// # Errors
    /// When they cannot be written; the first of them may have been.
    pub fn append_all(&mut self, at: &str, events: Vec<Event>) -> Result<(), FileError> {
        let entry = |event| Entry { schema: spec::SCHEMA, at: at.to_owned(), event };
        self.write(&events.into_iter().map(entry).collect::<Vec<_>>())
    }

    fn write(&mut self, entries: &[Entry]) -> Result<(), FileError> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry).expect("invariant: events have text keys and finite numbers");
            lines.push(b'\n');
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        written.map_err(|error| FileError::write(&self.path, error))
    }
}

/// Cuts the torn line off that was read in `history`; false, and nothing is done, when the file has another length by
/// now: who was taken for dead may have completed the line meanwhile.
fn cut(file: &File, history: &History) -> io::Result<bool> {
    if file.metadata()?.len() != history.complete + history.torn {
        return Ok(false);
    }
    file.set_len(history.complete)?;
    file.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::{Holder, Machine};

    fn lock(folder: &Path) -> Lease {
        let machine = Machine::here();
        let holder = Holder::this_process(&machine, None, String::new(), "t".to_owned());
        Lease::acquire(&folder.join("lock.json"), holder, &machine).unwrap().lease
    }

    fn stopped(waiting: u64) -> Event {
        Event::Stopped { submission: "local-1".to_owned(), running: 1, waiting }
    }

    #[test]
    fn events_read_back_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let lock = lock(folder.path());
        for waiting in 0..3 {
            let (mut ledger, torn) = Ledger::open(&path, &lock).unwrap();
            assert_eq!(torn, 0);
            ledger.append("2026-01-01T00:00:00Z".to_owned(), stopped(waiting)).unwrap();
        }
        let history = read(&path).unwrap();
        let events: Vec<Event> = history.entries.into_iter().map(|entry| entry.event).collect();
        assert_eq!(events, [stopped(0), stopped(1), stopped(2)]);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_wherever_it_was_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let lock = lock(folder.path());
        let (mut ledger, _) = Ledger::open(&path, &lock).unwrap();
        ledger.append(String::new(), stopped(0)).unwrap();
        let first = fs::read(&path).unwrap();
        ledger.append(String::new(), stopped(1)).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in first.len()..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(read(&path).unwrap().torn, (length - first.len()) as u64);
            let (mut ledger, torn) = Ledger::open(&path, &lock).unwrap();
            assert_eq!(torn, (length - first.len()) as u64);
            ledger.append(String::new(), stopped(1)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn a_line_that_another_completed_is_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let lock = lock(folder.path());
        let (mut ledger, _) = Ledger::open(&path, &lock).unwrap();
        ledger.append(String::new(), stopped(0)).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let history = read(&path).unwrap();
        fs::write(&path, &whole).unwrap();
        assert!(!cut(&ledger.file, &history).unwrap());
        assert_eq!(Ledger::open(&path, &lock).unwrap().1, 0);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn damage_elsewhere_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let lock = lock(folder.path());
        let (mut ledger, _) = Ledger::open(&path, &lock).unwrap();
        ledger.append(String::new(), stopped(0)).unwrap();
        let mut text = fs::read_to_string(&path).unwrap();
        text += "{\"schema\":1,\"at\"\n";
        fs::write(&path, &text).unwrap();
        assert!(matches!(read(&path).unwrap_err(), FileError::Damaged { line: Some(2), .. }));
        fs::write(&path, "{\"schema\":9}\n").unwrap();
        assert!(matches!(read(&path).unwrap_err(), FileError::Schema { found: 9, .. }));
    }
}
