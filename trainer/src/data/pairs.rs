//! Minimal pairs: two sentences that differ in one point, of which one is grammatical (BLiMP's form: Warstadt et al.
//! 2020, arXiv:1912.00582).

use std::fs;
use std::path::Path;

use spec::identity::Digest;
use spec::minimal_pairs::{self, Line, PairsError, Same};
use spec::model::{Architecture, ModelSpec};

use super::error::DataError;
use super::tokenizer::{Tokenizer, Worded};

/// A sentence, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its ids, without special ones.
    pub ids: Vec<u16>,
    /// The word that each id belongs to.
    pub words: Vec<u32>,
    /// Whether its end was left out because the context has no room for it.
    pub is_cut: bool,
}

/// A pair, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimalPair {
    /// What the pair tests: its `UID`.
    pub paradigm: String,
    /// The field that the paradigm belongs to, if the file says so: its `linguistics_term`.
    pub field: Option<String>,
    /// The grammatical sentence.
    pub good: Sentence,
    /// The other one.
    pub bad: Sentence,
}

/// A file of pairs.
#[derive(Debug, Clone, Copy)]
pub struct PairFile<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// Its content, where it is known beforehand.
    pub content: Option<Digest>,
    /// Most ids of a sentence without special ones; what is longer is cut at its end.
    pub room: usize,
    /// What becomes of a pair of which both sentences are the same.
    pub same: Same,
    /// Whether a space is put before each sentence, as the public evaluation harness does.
    pub space: bool,
}

/// The pairs of a JSON Lines file, in order; blank lines are skipped.
///
/// # Errors
/// When the file cannot be read, holds something else than is known of it, or holds no pair; when a line is not a pair
/// of two different sentences, or has the id of an earlier one.
pub fn read(file: &PairFile<'_>, tokenizer: &Tokenizer) -> Result<Vec<MinimalPair>, DataError> {
    let lines = lines(file)?;
    let space = if file.space { " " } else { "" };
    let sentences = lines.iter().flat_map(|line| [&line.sentence_good, &line.sentence_bad]);
    let texts: Vec<String> = sentences.map(|sentence| format!("{space}{sentence}")).collect();
    let texts = texts.iter().map(String::as_str).collect();
    let mut sentences = tokenizer.encode_words(texts)?.into_iter().map(|Worded { mut ids, mut words }| {
        let is_cut = ids.len() > file.room;
        ids.truncate(file.room);
        words.truncate(file.room);
        Sentence { ids, words, is_cut }
    });
    let mut next = || sentences.next().expect("invariant: two sentences a line");
    let pair =
        |line: Line| MinimalPair { paradigm: line.paradigm, field: line.field.map(field), good: next(), bad: next() };
    Ok(lines.into_iter().map(pair).collect())
}

/// Most ids of a sentence, without special ones, that a network has room for. A decoder sees one special token before
/// it, but not the sentence's last token, which nothing follows; an encoder sees a special token on either side.
pub fn room(model: &ModelSpec) -> usize {
    let context = model.context as usize;
    match model.architecture {
        Architecture::GptNeo => context,
        Architecture::Roberta => context.saturating_sub(2),
    }
}

/// The field of a `linguistics_term`. Two paradigms of BLiMP have one of their own, which the paper (its table 1) and
/// the published scores count as argument structure.
pub(crate) fn field(term: String) -> String {
    if term == "s-selection" { "argument_structure".to_owned() } else { term }
}

