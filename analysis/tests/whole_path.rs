//! The error of a whole report: the interaction first, then what leads by it, with ten arms and a baseline that do not
//! differ, in two or four strata. A seed may give a share of the residual variance to an arm in all strata alike, and
//! one arm may vary more than the others.
//!
//! A small one in the suite. The large one, 20,000 studies a row, prints what it finds:
//! `cargo test --release -p analysis --test whole_path -- --ignored --nocapture`. On 2026-11-29:
//!
//! | strata | shared | deviations | seeds | an interaction | over the strata | by the pooled error alone | within one | where the report leads | either |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 2 | 0.0 | alike | 3 | 0.0518 | 0.0236 | 0.0485 | 0.0483 | 0.0281 | 0.0693 |
//! | 2 | 0.0 | alike | 5 | 0.0524 | 0.0367 | 0.0490 | 0.0486 | 0.0426 | 0.0796 |
//! | 2 | 0.0 | alike | 10 | 0.0508 | 0.0414 | – | 0.0464 | 0.0481 | 0.0783 |
//! | 4 | 0.0 | alike | 3 | 0.0483 | 0.0232 | 0.0460 | 0.0519 | 0.0272 | 0.0731 |
//! | 4 | 0.0 | alike | 5 | 0.0525 | 0.0363 | 0.0481 | 0.0448 | 0.0421 | 0.0776 |
//! | 4 | 0.0 | alike | 10 | 0.0520 | 0.0419 | – | 0.0432 | 0.0479 | 0.0806 |
//! | 4 | 0.5 | alike | 3 | 0.0483 | 0.0243 | 0.0469 | 0.0485 | 0.0272 | 0.0690 |
//! | 4 | 0.5 | alike | 5 | 0.0525 | 0.0369 | 0.0479 | 0.0486 | 0.0413 | 0.0776 |
//! | 4 | 0.5 | alike | 10 | 0.0520 | 0.0401 | – | 0.0414 | 0.0436 | 0.0683 |
//! | 2 | 0.5 | one arm × 2 | 3 | 0.0730 | 0.0267 | 0.0651 | 0.0505 | 0.0321 | 0.0742 |
//! | 2 | 0.5 | one arm × 2 | 5 | 0.0757 | 0.0361 | 0.0640 | 0.0467 | 0.0410 | 0.0764 |
//! | 2 | 0.5 | one arm × 2 | 10 | 0.0735 | 0.0397 | – | 0.0422 | 0.0443 | 0.0657 |
//! | 2 | 0.5 | one arm × 4 | 3 | 0.1497 | 0.0349 | 0.1474 | 0.0508 | 0.0438 | 0.0823 |
//! | 2 | 0.5 | one arm × 4 | 5 | 0.1444 | 0.0408 | 0.1423 | 0.0469 | 0.0496 | 0.0833 |
//! | 2 | 0.5 | one arm × 4 | 10 | 0.1424 | 0.0374 | – | 0.0427 | 0.0453 | 0.0654 |
//! | 2 | 0.5 | three arms × 4 | 3 | 0.1394 | 0.0413 | 0.1129 | 0.0499 | 0.0495 | 0.0872 |
//! | 2 | 0.5 | three arms × 4 | 5 | 0.1344 | 0.0539 | 0.1040 | 0.0469 | 0.0617 | 0.0941 |
//! | 2 | 0.5 | three arms × 4 | 10 | 0.1243 | 0.0415 | – | 0.0448 | 0.0486 | 0.0702 |
//! | 2 | 0.5 | baseline × 4 | 3 | 0.1482 | 0.0958 | 0.2500 | 0.0391 | 0.1056 | 0.1206 |
//! | 2 | 0.5 | baseline × 4 | 5 | 0.1472 | 0.0926 | 0.2432 | 0.0257 | 0.1003 | 0.1053 |
//! | 2 | 0.5 | baseline × 4 | 10 | 0.1348 | 0.0124 | – | 0.0170 | 0.0197 | 0.0244 |
//!
//! Over the strata: an arm by Dunnett that its own seeds bear out, from 8 seeds on by Holm, and only where no interaction
//! was found. Within one: by Holm. What leads keeps the level that was declared, whatever a seed shares and also where
//! one arm varies more than the others. It does not where the baseline does, from which all differ at once, and the test
//! of the interaction never does there, as it takes one error for all: the report names such a level where it can be
//! told. The comparisons over strata and those within them are two families, each of which keeps it; whoever takes a
//! claim from either has the error of both.
//!
//! What it costs: an arm that the pooled error alone finds in 80 % of studies is borne out in 49, 65, 71, 75 and 77 % with
//! 3, 4, 5, 6 and 7 seeds.

