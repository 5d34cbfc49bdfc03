//! Questions become ids: `<s> first </s></s> second </s>`, cut where they are too long, and the cuts counted.

use std::collections::HashMap;
use std::ops::Range;

use super::question::{Cut, Input, Question, Span};
use crate::data::{DataError, Tokenizer};

/// A text as ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedInput {
    /// The ids, special tokens included.
    pub ids: Vec<u16>,
    /// The places of the spans' tokens in `ids`, none empty.
    pub spans: Vec<Range<usize>>,
    /// Whether a segment lost its end.
    pub was_cut: bool,
}

/// A question as ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedQuestion {
    /// The texts.
    pub inputs: Vec<EncodedInput>,
    /// The right choices.
    pub right: Vec<usize>,
}

impl EncodedQuestion {
    /// Tokens of all its texts.
    pub fn tokens(&self) -> usize {
        self.inputs.iter().map(|input| input.ids.len()).sum()
    }
}

/// How questions become ids.
#[derive(Debug)]
pub struct Encoder<'a> {
    /// Text to ids.
    pub tokenizer: &'a Tokenizer,
    /// The longest text in tokens, special ones included; at least 8.
    pub longest: usize,
}

impl Encoder<'_> {
    /// The questions as ids, in their order.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn encode(&self, questions: &[Question]) -> Result<Vec<EncodedQuestion>, DataError> {
        let known = self.segments(questions)?;
        let question = |question: &Question| {
            let inputs = question.inputs.iter().map(|input| self.input(input, &known)).collect::<Result<_, _>>()?;
            Ok(EncodedQuestion { inputs, right: question.right.clone() })
        };
        questions.iter().map(question).collect()
    }

    /// The ids of every different segment: a passage is asked about many times, and encoded once.
    fn segments<'a>(&self, questions: &'a [Question]) -> Result<HashMap<&'a str, Vec<u16>>, DataError> {
        let mut texts: Vec<&str> = questions
            .iter()
            .flat_map(|question| &question.inputs)
            .flat_map(|input| std::iter::once(input.first.as_str()).chain(input.second.as_deref()))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let ids = self.tokenizer.encode_bare(texts.clone())?;
        Ok(texts.into_iter().zip(ids).collect())
    }

    fn input(&self, input: &Input, known: &HashMap<&str, Vec<u16>>) -> Result<EncodedInput, DataError> {
        let specials = self.tokenizer.specials();
        let first = known[input.first.as_str()].as_slice();
        let second = input.second.as_deref().map(|text| known[text].as_slice());
        let special_count = if second.is_some() { 4 } else { 2 };
        let lengths = (first.len(), second.map_or(0, <[u16]>::len));
        let kept = keep(lengths, self.longest - special_count, input.cut);
        let mut ids = vec![specials.start];
        ids.extend(&first[..kept.0]);
        ids.push(specials.end);
        let mut starts = [1, 0];
        if let Some(second) = second {
            ids.push(specials.end);
            starts[1] = ids.len();
            ids.extend(&second[..kept.1]);
            ids.push(specials.end);
        }
        let place = |span: &Span| {
            let index = usize::from(span.in_second);
            let text = if span.in_second { input.second.as_deref().unwrap_or_default() } else { &input.first };
            let tokens = self.tokens_of(text, &span.characters)?;
            let kept = [kept.0, kept.1][index].max(1);
            // A span that was cut away is stood for by the last token that was kept.
            let tokens = tokens.start.min(kept - 1)..tokens.end.clamp(tokens.start.min(kept - 1) + 1, kept);
            Ok(starts[index] + tokens.start..starts[index] + tokens.end)
        };
        let spans = input.spans.iter().map(place).collect::<Result<_, DataError>>()?;
        Ok(EncodedInput { ids, spans, was_cut: kept != lengths })
    }

    /// The tokens of `text` that share a character with `characters`.
    fn tokens_of(&self, text: &str, characters: &Range<usize>) -> Result<Range<usize>, DataError> {
        let places = self.tokenizer.places(text)?;
        let shares = |place: &Range<usize>| place.start < characters.end && characters.start < place.end;
        let first = places.iter().position(shares).unwrap_or(0);
        let last = places.iter().rposition(shares).unwrap_or(first);
        Ok(first..last + 1)
    }
}

