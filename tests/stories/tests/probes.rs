//! The minimal pairs: minimal, held out, made of known words, and not solved by counting word pairs.

use std::collections::{BTreeMap, BTreeSet};

use stories::{MinimalPair, corpus, minimal_pairs, to_jsonl};

const PER_PARADIGM: usize = 300;

fn words(sentence: &str) -> Vec<String> {
    sentence
        .trim_end_matches(['.', '!', '?'])
        .split_whitespace()
        .map(|word| word.trim_matches(['"', ',']).to_lowercase())
        .collect()
}

/// The sentences of a story; only full stops followed by a space end one inside it.
fn sentences(story: &str) -> Vec<String> {
    story.trim_end_matches('.').split(". ").map(|sentence| format!("{sentence}.")).collect()
}

#[test]
fn a_pair_has_one_length_and_differs_in_one_word() {
    for pair in minimal_pairs(0, PER_PARADIGM) {
        let [good, bad] = [words(&pair.good), words(&pair.bad)];
        assert_eq!(good.len(), bad.len(), "{pair:?}");
        let different = good.iter().zip(&bad).filter(|(good, bad)| good != bad).count();
        assert_eq!(different, 1, "{pair:?}");
    }
}

#[test]
fn every_paradigm_has_as_many_distinct_pairs_as_asked_for() {
    let pairs = minimal_pairs(0, 1000);
    let mut counts = BTreeMap::<_, BTreeSet<_>>::new();
    for pair in &pairs {
        counts.entry(pair.paradigm).or_default().insert(&pair.good);
    }
    assert_eq!(counts.len(), 9);
    assert!(counts.values().all(|goods| goods.len() == 1000));
    assert_eq!(minimal_pairs(0, 10)[..10], pairs[..10]);
}

#[test]
fn no_sentence_of_a_pair_is_told_in_the_corpus() {
    let told: BTreeSet<_> = corpus(0, 20_000).iter().flat_map(|story| sentences(story)).collect();
    assert!(told.len() > 50_000, "the split finds sentences");
    for pair in minimal_pairs(0, PER_PARADIGM) {
        assert!(!told.contains(&pair.good), "{pair:?}");
        assert!(!told.contains(&pair.bad), "{pair:?}");
    }
}

#[test]
fn every_word_of_a_pair_is_in_the_corpus() {
    let known: BTreeSet<_> = corpus(0, 20_000).iter().flat_map(|story| words(&story.replace('.', " "))).collect();
    for pair in minimal_pairs(0, PER_PARADIGM) {
        for word in words(&pair.good).into_iter().chain(words(&pair.bad)) {
            assert!(known.contains(&word), "{word} of {pair:?}");
        }
    }
}

#[test]
fn json_lines_read_back_as_the_pairs() {
    let quoted = MinimalPair { paradigm: "quoted", good: "\"Yes\\no\"\n".into(), bad: "\u{1}é".into() };
    let pairs: Vec<_> = minimal_pairs(1, 3).into_iter().chain([quoted]).collect();
    let lines = to_jsonl(&pairs);
    assert_eq!(lines.lines().count(), pairs.len());
    for (line, pair) in lines.lines().zip(&pairs) {
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"sentence_good": pair.good, "sentence_bad": pair.bad, "UID": pair.paradigm})
        );
    }
}

/// Counts of words and of neighbouring words, with add-one smoothing: P(b | a) = (n(a b) + 1) / (n(a) + V).
#[derive(Default)]
struct Bigrams {
    firsts: BTreeMap<String, f64>,
    pairs: BTreeMap<(String, String), f64>,
}

impl Bigrams {
    fn learn(sentences: impl Iterator<Item = String>) -> Self {
        let mut bigrams = Self::default();
        for sentence in sentences {
            for pair in Self::bounded(&sentence).windows(2) {
                *bigrams.firsts.entry(pair[0].clone()).or_default() += 1.0;
                *bigrams.pairs.entry((pair[0].clone(), pair[1].clone())).or_default() += 1.0;
            }
        }
        bigrams
    }

    fn bounded(sentence: &str) -> Vec<String> {
        let edge = String::new();
        [edge.clone()].into_iter().chain(words(sentence)).chain([edge]).collect()
    }

    fn log_probability(&self, sentence: &str) -> f64 {
        let vocabulary = self.firsts.len() as f64;
        Self::bounded(sentence)
            .windows(2)
            .map(|pair| {
                let both = self.pairs.get(&(pair[0].clone(), pair[1].clone())).unwrap_or(&0.0);
                let first = self.firsts.get(&pair[0]).unwrap_or(&0.0);
                ((both + 1.0) / (first + vocabulary)).ln()
            })
            .sum()
    }

    /// The share of pairs whose good sentence is likelier; a tie counts half.
    fn accuracy(&self, pairs: &[MinimalPair], paradigm: &str) -> f64 {
        let pairs: Vec<_> = pairs.iter().filter(|pair| pair.paradigm == paradigm).collect();
        let points: f64 = pairs
            .iter()
            .map(|pair| match self.log_probability(&pair.good).total_cmp(&self.log_probability(&pair.bad)) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })
            .sum();
        points / pairs.len() as f64
    }
}

/// What neighbours decide can be counted; what is decided across a phrase is a coin toss to the counts.
#[test]
fn word_pairs_solve_what_is_near_and_fail_at_what_is_far() {
    let model = Bigrams::learn(corpus(0, 20_000).iter().flat_map(|story| sentences(story)));
    let pairs = minimal_pairs(0, PER_PARADIGM);
    let accuracy = |paradigm| model.accuracy(&pairs, paradigm);
    let near = ["subject-verb-agreement", "negative-polarity", "pronoun-case"];
    for paradigm in near {
        assert!(accuracy(paradigm) > 0.8, "{paradigm}: {}", accuracy(paradigm));
    }
    let far = ["agreement-across-distractor", "anaphor-gender", "anaphor-number", "tense-adverb"];
    for paradigm in far {
        assert!(accuracy(paradigm) < 0.65, "{paradigm}: {}", accuracy(paradigm));
    }
    let between = ["determiner-noun-agreement", "irregular-past"];
    for paradigm in between {
        assert!((0.4..0.8).contains(&accuracy(paradigm)), "{paradigm}: {}", accuracy(paradigm));
    }
}
