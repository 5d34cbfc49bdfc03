//! Text to ids and back.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spec::identity::Digest;
use tokenizers::{DecoderWrapper, PostProcessorWrapper};

use super::error::DataError;

/// The special tokens by content, in the order of [`SpecialIds`].
pub const SPECIAL_TOKENS: [&str; 5] = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"];

/// A table of tokens has fewer rows than this without a token.
const LONGEST_PADDING: u32 = 128;

/// The ids of the special tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SpecialIds {
    /// `<pad>`: never in a batch; exported models name it.
    pub pad: u16,
    /// `<s>`: the first token of every story.
    pub start: u16,
    /// `</s>`: the last token of every story.
    pub end: u16,
    /// `<unk>`: text that the tokenizer cannot spell; a byte-level one can spell all.
    pub unknown: u16,
    /// `<mask>`: what an encoder sees where it must guess.
    pub mask: u16,
}

impl SpecialIds {
    /// The ids in the order of [`SPECIAL_TOKENS`].
    pub fn all(&self) -> [u16; 5] {
        [self.pad, self.start, self.end, self.unknown, self.mask]
    }

    /// Whether `id` is one of them.
    pub fn contains(&self, id: u16) -> bool {
        self.all().contains(&id)
    }
}

/// A text's bare ids, and the word that each belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worded {
    /// The ids.
    pub ids: Vec<u16>,
    /// For each of them its word, counted from 0.
    pub words: Vec<u32>,
}

/// A tokenizer of a known size, with all special tokens.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    /// Encodes bare text: no special tokens, no cutting, no padding.
    encoder: Arc<tokenizers::Tokenizer>,
    json: Arc<[u8]>,
    specials: SpecialIds,
    vocabulary: u32,
}

impl Tokenizer {
    /// The tokenizer of a `tokenizer.json` with this content; `path` is where it lies, for messages.
    ///
    /// # Errors
    /// When it cannot be parsed, has another size than `vocabulary`, or lacks a special token.
    pub fn from_json(json: Vec<u8>, path: &Path, vocabulary: u32) -> Result<Self, DataError> {
        let encoder = parse(&json, path)?;
        let found = ids_in(&encoder);
        if found != vocabulary {
            return Err(DataError::WrongVocabulary { path: path.to_owned(), found, wanted: vocabulary });
        }
        if vocabulary > 1 << 16 {
            return Err(DataError::VocabularyOutOfRange(vocabulary));
        }
        let mut ids = [0; 5];
        for (id, token) in ids.iter_mut().zip(SPECIAL_TOKENS) {
            let missing = || DataError::MissingSpecial { path: path.to_owned(), token };
            *id = encoder.token_to_id(token).ok_or_else(missing)? as u16;
        }
        let [pad, start, end, unknown, mask] = ids;
        Self::of(encoder, json, SpecialIds { pad, start, end, unknown, mask }, vocabulary)
    }

    /// The tokenizer of a model from elsewhere: its special tokens may be called otherwise, and the model may have more
    /// rows than it has tokens, since tables are often made a multiple of 64 or 128 long.
    ///
    /// # Errors
    /// When it cannot be parsed, or has more ids than the model or 128 or more fewer.
    pub fn with_specials(json: Vec<u8>, path: &Path, vocabulary: u32, specials: SpecialIds) -> Result<Self, DataError> {
        let encoder = parse(&json, path)?;
        let found = ids_in(&encoder);
        if found > vocabulary || vocabulary - found >= LONGEST_PADDING {
            return Err(DataError::ForeignVocabulary { path: path.to_owned(), found, wanted: vocabulary });
        }
        Self::of(encoder, json, specials, vocabulary)
    }

    fn of(
        mut encoder: tokenizers::Tokenizer,
        json: Vec<u8>,
        specials: SpecialIds,
        vocabulary: u32,
    ) -> Result<Self, DataError> {
        encoder.with_post_processor(None::<PostProcessorWrapper>);
        encoder.with_padding(None);
        encoder.with_truncation(None).map_err(|error| DataError::Tokenizer(error.to_string()))?;
        // A story that says "<mask>" has written six letters.
        encoder.set_encode_special_tokens(true);
        Ok(Self { encoder: Arc::new(encoder), json: json.into(), specials, vocabulary })
    }

    /// The content of the `tokenizer.json`, byte for byte.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// The digest of [`Self::json`].
    pub fn digest(&self) -> Digest {
        Digest::of(&self.json)
    }

    /// The special tokens.
    pub fn specials(&self) -> SpecialIds {
        self.specials
    }

    /// How many ids the tokenizer itself has, its largest and one: the model's table may be padded beyond.
    pub fn tokens(&self) -> u32 {
        ids_in(&self.encoder)
    }