// clippy takes the helpers of this crate for something else than tests; what was found is printed for whoever asks for
// it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod fixture;

use std::fmt::Write as _;

use analysis::report::comparison::Verdict;
use analysis::report::effects::Leads;
use analysis::report::rule;
use analysis::statistics::comparisons::dunnett::Largest;
use analysis::statistics::describe::mean;
use analysis::statistics::detectable::reached;
use analysis::statistics::distributions::f;
use analysis::statistics::holm::holm;
use analysis::statistics::noncentral;
use analysis::statistics::paired::paired_t;
use analysis::statistics::resampling::chance::normal;
use analysis::{Report, Results};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spec::Value;
use spec::analysis::AnalysisSpec;
use spec::metric::Direction;

/// Arms beside the baseline, which is the first of a stratum.
const ARMS: usize = 10;
const LEVEL: f64 = 0.05;

/// What a study may claim.
const CLAIMS: [&str; 5] = [
    "that arms' differences depend on the architecture",
    "that an arm differs over the architectures, where the report leads with that",
    "that one does within an architecture",
    "that one does, where the report leads with it",
    "either of the two",
];

/// Values by stratum, arm and seed.
type Study = Vec<Vec<Vec<f64>>>;

/// How many strata, what share of the residual variance a seed gives to an arm in all of them alike, and from which arm on
/// up to which one arms have how many times the deviation of the others; the first is the baseline.
type Setting = (usize, f64, ([usize; 2], f64));

/// All arms vary alike.
const ALIKE: ([usize; 2], f64) = ([0, 0], 1.0);
/// The baseline varies more, or one arm, or three of them.
const BASELINE: [usize; 2] = [0, 1];
const ONE: [usize; 2] = [4, 5];
const THREE: [usize; 2] = [4, 7];

/// Runs that share half of their variance within a seed of a stratum; the last arm lies higher by the first of
/// `effects` in the first stratum and by the other one elsewhere.
fn study(
    seeds: usize,
    (strata, share, ([from, to], times)): Setting,
    effects: [f64; 2],
    random: &mut ChaCha8Rng,
) -> Study {
    let size = |arm: usize| if (from..to).contains(&arm) { times } else { 1.0 };
    let alike: Vec<Vec<f64>> =
        (0..=ARMS).map(|arm| (0..seeds).map(|_| size(arm) * share.sqrt() * normal(random)).collect()).collect();
    let stratum = |stratum: usize, random: &mut ChaCha8Rng| {
        let shift: Vec<f64> = (0..seeds).map(|_| normal(random)).collect();
        let mut arm = |arm: usize| {
            let moved = if arm == ARMS { effects[stratum.min(1)] } else { 0.0 };
            let of_seed = shift.iter().zip(&alike[arm]);
            let rest = size(arm) * (1.0 - share).sqrt();
            of_seed.map(|(shift, alike)| moved + shift + alike + rest * normal(random)).collect()
        };
        (0..=ARMS).map(&mut arm).collect()
    };
    (0..strata).map(|place| stratum(place, random)).collect()
}

fn pairs(level: &[f64], baseline: &[f64]) -> Vec<(f64, f64)> {
    level.iter().copied().zip(baseline.iter().copied()).collect()
}

fn any_by_holm(p: &[Option<f64>]) -> bool {
    holm(p).into_iter().flatten().any(|p| p < LEVEL)
}

fn p_value(level: &[f64], baseline: &[f64]) -> Option<f64> {
    Some(paired_t(&pairs(level, baseline), LEVEL)?.test()?.p)
}

