//! Of two sentences that differ in one point, does the model give the grammatical one the higher score?
//!
//! [`Protocol`] says what a score is. A tie counts one half: where the first of two equal scores was taken for the
//! choice, a model that says nothing was always right. How often there is a tie is a result of its own.

use std::collections::BTreeMap;

use spec::rows::ResultRow;

use super::protocol::Protocol;
use super::sentences::{Scorer, Watch};
use crate::data::{MinimalPair, Sentence};

/// The model's choice between the sentences of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The grammatical one.
    Right,
    /// The other one; also where a score is not a number.
    Wrong,
    /// Neither.
    Tie,
}

impl Choice {
    /// The choice for the higher of two scores.
    pub fn of(good: f64, bad: f64) -> Self {
        match good.partial_cmp(&bad) {
            Some(std::cmp::Ordering::Greater) => Self::Right,
            Some(std::cmp::Ordering::Equal) => Self::Tie,
            _ => Self::Wrong,
        }
    }

    /// What it counts.
    pub fn credit(self) -> f64 {
        match self {
            Self::Right => 1.0,
            Self::Tie => 0.5,
            Self::Wrong => 0.0,
        }
    }

    /// Its digit in a table of items: `1`, `0`, or `5` for the half of a tie.
    pub fn digit(self) -> char {
        match self {
            Self::Right => '1',
            Self::Tie => '5',
            Self::Wrong => '0',
        }
    }
}

/// The pairs of a task, and which protocols it wants.
#[derive(Debug, Clone, Copy)]
pub struct PairTask<'a> {
    /// Its name: `minimal-pairs`, `blimp`, `babylm`, or that of a person's own set.
    pub name: &'a str,
    /// The part of its data: published benchmarks of pairs have a test set only.
    pub split: &'static str,
    /// The pairs.
    pub pairs: &'a [MinimalPair],
    /// The protocols, that of the plain name first.
    pub protocols: &'a [Protocol],
}

/// The scores of a task's pairs by one protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The protocol.
    pub protocol: Protocol,
    /// The scores of each pair: of its good and of its bad sentence.
    pub scores: Vec<[f64; 2]>,
    /// Where the products were not in fp32: what that changed.
    pub changed: Option<Changed>,
}

/// Of how many pairs that were asked in fp32 too the choice is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Pairs with another choice.
    pub choices: u64,
    /// Pairs that were asked twice.
    pub of: u64,
}

/// Every so manieth pair is asked in fp32 too.
const CHECKED: usize = 10;

/// The choices of one paradigm, in the order of its pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Paradigm<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its field, if it has one.
    pub field: Option<&'a str>,
    /// The choices.
    pub choices: Vec<Choice>,
}

impl Paradigm<'_> {
    /// The share of right choices, a tie counting one half.
    pub fn accuracy(&self) -> f64 {
        self.choices.iter().map(|choice| choice.credit()).sum::<f64>() / self.choices.len() as f64
    }
}

