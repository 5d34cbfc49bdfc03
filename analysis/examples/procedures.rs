//! Answers of single procedures, for comparison with other programs: a question a line on standard input, as JSON, and
//! an answer a line on standard output.
//!
//!     echo '{"procedure": "dunn", "rows": [[1, 2, 3], [2, 4, 6], [5, 7, 9]]}' | target/release/examples/procedures
//!
//! `tests/report/live` asks; what `rows` and `others` hold stands beside each procedure in [`answer`].

// An example's standard output is what it is for.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::BufRead as _;

use analysis::statistics::aggregates::improvement::probability_of_improvement;
use analysis::statistics::aggregates::interquartile::{counted_interquartile_mean, interquartile_mean};
use analysis::statistics::aggregates::optimality::optimality_gap;
use analysis::statistics::aggregates::profile::performance_profile;
use analysis::statistics::comparisons::contrast::Contrast;
use analysis::statistics::comparisons::{dunnett::dunnett, games_howell::games_howell, tukey::tukey_kramer};
use analysis::statistics::corrections::single_step::sidak;
use analysis::statistics::describe::mean;
use analysis::statistics::diagnostics::outliers::outliers;
use analysis::statistics::estimate::Estimate;
use analysis::statistics::friedman::friedman;
use analysis::statistics::location::pooled::pooled_t;
use analysis::statistics::nemenyi::nemenyi;
use analysis::statistics::ranks::decimal::differences;
use analysis::statistics::ranks::dunn::RankPair;
use analysis::statistics::ranks::signed_rank::{self, Zeros, signed_rank};
use analysis::statistics::ranks::{after_friedman, conover, conover_iman, dunn, mann_whitney, quade};
use analysis::statistics::resampling::bootstrap::Bootstrap;
use analysis::statistics::resampling::counted::counted;
use analysis::statistics::welch::welch_t;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;
use serde_json::{Value, json};

/// A question.
#[derive(Deserialize)]
struct Question {
    procedure: String,
    /// Groups, blocks or tasks.
    rows: Vec<Vec<f64>>,
    /// Tasks of the other arm.
    #[serde(default)]
    others: Vec<Vec<f64>>,
    /// Thresholds of a profile.
    #[serde(default)]
    thresholds: Vec<f64>,
    /// Resamples, or the most outlying values.
    #[serde(default)]
    count: usize,
}

/// Why there is no answer.
type Refused = Box<dyn Error>;

fn main() -> Result<(), Refused> {
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let found = answer(&question).unwrap_or_else(|refused| json!({"refused": refused.to_string()}));
        println!("{found}");
    }
    Ok(())
}

/// The answer: p values of pairs in the order (0, 1), (0, 2) …, or numbers by name.
fn answer(question: &Question) -> Result<Value, Refused> {
    let rows = &question.rows;
    Ok(match question.procedure.as_str() {
        // Rows are groups.
        "dunn" => ranked(&dunn::dunn(rows)?),
        "conover-iman" => ranked(&conover_iman::conover_iman(rows)?),
        "tukey" => contrasts(&tukey_kramer(rows, 0.05)?),
        "games-howell" => contrasts(&games_howell(rows, 0.05)?),
        "dunnett" => contrasts(&dunnett(rows, 0, 0.05)?),
        "pooled" => of_pairs(rows, |x, y| tested(pooled_t(x, y, 0.05))),
        "welch" => of_pairs(rows, |x, y| tested(welch_t(x, y, 0.05))),
        "tamhane" => tamhane(rows),
        "mann-whitney" => of_pairs(rows, |x, y| Some(mann_whitney::mann_whitney(x, y)?.p)),
        "mann-whitney-asymptotic" => of_pairs(rows, |x, y| Some(mann_whitney::asymptotic(x, y, true)?.1)),
        // Rows are blocks.
        "nemenyi" => ranked(&nemenyi(&friedman(rows)?.mean_ranks, rows.len())?),
        "siegel" => ranked(&after_friedman::siegel(&friedman(rows)?.mean_ranks, rows.len())?),
        "miller" => ranked(&after_friedman::miller(&friedman(rows)?.mean_ranks, rows.len())?),
        "conover-friedman" => ranked(&conover::conover(rows)?),
        "quade" => ranked(&quade::quade(rows)?.pairs),
        // Rows are arms with values by seed.
        "signed-rank" => of_pairs(rows, |x, y| Some(signed_rank(&paired(x, y), Zeros::Dropped)?.p)),
        "signed-rank-asymptotic" => {
            of_pairs(rows, |x, y| Some(signed_rank::asymptotic(&paired(x, y), Zeros::Dropped, false)?.1))
        }
        // One row of values.
        "outliers" => {
            let found = outliers(&rows[0], question.count, 0.05)?;
            json!(found.steps[..found.count].iter().map(|step| step.place).collect::<Vec<usize>>())
        }
        // Rows are tasks with a value a run.
        "interquartile-interval" => {
            let groups: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let random = &mut ChaCha8Rng::seed_from_u64(1);
            let found = counted(&groups, question.count, random, counted_interquartile_mean).ok_or("too few values")?;
            json!(found.percentile(0.05))
        }
        // And others those of the other arm.
        "aggregates" => aggregates(question),
        other => return Err(format!("there is no procedure `{other}`").into()),
    })
}

