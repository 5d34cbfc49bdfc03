//! What an encoder must guess, beside transformers' `DataCollatorForLanguageModeling`: the file
//! `reference/masking.safetensors` holds how often that chose, hid and replaced what in some hundred passes over a few
//! stories (see `make_masking.py` there), and the trainer's own passes over the same stories must come from the same
//! distributions.
//!
//! Each comparison is a χ² test that chance fails once in a million times; there are four. Seeds are fixed.
#![expect(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::Tensor;
use trainer::data::{Draw, Masking, SpecialIds, Stories};

const SPECIALS: SpecialIds = SpecialIds { pad: 0, start: 1, end: 2, unknown: 3, mask: 4 };

/// The folder of the reference values: that of the repository, or one of the same form that `tests/transformers` has
/// just made.
fn folder() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    std::env::var_os("SEEDBED_REFERENCE").map_or(ours, PathBuf::from)
}

/// How often what was done.
#[derive(Debug)]
struct Counts {
    /// How often each token was chosen.
    chosen: Vec<f64>,
    /// Of the chosen: now the mask, the same as before, another.
    kinds: Vec<f64>,
    /// How often each id took the place of another; not the mask.
    replaced: Vec<f64>,
    /// How many stories of one length had 0, 1, … chosen tokens; the last: so many or more.
    numbers: Vec<f64>,
}

/// The collator's stories and what it did.
struct Theirs {
    tokens: Vec<i64>,
    bounds: Vec<i64>,
    epochs: u64,
    counted_length: usize,
    counts: Counts,
}

impl Theirs {
    fn read() -> Self {
        let tensors: BTreeMap<String, Tensor> =
            Tensor::read_safetensors(folder().join("masking.safetensors")).unwrap().into_iter().collect();
        let integers = |name: &str| Vec::<i64>::try_from(&tensors[name]).unwrap();
        let numbers = |name: &str| integers(name).into_iter().map(|number| number as f64).collect();
        Self {
            tokens: integers("tokens"),
            bounds: integers("bounds"),
            epochs: u64::try_from(integers("epochs")[0]).unwrap(),
            counted_length: usize::try_from(integers("counted-length")[0]).unwrap(),
            counts: Counts {
                chosen: numbers("chosen"),
                kinds: numbers("kinds"),
                replaced: numbers("replaced"),
                numbers: numbers("numbers"),
            },
        }
    }

    /// The trainer's own passes over the same stories.
    fn ours(&self, probability: f64) -> Counts {
        let ids = self.tokens.iter().map(|id| u16::try_from(*id).unwrap()).collect();
        let stories = Stories::in_memory(ids, self.bounds.iter().map(|bound| *bound as u64).collect());
        let vocabulary = self.counts.replaced.len();
        let masking = Masking { probability, vocabulary: u32::try_from(vocabulary).unwrap(), specials: SPECIALS };
        let mut counts = Counts {
            chosen: vec![0.0; self.tokens.len()],
            kinds: vec![0.0; 3],
            replaced: vec![0.0; vocabulary],
            numbers: vec![0.0; self.counts.numbers.len()],
        };
        for epoch in 0..self.epochs {
            let draws: Vec<Draw> =
                (0..u32::try_from(stories.len()).unwrap()).map(|story| Draw { epoch, story }).collect();
            let batch = masking.training(&stories, &draws, 7);
            let mut changed = batch.tokens.clone();
            for (place, target) in batch.scored.iter().map(|place| usize::try_from(*place).unwrap()).zip(&batch.targets)
            {
                assert_eq!(*target, self.tokens[place], "what is asked for is what stood there");
                counts.chosen[place] += 1.0;
                let given = std::mem::replace(&mut changed[place], *target);
                match given {
                    4 => counts.kinds[0] += 1.0,
                    given if given == *target => counts.kinds[1] += 1.0,
                    given => {
                        counts.kinds[2] += 1.0;
                        counts.replaced[usize::try_from(given).unwrap()] += 1.0;
                    }
                }
            }
            assert_eq!(changed, self.tokens, "what was not chosen was changed");
            for story in batch.bounds.windows(2).filter(|story| story[1] - story[0] == self.counted_length) {
                let chosen = batch.scored.iter().filter(|place| (story[0]..story[1]).contains(&(**place as usize)));
                counts.numbers[chosen.count().min(self.counts.numbers.len() - 1)] += 1.0;
            }
        }
        counts
    }

