//! Of two sentences that differ in one point, does the model give the grammatical one the higher probability?
//!
//! A decoder's score is the sum of ln p over the sentence's tokens after `<s>` (as in training; the closing `</s>` is not
//! scored). An encoder's is the pseudo-log-likelihood: each token masked alone, the sum of ln p of the right one (Salazar et
//! al. 2020, arXiv:1910.14659). A tie counts one half.

use std::collections::BTreeMap;

use spec::rows::ResultRow;
use tch::{Device, Kind, Tensor};

use crate::data::{MinimalPair, PackedBatch};
use crate::evaluate::objective::Objective;
use crate::model::{Model, Packed};

/// The name of the metric; a paradigm's own is `minimal-pairs/<paradigm>`.
pub const METRIC: &str = "minimal-pairs";

/// How often the model was right, paradigm by paradigm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Score {
    paradigms: BTreeMap<String, (f64, u64)>,
}

impl Score {
    /// The rows of `results.csv`: the mean over paradigms, then each of them.
    pub fn rows(&self) -> Vec<ResultRow> {
        let accuracies: Vec<f64> = self.paradigms.values().map(|(right, pairs)| right / *pairs as f64).collect();
        let pairs = self.paradigms.values().map(|(_, pairs)| pairs).sum();
        let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        let mut rows = vec![ResultRow { metric: METRIC.to_owned(), value: mean, n: pairs }];
        for ((paradigm, (_, pairs)), accuracy) in self.paradigms.iter().zip(accuracies) {
            rows.push(ResultRow { metric: format!("{METRIC}/{paradigm}"), value: accuracy, n: *pairs });
        }
        rows
    }

    fn count(&mut self, paradigm: &str, good: f64, bad: f64) {
        let (right, pairs) = self.paradigms.entry(paradigm.to_owned()).or_default();
        *right += match good.partial_cmp(&bad) {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Equal) => 0.5,
            _ => 0.0,
        };
        *pairs += 1;
    }
}

/// Scores `model` on `pairs`, in batches of about `most_tokens` tokens; `mask` is the id that hides a token from an encoder.
pub fn score(
    model: &Model,
    objective: &Objective,
    mask: u16,
    pairs: &[MinimalPair],
    most_tokens: u64,
    device: Device,
) -> Score {
    let sentences: Vec<&[u16]> = pairs.iter().flat_map(|pair| [pair.good.as_slice(), pair.bad.as_slice()]).collect();
    let mut scores = Vec::with_capacity(sentences.len());
    let mut batch = PackedBatch::default();
    // How many sentences are in the batch, and how many positions each of them scores.
    let mut lengths = Vec::new();
    for sentence in sentences {
        let part = match objective {
            Objective::NextToken => PackedBatch::sentence(sentence),
            Objective::Masked(_) => PackedBatch::each_masked(sentence, mask),
        };
        if !lengths.is_empty() && (batch.len() + part.len()) as u64 > most_tokens {
            flush(model, &batch, &lengths, device, &mut scores);
            (batch, lengths) = (PackedBatch::default(), Vec::new());
        }
        lengths.push(part.scored.len() as i64);
        batch.append(&part);
    }
    flush(model, &batch, &lengths, device, &mut scores);
    let mut score = Score::default();
    for (pair, values) in pairs.iter().zip(scores.chunks_exact(2)) {
        score.count(&pair.paradigm, values[0], values[1]);
    }
    score
}

/// The sum of log-probabilities of every sentence of a batch.
fn flush(model: &Model, batch: &PackedBatch, lengths: &[i64], device: Device, scores: &mut Vec<f64>) {
    if batch.is_empty() {
        return;
    }
    let packed = Packed::new(&batch.view(), device);
    let values = model.log_probabilities(&packed).to_device(Device::Cpu).to_kind(Kind::Double);
    let sums: Vec<Tensor> = values.split_with_sizes(lengths, 0).iter().map(|part| part.sum(Kind::Double)).collect();
    scores.extend(sums.iter().map(|sum| sum.double_value(&[])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_counts_one_half_and_paradigms_weigh_the_same() {
        let mut score = Score::default();
        score.count("a", 1.0, 0.0);
        score.count("a", 0.0, 0.0);
        score.count("a", 0.0, 1.0);
        score.count("b", f64::NAN, 0.0);
        let rows = score.rows();
        assert_eq!(rows[0], ResultRow { metric: "minimal-pairs".to_owned(), value: 0.25, n: 4 });
        assert_eq!(rows[1], ResultRow { metric: "minimal-pairs/a".to_owned(), value: 0.5, n: 3 });
        assert_eq!(rows[2].value, 0.0);
    }
}
