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

/// Multiples of 1, 2 or 5 times a power of ten within `low..=high`, about `wanted` of them and where there is room no
/// fewer than three, and the decimals they need.
pub fn nice_ticks(low: f64, high: f64, wanted: usize) -> (Vec<f64>, usize) {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return (vec![low], 2);
    }
    let rough = span / wanted.max(1) as f64;
    let magnitude = 10.0_f64.powf(rough.log10().floor());
    let ends = |step: f64| ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let steps = [10.0, 5.0, 2.0, 1.0, 0.5].map(|factor| factor * magnitude);
    let enough = |step: &f64| {
        let (first, last) = ends(*step);
        last - first + 1 >= wanted.saturating_sub(1).max(3) as i64
    };
    let step = steps.into_iter().find(enough).unwrap_or(steps[4]);
    let decimals = (-step.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    let (first, last) = ends(step);
    ((first..=last).map(|index| index as f64 * step).collect(), decimals)
}

/// A logarithmic map from positive values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogScale {
    logs: Scale,
}

impl LogScale {
    /// Maps `low..high`, both above 0, to the pixels `from..to`.
    pub fn new((low, high): (f64, f64), pixels: (f64, f64)) -> Self {
        Self { logs: Scale::new((low.ln(), high.ln()), pixels) }
    }

    /// The pixel of a value.
    pub fn place(&self, value: f64) -> f64 {
        self.logs.place(value.ln())
    }

    /// 1, 2 and 5 times powers of ten within the domain.
    pub fn ticks(&self) -> Vec<f64> {
        let (low, high) = self.logs.domain();
        let powers = (low / std::f64::consts::LN_10).floor() as i32..=(high / std::f64::consts::LN_10).ceil() as i32;
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10.0_f64.powi(power)));
        all.filter(|tick| (low - 1e-9..=high + 1e-9).contains(&tick.ln())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(nice_ticks(0.0, 1.0, 5), (vec![0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0], 1));
        assert_eq!(nice_ticks(-0.013, 0.031, 4), (vec![-0.01, 0.0, 0.01, 0.02, 0.03], 2));
        assert_eq!(nice_ticks(1990.0, 2010.0, 4), (vec![1990.0, 2000.0, 2010.0], 0));
    }

    #[test]
    fn ticks_of_a_logarithmic_axis() {
        let scale = LogScale::new((2.0, 60.0), (0.0, 100.0));
        assert_eq!(scale.ticks(), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert!((scale.place(2.0)).abs() < 1e-9 && (scale.place(60.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_domain_without_width_still_has_places() {
        let scale = Scale::new((2.0, 2.0), (0.0, 100.0));
        assert!((scale.place(2.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.clamp(9.0), (100.0, true));
    }
}
