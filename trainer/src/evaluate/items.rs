//! `items.csv`: every choice of a model, for statistics of items.
//!
//! A line for each protocol and paradigm: `task,protocol,field,paradigm,n,choices`. `choices` is a digit for each pair,
//! in the order of the task's file: 1 right, 0 wrong, 5 a tie, which counts one half. The 67,000 pairs of BLiMP by two
//! protocols are 140 kB.

use std::io::{self, Write};

use serde::Serialize;

use super::minimal_pairs::{Judgement, PairTask};

#[derive(Serialize)]
struct Row<'a> {
    task: &'a str,
    protocol: &'a str,
    field: &'a str,
    paradigm: &'a str,
    n: usize,
    choices: String,
}

/// Writes the table.
///
/// # Errors
/// When it cannot be written.
pub fn write(output: impl Write, task: &PairTask<'_>, judgements: &[Judgement]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    for judgement in judgements {
        for paradigm in task.paradigms(judgement) {
            let row = Row {
                task: task.name,
                protocol: judgement.protocol.name(),
                field: paradigm.field.unwrap_or_default(),
                paradigm: paradigm.name,
                n: paradigm.choices.len(),
                choices: paradigm.choices.iter().map(|choice| choice.digit()).collect(),
            };
            writer.serialize(row).map_err(io::Error::other)?;
        }
    }
    writer.flush()
}

/// Writes every score: `task,protocol,paradigm,pair,good,bad`, a line a pair, pairs counted from 0 within their
/// paradigm; sums of natural logarithms in the shortest decimals that read back as the same numbers.
///
/// # Errors
/// When it cannot be written.
pub fn write_scores(output: impl Write, task: &PairTask<'_>, judgements: &[Judgement]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(["task", "protocol", "paradigm", "pair", "good", "bad"]).map_err(io::Error::other)?;
    for judgement in judgements {
        let mut seen = std::collections::BTreeMap::<&str, u64>::new();
        for (pair, [good, bad]) in task.pairs.iter().zip(&judgement.scores) {
            let index = seen.entry(&pair.paradigm).or_default();
            let row = (task.name, judgement.protocol.name(), &pair.paradigm, *index, good, bad);
            writer.serialize(row).map_err(io::Error::other)?;
            *index += 1;
        }
    }
    writer.flush()
}