fn lines(file: &PairFile<'_>) -> Result<Vec<Line>, DataError> {
    let path = || file.path.to_owned();
    let bytes = fs::read(file.path).map_err(|source| DataError::Read { path: path(), source })?;
    let found = Digest::of(&bytes);
    if let Some(expected) = file.content.filter(|expected| *expected != found) {
        return Err(DataError::Changed { path: path(), expected, found });
    }
    minimal_pairs::lines(&bytes, file.same).map_err(|error| match error {
        PairsError::NotUtf8 { line, offset } => DataError::NotUtf8 { path: path(), line, offset },
        PairsError::Line { line, reason } => DataError::BadPair { path: path(), line, reason },
        PairsError::Empty => DataError::Empty { path: path(), what: "minimal pair" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::tokenizer;

    fn read_text(content: &[u8]) -> Result<Vec<MinimalPair>, DataError> {
        read_as(content, Same::Refused)
    }

    fn read_as(content: &[u8], same: Same) -> Result<Vec<MinimalPair>, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.jsonl");
        fs::write(&path, content).unwrap();
        let file = PairFile { path: &path, content: Some(Digest::of(content)), room: 22, same, space: false };
        read(&file, &tokenizer())
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
        assert_eq!(pairs[0].good.ids, tokenizer().encode_bare(vec!["The cats sit."]).unwrap()[0]);
        assert_eq!(pairs[1].bad.ids, tokenizer().encode_bare(vec!["He sees herself."]).unwrap()[0]);
        assert_eq!(pairs[1].field, None);
    }

    #[test]
    fn a_selection_restriction_is_argument_structure_as_in_the_paper() {
        let line = "{\"sentence_good\": \"A\", \"sentence_bad\": \"B\", \"UID\": \"u\", \"linguistics_term\": \"s-selection\"}";
        assert_eq!(read_text(line.as_bytes()).unwrap()[0].field.as_deref(), Some("argument_structure"));
    }

    #[test]
    fn a_published_pair_of_the_same_sentence_twice_is_kept() {
        let line = b"{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cat.\", \"UID\": \"u\"}";
        assert!(read_text(line).is_err());
        let pairs = read_as(line, Same::Kept).unwrap();
        assert_eq!(pairs[0].good, pairs[0].bad);
    }

    #[test]
    fn the_end_of_a_long_sentence_is_left_out() {
        let line =
            format!("{{\"sentence_good\": \"{}\", \"sentence_bad\": \"A cat.\", \"UID\": \"u\"}}", "w ".repeat(23));
        let pairs = read_text(line.as_bytes()).unwrap();
        let good = &pairs[0].good;
        assert_eq!((good.ids.len(), good.words.len(), good.is_cut, pairs[0].bad.is_cut), (22, 22, true, false));
    }

    #[test]
    fn what_is_no_pair_is_named_by_file_and_line() {
        let good = "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cats.\", \"UID\": \"u\"}\n";
        insta::assert_snapshot!(error(b"\n"), @"pairs.jsonl holds no minimal pair");
        insta::assert_snapshot!(error(format!("{good}nonsense").as_bytes()), @"pairs.jsonl, line 2: not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): expected ident at column 2");
        insta::assert_snapshot!(error(format!("{good}\n{{\"sentence_good\": \"A\"}}").as_bytes()), @"pairs.jsonl, line 3: not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): missing field `sentence_bad` at column 22");
        insta::assert_snapshot!(error(good.replace("A cats.", " ").as_bytes()), @"pairs.jsonl, line 1: sentence_bad is blank");
        insta::assert_snapshot!(error(good.replace("cats", "cat").as_bytes()), @r#"pairs.jsonl, line 1: sentence_good and sentence_bad are both "A cat.""#);
        let numbered = good.replace("\"UID\"", "\"pairID\": \"7\", \"UID\"");
        insta::assert_snapshot!(error(format!("{numbered}\n{numbered}").as_bytes()), @r#"pairs.jsonl, line 3: the pair "7" of u stands on line 1 already; ids must differ"#);
        insta::assert_snapshot!(error(&[good.as_bytes(), b"\xff"].concat()), @"pairs.jsonl, line 2: byte 67 of the file is not UTF-8");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.jsonl");
        let content = Some(Digest::of(b"planned"));
        let file = PairFile { path: &path, content, room: 22, same: Same::Refused, space: false };
        assert!(matches!(read(&file, &tokenizer()), Err(DataError::Read { .. })));
        fs::write(&path, good).unwrap();
        assert!(matches!(read(&file, &tokenizer()), Err(DataError::Changed { .. })));
    }
}
