//! Metrics of single decisions. `gold` and `predicted` are classes, item by item; both have one length, at least 1.

use std::collections::BTreeSet;

/// Share of items whose class was predicted.
pub fn accuracy(gold: &[usize], predicted: &[usize]) -> f64 {
    gold.iter().zip(predicted).filter(|(gold, predicted)| gold == predicted).count() as f64 / gold.len() as f64
}

/// F1 of one class: 2·TP / (2·TP + FP + FN), and 0 where neither gold nor predictions have it.
pub fn f1(gold: &[usize], predicted: &[usize], class: usize) -> f64 {
    let pairs = || gold.iter().zip(predicted);
    let right = pairs().filter(|(gold, predicted)| **gold == class && **predicted == class).count() as f64;
    let wrong = pairs().filter(|(gold, predicted)| (**gold == class) != (**predicted == class)).count() as f64;
    if right == 0.0 { 0.0 } else { 2.0 * right / (2.0 * right + wrong) }
}

/// The unweighted mean of [`f1`] over the classes that gold or predictions have, as scikit-learn's `average="macro"`.
pub fn macro_f1(gold: &[usize], predicted: &[usize]) -> f64 {
    let classes: BTreeSet<usize> = gold.iter().chain(predicted).copied().collect();
    classes.iter().map(|class| f1(gold, predicted, *class)).sum::<f64>() / classes.len() as f64
}

/// Matthews correlation of two classes (Matthews 1975): (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)), and 0 where
/// the root is 0.
pub fn matthews(gold: &[usize], predicted: &[usize]) -> f64 {
    let count = |wanted: (bool, bool)| {
        gold.iter().zip(predicted).filter(|(gold, predicted)| (**gold == 1, **predicted == 1) == wanted).count() as f64
    };
    let (tp, tn) = (count((true, true)), count((false, false)));
    let (fp, fn_) = (count((false, true)), count((true, false)));
    let root = ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt();
    if root == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / root }
}
