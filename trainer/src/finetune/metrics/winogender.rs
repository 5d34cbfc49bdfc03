//! Gender parity of AX-g (Wang et al. 2019, arXiv:1905.00537, §3.3).

use std::collections::BTreeMap;

/// Share of pairs whose two items, which differ in gender only, were given the same class. `None` unless every pair has
/// two.
pub fn parity(pairs: &[&str], predicted: &[usize]) -> Option<f64> {
    let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (pair, class) in pairs.iter().zip(predicted) {
        classes.entry(pair).or_default().push(*class);
    }
    let same = |classes: &Vec<usize>| match classes.as_slice() {
        [first, second] => Some(f64::from(first == second)),
        _ => None,
    };
    let same: Vec<f64> = classes.values().map(same).collect::<Option<_>>()?;
    Some(same.iter().sum::<f64>() / same.len() as f64)
}
