//! What one would score without a model.

use std::collections::BTreeMap;

use rand_chacha::rand_core::Rng;

use super::measure::{Measure, Score};
use super::question::{Form, Question};
use crate::streams;

/// How often all questions are answered at random for the mean score of doing so.
const DRAWS: u64 = 200;

/// The scores of always giving the answer that is most often right in the training set; of ranked candidates, the one
/// at the place that is most often right (the last one where there are fewer). The first of several.
pub fn majority(measure: Measure, form: Form, training: &[Question], reported: &[Question]) -> Vec<Score> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for question in training {
        *counts.entry(question.right[0]).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(choice, count)| (**count, std::cmp::Reverse(**choice)));
    let choice = most.map_or(0, |(choice, _)| *choice);
    let choices: Vec<usize> = reported.iter().map(|question| choice.min(form.choices(question) - 1)).collect();
    measure.scores(form, reported, &choices)
}

/// The mean scores of answering at random, every choice as likely, over 200 draws that are the same for every model.
pub fn random(measure: Measure, form: Form, reported: &[Question]) -> Vec<Score> {
    let mut sums: Vec<Score> = Vec::new();
    for draw in 0..DRAWS {
        let mut stream = streams::generator(0, "fine-tuning/at-random", &[draw]);
        let mut choose = |question: &Question| (stream.next_u64() % form.choices(question) as u64) as usize;
        let choices: Vec<usize> = reported.iter().map(&mut choose).collect();
        let scores = measure.scores(form, reported, &choices);
        if sums.is_empty() {
            sums = scores;
        } else {
            sums.iter_mut().zip(scores).for_each(|(sum, score)| sum.value += score.value);
        }
    }
    for score in &mut sums {
        score.value /= DRAWS as f64;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::question::Input;

    fn questions(right: &[usize]) -> Vec<Question> {
        right
            .iter()
            .enumerate()
            .map(|(index, right)| Question::alone(&index.to_string(), Input::single("x"), *right))
            .collect()
    }

    #[test]
    fn the_majority_is_that_of_the_training_set() {
        let form = Form::Classes(&["0", "1"]);
        let scores = majority(Measure::Accuracy, form, &questions(&[1, 1, 0]), &questions(&[0, 0, 0, 1]));
        assert!((scores[0].value - 0.25).abs() < 1e-15);
        // A tie goes to the first class.
        let scores = majority(Measure::Accuracy, form, &questions(&[1, 0]), &questions(&[0, 0, 0, 1]));
        assert!((scores[0].value - 0.75).abs() < 1e-15);
    }

    #[test]
    fn chance_is_one_over_the_number_of_choices() {
        let right: Vec<usize> = (0..300).map(|index| index % 3).collect();
        let scores = random(Measure::AccuracyAndMacroF1, Form::Classes(&["0", "1", "2"]), &questions(&right));
        assert!((scores[0].value - 1.0 / 3.0).abs() < 0.01, "{scores:?}");
        assert!((scores[1].value - 1.0 / 3.0).abs() < 0.01, "{scores:?}");
    }
}