/// The seeds' means over the strata, by arm.
fn averages(study: &Study) -> Vec<Vec<f64>> {
    let of = |arm: usize, seed: usize| mean(&study.iter().map(|arms| arms[arm][seed]).collect::<Vec<f64>>()).unwrap();
    (0..=ARMS).map(|arm| (0..study[0][0].len()).map(|seed| of(arm, seed)).collect()).collect()
}

/// What is left of a table when the means of its rows and columns are taken out.
fn centred(table: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let rows: Vec<f64> = table.iter().map(|row| mean(row).unwrap()).collect();
    let column = |place: usize| mean(&table.iter().map(|row| row[place]).collect::<Vec<f64>>()).unwrap();
    let columns: Vec<f64> = (0..table[0].len()).map(column).collect();
    let grand = mean(&rows).unwrap();
    let of_row = |(row, middle): (&Vec<f64>, &f64)| {
        row.iter().zip(&columns).map(|(value, column)| value - middle - column + grand).collect()
    };
    table.iter().zip(&rows).map(of_row).collect()
}

fn squares(table: &[Vec<f64>]) -> f64 {
    table.iter().flatten().map(|value| value * value).sum()
}

/// Whether the interaction is significant in the analysis of variance with error level × seed × stratum.
fn interacts(study: &Study) -> bool {
    let (strata, seeds) = (study.len(), study[0][0].len());
    let of_seed = |seed: usize| {
        centred(&study.iter().map(|arms| arms.iter().map(|arm| arm[seed]).collect()).collect::<Vec<Vec<f64>>>())
    };
    let all: f64 = (0..seeds).map(|seed| squares(&of_seed(seed))).sum();
    let means = |arms: &Vec<Vec<f64>>| arms.iter().map(|arm| mean(arm).unwrap()).collect();
    let between = seeds as f64 * squares(&centred(&study.iter().map(means).collect::<Vec<Vec<f64>>>()));
    let df = (ARMS * (strata - 1)) as f64;
    let below = df * (seeds - 1) as f64;
    f::upper_tail(between / df / ((all - between) / below), df, below).unwrap() < LEVEL
}

/// Of each arm beside the baseline whether the error of level × seed shows that it differs, by Dunnett's value.
fn by_the_pooled_error(averages: &[Vec<f64>], critical: f64) -> Vec<bool> {
    let seeds = averages[0].len();
    let residual = squares(&centred(averages)) / (ARMS * (seeds - 1)) as f64;
    let error = (2.0 * residual / seeds as f64).sqrt();
    let middle = mean(&averages[0]).unwrap();
    averages[1..].iter().map(|arm| (mean(arm).unwrap() - middle).abs() > critical * error).collect()
}

/// Which of [`CLAIMS`] the decision rule makes; `critical` is Dunnett's value for the degrees of freedom of level ×
/// seed.
fn by_the_rule(study: &Study, critical: f64) -> [bool; 5] {
    let interaction = interacts(study);
    let seeds = study[0][0].len();
    let averages = averages(study);
    let differs = if seeds < rule::SEEDS_ALONE {
        let shown = by_the_pooled_error(&averages, critical);
        let borne_out = |arm: &Vec<f64>| p_value(arm, &averages[0]).is_some_and(|p| p < LEVEL);
        averages[1..].iter().zip(shown).any(|(arm, shown)| shown && borne_out(arm))
    } else {
        any_by_holm(&averages[1..].iter().map(|arm| p_value(arm, &averages[0])).collect::<Vec<_>>())
    };
    let over_strata = differs && !interaction;
    let within = study.iter().flat_map(|arms| arms[1..].iter().map(|arm| p_value(arm, &arms[0])));
    let within_strata = any_by_holm(&within.collect::<Vec<_>>());
    let leading = if interaction { within_strata } else { over_strata };
    [interaction, over_strata, within_strata, leading, over_strata || within_strata]
}