    /// The id of a token by its spelling.
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.encoder.token_to_id(token)
    }

    /// The first of the special ids that is no token, with its place in [`SPECIAL_TOKENS`].
    pub fn absent_special(&self) -> Option<(usize, u16)> {
        let mut ids = self.specials.all().into_iter().enumerate();
        ids.find(|(_, id)| self.encoder.id_to_token(u32::from(*id)).is_none())
    }

    /// The number of ids.
    pub fn vocabulary(&self) -> u32 {
        self.vocabulary
    }

    /// The ids of `text` between `<s>` and `</s>`.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`].
    pub fn encode(&self, text: &str) -> Result<Vec<u16>, DataError> {
        let encoding =
            self.encoder.encode_fast(text, false).map_err(|error| DataError::Tokenizer(error.to_string()))?;
        let bare = self.narrow(encoding.get_ids());
        Ok(std::iter::once(self.specials.start).chain(bare).chain([self.specials.end]).collect())
    }

    /// The bare ids of each text, without `<s>` and `</s>`; on all cores.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`].
    pub fn encode_bare(&self, texts: Vec<&str>) -> Result<Vec<Vec<u16>>, DataError> {
        let encodings = self.encoder.encode_batch_fast(texts, false);
        let encodings = encodings.map_err(|error| DataError::Tokenizer(error.to_string()))?;
        Ok(encodings.iter().map(|encoding| self.narrow(encoding.get_ids()).collect()).collect())
    }

    /// The bare ids of each text, and for each of them the word it belongs to, counted from 0: words are what the
    /// tokenizer cuts apart before it looks for tokens (a byte-level one: at spaces, around punctuation, before `'s`
    /// and `n't`'s like). On all cores.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`].
    pub fn encode_words(&self, texts: Vec<&str>) -> Result<Vec<Worded>, DataError> {
        let encodings = self.encoder.encode_batch(texts, false);
        let encodings = encodings.map_err(|error| DataError::Tokenizer(error.to_string()))?;
        let words = |encoding: &tokenizers::Encoding| {
            let mut last = 0;
            let words = encoding.get_word_ids().iter().map(|word| {
                // A token that belongs to no word belongs to the one before it.
                last = word.unwrap_or(last);
                last
            });
            words.collect()
        };
        let worded = |encoding| Worded {
            ids: self.narrow(tokenizers::Encoding::get_ids(encoding)).collect(),
            words: words(encoding),
        };
        Ok(encodings.iter().map(worded).collect())
    }

    /// The characters of `text` that each of its bare ids stands for, counted as code points; a token takes the space
    /// before its word along.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`].
    pub fn places(&self, text: &str) -> Result<Vec<Range<usize>>, DataError> {
        let encoding = self.encoder.encode_char_offsets(text, false);
        let encoding = encoding.map_err(|error| DataError::Tokenizer(error.to_string()))?;
        Ok(encoding.get_offsets().iter().map(|(start, end)| *start..*end).collect())
    }

    /// How many bytes of text each id stands for; special tokens stand for none.
    ///
    /// Exact for a byte-level tokenizer. Another kind may change the text before it cuts it: there it is the length of
    /// the token's own spelling.
    pub fn byte_lengths(&self) -> Vec<u32> {
        let is_byte_level = matches!(self.encoder.get_decoder(), Some(DecoderWrapper::ByteLevel(_)));
        let length = |id: u32| {
            let token = self.encoder.id_to_token(id).unwrap_or_default();
            match id as u16 {
                id if self.specials.contains(id) => 0,
                // Each byte is one character, chosen to be visible.
                _ if is_byte_level => token.chars().count() as u32,
                _ => token.trim_start_matches("##").replace('\u{2581}', " ").len() as u32,
            }
        };
        (0..self.vocabulary).map(length).collect()
    }

    /// The token of each id as the tokenizer spells it: `Ġcat` for ` cat` in a byte-level one.
    pub fn spellings(&self, ids: &[u16]) -> Vec<String> {
        ids.iter().map(|&id| self.encoder.id_to_token(u32::from(id)).unwrap_or_default()).collect()
    }

    /// The text of `ids`, special tokens left out.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`].
    pub fn decode(&self, ids: &[u16]) -> Result<String, DataError> {
        let ids: Vec<u32> = ids.iter().map(|&id| u32::from(id)).collect();
        self.encoder.decode(&ids, true).map_err(|error| DataError::Tokenizer(error.to_string()))
    }

    /// Ids as they are stored. A tokenizer of whole words may know `<s>` as a word: here it is an unknown one.
    fn narrow<'a>(&self, ids: &'a [u32]) -> impl Iterator<Item = u16> + use<'a> {
        let specials = self.specials;
        ids.iter().map(move |&id| if specials.contains(id as u16) { specials.unknown } else { id as u16 })
    }
}

