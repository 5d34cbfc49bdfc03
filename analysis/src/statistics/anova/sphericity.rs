//! Whether all differences between arms vary alike over the blocks, and what is left of a test where they do not.

use serde::Serialize;

use crate::statistics::distributions::{chi_squared, f};
use crate::statistics::linear::cholesky::{Cholesky, dot};

/// How far differences between arms vary alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sphericity {
    /// ε of Greenhouse and Geisser, from 1/d (one contrast has all the spread) to 1 (all vary alike). Somewhat too low.
    pub greenhouse_geisser: f64,
    /// p with both degrees of freedom times that.
    pub p_greenhouse_geisser: f64,
    /// ε of Huynh and Feldt, at most 1. Somewhat too high.
    pub huynh_feldt: f64,
    /// p with both degrees of freedom times that.
    pub p_huynh_feldt: f64,
    /// Mauchly's test; `None` for one contrast, and where there are no more blocks than contrasts.
    pub mauchly: Option<Mauchly>,
}

/// Mauchly's test that contrasts vary alike and without correlation. It has little power where it would matter, with
/// few blocks: it is shown and decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mauchly {
    /// det S / (tr S / d)ᵈ, from 0 to 1.
    pub w: f64,
    /// p value, with Box's second term as R's `mauchly.test` has it: with the number of arms where Anderson (2003) has
    /// that of contrasts, which changes the fourth digit.
    pub p: f64,
}

/// Looks at d centred contrast scores of n blocks of `arms` values, a row a block, and corrects the F of their mean.
///
/// With their covariance S: ε = (tr S)² / (d tr S²), after Greenhouse and Geisser; (n d ε - 2) / (d (n - 1 - d ε))
/// after Huynh and Feldt. `None` for a statistic that is not a number.
///
/// Source: Box (1954), Annals of Mathematical Statistics 25; Greenhouse and Geisser (1959), Psychometrika 24; Huynh and
/// Feldt (1976), Journal of Educational Statistics 1; Mauchly (1940), Annals of Mathematical Statistics 11.
pub(super) fn sphericity(rows: &[Vec<f64>], arms: usize, statistic: f64) -> Option<Sphericity> {
    let (n, d) = (rows.len() as f64, rows[0].len());
    let column = |index: usize| -> Vec<f64> { rows.iter().map(|row| row[index]).collect() };
    let columns: Vec<Vec<f64>> = (0..d).map(column).collect();
    let covariance: Vec<Vec<f64>> =
        columns.iter().map(|one| columns.iter().map(|other| dot(one, other) / (n - 1.0)).collect()).collect();
    let trace: f64 = (0..d).map(|index| covariance[index][index]).sum();
    let squares: f64 = covariance.iter().map(|row| dot(row, row)).sum();
    let count = d as f64;
    let lowest = count.recip();
    let greenhouse_geisser = (trace * trace / (count * squares)).clamp(lowest, 1.0);
    let room = count * (n - 1.0 - count * greenhouse_geisser);
    // The larger ε, the smaller the room; none of it means that nothing speaks against 1.
    let huynh_feldt =
        if room > 0.0 { ((n * count * greenhouse_geisser - 2.0) / room).clamp(greenhouse_geisser, 1.0) } else { 1.0 };
    let corrected = |epsilon: f64| f::upper_tail(statistic, epsilon * count, epsilon * count * (n - 1.0));
    Some(Sphericity {
        greenhouse_geisser,
        p_greenhouse_geisser: corrected(greenhouse_geisser)?,
        huynh_feldt,
        p_huynh_feldt: corrected(huynh_feldt)?,
        mauchly: mauchly(&covariance, arms as f64, n),
    })
}

fn mauchly(covariance: &[Vec<f64>], arms: f64, n: f64) -> Option<Mauchly> {
    let d = covariance.len() as f64;
    if d < 2.0 || n - 1.0 < d {
        return None;
    }
    let trace: f64 = covariance.iter().enumerate().map(|(index, row)| row[index]).sum();
    let log_w = Cholesky::of(covariance)?.log_determinant() - d * (trace / d).ln();
    let factor = 1.0 - (2.0 * d * d + d + 2.0) / (6.0 * d * (n - 1.0));
    let second = (d + 2.0) * (d - 1.0) * (d - 2.0) * (2.0 * d.powi(3) + 6.0 * d * d + 3.0 * arms + 2.0)
        / (288.0 * ((n - 1.0) * d * factor).powi(2));
    let (statistic, df) = (-(n - 1.0) * factor * log_w, d * (d + 1.0) / 2.0 - 1.0);
    let (one, other) = (chi_squared::upper_tail(statistic, df)?, chi_squared::upper_tail(statistic, df + 4.0)?);
    Some(Mauchly { w: log_w.exp(), p: (one + second * (other - one)).clamp(f64::MIN_POSITIVE, 1.0) })
}
