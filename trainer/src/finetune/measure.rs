//! Which metrics a task has, and what they are over its questions.

use super::metrics::{classification, multirc, record, winogender};
use super::question::{Form, Question};

/// The metrics of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Accuracy.
    Accuracy,
    /// Accuracy and macro-F1: CB.
    AccuracyAndMacroF1,
    /// F1a and exact match: MultiRC.
    MultiRc,
    /// F1 and exact match over words: ReCoRD.
    ReCoRD,
    /// Matthews correlation: AX-b.
    Matthews,
    /// Accuracy and gender parity: AX-g.
    Winogender,
    /// Accuracy, F1 of class 1 and Matthews correlation: every task of two classes in the BabyLM pipeline of 2023.
    Pipeline,
}

/// A metric's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Its name in results.
    pub metric: &'static str,
    /// Its value, a fraction of 1.
    pub value: f64,
    /// How many items it is over: questions for an exact match of MultiRC, pairs for parity.
    pub n: u64,
}

impl Measure {
    /// The scores of `predicted`, the choice for each of `questions`, in the order of the names in the documentation of
    /// [`Measure`]. A parity whose pairs are not whole is left out.
    pub fn scores(self, form: Form, questions: &[Question], predicted: &[usize]) -> Vec<Score> {
        let gold: Vec<usize> = questions.iter().map(|question| question.right[0]).collect();
        let n = questions.len() as u64;
        let score = |metric, value| Score { metric, value, n };
        let accuracy = || score("accuracy", classification::accuracy(&gold, predicted));
        let families: Vec<&str> = questions.iter().map(|question| question.family.as_str()).collect();
        let distinct = || {
            let distinct: std::collections::BTreeSet<&str> = families.iter().copied().collect();
            distinct.len() as u64
        };
        match self {
            Self::Accuracy => vec![accuracy()],
            Self::AccuracyAndMacroF1 => {
                vec![accuracy(), score("macro-f1", classification::macro_f1(&gold, predicted))]
            }
            Self::MultiRc => {
                let value = multirc::exact_match(&families, &gold, predicted);
                let exact = Score { metric: "exact-match", value, n: distinct() };
                vec![score("f1a", classification::f1(&gold, predicted, 1)), exact]
            }
            Self::ReCoRD => {
                let mean = |metric: fn(&str, &[&str]) -> f64| {
                    let over = |(question, choice): (&Question, &usize)| {
                        let right: Vec<&str> = question.right.iter().map(|right| form.name(question, *right)).collect();
                        metric(form.name(question, *choice), &right)
                    };
                    questions.iter().zip(predicted).map(over).sum::<f64>() / questions.len() as f64
                };
                vec![score("f1", mean(record::f1)), score("exact-match", mean(record::exact_match))]
            }
            Self::Matthews => vec![score("matthews", classification::matthews(&gold, predicted))],
            Self::Winogender => {
                let parity = winogender::parity(&families, predicted);
                let parity = parity.map(|value| Score { metric: "gender-parity", value, n: distinct() });
                std::iter::once(accuracy()).chain(parity).collect()
            }
            Self::Pipeline => vec![
                accuracy(),
                score("f1", classification::f1(&gold, predicted, 1)),
                score("matthews", classification::matthews(&gold, predicted)),
            ],
        }
    }

    /// The one number of a task. SuperGLUE's is the mean of its metrics, but for AX-g, whose parity says nothing
    /// without the accuracy that stands beside it. The BabyLM challenge's is the accuracy, but for F1 of MRPC and QQP
    /// and Matthews correlation of CoLA.
    pub fn score(self, task: &str, scores: &[Score]) -> f64 {
        let named = |name: &str| scores.iter().find(|score| score.metric == name).unwrap_or(&scores[0]).value;
        match (self, task) {
            (Self::Pipeline, "cola") => named("matthews"),
            (Self::Pipeline, "mrpc" | "qqp") => named("f1"),
            (Self::Pipeline | Self::Winogender, _) => named("accuracy"),
            _ => Self::mean(scores),
        }
    }

    /// The mean of some scores, as SuperGLUE's leaderboard has it.
    pub fn mean(scores: &[Score]) -> f64 {
        scores.iter().map(|score| score.value).sum::<f64>() / scores.len() as f64
    }
}
