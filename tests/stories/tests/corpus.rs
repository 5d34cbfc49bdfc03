//! The corpus as a whole: stable, varied, and within the bounds that the demo study counts on.

use std::collections::BTreeSet;

use stories::{END_OF_TEXT, Stories, corpus, corpus_text};

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_corpus_of_seed_0_has_not_drifted() {
    let checksum = 3_438_981_019_760_048_155;
    assert_eq!(
        fnv1a(&corpus_text(0, 1000)),
        checksum,
        "the demo's corpus changed; results before and after do not compare"
    );
}

#[test]
fn a_longer_corpus_begins_with_the_shorter_one() {
    let long = corpus(3, 200);
    assert_eq!(corpus(3, 50), long[..50]);
    assert_eq!(Stories::new(3).nth(120).as_deref(), Some(long[120].as_str()));
    assert_ne!(corpus(4, 50), long[..50]);
}

#[test]
fn stories_are_distinct() {
    let stories = corpus(0, 20_000);
    let distinct: BTreeSet<_> = stories.iter().collect();
    assert!(distinct.len() >= 19_900, "{} of 20000 are distinct", distinct.len());
}

#[test]
fn the_vocabulary_has_a_few_hundred_words() {
    let vocabulary: BTreeSet<_> = corpus(0, 20_000).iter().flat_map(|story| words(story).collect::<Vec<_>>()).collect();
    assert!((200..=600).contains(&vocabulary.len()), "{} words", vocabulary.len());
}

#[test]
fn stories_are_short_ascii_lines_of_closed_sentences() {
    for story in Stories::new(1).take(5_000) {
        let count = words(&story).count();
        assert!((25..=80).contains(&count), "{count} words: {story}");
        assert!(story.is_ascii() && story.ends_with('.') && !story.contains('\n') && !story.contains("  "), "{story}");
    }
}

#[test]
fn the_text_is_stories_each_closed_by_its_line() {
    let text = corpus_text(5, 3);
    let lines: Vec<_> = text.lines().collect();
    let stories = corpus(5, 3);
    assert_eq!(lines, [&*stories[0], END_OF_TEXT, &*stories[1], END_OF_TEXT, &*stories[2], END_OF_TEXT]);
    assert!(text.ends_with('\n'));
}

/// Every finite form that agrees with its pronoun subject, checked on the written text and not on the grammar's data.
#[test]
fn pronoun_subjects_agree_with_the_verb_that_follows() {
    for story in Stories::new(2).take(5_000) {
        let story: Vec<_> = words(&story).collect();
        for pair in story.windows(2) {
            let wrong = match pair[0].as_str() {
                "he" | "she" => ["are", "were", "have", "do", "want", "say"].contains(&pair[1].as_str()),
                "they" | "we" => ["is", "was", "has", "does", "wants", "says"].contains(&pair[1].as_str()),
                _ => false,
            };
            assert!(!wrong, "{pair:?} in {story:?}");
        }
    }
}

/// A story in the present has no past forms of these verbs outside its perfect tenses, and the other way round.
#[test]
fn a_story_keeps_its_tense() {
    let present = ["is", "are", "has", "says", "looks", "wants", "can"];
    let past = ["was", "were", "said", "looked", "wanted", "could", "fell", "gave"];
    for story in Stories::new(2).take(5_000) {
        let narration: String = story.split('"').step_by(2).collect();
        let found = |forms: &[&str]| words(&narration).any(|word| forms.contains(&word.as_str()));
        assert!(found(&present) != found(&past), "{story}");
    }
}