/// Which of [`CLAIMS`] the report makes.
fn by_the_report(study: &Study) -> [bool; 5] {
    let mut table = String::from("architecture,activation,seed,loss\n");
    for (name, arms) in study.iter().enumerate() {
        for (arm, values) in arms.iter().enumerate() {
            for (seed, value) in values.iter().enumerate() {
                writeln!(table, "a{name},arm-{arm},{seed},{value}").unwrap();
            }
        }
    }
    let options = fixture::table_options(&["architecture", "activation"], &["loss"]);
    let results = Results::from_reader(table.as_bytes(), "study.csv".as_ref(), &options).unwrap();
    let plan = AnalysisSpec {
        baseline: [("activation".to_owned(), Value::from("arm-0"))].into(),
        primary: "loss".to_owned(),
        directions: [("loss".to_owned(), Direction::Lower)].into(),
        ..fixture::analysis()
    };
    let report = Report::new(&results, &plan).unwrap();
    let metric = &report.metrics[0];
    let claimed = |verdict: Verdict| matches!(verdict, Verdict::Better | Verdict::Worse);
    let effects = metric.contrasts[0].effects.as_ref().unwrap();
    let interaction = effects.leads == Leads::SimpleEffects;
    let over_strata = effects.contrasts.iter().any(|contrast| claimed(contrast.judged.verdict));
    let within_strata = metric.comparisons().any(|(.., comparison)| claimed(comparison.verdict));
    let leading = if interaction { within_strata } else { over_strata };
    [interaction, over_strata, within_strata, leading, over_strata || within_strata]
}

fn critical(seeds: usize) -> f64 {
    let df = (ARMS * (seeds - 1)) as f64;
    Largest::of(&[0.5_f64.sqrt(); ARMS]).unwrap().upper_quantile(LEVEL, df).unwrap()
}

/// The share of studies in which nothing differs with each claim, and with one over the strata by the pooled error alone.
fn shares(seeds: usize, setting: Setting, studies: u32) -> ([f64; 5], f64) {
    let (critical, mut random) = (critical(seeds), ChaCha8Rng::seed_from_u64(2026));
    let (mut counts, mut pooled) = ([0_u32; 5], 0_u32);
    for _ in 0..studies {
        let study = study(seeds, setting, [0.0; 2], &mut random);
        let claims = by_the_rule(&study, critical);
        counts.iter_mut().zip(claims).for_each(|(count, claimed)| *count += u32::from(claimed));
        let is_shown = by_the_pooled_error(&averages(&study), critical).contains(&true);
        pooled += u32::from(is_shown && !claims[0]);
    }
    (counts.map(|count| f64::from(count) / f64::from(studies)), f64::from(pooled) / f64::from(studies))
}

fn look(seeds: &[usize], setting: Setting, studies: u32) {
    // Four standard deviations of what chance adds.
    let room = 4.0 * (LEVEL * (1.0 - LEVEL) / f64::from(studies)).sqrt();
    for seeds in seeds {
        let (found, pooled) = shares(*seeds, setting, studies);
        for (claim, share) in CLAIMS.iter().zip(found) {
            println!("{seeds} seeds, {setting:?}: {share:.4} {claim}");
        }
        println!("{seeds} seeds, {setting:?}: {pooled:.4} over the architectures, by the pooled error alone");
        // All differences are from the baseline: where that is wide they depend on each other, and no test of each helps.
        let is_alike = setting.2 == ALIKE;
        let is_baseline_wide = setting.2.0 == BASELINE;
        // Nor where several arms are, each with a test of its own before any correction.
        let most = match setting.2.0 {
            BASELINE if *seeds < rule::SEEDS_ALONE => 0.12,
            THREE if *seeds < rule::SEEDS_ALONE => 0.075,
            _ => 0.055,
        };
        for share in &found[1..4] {
            assert!(*share < most + room, "{seeds} seeds, {setting:?}: {found:?}");
        }
        assert!(is_baseline_wide || found[3] > 0.03 - room, "{seeds} seeds, {setting:?}: {found:?}");
        // Where an arm is wide the interaction is found too often, as the report says: it takes one error for all.
        assert!(!is_alike || (found[0] - LEVEL).abs() < room, "{seeds} seeds, {setting:?}: {found:?}");
    }
}