    /// How each comparison went: its name, χ², and what chance exceeds once in a million times.
    fn compare(&self, ours: &Counts) -> Vec<(&'static str, f64, f64)> {
        let passes = self.epochs as f64;
        let candidates = self.tokens.iter().filter(|id| **id > 4).count() as f64 * passes;
        let with_rest = |kinds: &[f64]| [kinds, &[candidates - kinds.iter().sum::<f64>()]].concat();
        let places = ours.chosen.iter().zip(&self.counts.chosen).filter(|(one, other)| **one + **other > 0.0);
        // Each token is chosen in so many of the passes, binomially.
        let (mut square, mut degrees) = (0.0, 0.0);
        for (one, other) in places {
            square += (one - other).powi(2) / ((one + other) * (1.0 - (one + other) / (2.0 * passes)));
            degrees += 1.0;
        }
        let of = |name, (square, degrees)| (name, square, one_in_a_million(degrees));
        vec![
            of("kinds", homogeneity(&with_rest(&ours.kinds), &with_rest(&self.counts.kinds))),
            of("places", (square, degrees)),
            of("replacements", homogeneity(&ours.replaced, &self.counts.replaced)),
            of("numbers in a story", homogeneity(&ours.numbers, &self.counts.numbers)),
        ]
    }
}

/// χ² and its degrees of freedom for two samples of one distribution; cells of fewer than ten entries together are one.
fn homogeneity(one: &[f64], other: &[f64]) -> (f64, f64) {
    let (first, second): (f64, f64) = (one.iter().sum(), other.iter().sum());
    let (mut square, mut cells, mut rare) = (0.0, 0.0, (0.0, 0.0));
    let term = |one: f64, other: f64| {
        (one * (second / first).sqrt() - other * (first / second).sqrt()).powi(2) / (one + other)
    };
    for (one, other) in one.iter().zip(other) {
        if one + other < 10.0 {
            rare = (rare.0 + one, rare.1 + other);
        } else {
            square += term(*one, *other);
            cells += 1.0;
        }
    }
    if rare.0 + rare.1 > 0.0 {
        square += term(rare.0, rare.1);
        cells += 1.0;
    }
    (square, cells - 1.0)
}

/// The χ² of `degrees` degrees of freedom that chance exceeds once in a million times, within a percent (Wilson and
/// Hilferty 1931): the deviate of the normal distribution is 4.7534.
fn one_in_a_million(degrees: f64) -> f64 {
    let part = 2.0 / (9.0 * degrees);
    degrees * (1.0 - part + 4.7534 * part.sqrt()).powi(3)
}

#[test]
fn choice_and_replacement_come_from_the_collators_distributions() {
    let theirs = Theirs::read();
    let ours = theirs.ours(0.15);
    for (place, id) in theirs.tokens.iter().enumerate() {
        let chosen = (ours.chosen[place] > 0.0, theirs.counts.chosen[place] > 0.0);
        assert_eq!(chosen, (*id > 4, *id > 4), "every ordinary token is chosen at times, a special one never: {place}");
    }
    for (name, square, bound) in theirs.compare(&ours) {
        println!("{name}: χ² = {square:.1}, at most {bound:.1}");
        assert!(square < bound, "{name}: χ² = {square}, at most {bound}");
    }
}

#[test]
fn another_probability_is_told_apart() {
    let theirs = Theirs::read();
    let found = theirs.compare(&theirs.ours(0.16));
    assert!(found.iter().any(|(_, square, bound)| square > bound), "{found:?}");
}
