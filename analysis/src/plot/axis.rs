//! From numbers to places, and the round numbers that stand at an axis.

use super::svg::{Anchor, Svg};
use crate::number;

/// A linear map from values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Maps `low..high` to the pixels `from..to`. A domain without width is given some.
    pub fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let (low, high) = if low < high { (low, high) } else { (high, low) };
        let room =
            if high - low > f64::EPSILON * high.abs().max(low.abs()) * 16.0 { 0.0 } else { high.abs().max(1.0) * 0.05 };
        Self { low: low - room, high: high + room, from, to }
    }

    /// The pixel of a value.
    pub fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The pixel of a value, and whether the value is outside (the pixel is that of the nearer end then).
    pub fn clamp(&self, value: f64) -> (f64, bool) {
        let inside = value.clamp(self.low, self.high);
        (self.place(inside), value < self.low || value > self.high)
    }

    /// The domain.
    pub fn domain(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// About `wanted` round values within the domain, and the decimals that they need.
    pub fn ticks(&self, wanted: usize) -> (Vec<f64>, usize) {
        nice_ticks(self.low, self.high, wanted)
    }

    /// Draws a horizontal axis below `y`: ticks, numbers, and grid lines up to `top`.
    pub fn draw_below(&self, svg: &mut Svg, (top, y): (f64, f64), wanted: usize, label: &str) {
        let (ticks, decimals) = self.ticks(wanted);
        for tick in ticks {
            let x = self.place(tick);
            svg.line("grid", (x, top), (x, y));
            svg.text("tick", (x, y + 15.0), Anchor::Middle, &number::fixed(tick, decimals));
        }
        svg.text("axis", (f64::midpoint(self.from, self.to), y + 32.0), Anchor::Middle, label);
    }
}

/// Multiples of 1, 2 or 5 times a power of ten within `low..=high`, about `wanted` of them, and the decimals they need.
pub fn nice_ticks(low: f64, high: f64, wanted: usize) -> (Vec<f64>, usize) {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return (vec![low], 2);
    }
    let rough = span / wanted.max(1) as f64;
    let magnitude = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * magnitude >= rough * 0.999).unwrap_or(10.0)
        * magnitude;
    let decimals = (-step.log10()).ceil().clamp(0.0, 12.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    ((first..=last).map(|index| index as f64 * step).collect(), decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(nice_ticks(0.0, 1.0, 5), (vec![0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0], 1));
        assert_eq!(nice_ticks(-0.013, 0.031, 4), (vec![0.0, 0.02], 2));
        assert_eq!(nice_ticks(1990.0, 2010.0, 4), (vec![1990.0, 1995.0, 2000.0, 2005.0, 2010.0], 0));
    }

    #[test]
    fn a_domain_without_width_still_has_places() {
        let scale = Scale::new((2.0, 2.0), (0.0, 100.0));
        assert!((scale.place(2.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.clamp(9.0), (100.0, true));
    }
}
