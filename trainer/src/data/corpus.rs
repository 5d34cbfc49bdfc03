//! A text file of stories: the text of each, then a line that holds only the separator.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use spec::identity::Digest;

use super::error::DataError;

/// Reads the stories of one file in one pass, with one story in memory, and checks that the file is the planned one.
///
/// A story is what stands before, between and after separator lines, without the white space around it; blank ones are
/// skipped. Line ends may be LF or CRLF (stories have LF), and a byte order mark at the start is dropped.
#[derive(Debug)]
pub struct StoryReader {
    path: PathBuf,
    expected: Digest,
    separator: String,
    file: BufReader<HashingFile>,
    /// Lines read so far.
    line: u64,
    /// Bytes read so far.
    offset: u64,
    story: String,
    /// The line on which `story` starts, from 1.
    story_line: u64,
    stories: u64,
    separators: u64,
    finished: bool,
}

impl StoryReader {
    /// The longest story in bytes: more than any book holds, and little enough to keep in memory.
    pub const LONGEST: usize = 16 << 20;

    /// Opens `path`, which is expected to have the content `expected`.
    ///
    /// # Errors
    /// [`DataError::BadSeparator`] or [`DataError::Read`].
    pub fn open(path: &Path, expected: Digest, separator: &str) -> Result<Self, DataError> {
        let line = separator.trim();
        if line.is_empty() || line.contains(['\n', '\r']) {
            return Err(DataError::BadSeparator(separator.to_owned()));
        }
        let file = File::open(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        let file = HashingFile { file, hasher: blake3::Hasher::new() };
        Ok(Self {
            path: path.to_owned(),
            expected,
            separator: line.to_owned(),
            file: BufReader::with_capacity(1 << 18, file),
            line: 0,
            offset: 0,
            story: String::new(),
            story_line: 1,
            stories: 0,
            separators: 0,
            finished: false,
        })
    }

    fn next_story(&mut self) -> Result<Option<String>, DataError> {
        let mut bytes = Vec::new();
        while self.read_line(&mut bytes)? {
            let line = self.text(&bytes)?;
            if line.trim() == self.separator {
                self.separators += 1;
                if let Some(story) = self.take_story() {
                    return Ok(Some(story));
                }
            } else {
                self.story.push_str(line);
                self.story.push('\n');
                if self.story.len() > Self::LONGEST {
                    return Err(self.endless());
                }
            }
        }
        self.finished = true;
        self.verify()?;
        Ok(self.take_story())
    }

    /// Reads a line, its end included, into `bytes`; false at the end of the file.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> Result<bool, DataError> {
        bytes.clear();
        let mut limited = (&mut self.file).take(Self::LONGEST as u64 + 1);
        let length = limited.read_until(b'\n', bytes);
        let length = length.map_err(|source| DataError::Read { path: self.path.clone(), source })?;
        if length > Self::LONGEST {
            return Err(self.endless());
        }
        self.line += u64::from(length > 0);
        self.offset += length as u64;
        Ok(length > 0)
    }

    /// The text of the line that was just read, without its end.
    fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, DataError> {
        let text = std::str::from_utf8(bytes).map_err(|error| DataError::NotUtf8 {
            path: self.path.clone(),
            line: self.line,
            offset: self.offset - bytes.len() as u64 + error.valid_up_to() as u64,
        })?;
        let text = if self.line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(text.strip_suffix('\r').unwrap_or(text))
    }

    /// The story that has been gathered, unless it is blank; the next one starts on the line after this.
    fn take_story(&mut self) -> Option<String> {
        let story = self.story.trim().to_owned();
        self.story.clear();
        self.story_line = self.line + 1;
        self.stories += u64::from(!story.is_empty());
        (!story.is_empty()).then_some(story)
    }

    /// What can be said of the file only at its end.
    fn verify(&self) -> Result<(), DataError> {
        let path = || self.path.clone();
        let found = Digest::from_hash(self.file.get_ref().hasher.finalize());
        if found != self.expected {
            return Err(DataError::Changed { path: path(), expected: self.expected, found });
        }
        let is_blank = self.story.trim().is_empty();
        if self.stories == 0 && is_blank {
            return Err(DataError::Empty { path: path(), what: "story" });
        }
        if self.separators == 0 {
            return Err(DataError::NoSeparator { path: path(), separator: self.separator.clone() });
        }
        Ok(())
    }

    fn endless(&self) -> DataError {
        DataError::EndlessStory {
            path: self.path.clone(),
            line: self.story_line,
            limit: Self::LONGEST,
            separator: self.separator.clone(),
        }
    }
}

