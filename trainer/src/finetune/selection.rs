//! Which part of a training set is held out to choose by: fixed by the items' ids alone, so that every model, seed and
//! machine chooses by the same one.

use std::collections::BTreeMap;

use super::question::{Form, Question};

/// Below so many items a fifth of a training set is held out, else a tenth: a choice by 25 items would be one by
/// chance.
const SMALL: usize = 1000;

/// A training set in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// What is learned from.
    pub training: Vec<Question>,
    /// What is chosen by.
    pub held_out: Vec<Question>,
}

/// Holds out a part of `questions`. Items with one source stay together; each class gives the same share of its sources
/// (that of a source is the highest of its items), those whose hash comes first.
pub fn hold_out(task: &str, form: Form, questions: Vec<Question>) -> Parts {
    let share = if questions.len() < SMALL { 0.2 } else { 0.1 };
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for question in &questions {
        let class = if form == Form::Ranking { 0 } else { question.right[0] };
        let stratum = sources.entry(&question.source).or_default();
        *stratum = class.max(*stratum);
    }
    let mut strata: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (source, stratum) in sources {
        strata.entry(stratum).or_default().push(source);
    }
    let mut chosen = std::collections::BTreeSet::new();
    for sources in strata.values_mut() {
        sources.sort_by_cached_key(|source| key("selection", task, source));
        let count = (share * sources.len() as f64).round() as usize;
        chosen.extend(sources[..count].iter().map(|source| (*source).to_owned()));
    }
    let (held_out, training) = questions.into_iter().partition(|question| chosen.contains(&question.source));
    Parts { training, held_out }
}

/// At most `most` of `questions`, in their order: those whose hash comes first.
pub fn thin_out(task: &str, mut questions: Vec<Question>, most: usize) -> Vec<Question> {
    if questions.len() > most {
        let mut keys: Vec<[u8; 32]> = questions.iter().map(|question| key("part", task, &question.item)).collect();
        keys.sort_unstable();
        questions.retain(|question| key("part", task, &question.item) < keys[most]);
    }
    questions
}

fn key(purpose: &str, task: &str, text: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("seedbed 2026-11 parts of a training set");
    for part in [purpose, task, text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::question::Input;

    fn questions(count: usize) -> Vec<Question> {
        let question = |index: usize| {
            let alone =
                Question::alone(&index.to_string(), Input::single("text"), usize::from(index.is_multiple_of(4)));
            Question { source: (index / 2).to_string(), ..alone }
        };
        (0..count).map(question).collect()
    }

    #[test]
    fn sources_stay_together_and_classes_give_the_same_share() {
        let parts = hold_out("task", Form::Classes(&["0", "1"]), questions(800));
        assert_eq!((parts.training.len(), parts.held_out.len()), (640, 160));
        assert_eq!(parts.held_out.iter().filter(|question| question.right[0] == 1).count(), 40);
        let sources =
            |part: &[Question]| part.iter().map(|one| one.source.clone()).collect::<std::collections::BTreeSet<_>>();
        assert!(sources(&parts.training).is_disjoint(&sources(&parts.held_out)));
        let mut reversed = questions(800);
        reversed.reverse();
        let again = hold_out("task", Form::Classes(&["0", "1"]), reversed);
        assert_eq!(sources(&again.held_out), sources(&parts.held_out), "the order of the file does not matter");
        assert_eq!(hold_out("task", Form::Classes(&["0", "1"]), questions(2000)).held_out.len(), 200);
    }

    #[test]
    fn a_part_is_the_same_whatever_the_order() {
        let part = thin_out("task", questions(100), 30);
        assert_eq!(part.len(), 30);
        let mut reversed = questions(100);
        reversed.reverse();
        let mut again = thin_out("task", reversed, 30);
        again.reverse();
        assert_eq!(again, part);
        assert_eq!(thin_out("task", questions(10), 30).len(), 10);
    }
}
