//! From the files that a run names to its tokenizer and its encoded stories, by way of the cache.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use spec::data::{DataSpec, TokenizerSpec, Validation};
use spec::identity::Digest;

use super::bpe;
use super::cache;
use super::encode::CorpusWriter;
use super::error::DataError;
use super::lease::{Waiting, built_once};
use super::manifest::{Files, Manifest, preparation_key, tokenizer_key};
use super::source::{Duplicates, Source};
use super::split::Part;
use super::stories::{Stories, TRAINING, VALIDATION};
use super::tokenizer::Tokenizer;
use crate::files::WriteError;

/// What is to be prepared.
pub struct Request<'a> {
    /// The text.
    pub data: &'a DataSpec,
    /// Where the content that `data` names lies.
    pub files: &'a BTreeMap<Digest, PathBuf>,
    /// The number of ids.
    pub vocabulary: u32,
    /// The longest story in tokens, `<s>` and `</s>` included.
    pub context: u32,
    /// The folder of prepared text; made if it is not there. Processes may share it.
    pub cache: &'a Path,
    /// Takes notes for people: what is done, and what was mended.
    pub note: &'a mut dyn FnMut(&str),
    /// Asked now and then: shall the process stop?
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// The text of a run, ready.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// What the network learns from.
    pub training: Stories,
    /// What it is measured on.
    pub validation: Stories,
    /// How much text that is, and what it was made from.
    pub manifest: Manifest,
}

/// Finds the text prepared in the cache, or prepares it: once, however many processes ask.
///
/// # Errors
/// When a file is missing, has changed since the run was planned or is not text; when the corpus is too small; when the
/// tokenizer does not fit the vocabulary; when the cache cannot be written.
pub fn prepare(request: &mut Request<'_>) -> Result<Prepared, DataError> {
    // A story of one token between `<s>` and `</s>` is the least there is to learn from.
    let room = (request.context as usize).checked_sub(2).filter(|&room| room > 0);
    let room = room.ok_or(DataError::ContextTooSmall(request.context))?;
    let made = fs::create_dir_all(request.cache);
    made.map_err(|source| WriteError::new(request.cache, source))?;
    let tokenizer = tokenizer(request)?;
    let source = Source { data: request.data, files: request.files };
    let waiting = &mut Waiting { note: &mut *request.note, stop: request.stop };
    let key = preparation_key(request.data, request.context, tokenizer.digest());
    let files = Files::new(request.cache, key);
    let preparation = Preparation { source, tokenizer: &tokenizer, room, key, files };
    let (manifest, training, validation) = built_once(
        &preparation.files.lease(),
        waiting,
        |waiting| preparation.open(waiting),
        |waiting| {
            cache::remove_abandoned(request.cache, preparation.files.stem(), SystemTime::now());
            preparation.build(waiting)
        },
    )?;
    Ok(Prepared { tokenizer, training, validation, manifest })
}

/// The tokenizer alone: of a file, from the cache, or learned from the corpus where the cache has lost it.
///
/// # Errors
/// As [`prepare`].
pub fn tokenizer(request: &mut Request<'_>) -> Result<Tokenizer, DataError> {
    let source = Source { data: request.data, files: request.files };
    match request.data.tokenizer {
        TokenizerSpec::File(content) => given_tokenizer(source.path(content)?, content, request.vocabulary),
        TokenizerSpec::Train => {
            let waiting = &mut Waiting { note: &mut *request.note, stop: request.stop };
            learned_tokenizer(source, request.vocabulary, request.cache, waiting)
        }
    }
}

/// The tokenizer of a file that the run names.
fn given_tokenizer(path: &Path, content: Digest, vocabulary: u32) -> Result<Tokenizer, DataError> {
    let json = fs::read(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let found = Digest::of(&json);
    if found != content {
        return Err(DataError::Changed { path: path.to_owned(), expected: content, found });
    }
    Tokenizer::from_json(json, path, vocabulary)
}

/// The tokenizer that the training stories teach, from the cache or learned now.
fn learned_tokenizer(
    source: Source<'_>,
    vocabulary: u32,
    cache: &Path,
    waiting: &mut Waiting<'_>,
) -> Result<Tokenizer, DataError> {
    let stem = format!("tokenizer-{}", tokenizer_key(source.data, vocabulary).short());
    let path = cache.join(format!("{stem}.json"));
    let open = |waiting: &mut Waiting<'_>| {
        let Some(json) = read_if_there(&path)? else {
            return Ok(None);
        };
        let tokenizer = Tokenizer::from_json(json, &path, vocabulary);
        Ok(tokenizer.inspect_err(|error| (waiting.note)(&format!("{error}; learning it again"))).ok())
    };
    let build = |waiting: &mut Waiting<'_>| {
        cache::remove_abandoned(cache, &stem, SystemTime::now());
        let json = bpe::train(vocabulary, training_texts(source, waiting.stop))?;
        cache::write(&path, &json)?;
        (waiting.note)(&format!("learned a tokenizer of {vocabulary} ids: {}", path.display()));
        Tokenizer::from_json(json, &path, vocabulary)
    };
    built_once(&cache.join(format!("{stem}.lease")), waiting, open, build)
}

