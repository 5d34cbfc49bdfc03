//! A curve of any shape, by straight lines.

use spec::feed_forward::learned::{ANCHOR_REACH, ANCHORS};
use tch::{Kind, Tensor};

use super::one_pass;

/// Straight lines between values at 64 anchors evenly spaced on [−15, 15], constant beyond (idiap, lm-afs: learned
/// activation functions for language models).
///
/// The values are `[owners, 64]`: an owner is a channel, or one for the layer, as there. They start at the anchors
/// themselves, so that the function starts as x. Its authors have that as a choice; their default, 0.01 everywhere, is
/// a constant through which no gradient passes, and they gave it a learning rate two hundred times the usual.
pub fn linear_spline(x: &Tensor, [values]: &[Tensor; 1]) -> Tensor {
    if one_pass::is_fit(x, &[values]) {
        return one_pass::anchored(x, values, ANCHOR_REACH);
    }
    let cells = ANCHORS as i64 - 1;
    let position = ((x + ANCHOR_REACH) * (cells as f64 / (2.0 * ANCHOR_REACH))).clamp(0.0, cells as f64);
    // An entry that is no number must reach the loss, not end as an index.
    let cell = position.detach().floor().clamp_max((cells - 1) as f64).nan_to_num(0.0, None, None);
    let within = position - &cell;
    // The two ends of each cell, side by side: one row is read for each entry.
    let ends = Tensor::stack(&[values.narrow(-1, 0, cells), values.narrow(-1, 1, cells)], -1).view([-1, 2]);
    let owners = values.size()[0];
    let first_rows = Tensor::arange(owners, (Kind::Int64, x.device())) * cells;
    let rows = cell.to_kind(Kind::Int64) + first_rows;
    // Of all gathers this one sums its gradients in one order, on any device.
    let ends = Tensor::embedding(&ends, &rows, -1, false, false);
    let (low, high) = (ends.select(-1, 0), ends.select(-1, 1));
    (high - &low) * within + low
}
