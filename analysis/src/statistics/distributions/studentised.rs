//! The tail of a statistic of normal values, such as their range, over an independent estimate of their standard
//! deviation.

use std::sync::OnceLock;

use super::chebyshev::{Chebyshev, Nodes};

/// Width of a panel, and how many points of Chebyshev's lie in each.
const WIDTH: f64 = 1.0;
const POINTS: usize = 16;
/// Where the table ends: a tail that falls as e^(-r²/4), the slowest here, is below 1e-290 there.
const REACH: f64 = 52.0;
/// The smallest tail that is told apart from 0.
const SMALLEST: f64 = f64::MIN_POSITIVE;

/// The tail of a statistic R of standard normal values: S(r) = P(R > r) for r > 0, smooth, and from 1 down.
pub(in crate::statistics) trait Tail {
    fn at(&self, r: f64) -> f64;
}

/// A tail S(r) = P(R > r) in tabulated form, and from it that of R / s with s² a mean square of `df` degrees of
/// freedom.
///
/// ln S is smooth, so that interpolation between Chebyshev's points in panels of width 1 gives it to about 1e-12: S
/// keeps its relative accuracy far out. One table serves every q and every df, and a panel is filled when it is first
/// asked for.
///
/// P(R / s > q) = ∫ f(s) S(q s) ds, with f the density of √(χ²/ν), by the trapezoidal rule over ln s: it converges
/// faster than any power of the step for such smooth, fast decaying functions.
///
/// Source: Lund and Lund (1983), Applied Statistics 32 (the integral); Trefethen and Weideman (2014), SIAM Review 56
/// (the rule).
#[derive(Debug, Clone)]
pub(in crate::statistics) struct Studentised<Statistic> {
    statistic: Statistic,
    nodes: Nodes<POINTS>,
    /// ln S in each panel.
    panels: Vec<OnceLock<Chebyshev<POINTS>>>,
}

impl<Statistic: Tail> Studentised<Statistic> {
    pub(in crate::statistics) fn of(statistic: Statistic) -> Self {
        Self { statistic, nodes: Nodes::new(), panels: vec![OnceLock::new(); (REACH / WIDTH) as usize] }
    }

    /// S(r).
    fn plain(&self, r: f64) -> f64 {
        let place = r / WIDTH;
        let Some(panel) = self.panels.get(place as usize) else { return 0.0 };
        let start = place.floor();
        let filled = panel.get_or_init(|| {
            Chebyshev::of(&self.nodes, |within| self.statistic.at((start + within) * WIDTH).max(SMALLEST).ln())
        });
        filled.at(&self.nodes, place - start).min(0.0).exp()
    }

    /// P(R / s > q) for q ≥ 0 and `df` ≥ 1, which may be infinite; never 0, as it would be below 1e-290.
    pub(in crate::statistics) fn upper_tail(&self, q: f64, df: f64) -> f64 {
        if q <= 0.0 {
            return 1.0;
        }
        if df.is_infinite() {
            return self.plain(q).max(SMALLEST);
        }
        // ln s has a standard deviation of about 1 / √(2 ν); with few degrees of freedom S is the narrower of the two
        // factors.
        let step = ((2.0 * df).sqrt().recip() / 2.5).min(0.05);
        // The density up to its constant, which the sum of the weights gives without the cancellation of large
        // logarithms.
        let weight = |log: f64| (df * (log - (2.0 * log).exp_m1() / 2.0)).exp();
        let (mut weights, mut total) = (1.0, self.plain(q));
        for index in 1..4000 {
            let log = -f64::from(index) * step;
            let weight = weight(log);
            weights += weight;
            total += weight * self.plain(q * log.exp());
            // What is left falls at least as fast as a geometric series of ratio e^(-ν step / 2) or less.
            if weight < 1e-17 * total.min(1.0) || weight < SMALLEST {
                break;
            }
        }
        for index in 1..4000 {
            let log = f64::from(index) * step;
            let weight = weight(log);
            weights += weight;
            total += weight * self.plain(q * log.exp());
            if weight < 1e-17 {
                break;
            }
        }
        (total / weights).clamp(SMALLEST, 1.0)
    }