#[test]
fn what_leads_errs_as_seldom_as_it_says() {
    look(&[3, 10], (2, 0.0, ALIKE), 1500);
    look(&[3, 5], (4, 0.5, ALIKE), 1500);
    look(&[3, 5], (2, 0.5, (ONE, 4.0)), 1500);
    look(&[5], (2, 0.5, (BASELINE, 4.0)), 1500);
}

#[test]
#[ignore = "20,000 studies a row take half a minute"]
fn what_leads_errs_as_seldom_as_it_says_in_many_studies() {
    let alike = [(2, 0.0, ALIKE), (4, 0.0, ALIKE), (4, 0.5, ALIKE)];
    for setting in
        alike.into_iter().chain([(ONE, 2.0), (ONE, 4.0), (THREE, 4.0), (BASELINE, 4.0)].map(|wide| (2, 0.5, wide)))
    {
        look(&[3, 5, 10], setting, 20_000);
    }
}

/// Of an arm that the pooled error alone finds in four of five studies: in what share of them that error finds it, and
/// its own seeds bear it out.
fn found(seeds: usize, studies: u32) -> [f64; 2] {
    let (critical, mut random) = (critical(seeds), ChaCha8Rng::seed_from_u64(2026));
    let df = (ARMS * (seeds - 1)) as f64;
    let errors = reached(|size| Some(noncentral::upper_tail(critical, df, size))).unwrap();
    // Two strata of variance 1 give a seed's mean half of it.
    let effect = errors / (seeds as f64).sqrt();
    let mut counts = [0_u32; 2];
    for _ in 0..studies {
        let averages = averages(&study(seeds, (2, 0.0, ALIKE), [effect; 2], &mut random));
        let is_shown = by_the_pooled_error(&averages, critical)[ARMS - 1];
        let is_borne_out = p_value(&averages[ARMS], &averages[0]).is_some_and(|p| p < LEVEL);
        counts[0] += u32::from(is_shown);
        counts[1] += u32::from(is_shown && is_borne_out);
    }
    counts.map(|count| f64::from(count) / f64::from(studies))
}

/// What the page above says of 3 to 7 seeds.
const BORNE_OUT: [f64; 5] = [0.49, 0.65, 0.71, 0.75, 0.77];

fn look_at_the_price(studies: u32) {
    // Four standard deviations of what chance adds, and what two digits leave.
    let room = 4.0 * (0.25 / f64::from(studies)).sqrt() + 0.005;
    for (seeds, expected) in (3..rule::SEEDS_ALONE).zip(BORNE_OUT) {
        let [pooled, both] = found(seeds, studies);
        println!("{seeds} seeds: {pooled:.3} by the pooled error alone, {both:.3} borne out");
        assert!((pooled - 0.8).abs() < room && (both - expected).abs() < room, "{seeds} seeds: {pooled} {both}");
    }
}

#[test]
fn it_costs_what_it_says_to_be_borne_out() {
    look_at_the_price(1500);
}

#[test]
#[ignore = "20,000 studies a row take half a minute"]
fn it_costs_what_it_says_to_be_borne_out_in_many_studies() {
    look_at_the_price(20_000);
}

#[test]
fn the_report_claims_what_the_rule_does() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut claimed = [0; 5];
    for seeds in [3, 9] {
        // From nothing to what nobody overlooks.
        for effects in [[0.0, 0.0], [2.0, 0.0], [3.5, 0.0], [5.0, 0.0], [8.0, 0.0], [5.0, 5.0]] {
            let study = study(seeds, (2, 0.25, ALIKE), effects, &mut random);
            let (rule, report) = (by_the_rule(&study, critical(seeds)), by_the_report(&study));
            assert_eq!(rule, report, "{seeds} seeds, {effects:?}: {CLAIMS:?}");
            claimed.iter_mut().zip(rule).for_each(|(count, claimed)| *count += u32::from(claimed));
        }
    }
    // Each claim is made sometimes and not always, so that something was compared.
    assert!(claimed.iter().all(|count| (1..12).contains(count)), "{claimed:?}");
}
