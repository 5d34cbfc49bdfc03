//! What can be wrong with the text of a run.

use std::io;
use std::path::PathBuf;

use spec::identity::Digest;

use crate::files::WriteError;

/// Why text could not become tokens.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The run names content, but not where it lies.
    #[error("nothing says where the file with the content {0} lies")]
    UnknownContent(Digest),
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the cache could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What was just written cannot be read back.
    #[error("{path} was prepared just now, but cannot be opened: {reason}")]
    Unstable {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A context with no room for text.
    #[error("model.context = {0} leaves no room for text between <s> and </s>; at least 3 is needed")]
    ContextTooSmall(u32),
    /// A file is not the one that the run was planned with.
    #[error("{path} is not what it was: its content is now {found}, it was {expected}")]
    Changed {
        /// The file.
        path: PathBuf,
        /// The content that the run names.
        expected: Digest,
        /// The content that was read.
        found: Digest,
    },
    /// A file holds nothing of what it should hold.
    #[error("{path} holds no {what}")]
    Empty {
        /// The file.
        path: PathBuf,
        /// `story` or `minimal pair`.
        what: &'static str,
    },
    /// A file is not UTF-8.
    #[error("{path}, line {line}: byte {offset} of the file is not UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Offset of the first wrong byte in the file, from 0.
        offset: u64,
    },
    /// A file has no line that separates stories.
    #[error("{path} has no line that holds only `{separator}` (data.separator), so it would be one single story")]
    NoSeparator {
        /// The file.
        path: PathBuf,
        /// The separator that was looked for.
        separator: String,
    },
    /// A story is longer than any story.
    #[error(
        "{path}: the story that starts on line {line} is longer than {limit} bytes; \
         is `{separator}` (data.separator) really the line between two stories?"
    )]
    EndlessStory {
        /// The file.
        path: PathBuf,
        /// The line on which the story starts, from 1.
        line: u64,
        /// The longest story in bytes.
        limit: usize,
        /// The separator that was looked for.
        separator: String,
    },
    /// The separator cannot be found by lines.
    #[error("data.separator = {0:?} cannot stand on a line of its own: it must be one line, not blank")]
    BadSeparator(String),
    /// Nothing is left to train on.
    #[error("none of the {stories} stories of the corpus is left to train on; lower data.validation-fraction")]
    NothingToTrainOn {
        /// Stories in the corpus.
        stories: u64,
    },
    /// Nothing is held out.
    #[error("none of {stories} stories is held out: {reason}")]
    NothingHeldOut {
        /// Stories that could have been.
        stories: u64,
        /// Why, and what to change.
        reason: &'static str,
    },
    /// More stories than can be counted.
    #[error("the corpus has more than {} stories", u32::MAX)]
    TooManyStories,
    /// The corpus does not fill one optimiser step.
    #[error("the training stories hold {found} {unit}, too few for one step of {needed} ({setting})")]
    TooSmall {
        /// What the corpus has.
        found: u64,
        /// What a step needs.
        needed: u64,
        /// `stories` or `tokens`.
        unit: &'static str,
        /// The setting that asks for it.
        setting: &'static str,
    },
    /// The corpus does not have enough different words.
    #[error("the corpus yields only {found} tokens, not {wanted}; set model.vocabulary = {found}")]
    CorpusTooSmallForVocabulary {
        /// Tokens that could be learned, special tokens included.
        found: u32,
        /// `model.vocabulary`.
        wanted: u32,
    },
    /// A vocabulary that has no room for 256 bytes and five special tokens, or whose ids do not fit 16 bits.
    #[error("model.vocabulary = {0} is outside 261..=65536")]
    VocabularyOutOfRange(u32),
    /// The tokenizer library failed.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
    /// A `tokenizer.json` cannot be parsed.
    #[error("{path} is not a tokenizer.json: {reason}")]
    NotATokenizer {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// A tokenizer of the wrong size.
    #[error(
        "{path} has {found} tokens, but model.vocabulary = {wanted}; set model.vocabulary = {found} or name another tokenizer"
    )]
    WrongVocabulary {
        /// The file.
        path: PathBuf,
        /// Ids that the tokenizer needs: its largest id, and one.
        found: u32,
        /// `model.vocabulary`.
        wanted: u32,
    },
    /// The tokenizer of a model from elsewhere is of another size than the model's table.
    #[error("{path} does not belong to this model: it has {found} tokens, the model {wanted}")]
    ForeignVocabulary {
        /// The file.
        path: PathBuf,
        /// Ids that the tokenizer needs: its largest id, and one.
        found: u32,
        /// Rows of the model's table of tokens.
        wanted: u32,
    },
    /// A tokenizer lacks a token that the trainer needs.
    #[error("{path} has no token `{token}`; it needs <pad>, <s>, </s>, <unk> and <mask>")]
    MissingSpecial {
        /// The file.
        path: PathBuf,
        /// The missing token.
        token: &'static str,
    },
    /// A line of minimal pairs is not what it should be.
    #[error("{path}, line {line}: {reason}")]
    BadPair {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// Inputs give away what is to be guessed.
    #[error(
        "labels leak: at {same} of {scored} masked positions the input is the answer itself \
         (about one in ten is right)"
    )]
    LabelsLeak {
        /// Positions whose input is their target.
        same: u64,
        /// Positions looked at.
        scored: u64,
    },
    /// A cursor that does not belong to this corpus.
    #[error("the data cursor stands at story {position} of an epoch of {stories}: it belongs to another corpus")]
    ForeignCursor {
        /// Where the cursor stands.
        position: u64,
        /// Stories in an epoch.
        stories: u64,
    },
    /// The caller asked to stop.
    #[error("preparing the corpus was interrupted")]
    Interrupted,
}
