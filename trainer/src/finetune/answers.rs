//! What a network answers.

use spec::model::Architecture;
use tch::{Device, Kind};

use super::encoding::EncodedQuestion;
use super::network::{self, Network};
use super::packing::{self, Pack};
use super::question::Form;
use crate::streams::Dropout;

/// An answer to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The chosen class or candidate: the one with the highest number, the first of several.
    pub choice: usize,
    /// Its probability.
    pub probability: f64,
}

/// The answers to some questions.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// One a question, in their order.
    pub answers: Vec<Answer>,
    /// Mean −ln p(right), in nats a question.
    pub loss: f64,
}

impl Answers {
    /// The choices.
    pub fn choices(&self) -> Vec<usize> {
        self.answers.iter().map(|answer| answer.choice).collect()
    }
}

/// Who answers, and how.
#[derive(Debug, Clone, Copy)]
pub struct Respondent<'a> {
    /// The network.
    pub network: &'a Network,
    /// What is asked for.
    pub form: Form,
    /// Decoder or encoder.
    pub architecture: Architecture,
    /// Most tokens in one forward pass.
    pub most_tokens: usize,
}

impl Respondent<'_> {
    /// The answers to `questions`, without dropout. `None` if `stop` says so between two passes.
    pub fn answer(&self, questions: &[EncodedQuestion], stop: &dyn Fn() -> bool) -> Option<Answers> {
        let order = packing::longest_first(questions, (0..questions.len()).collect());
        let mut answers = vec![Answer { choice: 0, probability: 0.0 }; questions.len()];
        let mut loss = 0.0;
        for part in packing::parts(questions, &order, self.most_tokens) {
            if stop() {
                return None;
            }
            let asked: Vec<&EncodedQuestion> = part.iter().map(|index| &questions[*index]).collect();
            let pack = Pack::new(&asked, self.form, self.architecture, self.network.device);
            let (said, part_loss) = tch::no_grad(|| {
                let said = self.network.say(&pack, Dropout::off());
                let loss = network::loss(&said, &pack).double_value(&[]);
                (said.to_device(Device::Cpu).to_kind(Kind::Double).flatten(0, -1), loss)
            });
            loss += part_loss;
            let said = Vec::<f64>::try_from(said).expect("invariant: one row a text");
            let mut said = said.as_slice();
            for (index, question) in part.iter().zip(asked) {
                let count = match self.form {
                    Form::Classes(names) => names.len(),
                    Form::Ranking => question.inputs.len(),
                };
                let (numbers, rest) = said.split_at(count);
                answers[*index] = best(numbers);
                said = rest;
            }
        }
        Some(Answers { answers, loss: loss / questions.len() as f64 })
    }
}

/// The place of the largest number, the first of several, and its share by softmax.
fn best(numbers: &[f64]) -> Answer {
    let (choice, largest) = numbers
        .iter()
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |best, (index, number)| if *number > best.1 { (index, *number) } else { best });
    let sum: f64 = numbers.iter().map(|number| (number - largest).exp()).sum();
    Answer { choice, probability: sum.recip() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_is_chosen() {
        let answer = best(&[1.0, 3.0, 3.0]);
        assert_eq!(answer.choice, 1);
        assert!((answer.probability - 1.0 / (2.0 + (-2.0_f64).exp())).abs() < 1e-15);
        assert_eq!(best(&[-5.0]), Answer { choice: 0, probability: 1.0 });
    }
}
