//! What a prepared corpus holds; the last of its files to be written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spec::data::{DataSpec, LongStories, Validation};
use spec::identity::Digest;

/// Raised when the same files and settings would give other ids than before.
const FORM: u32 = 1;

/// One part of a prepared corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PartFacts {
    /// Stories as the network sees them: a split one counts as often as it was cut.
    pub stories: u64,
    /// Tokens, `<s>` and `</s>` included.
    pub tokens: u64,
    /// UTF-8 bytes of text that the tokens stand for; what truncation cut off does not count.
    pub bytes: u64,
    /// Stories of the files that were longer than the context.
    pub long: u64,
    /// The content of the file of ids.
    pub ids: Digest,
    /// The content of the file of bounds.
    pub bounds: Digest,
}

/// A prepared corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// What it was prepared from: see [`preparation_key`].
    pub key: Digest,
    /// The content of the tokenizer.
    pub tokenizer: Digest,
    /// The training stories.
    pub training: PartFacts,
    /// The held-out stories.
    pub validation: PartFacts,
    /// Stories of the validation files that were left out because they are training stories too.
    pub duplicates: u64,
}

/// What makes a trained tokenizer what it is.
#[derive(Serialize)]
struct TokenizerInputs<'a> {
    form: u32,
    corpus: &'a [Digest],
    validation: &'a Validation,
    separator: &'a str,
    stories: Option<u64>,
    vocabulary: u32,
}

/// The name of the tokenizer that is learned from this text.
pub fn tokenizer_key(data: &DataSpec, vocabulary: u32) -> Digest {
    digest(&TokenizerInputs {
        form: FORM,
        corpus: &data.corpus,
        validation: &data.validation,
        separator: &data.separator,
        stories: data.stories,
        vocabulary,
    })
}

/// What makes a prepared corpus what it is.
#[derive(Serialize)]
struct PreparationInputs<'a> {
    form: u32,
    corpus: &'a [Digest],
    validation: &'a Validation,
    separator: &'a str,
    stories: Option<u64>,
    long_stories: LongStories,
    context: u32,
    tokenizer: Digest,
}

/// The name of this text, encoded by the tokenizer with this content for a network of this context.
pub fn preparation_key(data: &DataSpec, context: u32, tokenizer: Digest) -> Digest {
    digest(&PreparationInputs {
        form: FORM,
        corpus: &data.corpus,
        validation: &data.validation,
        separator: &data.separator,
        stories: data.stories,
        long_stories: data.long_stories,
        context,
        tokenizer,
    })
}

fn digest(inputs: &impl Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(inputs).expect("invariant: the inputs are plain JSON"))
}

/// Where the files of a prepared corpus lie.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    stem: String,
}

impl Files {
    /// The files of the corpus `key` in the cache `folder`.
    pub fn new(folder: &Path, key: Digest) -> Self {
        Self { folder: folder.to_owned(), stem: key.short() }
    }

    /// What all their names start with.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The manifest.
    pub fn manifest(&self) -> PathBuf {
        self.named("json")
    }

    /// Who is preparing it now.
    pub fn lease(&self) -> PathBuf {
        self.named("lease")
    }

    /// The ids of `part`, little-endian u16.
    pub fn ids(&self, part: &str) -> PathBuf {
        self.named(&format!("{part}.ids"))
    }

    /// The story bounds of `part`, cumulative, little-endian u64.
    pub fn bounds(&self, part: &str) -> PathBuf {
        self.named(&format!("{part}.bounds"))
    }

    fn named(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", self.stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spec::data::TokenizerSpec;

    fn data() -> DataSpec {
        DataSpec {
            corpus: vec![Digest::of(b"a"), Digest::of(b"b")],
            validation: Validation::Fraction(0.05),
            separator: "<|endoftext|>".to_owned(),
            tokenizer: TokenizerSpec::Train,
            long_stories: LongStories::Truncate,
            stories: None,
        }
    }

    #[test]
    fn keys_change_with_what_changes_the_product_and_with_nothing_else() {
        let tokenizer = Digest::of(b"tokenizer");
        let (base_tokenizer, base) = (tokenizer_key(&data(), 300), preparation_key(&data(), 64, tokenizer));
        let change = |edit: &dyn Fn(&mut DataSpec)| {
            let mut data = data();
            edit(&mut data);
            (tokenizer_key(&data, 300) != base_tokenizer, preparation_key(&data, 64, tokenizer) != base)
        };
        assert_eq!(change(&|_| ()), (false, false));
        assert_eq!(change(&|data| data.corpus.reverse()), (true, true));
        assert_eq!(change(&|data| data.validation = Validation::Fraction(0.1)), (true, true));
        assert_eq!(change(&|data| data.separator = "---".to_owned()), (true, true));
        assert_eq!(change(&|data| data.stories = Some(9)), (true, true));
        assert_eq!(change(&|data| data.long_stories = LongStories::Split), (false, true));
        assert_ne!(tokenizer_key(&data(), 301), base_tokenizer);
        assert_ne!(preparation_key(&data(), 65, tokenizer), base);
        assert_ne!(preparation_key(&data(), 64, Digest::of(b"other")), base);
    }
}
