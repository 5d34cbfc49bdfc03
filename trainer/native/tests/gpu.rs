//! Kernels on a GPU against double precision on the processor, at sizes of no special form.
//!
//! They need an NVIDIA GPU of Ampere or later: `cargo test --release -p native --test gpu -- --ignored`. What they
//! gave, and on which GPU, stands in `trainer/benchmark/README.md`.

#![expect(clippy::unwrap_used, reason = "a failure here is the test's")]

use native::gpu::kernels::{FlashAttention, cross_entropy, flash_attention, spline_basis};
use native::{AddNorm, Goes, PackedMap, Rows, SplinePieces, add_norm, gpu, sum_of_rows};
use tch::{Device, Kind, Reduction, Tensor};

const GPU: Device = Device::Cuda(0);

/// Results are rounded to 8 bits once, gradients of inputs too.
const ROUNDED: f64 = 8e-3;

fn open() {
    let found = native::cuda::load();
    assert!(matches!(found, native::cuda::Availability::Loaded { devices: 1.. }), "no GPU: {found:?}");
    gpu::open(0).unwrap();
}

/// Entries between −1 and 1 that bfloat16 can hold.
fn entries(shape: &[i64], seed: f64) -> Tensor {
    let count: i64 = shape.iter().product();
    let numbers: Vec<f32> =
        (0..count).map(|index| ((index as f64 * 0.731 + seed).sin() * (index as f64 * 0.117).cos()) as f32).collect();
    Tensor::from_slice(&numbers).view(shape).to_kind(Kind::BFloat16).to_kind(Kind::Float)
}

fn on_gpu(tensor: &Tensor, kind: Kind) -> Tensor {
    tensor.to_device(GPU).to_kind(kind).set_requires_grad(true)
}

fn in_double(tensor: &Tensor) -> Tensor {
    tensor.to_kind(Kind::Double).set_requires_grad(true)
}

/// Largest distance as a part of the largest magnitude.
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    if expected.numel() == 0 {
        return 0.0;
    }
    let found = found.to_device(Device::Cpu).to_kind(Kind::Double);
    let largest = expected.abs().max().double_value(&[]).max(f64::MIN_POSITIVE);
    (found - expected).abs().max().double_value(&[]) / largest
}

fn attention_in_double(projected: &Tensor, bounds: &[i32], heads: i64, look_back: Option<i64>, scale: f64) -> Tensor {
    let stories = bounds.windows(2).map(|bound| {
        let length = i64::from(bound[1] - bound[0]);
        let story = projected.narrow(0, bound[0].into(), length).view([length, 3, heads, -1]).permute([1, 2, 0, 3]);
        let [query, key, value] = [0, 1, 2].map(|index| story.select(0, index));
        let mut scores = query.matmul(&key.transpose(-2, -1)) * scale;
        if let Some(look_back) = look_back {
            let seen = Tensor::ones([length, length], (Kind::Bool, Device::Cpu)).tril(0);
            scores = scores.masked_fill(&seen.triu(1 - look_back.min(length)).logical_not(), f64::NEG_INFINITY);
        }
        scores.softmax(-1, Kind::Double).matmul(&value).transpose(0, 1).reshape([length, -1])
    });
    Tensor::cat(&stories.collect::<Vec<_>>(), 0)
}