impl PairTask<'_> {
    /// Asks the model; nothing if `watch` broke off.
    pub fn judge(&self, scorer: &Scorer<'_>, watch: &mut Watch<'_>) -> Option<Vec<Judgement>> {
        let sentences: Vec<&Sentence> = self.pairs.iter().flat_map(|pair| [&pair.good, &pair.bad]).collect();
        let scores = scorer.scores(&sentences, self.protocols, watch)?;
        let judgement = |(protocol, scores): (&Protocol, Vec<f64>)| Judgement {
            protocol: *protocol,
            scores: scores.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
            changed: None,
        };
        Some(self.protocols.iter().zip(scores).map(judgement).collect())
    }

    /// Asks every tenth pair of `exact` too, which computes in fp32, and says in `judgements` how many choices are
    /// others; nothing if `watch` broke off.
    pub fn compare(&self, judgements: &mut [Judgement], exact: &Scorer<'_>, watch: &mut Watch<'_>) -> Option<()> {
        let pairs: Vec<MinimalPair> = self.pairs.iter().step_by(CHECKED).cloned().collect();
        let again = PairTask { pairs: &pairs, ..*self }.judge(exact, watch)?;
        for (judgement, exact) in judgements.iter_mut().zip(again) {
            let rough = judgement.scores.iter().step_by(CHECKED);
            let differs = |(a, b): &(&[f64; 2], &[f64; 2])| Choice::of(a[0], a[1]) != Choice::of(b[0], b[1]);
            let choices = rough.zip(&exact.scores).filter(differs).count() as u64;
            judgement.changed = Some(Changed { choices, of: pairs.len() as u64 });
        }
        Some(())
    }

    /// The paradigms of a judgement, by name.
    pub fn paradigms(&self, judgement: &Judgement) -> Vec<Paradigm<'_>> {
        let mut paradigms: BTreeMap<&str, Paradigm<'_>> = BTreeMap::new();
        for (pair, [good, bad]) in self.pairs.iter().zip(&judgement.scores) {
            let (name, field) = (pair.paradigm.as_str(), pair.field.as_deref());
            let paradigm = paradigms.entry(name).or_insert_with(|| Paradigm { name, field, choices: Vec::new() });
            paradigm.choices.push(Choice::of(*good, *bad));
        }
        paradigms.into_values().collect()
    }

    /// The rows of `results.csv`, for each judgement: the mean over paradigms and each of them; the mean over fields
    /// and each of them (a field is the mean of its paradigms), where there are two or more; the share of ties; where
    /// the products were not in fp32, how many choices that changed of those that were looked at. Last, how many
    /// sentences were cut.
    pub fn rows(&self, judgements: &[Judgement]) -> Vec<ResultRow> {
        let mut rows: Vec<ResultRow> = judgements.iter().flat_map(|judgement| self.rows_of(judgement)).collect();
        let cut = self.pairs.iter().flat_map(|pair| [&pair.good, &pair.bad]).filter(|sentence| sentence.is_cut);
        let (cut, all) = (cut.count() as f64, 2 * self.pairs.len() as u64);
        rows.push(ResultRow { protocol: String::new(), ..self.row(Protocol::Bos, "-cut", cut, all) });
        rows
    }

    fn rows_of(&self, judgement: &Judgement) -> Vec<ResultRow> {
        let protocol = judgement.protocol;
        let paradigms = self.paradigms(judgement);
        let all = self.pairs.len() as u64;
        let row = |name: &str, value, n| self.row(protocol, name, value, n);
        let mut rows = vec![row("", mean(paradigms.iter().map(Paradigm::accuracy)), all)];
        rows.extend(
            paradigms.iter().map(|paradigm| {
                row(&format!("/{}", paradigm.name), paradigm.accuracy(), paradigm.choices.len() as u64)
            }),
        );
        let mut fields: BTreeMap<&str, (Vec<f64>, u64)> = BTreeMap::new();
        for paradigm in &paradigms {
            let (accuracies, n) = fields.entry(paradigm.field.unwrap_or("none")).or_default();
            accuracies.push(paradigm.accuracy());
            *n += paradigm.choices.len() as u64;
        }
        if fields.len() > 1 {
            let of_field = |accuracies: &Vec<f64>| mean(accuracies.iter().copied());
            rows.push(row("-fields", mean(fields.values().map(|(accuracies, _)| of_field(accuracies))), all));
            rows.extend(
                fields.iter().map(|(name, (accuracies, n))| row(&format!("-fields/{name}"), of_field(accuracies), *n)),
            );
        }
        let ties = paradigms.iter().flat_map(|paradigm| &paradigm.choices).filter(|choice| **choice == Choice::Tie);
        rows.push(row("-ties", ties.count() as f64 / all as f64, all));
        rows.extend(judgement.changed.map(|changed| row("-changed", changed.choices as f64, changed.of)));
        rows
    }

    fn row(&self, protocol: Protocol, suffix: &str, value: f64, n: u64) -> ResultRow {
        let way = if protocol.is_first() { String::new() } else { format!("-{}", protocol.name()) };
        ResultRow {
            metric: format!("{}{way}{suffix}", self.name),
            value,
            n,
            task: self.name.to_owned(),
            protocol: protocol.name().to_owned(),
            split: self.split.to_owned(),
            fine_tuning_seed: None,
        }
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(paradigm: &str, field: &str, is_cut: bool) -> MinimalPair {
        let sentence = Sentence { ids: Vec::new(), words: Vec::new(), is_cut };
        let (paradigm, field) = (paradigm.to_owned(), Some(field.to_owned()));
        MinimalPair { paradigm, field, good: sentence.clone(), bad: Sentence { is_cut: false, ..sentence } }
    }

    #[test]
    fn a_tie_counts_one_half_and_paradigms_weigh_the_same_in_their_field() {
        let pairs: Vec<MinimalPair> = [("a", "x"), ("b", "x"), ("a", "x"), ("a", "x"), ("c", "y")]
            .iter()
            .map(|(paradigm, field)| pair(paradigm, field, *paradigm == "c"))
            .collect();
        let task = PairTask {
            name: "blimp",
            split: "test",
            pairs: &pairs,
            protocols: &Protocol::of(spec::model::Architecture::GptNeo),
        };
        let scores = vec![[-1.0, -2.0], [f64::NAN, -1.0], [-1.0, -1.0], [-2.0, -1.0], [-1.0, -2.0]];
        let judgements = Protocol::of(spec::model::Architecture::GptNeo).map(|protocol| Judgement {
            protocol,
            scores: scores.clone(),
            changed: None,
        });
        let rows = task.rows(&judgements);
        let found: Vec<(&str, f64, u64)> = rows.iter().map(|row| (row.metric.as_str(), row.value, row.n)).collect();
        let expected = [
            ("blimp", 0.5, 5),
            ("blimp/a", 0.5, 3),
            ("blimp/b", 0.0, 1),
            ("blimp/c", 1.0, 1),
            ("blimp-fields", 0.625, 5),
            ("blimp-fields/x", 0.25, 4),
            ("blimp-fields/y", 1.0, 1),
            ("blimp-ties", 0.2, 5),
        ];
        assert_eq!(found[..8], expected);
        assert_eq!(found[8], ("blimp-eos", 0.5, 5));
        assert_eq!(found[13], ("blimp-eos-fields/x", 0.25, 4));
        assert_eq!(found[16], ("blimp-cut", 1.0, 10));
        assert_eq!(found.len(), 17);
        assert_eq!(
            (rows[8].protocol.as_str(), rows[8].split.as_str(), rows[16].protocol.as_str()),
            ("eos", "test", "")
        );
    }

    #[test]
    fn choices_that_other_products_change_are_counted_of_those_that_are_asked_again() {
        let changed = Some(Changed { choices: 2, of: 7 });
        let pairs = [pair("a", "x", false)];
        let task = PairTask { name: "blimp", split: "test", pairs: &pairs, protocols: &[Protocol::Eos] };
        let rows = task.rows(&[Judgement { protocol: Protocol::Eos, scores: vec![[-1.0, -2.0]], changed }]);
        let row = rows.iter().find(|row| row.metric == "blimp-eos-changed").unwrap();
        assert_eq!((row.value, row.n), (2.0, 7));
    }

    #[test]
    fn choices_are_by_the_higher_score() {
        let digits =
            [(1.0, 0.0), (0.0, 1.0), (2.0, 2.0), (0.0, f64::NAN)].map(|(good, bad)| Choice::of(good, bad).digit());
        assert_eq!(digits, ['1', '0', '5', '0']);
    }
}
