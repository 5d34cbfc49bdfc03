//! Sentences with gaps, for an encoder: copies of the same length, all in one rectangle without padding.

use std::collections::BTreeMap;
use std::ops::Range;

use super::protocol::Protocol;
use crate::data::{Sentence, SpecialIds};
use crate::model::MaskedCopies;

/// A copy of a sentence: which of its tokens are hidden, counted without the special ones. The first is asked for.
type Hidden = Range<usize>;

/// The tokens that `protocol` hides to ask for token `asked` of a sentence whose tokens belong to `words`.
fn hidden(protocol: Protocol, words: &[u32], asked: usize) -> Hidden {
    match protocol {
        Protocol::PllWord => {
            let later = words[asked..].iter().take_while(|word| **word == words[asked]).count();
            asked..asked + later
        }
        _ => asked..asked + 1,
    }
}

/// Copies of sentences, all of the same length.
#[derive(Debug)]
pub struct Gaps<'a> {
    specials: SpecialIds,
    /// The sentences.
    sentences: &'a [&'a Sentence],
    /// Each copy: the index of its sentence, and what is hidden.
    copies: Vec<(usize, Hidden)>,
}

impl<'a> Gaps<'a> {
    /// All copies that the protocols need of `sentences`, which have the same number of tokens, each once.
    pub fn new(sentences: &'a [&'a Sentence], protocols: &[Protocol], specials: SpecialIds) -> Self {
        let mut copies = Vec::new();
        for (index, sentence) in sentences.iter().enumerate() {
            for asked in 0..sentence.ids.len() {
                let mut ranges: Vec<Hidden> =
                    protocols.iter().map(|protocol| hidden(*protocol, &sentence.words, asked)).collect();
                ranges.dedup();
                copies.extend(ranges.into_iter().map(|range| (index, range)));
            }
        }
        Self { specials, sentences, copies }
    }

    /// The score of every sentence by each of `protocols`. `answer` gives ln p of what each copy of a batch is asked
    /// for; no batch has more than `most_tokens` tokens or, if one copy is longer, one copy. Nothing if `answer` wants
    /// no more.
    pub fn scores(
        &self,
        protocols: &[Protocol],
        most_tokens: usize,
        mut answer: impl FnMut(&MaskedCopies<'_>) -> Option<Vec<f64>>,
    ) -> Option<Vec<Vec<f64>>> {
        let mut answers: BTreeMap<(usize, usize, usize), f64> = BTreeMap::new();
        let length = self.sentences.first().map_or(0, |sentence| sentence.ids.len()) + 2;
        for copies in self.copies.chunks((most_tokens / length).max(1)) {
            let found = self.ask(copies, length, &mut answer)?;
            for ((sentence, range), answer) in copies.iter().zip(found) {
                answers.insert((*sentence, range.start, range.end), answer);
            }
        }
        let score = |protocol: Protocol, index: usize, sentence: &Sentence| -> f64 {
            let of = |asked| {
                let Hidden { start, end } = hidden(protocol, &sentence.words, asked);
                answers[&(index, start, end)]
            };
            (0..sentence.ids.len()).map(of).sum()
        };
        let by = |protocol: &Protocol| {
            self.sentences.iter().enumerate().map(|(index, sentence)| score(*protocol, index, sentence)).collect()
        };
        Some(protocols.iter().map(by).collect())
    }

    fn ask(
        &self,
        copies: &[(usize, Hidden)],
        length: usize,
        answer: &mut impl FnMut(&MaskedCopies<'_>) -> Option<Vec<f64>>,
    ) -> Option<Vec<f64>> {
        // First `<mask>` at every position, then the tokens of every sentence.
        let mut tokens = vec![i64::from(self.specials.mask); length];
        let mut positions: Vec<i64> = (0..length as i64).collect();
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut cells, mut asked, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (index, range) in copies {
            let ids = &self.sentences[*index].ids;
            let start = *places.entry(*index).or_insert_with(|| {
                let place = tokens.len();
                let whole = std::iter::once(&self.specials.start).chain(ids).chain([&self.specials.end]);
                tokens.extend(whole.map(|id| i64::from(*id)));
                positions.extend(0..length as i64);
                place
            });
            let is_hidden = |cell: usize| cell > 0 && range.contains(&(cell - 1));
            cells.extend((0..length).map(|cell| (if is_hidden(cell) { cell } else { start + cell }) as i64));
            asked.push(range.start as i64 + 1);
            targets.push(i64::from(ids[range.start]));
        }
        answer(&MaskedCopies {
            tokens: &tokens,
            positions: &positions,
            cells: &cells,
            asked: &asked,
            targets: &targets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIALS: SpecialIds = SpecialIds { pad: 0, start: 1, end: 2, unknown: 3, mask: 99 };

    /// The copies of a batch, spelled out.
    fn spelled(copies: &MaskedCopies<'_>) -> Vec<Vec<i64>> {
        let length = copies.cells.len() / copies.asked.len();
        let token = |(place, cell): (usize, &i64)| {
            assert_eq!(copies.positions[*cell as usize], place as i64);
            copies.tokens[*cell as usize]
        };
        copies.cells.chunks(length).map(|copy| copy.iter().enumerate().map(token).collect()).collect()
    }

    #[test]
    fn later_tokens_of_a_word_are_hidden_where_the_protocol_says_so() {
        let cut = Sentence { ids: vec![7, 8, 9], words: vec![0, 1, 1], is_cut: false };
        let short = Sentence { ids: vec![5, 6, 4], words: vec![0, 1, 2], is_cut: false };
        let sentences = [&cut, &short];
        let protocols = [Protocol::Pll, Protocol::PllWord];
        let gaps = Gaps::new(&sentences, &protocols, SPECIALS);
        let mut seen = Vec::new();
        let scores = gaps.scores(&protocols, 10, |batch| {
            let copies = spelled(batch);
            assert!(copies.len() <= 2, "two copies of five tokens fill a batch of ten");
            let answers = copies.iter().zip(batch.asked).zip(batch.targets).map(|((copy, asked), target)| {
                assert_eq!(copy[*asked as usize], 99);
                let masks = copy.iter().filter(|token| **token == 99).count();
                *target as f64 + 100.0 * masks as f64
            });
            let answers = answers.collect();
            seen.extend(copies);
            Some(answers)
        });
        let expected: [[i64; 5]; 7] = [
            [1, 99, 8, 9, 2],
            [1, 7, 99, 9, 2],
            [1, 7, 99, 99, 2],
            [1, 7, 8, 99, 2],
            [1, 99, 6, 4, 2],
            [1, 5, 99, 4, 2],
            [1, 5, 6, 99, 2],
        ];
        assert_eq!(seen, expected);
        assert_eq!(scores.unwrap(), [vec![324.0, 315.0], vec![424.0, 315.0]]);
        assert_eq!(gaps.scores(&protocols, 10, |_| None), None);
    }
}
