//! Tests of the basis and the layer.

use super::*;
use crate::model::sample;

const GRIDS: [(u32, f64, f64); 4] = [(1, -1.0, 1.0), (3, -1.0, 1.0), (5, -2.5, 0.5), (8, 0.0, 3.0)];

fn grids() -> impl Iterator<Item = SplineGrid> {
    GRIDS
        .into_iter()
        .flat_map(|(intervals, low, high)| (1..=5).map(move |order| SplineGrid { intervals, order, low, high }))
}

fn knot(grid: SplineGrid, index: u32) -> f64 {
    let width = (grid.high - grid.low) / f64::from(grid.intervals);
    grid.low + (f64::from(index) - f64::from(grid.order)) * width
}

/// The recursion as the books write it.
fn cox_de_boor(grid: SplineGrid, index: u32, order: u32, x: f64) -> f64 {
    let knot = |index| knot(grid, index);
    if order == 0 {
        return if knot(index) <= x && x < knot(index + 1) { 1.0 } else { 0.0 };
    }
    let rise = (x - knot(index)) / (knot(index + order) - knot(index));
    let fall = (knot(index + order + 1) - x) / (knot(index + order + 1) - knot(index + 1));
    rise * cox_de_boor(grid, index, order - 1, x) + fall * cox_de_boor(grid, index + 1, order - 1, x)
}

/// Entries in, beside and far from every grid, none of them on a knot.
fn entries() -> Vec<f64> {
    (0..400).map(|index| -12.0 + 0.060_317 * f64::from(index)).collect()
}

fn bases(grid: SplineGrid, entries: &[f64]) -> Vec<f64> {
    let x = Tensor::from_slice(entries).view([-1, 2]);
    Vec::try_from(SplineBasis::new(grid, Device::Cpu).forward(&x).flatten(0, -1)).unwrap()
}

#[test]
fn the_basis_is_that_of_the_recursion() {
    for grid in grids() {
        let found = bases(grid, &entries());
        let expected =
            entries().into_iter().flat_map(|x| (0..grid.bases()).map(move |m| cox_de_boor(grid, m, grid.order, x)));
        assert_eq!(found.len(), entries().len() * grid.bases() as usize);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{grid:?}: {found} {expected}");
        }
    }
}

/// A layer that multiplies in this kind, over leaves in double precision for that, else in fp32.
fn layer_of(grid: SplineGrid, [inputs, outputs]: [i64; 2], scaled: bool, kind: Kind) -> (SplineLayer, Vec<Tensor>) {
    let leaf_kind = if kind == Kind::Double { Kind::Double } else { Kind::Float };
    let mut leaves = Vec::new();
    let mut tensor = |name: &str| {
        let shape = if name.ends_with("spline_weight") {
            vec![outputs, inputs, i64::from(grid.bases())]
        } else {
            vec![outputs, inputs]
        };
        let leaf = sample::tensor(name, &shape, Kind::Double).to_kind(leaf_kind).set_requires_grad(true);
        leaves.push(leaf.shallow_clone());
        leaf
    };
    let mut weights = Weights { tensor: &mut tensor, precision: spec::train::Precision::Fp32 };
    let mut layer = SplineLayer::new("kan", grid, scaled, &mut weights);
    layer.kind = kind;
    (layer, leaves)
}

/// Largest distance as a part of the largest magnitude, or of 1, which terms that cancel have.
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    if expected.numel() == 0 {
        return 0.0;
    }
    let far = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
    far / expected.abs().max().double_value(&[]).max(1.0)
}

#[test]
fn the_layer_as_one_product_is_that_of_double_precision() {
    let bfloat16 = PackedMap::is_available().then_some((Kind::BFloat16, 1e-2, 2e-2));
    for (kind, tolerance, back_tolerance) in [(Kind::Float, 2e-6, 1e-5)].into_iter().chain(bfloat16) {
        check_product(kind, tolerance, back_tolerance);
    }
}

fn check_product(kind: Kind, tolerance: f64, back_tolerance: f64) {
    let orders = [1, 2, 3, 5, 16].map(|order| SplineGrid { intervals: 3, order, low: -1.0, high: 1.0 });
    let grids = GRIDS.map(|(intervals, low, high)| SplineGrid { intervals, order: 3, low, high });
    for (index, grid) in orders.into_iter().chain(grids).enumerate() {
        for (rows, sizes) in [(1, [1, 1]), (37, [19, 5]), (0, [4, 3]), (1030, [65, 66]), (130, [64, 128])] {
            let scaled = index % 2 == 0;
            let (layer, leaves) = layer_of(grid, sizes, scaled, kind);
            let (double, expected_leaves) = layer_of(grid, sizes, scaled, Kind::Double);
            // What bf16 can hold, so that entries lie in the same cells.
            let entries = (sample::tensor("x", &[rows, sizes[0]], Kind::Double) * 1.5).to_kind(Kind::BFloat16);
            let x = entries.to_kind(Kind::Float).set_requires_grad(true);
            let exact = entries.to_kind(Kind::Double).set_requires_grad(true);
            let upstream = sample::tensor("upstream", &[rows, sizes[1]], Kind::BFloat16);
            for round in 1..=2 {
                let (found, expected) = (layer.forward(&x), double.forward(&exact));
                assert_eq!(found.kind(), kind);
                let far = distance(&found, &expected);
                assert!(far < tolerance, "{kind:?} {grid:?} {rows} {sizes:?}: {far}");
                (found.to_kind(Kind::Float) * &upstream).sum(Kind::Float).backward();
                (expected * upstream.to_kind(Kind::Double)).sum(Kind::Double).backward();
                for (found, expected) in leaves.iter().chain([&x]).zip(expected_leaves.iter().chain([&exact])) {
                    let far = distance(&found.grad(), &expected.grad());
                    assert!(
                        far < back_tolerance,
                        "{kind:?} {round}, {grid:?} {rows} {sizes:?} {:?}: {far}",
                        found.size()
                    );
                }
            }
        }
    }
}

