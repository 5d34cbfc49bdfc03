//! Minimal pairs: two sentences that differ in one point, of which one is grammatical (BLiMP's form: Warstadt et al. 2020,
//! arXiv:1912.00582).

use std::fs;
use std::path::Path;

use serde::Deserialize;
use spec::identity::Digest;

use super::error::DataError;
use super::tokenizer::Tokenizer;

/// A pair, encoded: `<s>`, text, `</s>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimalPair {
    /// What the pair tests: its `UID`.
    pub paradigm: String,
    /// The grammatical sentence.
    pub good: Vec<u16>,
    /// The other one.
    pub bad: Vec<u16>,
}

/// A line of a file of pairs. Benchmarks carry more fields; these are what a score needs.
#[derive(Deserialize)]
struct Line {
    sentence_good: String,
    sentence_bad: String,
    #[serde(rename = "UID")]
    paradigm: String,
}

/// A file of pairs.
#[derive(Debug, Clone, Copy)]
pub struct PairFile<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// Its content, as the run names it.
    pub content: Digest,
    /// The longest sentence in tokens, `<s>` and `</s>` included.
    pub context: u32,
}

/// The pairs of a JSON Lines file, in order; blank lines are skipped.
///
/// # Errors
/// When the file cannot be read, has changed since the run was planned, or holds no pair; when a line is not a pair of two
/// different sentences that fit the context.
pub fn read(file: &PairFile<'_>, tokenizer: &Tokenizer) -> Result<Vec<MinimalPair>, DataError> {
    let path = || file.path.to_owned();
    let bytes = fs::read(file.path).map_err(|source| DataError::Read { path: path(), source })?;
    let found = Digest::of(&bytes);
    if found != file.content {
        return Err(DataError::Changed { path: path(), expected: file.content, found });
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let line = bytes[..offset].split(|&byte| byte == b'\n').count() as u64;
        DataError::NotUtf8 { path: path(), line, offset: offset as u64 }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |reason| DataError::BadPair { path: path(), line: index as u64 + 1, reason };
        let line = parse(line).map_err(bad)?;
        let encode = |sentence: &str, field: &str| {
            let ids = tokenizer.encode(sentence)?;
            if ids.len() > file.context as usize {
                let (length, context) = (ids.len(), file.context);
                return Err(bad(format!("{field} has {length} tokens, more than model.context = {context}")));
            }
            Ok(ids)
        };
        pairs.push(MinimalPair {
            good: encode(&line.sentence_good, "sentence_good")?,
            bad: encode(&line.sentence_bad, "sentence_bad")?,
            paradigm: line.paradigm,
        });
    }
    if pairs.is_empty() {
        return Err(DataError::Empty { path: path(), what: "minimal pair" });
    }
    Ok(pairs)
}

fn parse(line: &str) -> Result<Line, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| {
        format!("not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): {error}")
    })?;
    for (field, text) in
        [("sentence_good", &line.sentence_good), ("sentence_bad", &line.sentence_bad), ("UID", &line.paradigm)]
    {
        if text.trim().is_empty() {
            return Err(format!("{field} is blank"));
        }
    }
    if line.sentence_good == line.sentence_bad {
        return Err(format!("sentence_good and sentence_bad are both {:?}", line.sentence_good));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::tokenizer;

    fn read_text(content: &[u8]) -> Result<Vec<MinimalPair>, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.jsonl");
        fs::write(&path, content).unwrap();
        read(&PairFile { path: &path, content: Digest::of(content), context: 24 }, &tokenizer())
    }

    fn error(content: &[u8]) -> String {
        let text = read_text(content).unwrap_err().to_string();
        text[text.find("pairs.jsonl").unwrap()..].to_owned()
    }

    #[test]
    fn pairs_are_read_in_order_with_what_else_a_benchmark_says() {
        let text = "\u{feff}{\"sentence_good\": \"The cats sit.\", \"sentence_bad\": \"The cats sits.\", \"UID\": \"agreement\", \"pairID\": 0}\r\n\n\
            {\"UID\": \"reflexive\", \"field\": [1], \"sentence_bad\": \"He sees herself.\", \"sentence_good\": \"He sees himself.\"}";
        let pairs = read_text(text.as_bytes()).unwrap();
        assert_eq!(pairs.len(), 2);
        assert_eq!((pairs[0].paradigm.as_str(), pairs[1].paradigm.as_str()), ("agreement", "reflexive"));
        assert_eq!(pairs[0].good, tokenizer().encode("The cats sit.").unwrap());
        assert_eq!(pairs[1].bad, tokenizer().encode("He sees herself.").unwrap());
    }

    #[test]
    fn what_is_no_pair_is_named_by_file_and_line() {
        let good = "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cats.\", \"UID\": \"u\"}\n";
        insta::assert_snapshot!(error(b"\n"), @"pairs.jsonl holds no minimal pair");
        insta::assert_snapshot!(error(format!("{good}nonsense").as_bytes()), @"pairs.jsonl, line 2: not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): expected ident at line 1 column 2");
        insta::assert_snapshot!(error(format!("{good}\n{{\"sentence_good\": \"A\"}}").as_bytes()), @"pairs.jsonl, line 3: not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): missing field `sentence_bad` at line 1 column 22");
        insta::assert_snapshot!(error(good.replace("A cats.", " ").as_bytes()), @"pairs.jsonl, line 1: sentence_bad is blank");
        insta::assert_snapshot!(error(good.replace("cats", "cat").as_bytes()), @r#"pairs.jsonl, line 1: sentence_good and sentence_bad are both "A cat.""#);
        insta::assert_snapshot!(error(good.replace("A cat.", &"w ".repeat(23)).as_bytes()), @"pairs.jsonl, line 1: sentence_good has 48 tokens, more than model.context = 24");
        insta::assert_snapshot!(error(&[good.as_bytes(), b"\xff"].concat()), @"pairs.jsonl, line 2: byte 67 of the file is not UTF-8");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.jsonl");
        let file = PairFile { path: &path, content: Digest::of(b"planned"), context: 24 };
        assert!(matches!(read(&file, &tokenizer()), Err(DataError::Read { .. })));
        fs::write(&path, good).unwrap();
        assert!(matches!(read(&file, &tokenizer()), Err(DataError::Changed { .. })));
    }
}