impl Iterator for StoryReader {
    type Item = Result<String, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let next = self.next_story().transpose();
        self.finished |= !matches!(next, Some(Ok(_)));
        next
    }
}

/// A file that hashes what is read from it.
#[derive(Debug)]
struct HashingFile {
    file: File,
    hasher: blake3::Hasher,
}

impl Read for HashingFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEPARATOR: &str = "<|endoftext|>";

    fn read(content: &[u8]) -> Result<Vec<String>, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stories.txt");
        std::fs::write(&path, content).unwrap();
        StoryReader::open(&path, Digest::of(content), SEPARATOR)?.collect()
    }

    /// The error of reading `content`, without the folder.
    fn error(content: &[u8]) -> String {
        let text = read(content).unwrap_err().to_string();
        text.split_whitespace().map(|word| word.rsplit('/').next().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn stories_stand_between_separators() {
        let text = "\u{feff}Once upon\n a time.\n<|endoftext|>\n\n  \n<|endoftext|>\n  Two. \n\n Three.\n <|endoftext|> \nLast";
        assert_eq!(read(text.as_bytes()).unwrap(), ["Once upon\n a time.", "Two. \n\n Three.", "Last"]);
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(read(crlf.as_bytes()).unwrap(), read(text.as_bytes()).unwrap());
        assert_eq!(read(b"a <|endoftext|> b\n<|endoftext|>").unwrap(), ["a <|endoftext|> b"]);
    }

    #[test]
    fn what_is_no_file_of_stories_is_said_clearly() {
        insta::assert_snapshot!(error(b""), @"stories.txt holds no story");
        insta::assert_snapshot!(error(b"\n\n<|endoftext|>\n"), @"stories.txt holds no story");
        insta::assert_snapshot!(error(b"One.\n\nTwo.\n"), @"stories.txt has no line that holds only `<|endoftext|>` (data.separator), so it would be one single story");
        insta::assert_snapshot!(error(b"One.\n<|endoftext|>\nTw\xff.\n"), @"stories.txt, line 3: byte 21 of the file is not UTF-8");
        insta::assert_snapshot!(error(b"\xff\xfeO\0n\0e\0"), @"stories.txt, line 1: byte 0 of the file is not UTF-8");
        insta::assert_snapshot!(error(b"One.\n<|endoftext|>\nTw\xc3"), @"stories.txt, line 3: byte 21 of the file is not UTF-8");
    }

    #[test]
    fn an_endless_story_is_refused_with_one_story_in_memory() {
        let mut content = b"One.\n<|endoftext|>\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', StoryReader::LONGEST + 2));
        insta::assert_snapshot!(error(&content), @"stories.txt: the story that starts on line 3 is longer than 16777216 bytes; is `<|endoftext|>` (data.separator) really the line between two stories?");
        let lines = [b"One.\n<|endoftext|>\n".to_vec(), b"short line\n".repeat(1_600_000)].concat();
        assert!(matches!(read(&lines), Err(DataError::EndlessStory { line: 3, .. })));
    }

    #[test]
    fn a_file_that_has_changed_or_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stories.txt");
        std::fs::write(&path, "One.\n<|endoftext|>\n").unwrap();
        let mut reader = StoryReader::open(&path, Digest::of(b"other"), SEPARATOR).unwrap();
        assert_eq!(reader.next().unwrap().unwrap(), "One.");
        assert!(matches!(reader.next(), Some(Err(DataError::Changed { .. }))));
        assert!(reader.next().is_none());
        let missing = StoryReader::open(&folder.path().join("other.txt"), Digest::of(b""), SEPARATOR);
        assert!(matches!(missing, Err(DataError::Read { .. })));
        for separator in ["", "  ", "a\nb"] {
            let error = StoryReader::open(&path, Digest::of(b""), separator).unwrap_err();
            assert!(matches!(error, DataError::BadSeparator(_)), "{separator:?}");
        }
    }

    proptest! {
        #[test]
        fn stories_are_read_as_they_were_written(stories in prop::collection::vec("[a-zé.<|> \n]{0,60}", 1..20)) {
            let text = stories.iter().flat_map(|story| [story, "\n", SEPARATOR, "\n"]).collect::<String>();
            let kept: Vec<&str> = stories.iter().map(|story| story.trim()).filter(|story| !story.is_empty()).collect();
            match read(text.as_bytes()) {
                Ok(read) => prop_assert_eq!(read, kept),
                Err(error) => prop_assert!(kept.is_empty(), "{}", error),
            }
        }
    }
}