fn ranked(pairs: &[RankPair]) -> Value {
    json!(pairs.iter().map(|pair| pair.p).collect::<Vec<f64>>())
}

fn contrasts(pairs: &[Contrast]) -> Value {
    json!(pairs.iter().map(|pair| pair.p).collect::<Vec<f64>>())
}

fn tested(estimate: Option<Estimate>) -> Option<f64> {
    Some(estimate?.test()?.p)
}

fn paired(x: &[f64], y: &[f64]) -> Vec<f64> {
    let pairs: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    differences(&pairs)
}

fn every_pair(rows: &[Vec<f64>], p: impl Fn(&[f64], &[f64]) -> Option<f64>) -> Vec<Option<f64>> {
    let p = &p;
    (0..rows.len())
        .flat_map(|first| (first + 1..rows.len()).map(move |second| p(&rows[first], &rows[second])))
        .collect()
}

fn of_pairs(rows: &[Vec<f64>], p: impl Fn(&[f64], &[f64]) -> Option<f64>) -> Value {
    json!(every_pair(rows, p))
}

/// Tamhane's T2: Welch's tests, with Šidák's correction for all pairs.
fn tamhane(rows: &[Vec<f64>]) -> Value {
    json!(sidak(&every_pair(rows, |x, y| tested(welch_t(x, y, 0.05)))))
}

fn aggregates(question: &Question) -> Value {
    let Question { rows, others, thresholds, count, .. } = question;
    let all = rows.concat();
    let pairs: Vec<(Vec<f64>, Vec<f64>)> = rows.iter().cloned().zip(others.iter().cloned()).collect();
    let groups: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let both: Vec<&[f64]> = rows.iter().chain(others).map(Vec::as_slice).collect();
    // A generator each, as each is asked by itself.
    let interval = |groups: &[&[f64]], statistic: &dyn Fn(&[Vec<f64>]) -> f64| {
        let found = Bootstrap::stratified(groups, *count, &mut ChaCha8Rng::seed_from_u64(1), statistic)?;
        let [interval, basic] = [found.percentile(0.05), found.basic(0.05)];
        Some(json!({"low": interval.low, "high": interval.high, "error": found.standard_error(),
            "basic-low": basic.low, "basic-high": basic.high}))
    };
    let improvement = |groups: &[Vec<f64>]| {
        let (level, baseline) = groups.split_at(groups.len() / 2);
        let pairs: Vec<(Vec<f64>, Vec<f64>)> = level.iter().cloned().zip(baseline.iter().cloned()).collect();
        probability_of_improvement(&pairs).unwrap_or(f64::NAN)
    };
    let profile: Vec<f64> = performance_profile(&all, thresholds, 0.05).iter().map(|point| point.share).collect();
    json!({
        "mean": mean(&all),
        "iqm": interquartile_mean(&all),
        "iqm-truncated": truncated_mean(&all),
        "optimality-gap": optimality_gap(&all, 1.0),
        "improvement": probability_of_improvement(&pairs),
        "profile": profile,
        "mean-interval": interval(&groups, &|tasks| mean(&tasks.concat()).unwrap_or(f64::NAN)),
        "iqm-truncated-interval": interval(&groups, &|tasks| truncated_mean(&tasks.concat()).unwrap_or(f64::NAN)),
        "improvement-interval": interval(&both, &improvement),
    })
}

/// The interquartile mean as the program compared with has it: ⌊n/4⌋ values are cut at either end and no part of one.
fn truncated_mean(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    mean(&sorted[cut..sorted.len() - cut])
}
