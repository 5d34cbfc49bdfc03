//! A small corpus and its tokenizer, for the tests of this room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spec::data::{DataSpec, LongStories, TokenizerSpec, Validation};
use spec::identity::Digest;

use super::bpe;
use super::error::DataError;
use super::order::below;
use super::prepare::{Prepared, Request, prepare};
use super::tokenizer::Tokenizer;
use crate::streams;

/// Some stories that a person wrote.
pub(crate) const STORIES: [&str; 3] = [
    "The cat sat on the mat. The cat saw the dog, and the dog saw the cat.",
    "A girl had a red ball. She threw the ball to her dog. The dog ran and ran.",
    "Once upon a time there was a little bird. The bird could not fly.\n\nThen, one day, it could.",
];

/// `count` different stories of 5 to 60 words, always the same ones.
pub(crate) fn corpus(count: u64) -> Vec<String> {
    let syllables = ["ba", "ko", "mi", "tu", "re", "lan", "sho", "pi", "dor", "ven"];
    (0..count)
        .map(|story| {
            let mut generator = streams::generator(0, "test corpus", &[story]);
            let words = 5 + below(&mut generator, 56);
            let word = |_| {
                // The product makes low numbers, and so some words, common.
                let word = below(&mut generator, 30) * below(&mut generator, 30);
                let (first, rest) = (word % 10, word / 10);
                format!("{}{}", syllables[first as usize], syllables[(rest % 10) as usize])
                    .repeat(1 + rest as usize / 40)
            };
            format!("{}. {story}", (0..words).map(word).collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// A tokenizer of 300 ids.
pub(crate) fn tokenizer() -> Tokenizer {
    let json = bpe::train(300, corpus(300).into_iter().map(Ok)).unwrap();
    Tokenizer::from_json(json, Path::new("tokenizer.json"), 300).unwrap()
}

/// The files of a run in a folder of their own, and a cache beside them.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) data: DataSpec,
    pub(crate) files: BTreeMap<Digest, PathBuf>,
}

impl Desk {
    /// A run whose corpus is files of these stories; no story is held out.
    pub(crate) fn new(corpus: &[&[&str]]) -> Self {
        let mut desk = Self {
            folder: tempfile::tempdir().unwrap(),
            data: DataSpec {
                corpus: Vec::new(),
                validation: Validation::Files(Vec::new()),
                separator: "<|endoftext|>".to_owned(),
                tokenizer: TokenizerSpec::Train,
                long_stories: LongStories::Truncate,
                stories: None,
            },
            files: BTreeMap::new(),
        };
        desk.data.corpus = corpus.iter().map(|stories| desk.add(stories)).collect();
        desk
    }

    /// A run on [`corpus`] of `count` stories, a tenth of them held out.
    pub(crate) fn of_corpus(count: u64) -> Self {
        let stories = corpus(count);
        let mut desk = Self::new(&[&stories.iter().map(String::as_str).collect::<Vec<_>>()]);
        desk.data.validation = Validation::Fraction(0.1);
        desk
    }

    /// Writes a file of stories and gives its digest.
    pub(crate) fn add(&mut self, stories: &[&str]) -> Digest {
        let text: String = stories.iter().flat_map(|&story| [story, "\n<|endoftext|>\n"]).collect();
        self.add_file(text.as_bytes())
    }

    /// Writes a file and gives its digest.
    pub(crate) fn add_file(&mut self, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        let path = self.folder.path().join(format!("{}.txt", digest.short()));
        std::fs::write(&path, content).unwrap();
        self.files.insert(digest, path);
        digest
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Prepares the run; gives what was noted with it.
    pub(crate) fn prepare(&self, vocabulary: u32, context: u32) -> (Result<Prepared, DataError>, Vec<String>) {
        let mut notes = Vec::new();
        let prepared = prepare(&mut Request {
            data: &self.data,
            files: &self.files,
            vocabulary,
            context,
            cache: &self.cache(),
            note: &mut |note| notes.push(note.to_owned()),
            stop: &|| false,
        });
        (prepared, notes)
    }

    /// The names and contents of the files in the cache.
    pub(crate) fn cached(&self) -> BTreeMap<String, Vec<u8>> {
        std::fs::read_dir(self.cache())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect()
    }
}
