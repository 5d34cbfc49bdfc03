//! The Kolmogorov-Arnold network of the study's checkpoints.
//!
//! Its layers have the names that [`delft_spline`](crate::feed_forward::delft_spline) gives them, and one tensor more
//! each: the knots of every input, `[inputs, G + 2k + 1]`, as the buffer `grid`. From them order and intervals are
//! read, and whether this is a grid that the trainer has: evenly spaced, and one for all inputs of all layers.

use serde_json::json;
use spec::feed_forward::{FeedForward, SplineGrid};
use spec::model::Architecture;
use tch::{Kind, Tensor};

use super::config::{Config, describe};
use super::error::ImportError;
use super::names::Tensors;

/// Ends of the names below a layer.
const GRID: &str = ".grid";
const WEIGHT: &str = ".spline_weight";
const SCALER: &str = ".spline_scaler";

/// How far a knot may be from its place, as a part of the grid's length: they are written in fp32.
const TOLERANCE: f64 = 1e-5;

/// The grid of the study, for a checkpoint without the buffers.
const STUDY: SplineGrid = SplineGrid { intervals: 3, order: 3, low: -1.0, high: 1.0 };

/// Leaves the knots out and says what layer the rest is.
///
/// # Errors
/// When the knots are not those of one uniform grid, or nothing tells what they were.
pub fn take_over(
    width: u32,
    config: &Config,
    tensors: &mut Tensors,
    changes: &mut Vec<String>,
) -> Result<FeedForward, ImportError> {
    let mut found: Option<SplineGrid> = None;
    let names: Vec<String> = tensors.keys().filter(|name| is_of_spline(name, tensors)).cloned().collect();
    for name in names {
        let Some(knots) = tensors.remove(&name) else { continue };
        let grid = read(&name, &knots, tensors).map_err(|reason| config.unsupported(&reason))?;
        if found.is_some_and(|found| !is_close(&found, &grid)) {
            return Err(config.unsupported(&format!("`{name}` is another grid than that of the layers before it")));
        }
        found = Some(grid);
    }
    let grid = match found {
        Some(grid) => {
            changes.push(format!(
                "The knots of the splines were left out: {} intervals of order {} on [{}, {}] say the same.",
                grid.intervals, grid.order, grid.low, grid.high
            ));
            grid
        }
        None => without_knots(config, tensors, changes)?,
    };
    let output = match config.architecture()? {
        Architecture::GptNeo => "spline",
        Architecture::Roberta => "linear",
    };
    let scaled = tensors.keys().any(|name| name.ends_with(SCALER));
    let fields = json!({ "width": width, "grid": grid, "scaled": scaled, "start": "delft", "output": output });
    Ok(describe(&json!({ "delft-spline": fields })).expect("invariant: the trainer has this layer"))
}

/// Whether the name is that of the knots of a spline layer, whose coefficients are there too.
fn is_of_spline(name: &str, tensors: &Tensors) -> bool {
    name.strip_suffix(GRID).is_some_and(|layer| tensors.contains_key(&format!("{layer}{WEIGHT}")))
}

/// The grid of which `knots` are, `[inputs, G + 2k + 1]`, beside coefficients `[outputs, inputs, G + k]`.
fn read(name: &str, knots: &Tensor, tensors: &Tensors) -> Result<SplineGrid, String> {
    let layer = name.strip_suffix(GRID).unwrap_or(name);
    let bases = tensors.get(&format!("{layer}{WEIGHT}")).and_then(|weight| weight.size().last().copied()).unwrap_or(0);
    let count = knots.size().last().copied().unwrap_or(0);
    // Of G + k functions and G + 2k + 1 knots.
    let order = count - 1 - bases;
    let intervals = bases - order;
    let size = |number: i64| u32::try_from(number).ok().filter(|number| *number > 0);
    let (Some(order), Some(intervals), 2) = (size(order), size(intervals), knots.dim()) else {
        return Err(format!("`{name}` is {:?}, which are no knots of {bases} basis functions", knots.size()));
    };
    if knots.numel() == 0 {
        return Err(format!("`{name}` is {:?}: it has no knots", knots.size()));
    }
    let knots = knots.to_kind(Kind::Double);
    let end = |index: u32| rounded(knots.double_value(&[0, i64::from(index)]));
    let grid = SplineGrid { intervals, order, low: end(order), high: end(order + intervals) };
    let step = (grid.high - grid.low) / f64::from(intervals);
    let places = (Tensor::arange(count, (Kind::Double, knots.device())) - f64::from(order)) * step + grid.low;
    let far = (knots - places).abs().max().double_value(&[]);
    // A comparison that a knot which is not a number fails, too.
    if grid.low < grid.high && far <= TOLERANCE * (grid.high - grid.low) {
        return Ok(grid);
    }
    Err(format!("the knots in `{name}` are not evenly spaced, or not the same for all inputs"))
}

fn without_knots(config: &Config, tensors: &Tensors, changes: &mut Vec<String>) -> Result<SplineGrid, ImportError> {
    let weight = tensors.iter().find(|(name, _)| name.ends_with(WEIGHT));
    let Some((name, bases)) = weight.and_then(|(name, weight)| Some((name, weight.size().last().copied()?))) else {
        // The check that names all tensors has more to say.
        return Ok(STUDY);
    };
    if bases != i64::from(STUDY.bases()) {
        return Err(config.unsupported(&format!(
            "splines of {bases} basis functions (`{name}`) without their knots (`grid`), from which their order would follow"
        )));
    }
    changes.push("The checkpoint has no knots: the study's, 3 intervals of order 3 on [-1, 1], were taken.".to_owned());
    Ok(STUDY)
}

fn is_close(one: &SplineGrid, other: &SplineGrid) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= TOLERANCE;
    (one.intervals, one.order) == (other.intervals, other.order)
        && near(one.low, other.low)
        && near(one.high, other.high)
}

/// What fp32 made of a short number.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
