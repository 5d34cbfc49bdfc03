//! From factors to design points: the product of the axes, less what is excluded, plus what is included.

use super::blocks::{Exclusion, Inclusion, Override};
use super::factors::Factors;
use super::problem::Problems;
use super::source::Origin;

/// Most design points of a sweep, and most runs.
pub(super) const MOST: usize = 1_000_000;

/// One combination of levels.
#[derive(Debug)]
pub(super) struct Point {
    /// The level of every factor, by its position.
    pub(super) levels: Vec<usize>,
    /// The `[[include]]` that it comes from, if it does.
    pub(super) inclusion: Option<usize>,
}

/// All points of the design: those of the product in the order of the file, the first axis slowest, then the
/// inclusions.
pub(super) fn points(
    factors: &Factors,
    exclusions: &[Exclusion],
    inclusions: &[Inclusion],
    problems: &mut Problems,
) -> Vec<Point> {
    let sizes = || factors.axes.iter().map(|axis| axis.steps.len());
    let Some(size) = sizes().try_fold(1_usize, usize::checked_mul).filter(|size| *size <= MOST) else {
        let product: Vec<String> = sizes().map(|size| size.to_string()).collect();
        problems.error(
            &Origin::Nowhere,
            format!("the factors have {} combinations; at most {MOST} are taken", product.join(" × ")),
        );
        return Vec::new();
    };
    let mut matched = vec![false; exclusions.len()];
    let mut points = Vec::with_capacity(size + inclusions.len());
    for index in 0..size {
        let levels = combination(factors, index);
        let mut is_left_out = false;
        for (exclusion, matched) in exclusions.iter().zip(&mut matched) {
            if exclusion.condition.matches(&levels) {
                *matched = true;
                is_left_out = true;
            }
        }
        if !is_left_out {
            points.push(Point { levels, inclusion: None });
        }
    }
    for (exclusion, _) in exclusions.iter().zip(matched).filter(|(_, matched)| !matched) {
        problems.warn(&exclusion.origin, "this [[exclude]] matches no run");
    }
    let included = inclusions.iter().enumerate();
    points
        .extend(included.map(|(index, inclusion)| Point { levels: inclusion.levels.clone(), inclusion: Some(index) }));
    if points.is_empty() {
        problems.error(&Origin::Nowhere, "no runs are left: [[exclude]] matches every combination of levels");
    }
    points
}

/// Warns of overrides that match no point.
pub(super) fn check_overrides(points: &[Point], overrides: &[Override], problems: &mut Problems) {
    for replaced in overrides {
        if !points.iter().any(|point| replaced.condition.matches(&point.levels)) {
            problems.warn(&replaced.origin, "the `when` of this [[override]] matches no run");
        }
    }
}

/// The levels of the point with this index in the product.
fn combination(factors: &Factors, index: usize) -> Vec<usize> {
    let mut levels = vec![0; factors.list.len()];
    let mut rest = index;
    for axis in factors.axes.iter().rev() {
        let step = &axis.steps[rest % axis.steps.len()];
        rest /= axis.steps.len();
        for (factor, level) in axis.factors.iter().zip(step) {
            levels[*factor] = *level;
        }
    }
    levels
}
