//! A smooth function on [0, 1] by its values at Chebyshev's points.

use std::f64::consts::PI;

/// The polynomial through a function's values at `POINTS` of Chebyshev's points of the first kind, moved to [0, 1].
///
/// For functions without a singularity near the interval its error falls geometrically with the number of points.
///
/// Source: Berrut and Trefethen (2004), SIAM Review 46, in the barycentric form.
#[derive(Debug, Clone)]
pub(super) struct Chebyshev<const POINTS: usize> {
    values: [f64; POINTS],
}

/// The points, and the weight of each.
#[derive(Debug, Clone)]
pub(super) struct Nodes<const POINTS: usize> {
    points: [f64; POINTS],
    weights: [f64; POINTS],
}

impl<const POINTS: usize> Nodes<POINTS> {
    pub(super) fn new() -> Self {
        let angle = |index: usize| PI * (index as f64 + 0.5) / POINTS as f64;
        let sign = |index: usize| if index.is_multiple_of(2) { 1.0 } else { -1.0 };
        Self {
            points: std::array::from_fn(|index| (1.0 - angle(index).cos()) / 2.0),
            weights: std::array::from_fn(|index| sign(index) * angle(index).sin()),
        }
    }
}

impl<const POINTS: usize> Chebyshev<POINTS> {
    pub(super) fn of(nodes: &Nodes<POINTS>, function: impl Fn(f64) -> f64) -> Self {
        Self { values: nodes.points.map(function) }
    }

    /// The polynomial at `x` in [0, 1].
    pub(super) fn at(&self, nodes: &Nodes<POINTS>, x: f64) -> f64 {
        let (mut above, mut below) = (0.0, 0.0);
        for ((point, weight), value) in nodes.points.iter().zip(&nodes.weights).zip(&self.values) {
            let distance = x - point;
            if distance.abs() < 1e-14 {
                return *value;
            }
            let share = weight / distance;
            above += share * value;
            below += share;
        }
        above / below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_function_comes_back() {
        let nodes = Nodes::<16>::new();
        let found = Chebyshev::of(&nodes, |x| (2.0 * x).sin());
        for step in 0..=100 {
            let x = f64::from(step) / 100.0;
            assert!((found.at(&nodes, x) - (2.0 * x).sin()).abs() < 1e-13);
        }
        assert!((found.at(&nodes, nodes.points[3]) - (2.0 * nodes.points[3]).sin()).abs() < 1e-15);
    }
}