#[test]
#[ignore = "needs a GPU"]
fn attention_agrees_with_double_precision() {
    open();
    for bounds in [&[0, 1][..], &[0, 3, 4, 70, 71, 201], &[0, 64, 193], &[0, 512, 1000]] {
        for (heads, size, look_back) in
            [(3, 8, None), (4, 128, Some(i64::MAX)), (1, 64, Some(5)), (4, 128, Some(256)), (2, 16, Some(1))]
        {
            let tokens = i64::from(bounds[bounds.len() - 1]);
            let projected = entries(&[tokens, 3 * heads * size], 0.2);
            let (found, expected) = (on_gpu(&projected, Kind::BFloat16), in_double(&projected));
            let how = FlashAttention {
                bounds: &Tensor::from_slice(bounds).to_device(GPU),
                longest: i64::from(bounds.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()),
                heads,
                look_back,
                scale: 0.3,
                dropout: 0.0,
            };
            let product = flash_attention(&found, &how).unwrap();
            let product_in_double = attention_in_double(&expected, bounds, heads, look_back, 0.3);
            let far = distance(&product, &product_in_double);
            assert!(far < ROUNDED, "{bounds:?} {heads} {size} {look_back:?}: {far}");
            let upstream = entries(&[tokens, heads * size], 0.9);
            (product.to_kind(Kind::Float) * upstream.to_device(GPU)).sum(Kind::Float).backward();
            (product_in_double * upstream.to_kind(Kind::Double)).sum(Kind::Double).backward();
            let far = distance(&found.grad(), &expected.grad());
            assert!(far < 2.0 * ROUNDED, "back, {bounds:?} {heads} {size} {look_back:?}: {far}");
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn dropout_of_attention_is_the_generators_and_drops_its_part() {
    open();
    // All scores are zero, and every value is one: the result is the sum of what is kept.
    let projected = Tensor::zeros([400, 3 * 64], (Kind::BFloat16, GPU));
    let _ = projected.narrow(1, 128, 64).fill_(1.0);
    let bounds = Tensor::from_slice(&[0_i32, 400]).to_device(GPU);
    let run = |seed| {
        tch::manual_seed(seed);
        let how =
            FlashAttention { bounds: &bounds, longest: 400, heads: 2, look_back: None, scale: 1.0, dropout: 0.25 };
        flash_attention(&projected, &how).unwrap().to_kind(Kind::Double)
    };
    let mean = run(7).mean(Kind::Double).double_value(&[]);
    // 800 sums of 400 weights of 1/400 each: sd of a sum 0.029, of their mean 0.001.
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
#[ignore = "needs a GPU"]
fn the_heads_loss_agrees_with_double_precision() {
    open();
    for (rows, width, vocabulary, has_bias) in
        [(1, 8, 3, true), (5, 24, 33, false), (1030, 24, 101, true), (0, 8, 16, true), (20_000, 64, 1000, false)]
    {
        let (x, table) = (entries(&[rows, width], 0.3) * 2.0, entries(&[vocabulary, width], 0.9));
        let bias = has_bias.then(|| entries(&[vocabulary], 0.7));
        let targets = (Tensor::arange(rows, (Kind::Int64, Device::Cpu)) * 7).remainder(vocabulary);
        let (x_found, table_found) = (on_gpu(&x, Kind::Float), on_gpu(&table, Kind::Float));
        let bias_found = bias.as_ref().map(|bias| on_gpu(bias, Kind::Float));
        let loss = cross_entropy(&x_found, &table_found, bias_found.as_ref(), &targets.to_device(GPU)).unwrap();
        let (x_double, table_double) = (in_double(&x), in_double(&table));
        let bias_double = bias.as_ref().map(in_double);
        let logits = x_double.linear(&table_double, bias_double.as_ref());
        let expected = logits.cross_entropy_loss::<&Tensor>(&targets, None, Reduction::Sum, -100, 0.0);
        // Two logits of a row are off by 2⁻⁹ of the largest each.
        let largest = if rows == 0 { 0.0 } else { logits.abs().max().double_value(&[]) };
        let far = (loss.double_value(&[]) - expected.double_value(&[])).abs();
        assert!(far <= rows as f64 * largest / 256.0, "{rows} {width} {vocabulary}: {far}");
        (loss * 0.5).backward();
        (expected * 0.5).backward();
        let pairs = [(&x_found, &x_double), (&table_found, &table_double)];
        for (found, expected) in pairs.into_iter().chain(bias_found.as_ref().zip(bias_double.as_ref())) {
            let far = distance(&found.grad(), &expected.grad());
            let rounded = (2.0 * ROUNDED).max(largest / 128.0);
            assert!(far < rounded, "{rows} {width} {vocabulary}: {far}");
        }
    }
    let (x, table) = (entries(&[2, 8], 0.0).to_device(GPU), entries(&[5, 8], 1.0).to_device(GPU));
    let loss = cross_entropy(&x, &table, None, &Tensor::from_slice(&[1_i64, 5]).to_device(GPU)).unwrap();
    assert!(loss.double_value(&[]).is_nan(), "a target that is no row of the table");
}

/// Values and slopes of the bases of every entry, `[T, inputs · bases]` each.
fn splines_in_double(x: &Tensor, pieces: &SplinePieces<'_>) -> (Tensor, Tensor) {
    let (order, bases) = (pieces.order as usize, (pieces.intervals + pieces.order) as usize);
    let per_unit = f64::from(pieces.intervals) / (pieces.high - pieces.low);
    let numbers = Vec::<f64>::try_from(x.to_kind(Kind::Double).flatten(0, 1)).unwrap();
    let (mut values, mut slopes) = (vec![0.0; numbers.len() * bases], vec![0.0; numbers.len() * bases]);
    for (entry, x) in numbers.iter().enumerate() {
        let place = (x - pieces.low) * per_unit + order as f64;
        if !(place >= 0.0 && place < (bases + order) as f64) {
            continue;
        }
        let (cell, u) = (place.floor() as usize, place.fract());
        for piece in (0..=order).filter(|piece| (order..order + bases).contains(&(cell + piece))) {
            let powers = pieces.coefficients[piece * (order + 1)..][..=order].iter().map(|one| f64::from(*one));
            let at = entry * bases + cell + piece - order;
            for (power, coefficient) in powers.enumerate() {
                values[at] += coefficient * u.powi(power as i32);
                slopes[at] += per_unit * coefficient * power as f64 * u.powi((power as i32 - 1).max(0));
            }
        }
    }
    let shaped = |numbers: &[f64]| Tensor::from_slice(numbers).view([x.size()[0], -1]);
    (shaped(&values), shaped(&slopes))
}

#[test]
#[ignore = "needs a GPU"]
fn splines_agree_with_double_precision() {
    open();
    for (intervals, order) in [(3_u32, 3_u32), (3, 5), (1, 1), (5, 3), (256, 12)] {
        // Any polynomials do: both are given the same.
        let size = order as usize + 1;
        let coefficients: Vec<f32> = (0..size * size).map(|index| (index as f32 * 0.37).sin()).collect();
        let pieces = SplinePieces { low: -1.0, high: 1.0, intervals, order, coefficients: &coefficients };
        let x = entries(&[301, 7], 0.1) * 3.0;
        let _ = x.narrow(0, 0, 1).fill_(f64::NAN);
        let _ = x.narrow(0, 1, 1).fill_(f64::INFINITY);
        let found = on_gpu(&x, Kind::Float);
        let bases = spline_basis(&found, &pieces).unwrap();
        let (expected, slopes) = splines_in_double(&x, &pieces);
        let far = distance(&bases, &expected);
        assert!(far < ROUNDED, "{intervals} {order}: {far}");
        let upstream = entries(&bases.size(), 0.4);
        (bases.to_kind(Kind::Float) * upstream.to_device(GPU)).sum(Kind::Float).backward();
        let weighed = (slopes * upstream.to_kind(Kind::Double)).view([301, 7, -1]).sum_dim_intlist(2, false, None);
        let far = distance(&found.grad(), &weighed);
        // Places within a cell are rounded to 2⁻²⁴ of the entry, and slopes of order 12 are steep.
        assert!(far < 1e-3, "back, {intervals} {order}: {far}");
    }
}

#[test]
#[ignore = "needs a GPU"]
fn what_a_gpu_is_can_be_told() {
    open();
    let found = gpu::device::describe(0).unwrap();
    println!("{found:?}");
    assert!(found.multiplies_bfloat16() && found.memory > 1 << 30);
    assert!(gpu::device::describe(64).is_err());
    let before = {
        gpu::device::forget_peak_memory().unwrap();
        gpu::device::peak_memory().unwrap()
    };
    let held = Tensor::zeros([1 << 20], (Kind::Float, GPU));
    assert!(gpu::device::peak_memory().unwrap() >= before + (4 << 20));
    drop(held);
}

#[test]
#[ignore = "needs a GPU"]
fn sums_and_their_norms_agree_with_double_precision_and_drop_what_the_processor_drops() {
    open();
    for (rows, columns) in [(1, 8), (37, 33), (5000, 512), (3, 8192), (0, 4)] {
        for (goes, dropout) in [(Goes::Sum, None), (Goes::Normal, Some((0.25, 77))), (Goes::Sum, Some((0.5, 3)))] {
            let (x, delta) = (entries(&[rows, columns], 0.3) * 4.0 + 0.5, entries(&[rows, columns], 0.8));
            let (weight, bias) = (entries(&[columns], 1.0) + 1.0, entries(&[columns], 2.0));
            let [x_found, weight_found, bias_found] = [&x, &weight, &bias].map(|tensor| on_gpu(tensor, Kind::Float));
            let delta_found = on_gpu(&delta, Kind::BFloat16);
            let how = AddNorm { weight: &weight_found, bias: &bias_found, epsilon: 1e-5, dropout, goes };
            let found = add_norm(&x_found, Some(&delta_found), &how).unwrap();
            // The processor's own dropout says what is kept.
            let kept =
                dropout.map_or(Tensor::ones([rows, columns], (Kind::Float, Device::Cpu)), |(probability, key)| {
                    native::dropout(&Tensor::ones([rows, columns], (Kind::Float, Device::Cpu)), probability, key)
                        .unwrap()
                });
            let [x, delta, weight, bias] = [&x, &delta, &weight, &bias].map(in_double);
            let sum = &x + &delta * kept.to_kind(Kind::Double);
            let normal = sum.layer_norm([columns], Some(&weight), Some(&bias), 1e-5, false);
            let going = if goes == Goes::Sum { &sum } else { &normal };
            assert!(distance(&found.going, going) < 1e-5, "{rows} {columns} {goes:?}");
            assert!(distance(&found.normal, &normal) < ROUNDED, "{rows} {columns} {goes:?}");
            let (first, second) = (entries(&[rows, columns], 0.4), entries(&[rows, columns], 0.6));
            let upstream = |tensor: &Tensor| tensor.to_device(GPU);
            let loss = &found.going * upstream(&first) + found.normal.to_kind(Kind::Float) * upstream(&second);
            loss.sum(Kind::Float).backward();
            let double = |tensor: &Tensor| tensor.to_kind(Kind::Double);
            (going * double(&first) + &normal * double(&second)).sum(Kind::Double).backward();
            let leaves = [(&x_found, &x), (&weight_found, &weight), (&bias_found, &bias), (&delta_found, &delta)];
            for (index, (found, expected)) in leaves.into_iter().enumerate() {
                let far = distance(&found.grad(), &expected.grad());
                let bound = if index == 3 { ROUNDED } else { 1e-4 };
                assert!(far < bound, "back, {rows} {columns} {goes:?}, {index}: {far}");
            }
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn what_lies_on_two_devices_is_refused() {
    open();
    let (x, weight, bias) = (entries(&[4, 6], 0.3), entries(&[3, 6], 1.0), entries(&[3], 2.0));
    let ids = Tensor::from_slice(&[0_i64, 1, 2, 0]);
    let [far_x, far_weight, far_bias, far_ids] = [&x, &weight, &bias, &ids].map(|tensor| tensor.to_device(GPU));
    let map = PackedMap::default();
    for (x, weight, bias) in [(&far_x, &weight, &bias), (&x, &far_weight, &bias), (&x, &weight, &far_bias)] {
        map.apply(x, &[weight], &[bias]).unwrap_err();
        map.cross_entropy(x, weight, Some(bias), &ids).unwrap_err();
        native::cross_entropy(x, weight, Some(bias), &ids).unwrap_err();
    }
    map.cross_entropy(&x, &weight, None, &far_ids).unwrap_err();
    cross_entropy(&far_x, &far_weight, None, &ids).unwrap_err();
    for (table, ids) in [(&far_weight, &ids), (&weight, &far_ids)] {
        sum_of_rows(&[Rows { table, ids, padding: None }]).unwrap_err();
    }
    let columns = [entries(&[6], 1.0), entries(&[6], 1.0).to_device(GPU)];
    for (x, delta, weight, bias) in [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)] {
        let how =
            AddNorm { weight: &columns[weight], bias: &columns[bias], epsilon: 1e-5, dropout: None, goes: Goes::Sum };
        let rows = [&entries(&[4, 6], 0.3), &far_x];
        add_norm(rows[x], Some(rows[delta]), &how).unwrap_err();
        let how = AddNorm { weight: &columns[1 - weight], bias: &columns[1 - bias], ..how };
        add_norm(rows[1 - x], Some(rows[1 - delta]), &how).unwrap_err();
    }
}