/// How many tokens each segment keeps if both together may have `room`.
fn keep((first, second): (usize, usize), room: usize, cut: Cut) -> (usize, usize) {
    if first + second <= room {
        return (first, second);
    }
    match cut {
        Cut::First => {
            let second = second.min(room);
            (room - second, second)
        }
        Cut::Second => {
            let first = first.min(room);
            (first, room - first)
        }
        Cut::Longest => {
            let shorter = first.min(second);
            if shorter * 2 <= room {
                return if first <= second { (first, room - first) } else { (room - second, second) };
            }
            // Both are cut to one length; the token that may be left over was the first one's.
            (room.div_ceil(2), room / 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::tokenizer;
    use proptest::prelude::*;

    /// `truncation=True` of transformers' slow tokenizers: a token at a time of the longer one, of the second in a tie.
    fn one_at_a_time((mut first, mut second): (usize, usize), room: usize) -> (usize, usize) {
        while first + second > room {
            if first > second { first -= 1 } else { second -= 1 }
        }
        (first, second)
    }

    proptest! {
        #[test]
        fn the_longest_is_cut_as_transformers_cuts_it(first in 0_usize..40, second in 0_usize..40, room in 0_usize..60) {
            prop_assert_eq!(keep((first, second), room, Cut::Longest), one_at_a_time((first, second), room));
        }

        #[test]
        fn what_is_kept_fits_and_the_whole_segment_stays(first in 0_usize..40, second in 0_usize..40, room in 0_usize..60) {
            for cut in [Cut::First, Cut::Second] {
                let kept = keep((first, second), room, cut);
                prop_assert_eq!(kept.0 + kept.1, (first + second).min(room));
                let (whole, full) = if cut == Cut::First { (kept.1, second) } else { (kept.0, first) };
                prop_assert_eq!(whole, full.min(room));
            }
        }
    }

    #[test]
    fn a_pair_stands_between_its_special_tokens() {
        let tokenizer = tokenizer();
        let encoder = Encoder { tokenizer: &tokenizer, longest: 64 };
        let question = Question::alone("0", Input::pair("The cat sat.", "It ran.", Cut::First), 1);
        let encoded = encoder.encode(&[question]).unwrap().remove(0);
        let bare = tokenizer.encode_bare(vec!["The cat sat.", "It ran."]).unwrap();
        let specials = tokenizer.specials();
        let expected: Vec<u16> =
            [&[specials.start][..], &bare[0], &[specials.end, specials.end], &bare[1], &[specials.end]].concat();
        assert_eq!((encoded.inputs[0].ids.clone(), encoded.inputs[0].was_cut), (expected, false));
        let cut = Encoder { tokenizer: &tokenizer, longest: 12 };
        let question = Question::alone("0", Input::pair("The cat sat on the mat and ran.", "It ran.", Cut::First), 1);
        let encoded = cut.encode(&[question]).unwrap().remove(0);
        assert_eq!((encoded.inputs[0].ids.len(), encoded.inputs[0].was_cut), (12, true));
        assert!(encoded.inputs[0].ids.ends_with(&[&bare[1][..], &[specials.end]].concat()));
    }

    #[test]
    fn a_span_s_tokens_spell_it() {
        let tokenizer = tokenizer();
        let encoder = Encoder { tokenizer: &tokenizer, longest: 64 };
        for (text, word) in [("The cat sat on the mat.", "cat"), ("Ünder thé mat — a cat.", "mat"), ("cat", "cat")]
        {
            let begin = text.find(word).unwrap();
            let begin = text[..begin].chars().count();
            let characters = begin..begin + word.chars().count();
            let span = Span { in_second: false, characters };
            let input = Input { spans: vec![span], ..Input::single(text) };
            let encoded = encoder.encode(&[Question::alone("0", input, 0)]).unwrap().remove(0);
            let place = encoded.inputs[0].spans[0].clone();
            let spelled = tokenizer.decode(&encoded.inputs[0].ids[place]).unwrap();
            assert_eq!(spelled.trim(), word, "in {text:?}");
        }
    }
}
