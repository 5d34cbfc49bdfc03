//! All the stories of a run, in one pass over its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use spec::data::{DataSpec, Validation};
use spec::identity::Digest;

use super::corpus::StoryReader;
use super::error::DataError;
use super::split::{HeldOut, Part};

/// The files of a run.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the run asks for.
    pub data: &'a DataSpec,
    /// Where content lies.
    pub files: &'a BTreeMap<Digest, PathBuf>,
}

impl<'a> Source<'a> {
    /// Where the content lies.
    ///
    /// # Errors
    /// [`DataError::UnknownContent`].
    pub fn path(&self, content: Digest) -> Result<&'a Path, DataError> {
        self.files.get(&content).map(PathBuf::as_path).ok_or(DataError::UnknownContent(content))
    }

    /// The stories of the corpus with their part, at most `data.stories` of them for training.
    pub fn corpus(&self) -> Stream<'a> {
        let split = match self.data.validation {
            Validation::Fraction(fraction) => HeldOut { fraction },
            Validation::Files(_) => HeldOut { fraction: 0.0 },
        };
        let training_left = self.data.stories.unwrap_or(u64::MAX);
        Stream { source: *self, files: &self.data.corpus, reader: None, split, training_left, seen: 0 }
    }

    /// The stories of the validation files; none if a part of the corpus is held out.
    pub fn validation_files(&self) -> Stream<'a> {
        let files: &[Digest] = match &self.data.validation {
            Validation::Files(files) => files,
            Validation::Fraction(_) => &[],
        };
        let split = HeldOut { fraction: 1.0 };
        Stream { source: *self, files, reader: None, split, training_left: 0, seen: 0 }
    }
}

/// One pass over some files.
///
/// Every file is read to its end, even when no more training stories are wanted: the held-out stories do not depend on
/// `data.stories`, and the file's digest is known only there.
#[derive(Debug)]
pub struct Stream<'a> {
    source: Source<'a>,
    files: &'a [Digest],
    reader: Option<StoryReader>,
    split: HeldOut,
    training_left: u64,
    seen: u64,
}

impl Stream<'_> {
    /// Stories read so far, wanted or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn read(&mut self) -> Result<Option<(Part, String)>, DataError> {
        loop {
            let Some(reader) = &mut self.reader else {
                let Some((&first, rest)) = self.files.split_first() else {
                    return Ok(None);
                };
                self.reader = Some(StoryReader::open(self.source.path(first)?, first, &self.source.data.separator)?);
                self.files = rest;
                continue;
            };
            let Some(story) = reader.next().transpose()? else {
                self.reader = None;
                continue;
            };
            self.seen += 1;
            let part = self.split.part(&story);
            if part == Part::Training {
                if self.training_left == 0 {
                    continue;
                }
                self.training_left -= 1;
            }
            return Ok(Some((part, story)));
        }
    }
}

impl Iterator for Stream<'_> {
    type Item = Result<(Part, String), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if matches!(next, Some(Err(_))) {
            self.files = &[];
            self.reader = None;
        }
        next
    }
}

/// Finds the stories of validation files that are also training stories.
#[derive(Debug, Default)]
pub struct Duplicates {
    held_out: BTreeSet<[u8; 16]>,
    also_training: BTreeSet<[u8; 16]>,
}

impl Duplicates {
    /// Remembers the stories of the validation files.
    ///
    /// # Errors
    /// Whatever reading them meets.
    pub fn of(source: Source<'_>) -> Result<Self, DataError> {
        let held_out = source.validation_files().map(|next| next.map(|(_, story)| name(&story)));
        Ok(Self { held_out: held_out.collect::<Result<_, _>>()?, also_training: BTreeSet::new() })
    }

    /// Notes a training story.
    pub fn note(&mut self, training_story: &str) {
        if self.held_out.is_empty() {
            return;
        }
        let name = name(training_story);
        if self.held_out.contains(&name) {
            self.also_training.insert(name);
        }
    }

    /// Whether this story is one of the training stories that were noted.
    pub fn contains(&self, story: &str) -> bool {
        !self.also_training.is_empty() && self.also_training.contains(&name(story))
    }
}

/// 128 bits of hash: no two texts of any corpus share them.
fn name(story: &str) -> [u8; 16] {
    let mut name = [0; 16];
    name.copy_from_slice(&blake3::hash(story.as_bytes()).as_bytes()[..16]);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::Desk;

    fn read(desk: &Desk) -> Vec<(Part, String)> {
        let source = Source { data: &desk.data, files: &desk.files };
        source.corpus().collect::<Result<_, _>>().unwrap()
    }

    fn texts(stories: &[(Part, String)], part: Part) -> Vec<&str> {
        stories.iter().filter(|story| story.0 == part).map(|story| story.1.as_str()).collect()
    }

    #[test]
    fn the_files_are_read_in_order_and_the_limit_is_on_training_stories_alone() {
        let mut desk = Desk::new(&[&["a", "b"], &["c", "d", "e"]]);
        let all = read(&desk);
        assert_eq!(all.iter().map(|story| story.1.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
        desk.data.validation = Validation::Fraction(0.5);
        let all = read(&desk);
        let held_out = texts(&all, Part::HeldOut);
        assert!(!held_out.is_empty() && held_out.len() < 5);
        desk.data.stories = Some(1);
        let limited = read(&desk);
        assert_eq!(texts(&limited, Part::HeldOut), held_out);
        assert_eq!(texts(&limited, Part::Training), texts(&all, Part::Training)[..1]);
    }

    #[test]
    fn the_same_text_is_never_on_both_sides() {
        let stories: Vec<String> = (0..200).map(|index| format!("story {}", index % 50)).collect();
        let stories: Vec<&str> = stories.iter().map(String::as_str).collect();
        let mut desk = Desk::new(&[&stories]);
        desk.data.validation = Validation::Fraction(0.3);
        let all = read(&desk);
        let training = texts(&all, Part::Training);
        assert!(texts(&all, Part::HeldOut).iter().all(|story| !training.contains(story)));
    }

    #[test]
    fn a_file_behind_the_limit_is_still_verified() {
        let mut desk = Desk::new(&[&["a", "b"], &["c"]]);
        desk.data.stories = Some(1);
        let path = desk.files[&desk.data.corpus[1]].clone();
        std::fs::write(path, "changed\n<|endoftext|>\n").unwrap();
        let source = Source { data: &desk.data, files: &desk.files };
        let error = source.corpus().find_map(Result::err).unwrap();
        assert!(matches!(error, DataError::Changed { .. }), "{error}");
        desk.files.clear();
        let source = Source { data: &desk.data, files: &desk.files };
        assert!(matches!(source.corpus().next(), Some(Err(DataError::UnknownContent(_)))));
    }
}
