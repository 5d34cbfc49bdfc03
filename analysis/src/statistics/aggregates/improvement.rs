//! The probability of improvement over several tasks.

use crate::statistics::ranks::mann_whitney::mann_whitney;

/// The chance that a run of the level beats a run of the baseline on the same task, a tie for one half, averaged over
/// tasks.
///
/// `tasks` holds (runs of the level, runs of the baseline); the numbers of runs may differ. It says how often, not by
/// how much. For an interval resample runs within tasks. `None` without tasks or where one has no runs.
///
/// Source: Agarwal et al. (2021); within one task it is U / nm of Mann and Whitney (1947).
pub fn probability_of_improvement(tasks: &[(Vec<f64>, Vec<f64>)]) -> Option<f64> {
    if tasks.is_empty() {
        return None;
    }
    let mut total = 0.0;
    for (level, baseline) in tasks {
        total += superiority(level, baseline)?;
    }
    Some(total / tasks.len() as f64)
}

fn superiority(level: &[f64], baseline: &[f64]) -> Option<f64> {
    mann_whitney(level, baseline).map(|found| found.superiority)
}
