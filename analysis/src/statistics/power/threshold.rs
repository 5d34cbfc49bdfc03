//! The least number with which a study is good enough.

use crate::statistics::refusal::Refusal;

/// The least number from `start` on that is `enough`, to within `precision` of itself, where all greater ones are
/// enough too: `start.1` is tried first and doubled, up to `most`, and what lies between is halved. `None` if `most` is
/// not enough.
///
/// # Errors
/// Those of `enough`.
pub(super) fn least(
    start: (f64, f64),
    most: f64,
    precision: f64,
    enough: impl Fn(f64) -> Result<bool, Refusal>,
) -> Result<Option<f64>, Refusal> {
    let (mut low, mut high) = start;
    while !enough(high)? {
        (low, high) = (high, high * 2.0);
        if high > most {
            return Ok(None);
        }
    }
    while high - low > precision * high {
        let middle = f64::midpoint(low, high);
        // Neighbours have nothing between them.
        if middle <= low || middle >= high {
            break;
        }
        if enough(middle)? { high = middle } else { low = middle }
    }
    Ok(Some(high))
}