/// The training stories, until somebody wants the process to stop.
fn training_texts<'a>(
    source: Source<'a>,
    stop: &'a (dyn Fn() -> bool + Sync),
) -> impl Iterator<Item = Result<String, DataError>> + Send + 'a {
    source.corpus().filter_map(move |next| match next {
        _ if stop() => Some(Err(DataError::Interrupted)),
        Ok((Part::Training, story)) => Some(Ok(story)),
        Ok((Part::HeldOut, _)) => None,
        Err(error) => Some(Err(error)),
    })
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DataError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DataError::Read { path: path.to_owned(), source }),
    }
}

/// A corpus that is encoded, or will be.
struct Preparation<'a> {
    source: Source<'a>,
    tokenizer: &'a Tokenizer,
    /// The largest number of ids between `<s>` and `</s>`.
    room: usize,
    key: Digest,
    files: Files,
}

type Opened = (Manifest, Stories, Stories);

impl Preparation<'_> {
    /// The corpus as it lies in the cache; nothing if it is not there, or is damaged, which is noted.
    fn open(&self, waiting: &mut Waiting<'_>) -> Result<Option<Opened>, DataError> {
        let path = self.files.manifest();
        let Some(json) = read_if_there(&path)? else {
            return Ok(None);
        };
        let opened = match serde_json::from_slice::<Manifest>(&json) {
            Ok(manifest) if manifest.key == self.key => self.open_parts(manifest),
            Ok(_) => Err("it was prepared from something else".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = &opened {
            (waiting.note)(&format!("{}: {reason}; preparing the corpus again", path.display()));
        }
        Ok(opened.ok())
    }

    fn open_parts(&self, manifest: Manifest) -> Result<Opened, String> {
        let training = Stories::open(&self.files, TRAINING, &manifest.training)?;
        let validation = Stories::open(&self.files, VALIDATION, &manifest.validation)?;
        Ok((manifest, training, validation))
    }

    /// Encodes the corpus into the cache. The manifest is written last: what stands beside no manifest does not count.
    fn build(&self, waiting: &mut Waiting<'_>) -> Result<Opened, DataError> {
        let (writer, duplicates) = self.encode(waiting.stop)?;
        let (training, validation) = writer.finish()?;
        let tokenizer = self.tokenizer.digest();
        let manifest = Manifest { key: self.key, tokenizer, training, validation, duplicates };
        let json = serde_json::to_vec_pretty(&manifest).expect("invariant: a manifest is plain JSON");
        cache::write(&self.files.manifest(), &json)?;
        (waiting.note)(&summary(&manifest));
        let opened = self.open_parts(manifest);
        opened.map_err(|reason| DataError::Unstable { path: self.files.manifest(), reason })
    }

    /// Encodes all stories but the held-out ones that are training stories too, which are counted.
    fn encode(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<(CorpusWriter<'_>, u64), DataError> {
        let data = self.source.data;
        let mut writer = CorpusWriter::create(&self.files, self.tokenizer, self.room, data.long_stories)?;
        let mut duplicates = Duplicates::of(self.source)?;
        let (mut trained_on, mut held_out, mut left_out) = (0_u64, 0_u64, 0_u64);
        let mut corpus = self.source.corpus();
        let mut validation = self.source.validation_files();
        for next in corpus.by_ref().chain(validation.by_ref()) {
            if stop() {
                return Err(DataError::Interrupted);
            }
            let (part, story) = next?;
            match part {
                Part::Training => {
                    trained_on += 1;
                    duplicates.note(&story);
                }
                Part::HeldOut if duplicates.contains(&story) => {
                    left_out += 1;
                    continue;
                }
                Part::HeldOut => held_out += 1,
            }
            writer.add(part, story)?;
        }
        match (trained_on, held_out) {
            (0, _) => Err(DataError::NothingToTrainOn { stories: corpus.seen() }),
            (_, 0) => Err(nothing_held_out(data, corpus.seen(), validation.seen())),
            _ => Ok((writer, left_out)),
        }
    }
}

fn nothing_held_out(data: &DataSpec, corpus: u64, validation: u64) -> DataError {
    let (stories, reason) = match data.validation {
        Validation::Fraction(_) if corpus < 2 => (corpus, "one is trained on; name others by data.validation"),
        Validation::Fraction(_) => (corpus, "raise data.validation-fraction"),
        Validation::Files(_) => (
            validation,
            "every story of data.validation is a training story too; name files that the corpus does not contain",
        ),
    };
    DataError::NothingHeldOut { stories, reason }
}

fn summary(manifest: &Manifest) -> String {
    let Manifest { training, validation, duplicates, .. } = manifest;
    let mut parts = vec![format!(
        "prepared {} training stories ({} tokens) and {} held-out ones ({} tokens)",
        training.stories, training.tokens, validation.stories, validation.tokens
    )];
    if *duplicates > 0 {
        parts.push(format!("{duplicates} held-out stories were left out because they are training stories too"));
    }
    if training.long > 0 {
        parts.push(format!("{} training stories were longer than the context", training.long));
    }
    parts.join("; ")
}
