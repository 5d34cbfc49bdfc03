//! The last words of a trainer.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

const BYTES: u64 = 16 * 1024;
const LINES: usize = 10;
const LINE: usize = 400;

/// The last lines of the log at `path` that say something; empty when there is no log.
pub(super) fn tail(path: &Path) -> String {
    last_lines(&read_end(path).unwrap_or_default())
}

fn read_end(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut end = Vec::new();
    file.take(BYTES).read_to_end(&mut end)?;
    Ok(end)
}

fn last_lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    // A progress bar rewrites its line: only what stood there last was said.
    let said = text.lines().map(|line| line.rsplit('\r').next().unwrap_or(line).trim_end());
    let lines: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    let first = lines.len().saturating_sub(LINES);
    let cut = lines[first..].iter().map(|line| line.chars().take(LINE).collect::<String>());
    cut.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_that_say_something() {
        let text = (1..=12).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n\n");
        let tail = last_lines(text.as_bytes());
        assert!(tail.starts_with("line 3\nline 4\n") && tail.ends_with("line 12"), "{tail}");
        assert_eq!(last_lines(b"10%\r50%\r100%\nbad\xff\n"), "100%\nbad\u{fffd}");
    }

    #[test]
    fn no_log_says_nothing() {
        assert_eq!(tail(Path::new("/nowhere/1.log")), "");
    }
}
