//! Whole stories, each decided by (seed, index) alone.

use crate::clause::Clause;
use crate::draw::{Draw, Purpose};
use crate::plot::Plot;
use crate::sentence::Sentence;
use crate::teller::Teller;

/// The line that ends every story in a corpus file.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// The endless sequence of stories of a seed; story `i` is the same however many are taken.
#[derive(Clone, Debug)]
pub struct Stories {
    seed: u64,
    next: u64,
}

impl Stories {
    /// The stories of `seed`, from the first.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }
}

impl Iterator for Stories {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let story = story(self.seed, self.next);
        self.next = self.next.checked_add(1)?;
        Some(story)
    }
}

/// The first `stories` stories of a seed.
pub fn corpus(seed: u64, stories: usize) -> Vec<String> {
    Stories::new(seed).take(stories).collect()
}

/// The first `stories` stories as one text: each story on a line, then a line that holds only [`END_OF_TEXT`].
pub fn corpus_text(seed: u64, stories: usize) -> String {
    let mut text = String::new();
    for story in Stories::new(seed).take(stories) {
        text.push_str(&story);
        text.push('\n');
        text.push_str(END_OF_TEXT);
        text.push('\n');
    }
    text
}

/// Longer stories are not told, so that a small context holds a whole one.
const MAX_WORDS: usize = 80;

/// Draws whole stories until one has no held-out clause and is short enough.
fn story(seed: u64, index: u64) -> String {
    let mut draw = Draw::keyed(seed, Purpose::Story, index);
    loop {
        let plot = *draw.one(&Plot::ALL);
        let mut teller = Teller::new(&mut draw);
        plot.tell(&mut teller);
        let sentences = teller.sentences;
        let mut clauses = sentences.iter().flat_map(Sentence::clauses);
        if clauses.any(Clause::is_held_out) {
            continue;
        }
        let text = sentences.iter().map(Sentence::text).collect::<Vec<_>>().join(" ");
        if text.split_whitespace().count() <= MAX_WORDS {
            return text;
        }
    }
}