fn parse(json: &[u8], path: &Path) -> Result<tokenizers::Tokenizer, DataError> {
    tokenizers::Tokenizer::from_bytes(json)
        .map_err(|error| DataError::NotATokenizer { path: path.to_owned(), reason: error.to_string() })
}

/// The largest id, and one.
fn ids_in(encoder: &tokenizers::Tokenizer) -> u32 {
    encoder.get_vocab(true).into_values().max().map_or(0, |largest| largest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{STORIES, tokenizer};

    fn path() -> &'static Path {
        Path::new("tokenizer.json")
    }

    /// The JSON of the test tokenizer after `edit`.
    fn edited(edit: &dyn Fn(&mut serde_json::Value)) -> Vec<u8> {
        let mut json = serde_json::from_slice(tokenizer().json()).unwrap();
        edit(&mut json);
        serde_json::to_vec(&json).unwrap()
    }

    #[test]
    fn text_comes_back_from_its_ids() {
        let tokenizer = tokenizer();
        for text in ["The cat sat.", "  two  spaces\n\nand lines", "naïve café — 猫 🐈", "<s> <mask> </s> <pad>"]
        {
            let ids = tokenizer.encode(text).unwrap();
            assert_eq!((ids[0], ids[ids.len() - 1]), (1, 2));
            let bare = &ids[1..ids.len() - 1];
            assert!(bare.iter().all(|&id| !tokenizer.specials().contains(id)), "{text}: {ids:?}");
            assert_eq!(tokenizer.decode(&ids).unwrap(), text);
            assert_eq!(tokenizer.encode_bare(vec![text, ""]).unwrap(), [bare, &[]]);
            let lengths = tokenizer.byte_lengths();
            let bytes: u32 = ids.iter().map(|&id| lengths[usize::from(id)]).sum();
            assert_eq!(bytes as usize, text.len(), "{text}");
        }
        assert_eq!(tokenizer.encode("").unwrap(), [1, 2]);
    }

    #[test]
    fn tokens_know_their_words() {
        let tokenizer = tokenizer();
        let text = "The zebra didn't sit, she ran.";
        let Worded { ids, words } = tokenizer.encode_words(vec![text]).unwrap().remove(0);
        assert_eq!(ids, tokenizer.encode_bare(vec![text]).unwrap()[0]);
        let mut spelled = vec![String::new(); *words.last().unwrap() as usize + 1];
        for (id, word) in ids.iter().zip(&words) {
            spelled[*word as usize] += &tokenizer.decode(&[*id]).unwrap();
        }
        assert_eq!(spelled, ["The", " zebra", " didn", "'t", " sit", ",", " she", " ran", "."]);
    }

    #[test]
    fn cutting_and_padding_of_a_file_are_not_ours() {
        let json = edited(&|json| {
            json["truncation"] =
                serde_json::json!({"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0});
            json["padding"] = serde_json::json!({"strategy": {"Fixed": 64}, "direction": "Right",
                "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"});
        });
        let other = Tokenizer::from_json(json.clone(), path(), 300).unwrap();
        assert_eq!(other.encode(STORIES[0]).unwrap(), tokenizer().encode(STORIES[0]).unwrap());
        assert_eq!(other.json(), json, "what is exported is the file");
        assert_eq!(other.digest(), Digest::of(&json));
    }

    #[test]
    fn a_tokenizer_that_does_not_fit_is_refused() {
        let error = |json: Vec<u8>, vocabulary| Tokenizer::from_json(json, path(), vocabulary).unwrap_err().to_string();
        insta::assert_snapshot!(error(tokenizer().json().to_vec(), 301), @"tokenizer.json has 300 tokens, but model.vocabulary = 301; set model.vocabulary = 300 or name another tokenizer");
        insta::assert_snapshot!(error(b"{".to_vec(), 300), @"tokenizer.json is not a tokenizer.json: EOF while parsing an object at line 1 column 1");
        let renamed = |from: &str, to: &str| {
            String::from_utf8(tokenizer().json().to_vec()).unwrap().replace(from, to).into_bytes()
        };
        insta::assert_snapshot!(error(renamed("<mask>", "[MASK]"), 300), @"tokenizer.json has no token `<mask>`; it needs <pad>, <s>, </s>, <unk> and <mask>");
        insta::assert_snapshot!(error(renamed("<pad>", "[PAD]"), 300), @"tokenizer.json has no token `<pad>`; it needs <pad>, <s>, </s>, <unk> and <mask>");
    }
}
