//! Learns a byte-level BPE tokenizer (Sennrich et al. 2016, arXiv:1508.07909; on bytes: Radford et al. 2019).

use std::collections::HashSet;

use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, Tokenizer};

use super::error::DataError;
use super::tokenizer::SPECIAL_TOKENS;

/// The smallest vocabulary: the special tokens and one token for each byte.
const SMALLEST: u32 = 256 + SPECIAL_TOKENS.len() as u32;

/// The `tokenizer.json` of a byte-level BPE with exactly `vocabulary` ids, learned from `stories`.
///
/// `<pad>`, `<s>`, `</s>` and `<unk>` are 0 to 3, then come the 256 bytes, then what was merged, and `<mask>` is last:
/// as in the tokenizer of the study. Loaded elsewhere it puts `<s>` and `</s>` around a text.
///
/// # Errors
/// When the stories have too few different words, or reading them fails.
pub fn train(
    vocabulary: u32,
    stories: impl Iterator<Item = Result<String, DataError>> + Send,
) -> Result<Vec<u8>, DataError> {
    if !(SMALLEST..=1 << 16).contains(&vocabulary) {
        return Err(DataError::VocabularyOutOfRange(vocabulary));
    }
    let failed = |error: tokenizers::Error| DataError::Tokenizer(error.to_string());
    let mut tokenizer = untrained();
    let mut texts = UntilError { stories, error: None };
    tokenizer.train(&mut trainer(vocabulary), texts.by_ref()).map_err(failed)?;
    if let Some(error) = texts.error {
        return Err(error);
    }
    tokenizer.add_special_tokens([AddedToken::from("<mask>", true)]).map_err(failed)?;
    let found = tokenizer.get_vocab_size(true) as u32;
    if found < vocabulary {
        return Err(DataError::CorpusTooSmallForVocabulary { found, wanted: vocabulary });
    }
    Ok(tokenizer.to_string(true).map_err(failed)?.into_bytes())
}

fn untrained() -> Tokenizer {
    let mut tokenizer = Tokenizer::new(BPE::default());
    let bytes = ByteLevel::default().add_prefix_space(false);
    tokenizer.with_pre_tokenizer(Some(bytes));
    tokenizer.with_decoder(Some(bytes));
    let [_, start, end, ..] = SPECIAL_TOKENS;
    let around = RobertaProcessing::new((end.to_owned(), 2), (start.to_owned(), 1)).add_prefix_space(false);
    tokenizer.with_post_processor(Some(around));
    tokenizer
}

fn trainer(vocabulary: u32) -> TrainerWrapper {
    let special = SPECIAL_TOKENS[..4].iter().map(|&token| AddedToken::from(token, true)).collect();
    let alphabet: HashSet<char> = ByteLevel::alphabet().into_iter().collect();
    let trainer = BpeTrainer::builder()
        // `<mask>` is added behind the rest.
        .vocab_size(vocabulary as usize - 1)
        // A pair seen once says nothing about the next text.
        .min_frequency(2)
        .special_tokens(special)
        .initial_alphabet(alphabet)
        .show_progress(false)
        .build();
    trainer.into()
}

/// Ends at the first error and keeps it: the library takes only texts.
struct UntilError<I> {
    stories: I,
    error: Option<DataError>,
}

impl<I: Iterator<Item = Result<String, DataError>>> Iterator for UntilError<I> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.error.is_some() {
            return None;
        }
        match self.stories.next()? {
            Ok(text) => Some(text),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{STORIES, corpus};

    fn learn(vocabulary: u32, stories: &[String]) -> Result<Vec<u8>, DataError> {
        train(vocabulary, stories.iter().map(|story| Ok(story.clone())))
    }

    #[test]
    fn ids_lie_where_the_study_has_them() {
        let json = learn(300, &corpus(300)).unwrap();
        let tokenizer = Tokenizer::from_bytes(&json).unwrap();
        let ids = |tokens: &[&str]| tokens.iter().map(|token| tokenizer.token_to_id(token)).collect::<Vec<_>>();
        assert_eq!(ids(&SPECIAL_TOKENS), [Some(0), Some(1), Some(2), Some(3), Some(299)]);
        assert_eq!(tokenizer.get_vocab_size(true), 300);
        let mut bytes: Vec<u32> =
            ByteLevel::alphabet().iter().map(|byte| tokenizer.token_to_id(&byte.to_string()).unwrap()).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (4..260).collect::<Vec<u32>>());
        let around = tokenizer.encode("", true).unwrap();
        assert_eq!(around.get_ids(), [1, 2], "elsewhere it puts <s> and </s> around a text");
    }

    #[test]
    fn the_same_stories_teach_the_same_bytes_in_any_order_and_on_any_number_of_threads() {
        let mut stories = corpus(400);
        let json = learn(550, &stories).unwrap();
        for _ in 0..5 {
            stories.rotate_left(71);
            stories.swap(3, 200);
            assert!(learn(550, &stories).unwrap() == json);
        }
    }

    #[test]
    fn too_little_text_names_the_vocabulary_that_it_allows() {
        let stories: Vec<String> = STORIES.iter().map(|&story| story.to_owned()).collect();
        let Err(DataError::CorpusTooSmallForVocabulary { found, wanted: 60_000 }) = learn(60_000, &stories) else {
            panic!("so few words cannot fill so large a vocabulary");
        };
        assert!(learn(found, &stories).is_ok());
        assert!(learn(found + 1, &stories).is_err());
        assert!(learn(261, &[]).is_ok(), "256 bytes and five special tokens need no text");
        for vocabulary in [0, 260, 65_537] {
            assert!(matches!(learn(vocabulary, &stories), Err(DataError::VocabularyOutOfRange(_))));
        }
    }

    #[test]
    fn an_error_of_the_stories_is_passed_on() {
        let stories = corpus(50).into_iter().map(Ok).chain([Err(DataError::Interrupted)]);
        assert!(matches!(train(300, stories), Err(DataError::Interrupted)));
    }
}
