//! Encoded stories, mapped from the cache.

use std::fs;
use std::sync::Arc;

use native::MappedTokens;
use spec::Digest;

use super::manifest::{Files, PartFacts};

/// The name of the part that the network learns from.
pub const TRAINING: &str = "training";

/// The name of the part that is held out.
pub const VALIDATION: &str = "validation";

/// Ids, end to end.
#[derive(Debug)]
enum Tokens {
    Mapped(MappedTokens),
    InMemory(Vec<u16>),
}

/// Encoded stories, in the order of the corpus.
///
/// Cheap to clone: all copies share one map.
#[derive(Debug, Clone)]
pub struct Stories {
    tokens: Arc<Tokens>,
    /// Cumulative: story `i` lies at `bounds[i]..bounds[i + 1]`.
    bounds: Arc<[u64]>,
}

impl Stories {
    /// Stories that lie end to end in memory.
    ///
    /// # Panics
    /// When `bounds` does not rise from 0 to the number of ids.
    pub fn in_memory(ids: Vec<u16>, bounds: Vec<u64>) -> Self {
        assert_eq!(defect(&bounds, bounds.len() as u64 - 1, ids.len() as u64), None);
        Self { tokens: Arc::new(Tokens::InMemory(ids)), bounds: bounds.into() }
    }

    /// Maps the stories of `part`; when the files are not what `facts` say, how they differ.
    pub(super) fn open(files: &Files, part: &str, facts: &PartFacts) -> Result<Self, String> {
        let path = files.bounds(part);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (bounds, rest) = bytes.as_chunks::<8>();
        let bounds: Vec<u64> = bounds.iter().map(|bound| u64::from_le_bytes(*bound)).collect();
        if !rest.is_empty() {
            return Err(format!("{} ends within a number", path.display()));
        }
        if let Some(defect) = defect(&bounds, facts.stories, facts.tokens) {
            return Err(format!("{} {defect}", path.display()));
        }
        if Digest::of(&bytes) != facts.bounds {
            return Err(format!("{} is not what was written", path.display()));
        }
        let ids = MappedTokens::open(&files.ids(part)).map_err(|error| error.to_string())?;
        if ids.len() as u64 != facts.tokens {
            let path = files.ids(part);
            return Err(format!("{} holds {} tokens instead of {}", path.display(), ids.len(), facts.tokens));
        }
        // About a second for a gigabyte: little beside training on tokens that are not those of the text.
        if Digest::of(ids.bytes()) != facts.ids {
            return Err(format!("{} is not what was written", files.ids(part).display()));
        }
        Ok(Self { tokens: Arc::new(Tokens::Mapped(ids)), bounds: bounds.into() })
    }

    /// The number of stories.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there is no story.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of story `index`: `<s>`, text, `</s>`.
    ///
    /// # Panics
    /// When there is no such story.
    pub fn story(&self, index: usize) -> &[u16] {
        let (start, end) = self.place(index);
        let ids: &[u16] = match &*self.tokens {
            Tokens::Mapped(map) => map,
            Tokens::InMemory(ids) => ids,
        };
        &ids[start as usize..end as usize]
    }

    /// The number of tokens of story `index`, without touching the map.
    ///
    /// # Panics
    /// When there is no such story.
    pub fn length(&self, index: usize) -> u64 {
        let (start, end) = self.place(index);
        end - start
    }

    /// The number of tokens of all stories together.
    pub fn tokens(&self) -> u64 {
        self.bounds[self.len()]
    }

    fn place(&self, index: usize) -> (u64, u64) {
        assert!(index < self.len(), "story {index} of {}", self.len());
        (self.bounds[index], self.bounds[index + 1])
    }
}

/// What is wrong with the bounds of `stories` stories that hold `tokens` tokens.
fn defect(bounds: &[u64], stories: u64, tokens: u64) -> Option<String> {
    if bounds.len() as u64 != stories + 1 {
        return Some(format!("holds {} bounds instead of {}", bounds.len(), stories + 1));
    }
    let is_rising = bounds.first() == Some(&0) && bounds.last() == Some(&tokens) && bounds.is_sorted();
    (!is_rising).then(|| format!("does not rise from 0 to {tokens}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_lies_between_its_bounds() {
        let stories = Stories::in_memory(vec![1, 9, 2, 1, 2, 1, 8, 7, 2], vec![0, 3, 5, 9]);
        assert_eq!((stories.len(), stories.tokens(), stories.is_empty()), (3, 9, false));
        assert_eq!(stories.story(0), [1, 9, 2]);
        assert_eq!(stories.story(2), [1, 8, 7, 2]);
        assert_eq!((stories.length(1), stories.length(2)), (2, 4));
        let none = Stories::in_memory(vec![], vec![0]);
        assert_eq!((none.len(), none.tokens(), none.is_empty()), (0, 0, true));
    }

    #[test]
    #[should_panic(expected = "story 1 of 1")]
    fn there_is_no_story_behind_the_last() {
        Stories::in_memory(vec![1, 2], vec![0, 2]).length(1);
    }

    #[test]
    fn bounds_that_cannot_be_are_told() {
        assert_eq!(defect(&[0, 3, 5], 2, 5), None);
        assert_eq!(defect(&[0, 3], 2, 5).unwrap(), "holds 2 bounds instead of 3");
        for wrong in [[1, 3, 5], [0, 3, 4], [0, 6, 5]] {
            assert_eq!(defect(&wrong, 2, 5).unwrap(), "does not rise from 0 to 5", "{wrong:?}");
        }
    }
}
