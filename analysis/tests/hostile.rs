//! Every procedure on inputs that nobody means: no panic, no endless loop, no number that is not finite, no p value of
//! 0.

// clippy takes the helpers of this crate for something else than tests.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use analysis::statistics::anova::factor::Factor;
use analysis::statistics::anova::factorial::{Squares, factorial};
use analysis::statistics::anova::{aligned_ranks, one_way, welch, within};
use analysis::statistics::bayes::{bayes_factor, correlated_t, signed_rank as bayes_signed_rank};
use analysis::statistics::comparisons::{dunnett, games_howell, tukey};
use analysis::statistics::curves::{band, rotation};
use analysis::statistics::describe::describe;
use analysis::statistics::diagnostics::{bartlett, fligner_killeen, levene, shapiro_wilk};
use analysis::statistics::dominance::almost_stochastic::almost_stochastic;
use analysis::statistics::effects::cohen;
use analysis::statistics::equivalence::equivalence;
use analysis::statistics::friedman::friedman;
use analysis::statistics::location::{corrected, pooled, yuen};
use analysis::statistics::mixed::fit::Mixed;
use analysis::statistics::nemenyi::nemenyi;
use analysis::statistics::paired::paired_t;
use analysis::statistics::power::{design::Design, pilot};
use analysis::statistics::ranks::signed_rank::{Zeros, signed_rank};
use analysis::statistics::ranks::{
    brunner_munzel, conover, decimal, dunn, hodges_lehmann, kruskal_wallis, mann_whitney, quade, sign,
};
use analysis::statistics::resampling::{permutation, sign_flip, studentised};
use analysis::statistics::welch::welch_t;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What values are drawn from: the first ones are plain.
const POOL: [f64; 18] = [
    0.1,
    0.2,
    0.3,
    0.7,
    1.0,
    2.0,
    0.0,
    -0.0,
    -1.5,
    1.0 + f64::EPSILON,
    1e-300,
    5e-324,
    1e154,
    1e300,
    -f64::MAX,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

struct Source {
    random: ChaCha8Rng,
    /// How much of the pool is drawn from.
    reach: u32,
}

impl Source {
    fn below(&mut self, bound: u32) -> usize {
        (self.random.next_u32() % bound) as usize
    }

    fn values(&mut self, count: usize) -> Vec<f64> {
        (0..count)
            .map(|_| {
                let reach = self.reach;
                POOL[self.below(reach)]
            })
            .collect()
    }

    fn groups(&mut self) -> Vec<Vec<f64>> {
        let count = self.below(5);
        (0..count)
            .map(|_| {
                let size = self.below(6);
                self.values(size)
            })
            .collect()
    }

    fn blocks(&mut self) -> Vec<Vec<f64>> {
        let (count, width) = (self.below(6), self.below(5));
        let ragged = self.below(8) == 0;
        (0..count)
            .map(|index| {
                let width = if ragged && index == 1 { width + 1 } else { width };
                self.values(width)
            })
            .collect()
    }
}

/// An answer must hold no number that is not finite, and no p value of 0.
fn sound<Answer: Debug, Input: Debug>(name: &str, input: &Input, answer: &Answer) {
    let text = format!("{answer:?}");
    let unsound = ["NaN", "inf", "p: 0.0,", "p: 0.0 ", "p: -"].iter().any(|part| text.contains(part));
    assert!(!unsound, "{name} of {input:?}: {text}");
}

/// Refusals may name what was wrong, NaN among it.
fn sound_unless_refused<Answer: Debug, Why: std::error::Error, Input: Debug>(
    name: &str,
    input: &Input,
    answer: &Result<Answer, Why>,
) {
    match answer {
        Ok(answer) => sound(name, input, answer),
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

fn two_samples(source: &mut Source) {
    let (n, m) = (source.below(7), source.below(7));
    let (level, baseline) = (source.values(n), source.values(m));
    let input = (&level, &baseline);
    for (name, estimate) in [
        ("welch", welch_t(&level, &baseline, 0.05)),
        ("pooled", pooled::pooled_t(&level, &baseline, 0.05)),
        ("yuen", yuen::yuen_t(&level, &baseline, 0.2, 0.05)),
    ] {
        sound(name, &input, &estimate);
        sound(name, &input, &estimate.and_then(|estimate| equivalence(&estimate, 0.1)));
    }
    sound("mann_whitney", &input, &mann_whitney::mann_whitney(&level, &baseline));
    sound("brunner_munzel", &input, &brunner_munzel::brunner_munzel(&level, &baseline, 0.05));
    sound("hodges_lehmann", &input, &hodges_lehmann::independent(&level, &baseline, 0.05));
    sound("cohen", &input, &cohen::independent(&level, &baseline));
    sound("average", &input, &cohen::average(&level, &baseline));
    sound("permutation", &input, &permutation::exact(&level, &baseline));
    sound("permutation", &input, &permutation::drawn(&level, &baseline, 20, &mut source.random));
    let order = almost_stochastic(&level, &baseline, 0.05, 20, &mut source.random);
    sound_unless_refused("almost_stochastic", &input, &order);
}

fn one_sample(source: &mut Source) {
    let n = source.below(7);
    let (level, baseline) = (source.values(n), source.values(n));
    let pairs: Vec<(f64, f64)> = level.iter().copied().zip(baseline).collect();
    let estimate = paired_t(&pairs, 0.05);
    sound("paired", &pairs, &estimate);
    sound("equivalence", &pairs, &estimate.and_then(|estimate| equivalence(&estimate, 0.1)));
    sound("sign_flip", &pairs, &sign_flip::exact(&pairs));
    sound("sign_flip", &pairs, &sign_flip::drawn(&pairs, 20, &mut source.random));
    sound("cohen", &pairs, &cohen::paired(&pairs));
    let differences = decimal::differences(&pairs);
    for zeros in [Zeros::Dropped, Zeros::Ranked] {
        sound("signed_rank", &differences, &signed_rank(&differences, zeros));
    }
    sound("sign", &differences, &sign::sign(&differences, 0.05));
    sound("hodges_lehmann", &differences, &hodges_lehmann::paired(&differences, 0.05));
    sound("corrected", &differences, &corrected::corrected_t(&pairs, 0.1, 0.05));
    sound("describe", &level, &describe(&level, 0.05));
    sound("studentised", &level, &studentised::studentised(&level, 20, 0.05, &mut source.random));
    sound_unless_refused("shapiro_wilk", &level, &shapiro_wilk::shapiro_wilk(&level));
    sound_unless_refused("correlated_t", &differences, &correlated_t::correlated_t(&pairs, 0.1, 0.1));
    let ranked = bayes_signed_rank::signed_rank(&differences, 0.1, 20, &mut source.random);
    sound_unless_refused("Bayesian signed_rank", &differences, &ranked);
    sound_unless_refused("upper_spread", &level, &pilot::upper_spread(&level, 0.8));
}

fn several_groups(source: &mut Source) {
    let groups = source.groups();
    sound_unless_refused("kruskal_wallis", &groups, &kruskal_wallis::kruskal_wallis(&groups));
    sound_unless_refused("dunn", &groups, &dunn::dunn(&groups));
    sound_unless_refused("one_way", &groups, &one_way::one_way(&groups));
    sound_unless_refused("welch", &groups, &welch::welch(&groups));
    sound_unless_refused("levene", &groups, &levene::levene(&groups, levene::Centre::Median));
    sound_unless_refused("bartlett", &groups, &bartlett::bartlett(&groups));
    sound_unless_refused("fligner_killeen", &groups, &fligner_killeen::fligner_killeen(&groups));
    sound_unless_refused("tukey_kramer", &groups, &tukey::tukey_kramer(&groups, 0.05));
    sound_unless_refused("games_howell", &groups, &games_howell::games_howell(&groups, 0.05));
    let baseline = source.below(4);
    sound_unless_refused("dunnett", &groups, &dunnett::dunnett(&groups, baseline, 0.05));
}

fn several_blocks(source: &mut Source) {
    let blocks = source.blocks();
    let found = friedman(&blocks);
    sound_unless_refused("friedman", &blocks, &found);
    if let Ok(found) = found {
        sound_unless_refused("nemenyi", &blocks, &nemenyi(&found.mean_ranks, blocks.len()));
    }
    sound_unless_refused("conover", &blocks, &conover::conover(&blocks));
    sound_unless_refused("quade", &blocks, &quade::quade(&blocks));
    sound_unless_refused("within", &blocks, &within::one_factor(&blocks));
    sound_unless_refused("within", &blocks, &within::two_factors(&blocks, [2, 2]));
    let others = source.blocks();
    let nothing: Vec<Vec<f64>> = blocks.iter().map(|block| vec![0.0; block.len()]).collect();
    for baseline in [&others, &nothing] {
        sound_unless_refused("band", &(&blocks, baseline), &band::band(&blocks, baseline, 0.05));
        let found = rotation::rotation(&blocks, baseline, 20, &mut source.random);
        sound_unless_refused("rotation", &(&blocks, baseline), &found);
    }
}

fn models(source: &mut Source) {
    let runs = source.below(14);
    let values = source.values(runs);
    let mut factor = |levels: u32| Factor::of((0..runs).map(|_| source.below(levels)).collect());
    let (Ok(one), Ok(other), Ok(seed)) = (factor(2), factor(3), factor(3)) else { return };
    let input = (&values, &one, &other, &seed);
    let ranks = aligned_ranks::aligned_ranks(&values, [&one, &other], Some(&seed));
    sound_unless_refused("aligned_ranks", &input, &ranks);
    let columns: Vec<Vec<f64>> =
        (0..2).map(|arm| one.levels().iter().map(|level| f64::from(u8::from(*level == arm))).collect()).collect();
    let mixed = Mixed::fit(&values, &columns, &seed).and_then(|model| {
        sound("variances", &input, &(model.seed_variance, model.residual_variance, &model.standard_errors));
        model.contrast(&[1.0, -1.0], 0.05)
    });
    sound_unless_refused("mixed", &input, &mixed);
    let factors = [one.clone(), other.clone(), seed.clone()];
    for squares in [Squares::Sequential, Squares::Marginal, Squares::Partial] {
        let table = factorial(&values, &factors, &[&[0], &[1], &[0, 1], &[2]], squares);
        sound_unless_refused("factorial", &input, &table);
    }
}

#[test]
fn no_input_brings_out_what_is_no_answer() {
    for (seed, reach) in [(1, 6), (2, 10), (3, 15), (4, 18)] {
        let mut source = Source { random: ChaCha8Rng::seed_from_u64(seed), reach };
        for _ in 0..400 {
            one_sample(&mut source);
            two_samples(&mut source);
            several_blocks(&mut source);
            models(&mut source);
        }
        for _ in 0..30 {
            several_groups(&mut source);
        }
    }
}

#[test]
fn no_setting_brings_out_what_is_no_answer() {
    for one in POOL {
        for other in POOL {
            let input = (one, other);
            sound_unless_refused("power", &input, &Design::Paired.power(one, other, 0.05));
            sound_unless_refused("power", &input, &Design::Independent.power(0.5, one, other));
            sound_unless_refused("detectable", &input, &Design::Paired.detectable(one, other, 0.05));
            sound("log_bayes_factor", &input, &bayes_factor::log_bayes_factor(one, other, 4.0, 0.7));
            sound("log_bayes_factor", &input, &bayes_factor::log_bayes_factor(2.0, 5.0, one, other));
            sound("paired", &input, &paired_t(&[(0.3, 0.1), (0.5, 0.1), (0.1, one)], other));
        }
    }
}
