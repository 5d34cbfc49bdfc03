//! Of two sentences that differ in one point, does the model give the grammatical one the higher probability?
//!
//! A decoder's score is the sum of ln p over the sentence's tokens after `<s>` (as in training; the closing `</s>` is not
//! scored). An encoder's is the pseudo-log-likelihood: each token masked alone, the sum of ln p of the right one (Salazar et
//! al. 2020, arXiv:1910.14659). A tie counts one half.

use std::collections::BTreeMap;

use spec::rows::ResultRow;
use tch::Kind;

use super::examiner::Examiner;
use super::objective::Objective;
use crate::data::{MinimalPair, PackedBatch};

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

impl Examiner<'_> {
    /// Scores the model on `pairs`; `mask` is the id that hides a token from an encoder.
    pub fn score(&self, pairs: &[MinimalPair], mask: u16) -> Score {
        let mut scores = Vec::with_capacity(2 * pairs.len());
        let mut batch = PackedBatch::default();
        // How many positions each sentence of the batch scores.
        let mut lengths = Vec::new();
        for sentence in pairs.iter().flat_map(|pair| [&pair.good, &pair.bad]) {
            let part = match self.objective {
                Objective::NextToken => PackedBatch::sentence(sentence),
                Objective::Masked(_) => PackedBatch::each_masked(sentence, mask),
            };
            if !lengths.is_empty() && (batch.len() + part.len()) as u64 > self.most_tokens {
                self.sum_up(&batch, &lengths, &mut scores);
                (batch, lengths) = (PackedBatch::default(), Vec::new());
            }
            lengths.push(part.scored.len() as i64);
            batch.append(&part);
        }
        self.sum_up(&batch, &lengths, &mut scores);
        let mut score = Score::default();
        for (pair, values) in pairs.iter().zip(scores.chunks_exact(2)) {
            score.count(&pair.paradigm, values[0], values[1]);
        }
        score
    }

    /// Appends the sum of log-probabilities of every sentence of a batch; one that scores nothing has the sum 0.
    fn sum_up(&self, batch: &PackedBatch, lengths: &[i64], scores: &mut Vec<f64>) {
        if batch.is_empty() {
            scores.extend(lengths.iter().map(|_| 0.0));
            return;
        }
        let sentences = self.log_probabilities(batch).split_with_sizes(lengths, 0);
        scores.extend(sentences.iter().map(|sentence| sentence.sum(Kind::Double).double_value(&[])));
    }
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
        assert_eq!(rows[2], ResultRow { metric: "minimal-pairs/b".to_owned(), value: 0.0, n: 1 });
    }
}