#[test]
fn the_basis_sums_to_one_on_the_grid_and_to_zero_off_its_knots() {
    for grid in grids() {
        let found = bases(grid, &entries());
        for (x, row) in entries().into_iter().zip(found.chunks(grid.bases() as usize)) {
            let sum: f64 = row.iter().sum();
            assert!(row.iter().all(|value| *value >= -1e-15), "{grid:?} at {x}");
            if grid.low <= x && x < grid.high {
                assert!((sum - 1.0).abs() < 1e-12, "{grid:?} at {x}: {sum}");
            }
            if x < knot(grid, 0) || x >= knot(grid, grid.intervals + 2 * grid.order) {
                assert!(row.iter().all(|value| *value == 0.0), "{grid:?} at {x}: {row:?}");
            }
        }
    }
}

#[test]
fn slopes_are_those_of_the_recursion() {
    let step = 1e-6;
    for grid in grids() {
        for m in 0..grid.bases() {
            let x = Tensor::from_slice(&entries()).view([-1, 1]).set_requires_grad(true);
            let basis = SplineBasis::new(grid, Device::Cpu).forward(&x);
            basis.select(-1, i64::from(m)).sum(Kind::Double).backward();
            let slopes = Vec::<f64>::try_from(x.grad().flatten(0, -1)).unwrap();
            for (x, slope) in entries().into_iter().zip(slopes) {
                let value = |x| cox_de_boor(grid, m, grid.order, x);
                let expected = (value(x + step) - value(x - step)) / (2.0 * step);
                assert!((slope - expected).abs() < 1e-6, "{grid:?} at {x}: {slope} {expected}");
            }
        }
    }
}

#[test]
fn a_layer_sums_its_edges() {
    let grid = SplineGrid { intervals: 3, order: 3, low: -1.0, high: 1.0 };
    let (inputs, outputs) = (4, 3);
    let shapes = |name: &str| match name {
        "kan.spline_weight" => vec![outputs, inputs, i64::from(grid.bases())],
        _ => vec![outputs, inputs],
    };
    let mut tensor = |name: &str| sample::tensor(name, &shapes(name), Kind::Float);
    let precision = spec::train::Precision::Fp32;
    let layer = SplineLayer::new("kan", grid, true, &mut Weights { tensor: &mut tensor, precision });
    let x = sample::tensor("x", &[6, inputs], Kind::Float);
    let found = layer.forward(&x);
    let [base, coefficient, scale] = ["base_weight", "spline_weight", "spline_scaler"]
        .map(|name| sample::tensor(&format!("kan.{name}"), &shapes(&format!("kan.{name}")), Kind::Float));
    for row in 0..6 {
        for output in 0..outputs {
            let edge = |input: i64| {
                let entry = x.double_value(&[row, input]);
                let spline: f64 = (0..grid.bases())
                    .map(|m| {
                        let coefficient = coefficient.double_value(&[output, input, i64::from(m)]);
                        coefficient * cox_de_boor(grid, m, grid.order, entry)
                    })
                    .sum();
                base.double_value(&[output, input]) * entry / (1.0 + (-entry).exp())
                    + scale.double_value(&[output, input]) * spline
            };
            let expected: f64 = (0..inputs).map(edge).sum();
            let found = found.double_value(&[row, output]);
            assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
        }
    }
}

#[test]
fn an_entry_that_is_no_number_reaches_the_output() {
    let grid = SplineGrid { intervals: 3, order: 5, low: -1.0, high: 1.0 };
    let mut ones = |name: &str| {
        let shape: &[i64] = if name == "kan.spline_weight" { &[2, 1, 8] } else { &[2, 1] };
        Tensor::ones(shape, (Kind::Float, Device::Cpu))
    };
    let precision = spec::train::Precision::Fp32;
    let layer = SplineLayer::new("kan", grid, true, &mut Weights { tensor: &mut ones, precision });
    let x = Tensor::from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30]).view([4, 1]);
    let y = layer.forward(&x);
    assert!(y.double_value(&[0, 0]).is_nan());
    assert!(y.double_value(&[1, 0]) == f64::INFINITY);
    assert!((y.double_value(&[3, 0]) / 1e30 - 1.0).abs() < 1e-6);
}
