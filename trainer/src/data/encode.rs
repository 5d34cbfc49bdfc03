//! Stories become ids in the cache.

use std::path::Path;

use spec::data::LongStories;

use super::cache::CacheFile;
use super::error::DataError;
use super::manifest::{Files, PartFacts};
use super::split::Part;
use super::stories::{TRAINING, VALIDATION};
use super::tokenizer::Tokenizer;

/// Text is encoded in parts of about so many bytes: enough for all cores, little enough to keep in memory.
const CHUNK_BYTES: usize = 4 << 20;

/// Encodes the stories of a corpus, in their order, into the files of its parts.
#[derive(Debug)]
pub struct CorpusWriter<'a> {
    tokenizer: &'a Tokenizer,
    byte_lengths: Vec<u32>,
    /// The largest number of ids between `<s>` and `</s>`.
    room: usize,
    long_stories: LongStories,
    chunk: Vec<(Part, String)>,
    chunk_bytes: usize,
    training: PartWriter,
    validation: PartWriter,
}

impl<'a> CorpusWriter<'a> {
    /// Starts the files of a corpus whose stories may hold `room` ids between `<s>` and `</s>`.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn create(
        files: &Files,
        tokenizer: &'a Tokenizer,
        room: usize,
        long_stories: LongStories,
    ) -> Result<Self, DataError> {
        assert!(room > 0, "a story must hold a token");
        let part = |name: &str| PartWriter::create(&files.ids(name), &files.bounds(name));
        Ok(Self {
            tokenizer,
            byte_lengths: tokenizer.byte_lengths(),
            room,
            long_stories,
            chunk: Vec::new(),
            chunk_bytes: 0,
            training: part(TRAINING)?,
            validation: part(VALIDATION)?,
        })
    }

    /// Adds a story.
    ///
    /// # Errors
    /// When the tokenizer fails or the cache cannot be written.
    pub fn add(&mut self, part: Part, story: String) -> Result<(), DataError> {
        self.chunk_bytes += story.len();
        self.chunk.push((part, story));
        if self.chunk_bytes >= CHUNK_BYTES { self.encode_chunk() } else { Ok(()) }
    }

    /// Writes what is left; gives the facts of the training part and of the held-out one. The files are in place then.
    ///
    /// # Errors
    /// When the tokenizer fails or the cache cannot be written.
    pub fn finish(mut self) -> Result<(PartFacts, PartFacts), DataError> {
        self.encode_chunk()?;
        Ok((self.training.finish()?, self.validation.finish()?))
    }

    fn encode_chunk(&mut self) -> Result<(), DataError> {
        let chunk = std::mem::take(&mut self.chunk);
        self.chunk_bytes = 0;
        let encoded = self.tokenizer.encode_bare(chunk.iter().map(|(_, story)| story.as_str()).collect())?;
        for ((part, _), ids) in chunk.iter().zip(&encoded) {
            self.push(*part, ids)?;
        }
        Ok(())
    }

    fn push(&mut self, part: Part, ids: &[u16]) -> Result<(), DataError> {
        let writer = match part {
            Part::Training => &mut self.training,
            Part::HeldOut => &mut self.validation,
        };
        writer.facts.long += u64::from(ids.len() > self.room);
        let pieces = match self.long_stories {
            LongStories::Truncate => &ids[..ids.len().min(self.room)],
            LongStories::Split => ids,
        };
        let special = self.tokenizer.specials();
        for piece in pieces.chunks(self.room) {
            writer.facts.bytes += piece.iter().map(|&id| u64::from(self.byte_lengths[usize::from(id)])).sum::<u64>();
            writer.push(std::iter::once(special.start).chain(piece.iter().copied()).chain([special.end]))?;
        }
        Ok(())
    }
}

/// The two files of one part.
#[derive(Debug)]
struct PartWriter {
    ids: CacheFile,
    bounds: CacheFile,
    facts: Facts,
}

/// What [`PartFacts`] will say.
#[derive(Debug, Default)]
struct Facts {
    stories: u64,
    tokens: u64,
    bytes: u64,
    long: u64,
}

impl PartWriter {
    fn create(ids: &Path, bounds: &Path) -> Result<Self, DataError> {
        let mut bounds = CacheFile::create(bounds)?;
        bounds.write(&0_u64.to_le_bytes())?;
        Ok(Self { ids: CacheFile::create(ids)?, bounds, facts: Facts::default() })
    }

    fn push(&mut self, story: impl Iterator<Item = u16>) -> Result<(), DataError> {
        let bytes: Vec<u8> = story.flat_map(u16::to_le_bytes).collect();
        self.ids.write(&bytes)?;
        self.facts.stories += 1;
        self.facts.tokens += bytes.len() as u64 / 2;
        if self.facts.stories > u64::from(u32::MAX) {
            return Err(DataError::TooManyStories);
        }
        self.bounds.write(&self.facts.tokens.to_le_bytes())?;
        Ok(())
    }

    fn finish(self) -> Result<PartFacts, DataError> {
        let Facts { stories, tokens, bytes, long } = self.facts;
        let bounds = self.bounds.finish()?;
        Ok(PartFacts { stories, tokens, bytes, long, ids: self.ids.finish()?, bounds })
    }
}
