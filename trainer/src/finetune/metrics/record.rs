//! ReCoRD's metrics (Zhang et al. 2018, arXiv:1810.12885, §4), which are SQuAD's (Rajpurkar et al. 2016,
//! arXiv:1606.05250, §6.1): texts are compared in lower case without punctuation, articles and surplus spaces.

use std::collections::BTreeMap;

/// The signs of ASCII that count as punctuation: Python's `string.punctuation`.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The words of a text as they are compared: lower case, ASCII punctuation removed, then `a`, `an` and `the` removed
/// where they are whole words.
pub fn normalised(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().filter(|one| !PUNCTUATION.contains(*one)).collect();
    let mut kept = String::new();
    let mut word = String::new();
    for one in plain.chars().map(Some).chain([None]) {
        match one {
            Some(one) if one.is_alphanumeric() => word.push(one),
            other => {
                kept.push_str(if matches!(word.as_str(), "a" | "an" | "the") { " " } else { &word });
                word.clear();
                kept.extend(other);
            }
        }
    }
    kept.split_whitespace().map(str::to_owned).collect()
}

/// The best over `answers` of 2·P·R/(P + R), where P and R are the shares of the predicted and of the right words,
/// counted with repetition, that both have. 0 without an answer.
pub fn f1(predicted: &str, answers: &[&str]) -> f64 {
    let predicted = normalised(predicted);
    answers.iter().map(|answer| word_f1(&predicted, &normalised(answer))).fold(0.0, f64::max)
}

fn word_f1(predicted: &[String], right: &[String]) -> f64 {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for word in right {
        *left.entry(word).or_default() += 1;
    }
    let mut common = 0.0;
    for word in predicted {
        if let Some(count) = left.get_mut(word.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            common += 1.0;
        }
    }
    if common == 0.0 { 0.0 } else { 2.0 * common / (predicted.len() + right.len()) as f64 }
}

/// 1 if the prediction is one of `answers`, else 0.
pub fn exact_match(predicted: &str, answers: &[&str]) -> f64 {
    let predicted = normalised(predicted);
    f64::from(answers.iter().any(|answer| normalised(answer) == predicted))
}