    /// The q that R / s exceeds with `probability`, in (0, 1), to about 1e-11 relative: the tail falls with q, so the
    /// root is enclosed by doubling and closed in by false position over logarithms with the Illinois rule, which
    /// halves the weight of an end that stays.
    pub(in crate::statistics) fn upper_quantile(&self, probability: f64, df: f64) -> f64 {
        let target = probability.ln();
        let excess = |log_q: f64| self.upper_tail(log_q.exp(), df).ln() - target;
        let (mut low, mut high) = ((0.0, excess(0.0)), (2.0, excess(2.0)));
        for _ in 0..60 {
            if low.1 >= 0.0 {
                break;
            }
            high = low;
            low = (low.0 - 1.0, excess(low.0 - 1.0));
        }
        for _ in 0..60 {
            if high.1 <= 0.0 {
                break;
            }
            low = high;
            high = (high.0 + 1.0, excess(high.0 + 1.0));
        }
        for _ in 0..100 {
            let next = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
            let found = (next, excess(next));
            if found.1.abs() < 1e-13 || (high.0 - low.0).abs() < 1e-13 {
                return next.exp();
            }
            if found.1 > 0.0 {
                (low, high.1) = (found, high.1 / 2.0);
            } else {
                (high, low.1) = (found, low.1 / 2.0);
            }
        }
        f64::midpoint(low.0, high.0).exp()
    }
}

/// The quantiles of one probability over a span of degrees of freedom: ln q is a smooth function of 1/ν.
#[derive(Debug, Clone)]
pub(in crate::statistics) struct Quantiles {
    nodes: Nodes<SPAN>,
    curve: Chebyshev<SPAN>,
    /// 1/ν at the ends of the span.
    ends: [f64; 2],
}

/// Points over the span: for ν from 1 up they give ln q to 1e-9.
const SPAN: usize = 24;

impl Quantiles {
    /// Tabulates the q that `table` exceeds with `probability` for degrees of freedom from `lowest` to `highest`.
    pub(in crate::statistics) fn of<Statistic: Tail>(
        table: &Studentised<Statistic>,
        probability: f64,
        lowest: f64,
        highest: f64,
    ) -> Self {
        let (nodes, ends) = (Nodes::new(), [highest.recip(), lowest.recip()]);
        let curve =
            |place: f64| table.upper_quantile(probability, (ends[0] + place * (ends[1] - ends[0])).recip()).ln();
        Self { curve: Chebyshev::of(&nodes, curve), nodes, ends }
    }

    /// q for `df` within the span.
    pub(in crate::statistics) fn at(&self, df: f64) -> f64 {
        let width = self.ends[1] - self.ends[0];
        let place = if width > 0.0 { (df.recip() - self.ends[0]) / width } else { 0.5 };
        self.curve.at(&self.nodes, place.clamp(0.0, 1.0)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::distributions::normal;
    use crate::statistics::student;

    /// One standard normal value.
    struct One;

    impl Tail for One {
        fn at(&self, r: f64) -> f64 {
            normal::two_sided(r)
        }
    }

    #[test]
    fn a_single_normal_value_gives_students_t() {
        let table = Studentised::of(One);
        for df in [1.0, 2.0, 3.7, 12.0, 150.0, 1e4] {
            for t in [0.01, 0.3, 1.0, 2.5, 7.0, 60.0, 1000.0] {
                let (found, expected) = (table.upper_tail(t, df), student::two_sided(t, df).unwrap());
                let near = expected < 1e-280 || (found / expected - 1.0).abs() < 1e-10;
                assert!(near, "{t} {df}: {found} {expected}");
            }
            let quantile = table.upper_quantile(0.05, df);
            let expected = student::quantile(0.975, df).unwrap();
            assert!((quantile / expected - 1.0).abs() < 1e-9, "{df}: {quantile} {expected}");
        }
        assert!((table.upper_quantile(0.05, f64::INFINITY) - 1.959_963_984_540_054).abs() < 1e-11);
    }

    #[test]
    fn quantiles_over_a_span_are_those_of_each() {
        let table = Studentised::of(One);
        for (lowest, highest) in [(1.0, 400.0), (2.5, 2.5), (3.0, f64::INFINITY)] {
            let span = Quantiles::of(&table, 0.05, lowest, highest);
            for df in [1.0, 1.3, 2.5, 4.0, 11.0, 80.0, 400.0] {
                if (lowest..=highest).contains(&df) {
                    let (found, expected) = (span.at(df), table.upper_quantile(0.05, df));
                    assert!((found / expected - 1.0).abs() < 1e-9, "{df}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn it_never_ends_at_nothing() {
        let table = Studentised::of(One);
        assert!(table.upper_tail(1e6, f64::INFINITY) > 0.0);
        assert!(table.upper_tail(1e12, 40.0) > 0.0);
        assert!(table.upper_tail(0.0, 3.0) >= 1.0);
    }
}
