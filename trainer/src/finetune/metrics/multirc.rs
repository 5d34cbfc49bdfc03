//! MultiRC's exact match (Khashabi et al. 2018, §5). Its F1a is [`super::classification::f1`] of class 1 over all
//! answers.

use std::collections::BTreeMap;

/// Share of families of which every item's class was predicted: questions with all answers judged rightly.
pub fn exact_match(families: &[&str], gold: &[usize], predicted: &[usize]) -> f64 {
    let mut whole: BTreeMap<&str, bool> = BTreeMap::new();
    for (family, (gold, predicted)) in families.iter().zip(gold.iter().zip(predicted)) {
        *whole.entry(family).or_insert(true) &= gold == predicted;
    }
    whole.values().filter(|right| **right).count() as f64 / whole.len() as f64
}
