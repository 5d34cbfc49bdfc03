//! The text of a run, named by content.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::identity::Digest;
use crate::setting::Settings;

/// Where the held-out stories come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Validation {
    /// Files of their own.
    Files(Vec<Digest>),
    /// A part of the corpus in (0, 0.5]: the stories whose content hash falls below that part of its range.
    Fraction(f64),
}

/// The tokenizer: trained on the training stories, or loaded from a file with this content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenizerSpec {
    /// Byte-level BPE of the model's vocabulary size.
    Train,
    /// A `tokenizer.json`.
    File(Digest),
}

/// What becomes of a story that is longer than the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongStories {
    /// Its head is kept.
    Truncate,
    /// It becomes several stories.
    Split,
}

/// The text of a run. Files are named by their content; where they lie is in [`crate::run::RunSpec::files`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DataSpec {
    /// The training files, in order; at least one.
    pub corpus: Vec<Digest>,
    /// The held-out stories.
    pub validation: Validation,
    /// The line between two stories.
    pub separator: String,
    /// How text becomes ids.
    pub tokenizer: TokenizerSpec,
    /// What becomes of long stories.
    pub long_stories: LongStories,
    /// Only the first so many training stories, if given.
    pub stories: Option<u64>,
}

impl DataSpec {
    /// The data that `settings` ask for; `content` gives the digest of a path that a setting names.
    ///
    /// # Errors
    /// When no corpus is given, or a fraction is given together with validation files.
    pub fn from_settings(settings: &Settings, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Self, SpecError> {
        settings.required("data.corpus")?;
        let corpus = digests("data.corpus", settings, content)?;
        if corpus.is_empty() {
            return Err(SpecError::Invalid {
                key: "data.corpus",
                value: "[]".to_owned(),
                expected: "at least one path".to_owned(),
            });
        }
        Ok(Self {
            corpus,
            validation: validation(settings, content)?,
            separator: settings.name("data.separator"),
            tokenizer: match settings.name("data.tokenizer").as_str() {
                "train" => TokenizerSpec::Train,
                path => TokenizerSpec::File(digest("data.tokenizer", path, content)?),
            },
            long_stories: match settings.name("data.long-stories").as_str() {
                "split" => LongStories::Split,
                _ => LongStories::Truncate,
            },
            stories: settings.integer("data.stories").map(i64::unsigned_abs),
        })
    }
}

fn validation(settings: &Settings, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Validation, SpecError> {
    let files = digests("data.validation", settings, content)?;
    if files.is_empty() {
        return Ok(Validation::Fraction(settings.number("data.validation-fraction")));
    }
    if settings.is_given("data.validation-fraction") {
        return Err(SpecError::Exclusive { key: "data.validation-fraction", other: "data.validation" });
    }
    Ok(Validation::Files(files))
}

/// The digests of the files that a path setting names.
pub(crate) fn digests(
    key: &'static str,
    settings: &Settings,
    content: &dyn Fn(&str) -> Option<Digest>,
) -> Result<Vec<Digest>, SpecError> {
    settings.texts(key).iter().map(|path| digest(key, path, content)).collect()
}

fn digest(key: &'static str, path: &str, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Digest, SpecError> {
    content(path).ok_or_else(|| SpecError::Unfit {
        key,
        value: format!("{path:?}"),
        reason: "no such file could be read".to_owned(),
    })
}
