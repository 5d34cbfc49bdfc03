//! Linear maps in bfloat16 over weights in float32, and the loss over one.
//!
//! Sums are formed in float32; inputs, weights and results are rounded to bfloat16. The weights are laid out as
//! products want them, for both directions, whenever they have changed; the gradient of a leaf that has one is added to
//! in place.

use std::ffi::{c_int, c_void};
use std::fmt;
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::shim;

/// Some linear maps of one input, one below the other, as products want their weights.
///
/// It belongs to the weights that it is first given: giving others makes it pack anew each time, also on the way back.
pub struct PackedMap {
    handle: *mut c_void,
}

// SAFETY: the handle is owned, and what it points to is bound to no thread.
unsafe impl Send for PackedMap {}

impl Default for PackedMap {
    fn default() -> Self {
        // SAFETY: nothing goes in, and the handle is freed once, by `drop`.
        Self { handle: unsafe { shim::seedbed_map_new() } }
    }
}

impl Drop for PackedMap {
    fn drop(&mut self) {
        // SAFETY: the handle came from the shim and is not used after this; nodes of a graph share what it points to.
        unsafe { shim::seedbed_map_free(self.handle) }
    }
}

impl fmt::Debug for PackedMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PackedMap")
    }
}

impl PackedMap {
    /// The pointer for the shim.
    pub(crate) fn handle(&self) -> *mut c_void {
        self.handle
    }

    /// Whether this processor multiplies bfloat16 in hardware, without which nothing here can be used.
    pub fn is_available() -> bool {
        // SAFETY: nothing goes in but a question.
        unsafe { shim::seedbed_has_products() }
    }

    /// x·Wᵀ + b in bfloat16, `[T, outputs]`, for x as `[T, inputs]`; W and b are the weights and biases one below the
    /// other.
    ///
    /// Weights are `[outputs, inputs]` in float32, contiguous; there are as many biases, each `[outputs]` of its weight
    /// in float32, or none.
    ///
    /// # Errors
    ///
    /// When shapes or kinds do not fit.
    pub fn apply(&self, x: &Tensor, weights: &[&Tensor], biases: &[&Tensor]) -> Result<Tensor, TorchError> {
        let pointers = |tensors: &[&Tensor]| tensors.iter().map(|tensor| tensor.as_ptr()).collect::<Vec<_>>();
        let (weights, biases) = (pointers(weights), pointers(biases));
        // SAFETY: all pointers are valid for the call, which makes a new tensor.
        unsafe {
            shim::tensor(|result| {
                shim::seedbed_map_apply(
                    self.handle,
                    x.as_ptr(),
                    weights.as_ptr(),
                    weights.len() as c_int,
                    biases.as_ptr(),
                    biases.len() as c_int,
                    result,
                )
            })
        }
    }

    /// Σ −ln softmax(x·Wᵀ + b)\[target\] over the rows of x, in nats: a float32 scalar.
    ///
    /// Logits are rounded to bfloat16 and held for some rows at a time only; softmax and loss are formed in float32.
    /// Gradients are formed on the way forward. `targets` are int64 ids.
    ///
    /// # Errors
    ///
    /// When shapes or kinds do not fit, or a target is no row of the table.
    pub fn cross_entropy(
        &self,
        x: &Tensor,
        table: &Tensor,
        bias: Option<&Tensor>,
        targets: &Tensor,
    ) -> Result<Tensor, TorchError> {
        let bias = bias.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr);
        // SAFETY: all pointers are valid for the call, which makes a new tensor.
        unsafe {
            shim::tensor(|result| {
                shim::seedbed_head_loss(self.handle, x.as_ptr(), table.as_ptr(), bias, targets.as_ptr(), result)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, has_packed_maps, leaf};
    use tch::{Device, Kind};

    /// Entries of no special form between −1 and 1, which bfloat16 can hold.
    fn entries(shape: &[i64], seed: f64) -> Tensor {
        let count: i64 = shape.iter().product();
        let numbers: Vec<f32> = (0..count)
            .map(|index| ((index as f64 * 0.731 + seed).sin() * (index as f64 * 0.117).cos()) as f32)
            .collect();
        Tensor::from_slice(&numbers).view(shape).to_kind(Kind::BFloat16).to_kind(Kind::Float)
    }

    /// Results are rounded to 8 bits once, gradients of inputs too; sums of rounded terms are near their sum.
    const TOLERANCE: f64 = 8e-3;

    #[test]
    fn maps_agree_with_double_precision() {
        if !has_packed_maps() {
            return;
        }
        for (tokens, inputs, outputs) in [
            (1, 2, &[1][..]),
            (3, 7, &[5, 9]),
            (130, 64, &[64]),
            (517, 33, &[17, 80, 3]),
            (1100, 128, &[200]),
            (3, 1100, &[5]),
            (70, 2049, &[33]),
            (0, 4, &[3]),
        ] {
            let x = leaf(&entries(&[tokens, inputs], 0.1), Kind::Float);
            let weights: Vec<Tensor> =
                outputs.iter().map(|&rows| leaf(&entries(&[rows, inputs], rows as f64), Kind::Float)).collect();
            let biases: Vec<Tensor> = outputs.iter().map(|&rows| leaf(&entries(&[rows], 0.5), Kind::Float)).collect();
            let double = |tensors: &[Tensor]| tensors.iter().map(|one| leaf(one, Kind::Double)).collect::<Vec<_>>();
            let (x_double, weights_double, biases_double) = (leaf(&x, Kind::Double), double(&weights), double(&biases));
            let upstream = entries(&[tokens, outputs.iter().sum()], 2.0);

            let map = PackedMap::default();
            let references = |tensors: &[Tensor]| tensors.iter().map(Tensor::shallow_clone).collect::<Vec<_>>();
            let (some_weights, some_biases) = (references(&weights), references(&biases));
            let (weight_list, bias_list): (Vec<_>, Vec<_>) =
                (some_weights.iter().collect(), some_biases.iter().collect());
            for round in 1..=2 {
                let y = map.apply(&x, &weight_list, &bias_list).unwrap();
                assert_eq!(y.kind(), Kind::BFloat16);
                let expected = x_double.linear(&Tensor::cat(&weights_double, 0), Some(&Tensor::cat(&biases_double, 0)));
                assert!(distance(&y, &expected) < TOLERANCE, "{tokens} {inputs} {outputs:?}");
                (y.to_kind(Kind::Float) * &upstream).sum(Kind::Float).backward();
                (expected * upstream.to_kind(Kind::Double)).sum(Kind::Double).backward();
                // Gradients add up, the first time in a tensor of their own, then in place.
                for (found, expected) in [&x]
                    .into_iter()
                    .chain(&weights)
                    .chain(&biases)
                    .zip([&x_double].into_iter().chain(&weights_double).chain(&biases_double))
                {
                    let far = distance(&found.grad(), &expected.grad());
                    assert!(far < TOLERANCE, "round {round} of {tokens} {inputs} {outputs:?}: {far}");
                }
            }
        }
    }

    #[test]
    fn a_changed_weight_is_packed_anew() {
        if !has_packed_maps() {
            return;
        }
        let (x, mut weight) = (entries(&[4, 6], 0.0), entries(&[3, 6], 1.0));
        let map = PackedMap::default();
        let before = map.apply(&x, &[&weight], &[]).unwrap();
        assert_eq!(map.apply(&x, &[&weight], &[]).unwrap(), before);
        let _ = weight.g_mul_scalar_(2.0);
        assert_eq!(map.apply(&x, &[&weight], &[]).unwrap(), before * 2.0);
    }

    #[test]
    fn a_refused_weight_is_refused_again_and_nothing_stays_of_it() {
        if !has_packed_maps() {
            return;
        }
        let map = PackedMap::default();
        let (x, weight) = (entries(&[4, 6], 0.0), leaf(&entries(&[3, 6], 1.0), Kind::Float));
        let expected = map.apply(&x, &[&weight], &[]).unwrap();
        let (double, narrow) = (leaf(&weight, Kind::Double), leaf(&entries(&[2, 5], 1.0), Kind::Float));
        for _ in 0..2 {
            let error = map.apply(&x, &[&double], &[]).unwrap_err().to_string();
            assert_eq!(error, "libtorch: a weight is Double[3, 6] on cpu, not contiguous float32 of 6 inputs on cpu");
            let error = map.apply(&x, &[&weight, &narrow], &[]).unwrap_err().to_string();
            assert_eq!(error, "libtorch: a weight is Float[2, 5] on cpu, not contiguous float32 of 6 inputs on cpu");
            let turned = entries(&[6, 3], 1.0).tr();
            let error = map.apply(&x, &[&turned], &[]).unwrap_err().to_string();
            assert_eq!(error, "libtorch: a weight is Float[3, 6] on cpu, not contiguous float32 of 6 inputs on cpu");
            assert_eq!(map.apply(&x, &[], &[]).unwrap_err().to_string(), "libtorch: there is no weight");
        }
        assert_eq!(map.apply(&x, &[&weight], &[]).unwrap(), expected);
    }

    #[test]
    fn a_parameter_at_the_place_of_one_that_is_gone_is_another() {
        if !has_packed_maps() {
            return;
        }
        let (x, map) = (entries(&[4, 60], 0.0), PackedMap::default());
        let numbers = [1.0, 2.0, 3.0, 4.0].map(|seed| entries(&[100, 60], seed));
        let expected = numbers.each_ref().map(|one| PackedMap::default().apply(&x, &[one], &[]).unwrap());
        // Nothing else of its size is asked for in between, so that the next most likely lies where the last one did.
        for (one, expected) in numbers.iter().zip(&expected) {
            let weight = leaf(one, Kind::Float);
            assert_eq!(map.apply(&x, &[&weight], &[]).unwrap(), *expected);
        }
    }

    #[test]
    fn a_view_of_another_shape_is_another_weight() {
        if !has_packed_maps() {
            return;
        }
        let weight = leaf(&entries(&[3, 6], 1.0), Kind::Float);
        let view = weight.detach().view([6, 3]).set_requires_grad(true);
        let map = PackedMap::default();
        for (weight, inputs) in [(&weight, 6), (&view, 3), (&weight, 6)] {
            let x = entries(&[4, inputs], 0.0);
            let expected = PackedMap::default().apply(&x, &[weight], &[]).unwrap();
            assert_eq!(map.apply(&x, &[weight], &[]).unwrap(), expected);
        }
    }

    #[test]
    fn the_loss_agrees_with_double_precision() {
        if !has_packed_maps() {
            return;
        }
        for (rows, width, vocabulary, has_bias) in [
            (1, 2, 3, true),
            (5, 7, 33, false),
            (1030, 24, 101, true),
            (70, 9, 1101, false),
            (70, 32, 64, false),
            (128, 32, 1056, true),
            (2051, 32, 96, true),
            (0, 4, 6, true),
        ] {
            let x = leaf(&(entries(&[rows, width], 0.3) * 2.0), Kind::Float);
            let table = leaf(&entries(&[vocabulary, width], 0.9), Kind::Float);
            let bias = has_bias.then(|| leaf(&entries(&[vocabulary], 0.7), Kind::Float));
            let targets = (Tensor::arange(rows, (Kind::Int64, Device::Cpu)) * 7).remainder(vocabulary);
            let loss = PackedMap::default().cross_entropy(&x, &table, bias.as_ref(), &targets).unwrap();
            let (x_double, table_double) = (leaf(&x, Kind::Double), leaf(&table, Kind::Double));
            let bias_double = bias.as_ref().map(|bias| leaf(bias, Kind::Double));
            let logits = x_double.linear(&table_double, bias_double.as_ref());
            let expected = logits.cross_entropy_loss::<&Tensor>(&targets, None, tch::Reduction::Sum, -100, 0.0);
            // Two logits of a row are off by 2⁻⁹ of the largest each.
            let largest = if rows == 0 { 0.0 } else { logits.abs().max().double_value(&[]) };
            let far = (loss.double_value(&[]) - expected.double_value(&[])).abs();
            assert!(far <= rows as f64 * largest / 256.0, "{rows} {width} {vocabulary}: {far}");
            (loss * 0.5).backward();
            (expected * 0.5).backward();
            let pairs = [(&x, &x_double), (&table, &table_double)];
            for (found, expected) in pairs.into_iter().chain(bias.as_ref().zip(bias_double.as_ref())) {
                let far = distance(&found.grad(), &expected.grad());
                assert!(far < 2.0 * TOLERANCE, "{rows} {width} {vocabulary}: {far}");
            }
        }
    }

    #[test]
    fn a_row_that_is_no_number_has_a_loss_that_is_none() {
        if !has_packed_maps() {
            return;
        }
        let table = entries(&[50, 8], 0.9);
        let targets = Tensor::from_slice(&[3_i64, 4, 5]);
        for wrong in [f64::NAN, -f64::NAN, f64::INFINITY] {
            let x = entries(&[3, 8], 0.3);
            let _ = x.get(1).get(2).fill_(wrong);
            let x = leaf(&x, Kind::Float);
            let loss = PackedMap::default().cross_entropy(&x, &table, None, &targets).unwrap();
            assert!(loss.double_value(&[]).is_nan(), "{wrong}");
            loss.backward();
            let spoilt = x.grad().isfinite().logical_not().sum_dim_intlist(1, false, Kind::Int64);
            assert_eq!(Vec::<i64>::try_from(spoilt).unwrap(), [0, 8, 0], "{wrong}");
        }
    }

    #[test]
    fn the_way_back_is_that_of_the_weight_that_was_given() {
        if !has_packed_maps() {
            return;
        }
        let upstream = |rows: i64| entries(&[4, rows], 2.0);
        let gradients = |maps: &[&PackedMap], is_frozen: bool| {
            let xs = [6, 70].map(|inputs| leaf(&entries(&[4, inputs], 0.3), Kind::Float));
            let weights = [[3, 6], [90, 70]].map(|shape| entries(&shape, 1.0).set_requires_grad(!is_frozen));
            let ys: Vec<Tensor> = xs
                .iter()
                .zip(&weights)
                .enumerate()
                .map(|(index, (x, weight))| maps[index % maps.len()].apply(x, &[weight], &[]).unwrap())
                .collect();
            for y in &ys {
                (y.to_kind(Kind::Float) * upstream(y.size()[1])).sum(Kind::Float).backward();
            }
            let of_weights = weights.iter().filter(|_| !is_frozen).map(Tensor::grad);
            xs.iter().map(Tensor::grad).chain(of_weights).collect::<Vec<_>>()
        };
        let (one, other) = (PackedMap::default(), PackedMap::default());
        for is_frozen in [false, true] {
            assert_eq!(gradients(&[&one], is_frozen), gradients(&[&one, &other], is_frozen), "{is_frozen}");
        }
    }

    #[test]
    fn a_weight_that_was_changed_in_between_has_no_way_back() {
        if !has_packed_maps() {
            return;
        }
        let (x, mut weight) = (leaf(&entries(&[4, 6], 0.0), Kind::Float), leaf(&entries(&[3, 6], 1.0), Kind::Float));
        let sum = PackedMap::default().apply(&x, &[&weight], &[]).unwrap().sum(Kind::Float);
        let _ = tch::no_grad(|| weight.g_mul_scalar_(2.0));
        let error = Tensor::f_run_backward(&[&sum], &[&x], false, false).unwrap_err();
        assert!(error.to_string().contains("was changed in place in between"), "{error}");
    }

    #[test]
    fn a_bias_has_its_gradient_where_its_weight_is_frozen() {
        if !has_packed_maps() {
            return;
        }
        // More outputs, and more rows, than are summed up at once.
        let (x, upstream) = (entries(&[1100, 6], 0.0), entries(&[1100, 105], 2.0));
        let gradients = |is_frozen: [bool; 2]| {
            let weights = [(100, 1.0), (5, 2.0)].map(|(rows, seed)| entries(&[rows, 6], seed));
            let [first, second] = [0, 1].map(|index| weights[index].copy().set_requires_grad(!is_frozen[index]));
            let biases = [100, 5].map(|rows| leaf(&entries(&[rows], 0.5), Kind::Float));
            let y = PackedMap::default().apply(&x, &[&first, &second], &[&biases[0], &biases[1]]).unwrap();
            (y.to_kind(Kind::Float) * &upstream).sum(Kind::Float).backward();
            assert_eq!([&first, &second].map(|weight| weight.grad().defined()), is_frozen.map(|is| !is));
            biases.map(|bias| bias.grad())
        };
        let expected = gradients([false, false]);
        assert_ne!(expected[0], expected[0].zeros_like());
        for is_frozen in [[true, true], [true, false], [false, true]] {
            assert_eq!(gradients(is_frozen), expected, "{is_frozen:?}");
        }
    }

    #[test]
    fn a_bias_need_not_lie_in_one_piece() {
        if !has_packed_maps() {
            return;
        }
        let (x, weight) = (entries(&[4, 6], 0.0), entries(&[3, 6], 1.0));
        let targets = Tensor::from_slice(&[0_i64, 1, 2, 0]);
        // What lies between is no part of it.
        let strided = || entries(&[3, 2], 0.5).select(1, 0).set_requires_grad(true);
        let whole = || strided().detach().contiguous().set_requires_grad(true);
        let pass = |bias: &Tensor, other: &Tensor| {
            let map = PackedMap::default();
            let rows = map.apply(&x, &[&weight, &weight], &[bias, other]).unwrap();
            let single = map.apply(&x, &[&weight], &[bias]).unwrap();
            let loss = map.cross_entropy(&x, &weight, Some(bias), &targets).unwrap();
            ((&rows * &rows).sum(Kind::Float) + (&single * &single).sum(Kind::Float) + &loss).backward();
            (rows, single, loss, bias.grad().contiguous(), other.grad().contiguous())
        };
        let (bias, other) = (strided(), strided());
        assert!(!bias.is_contiguous());
        assert_eq!(pass(&bias, &other), pass(&whole(), &whole()));
        // Once more, where there is a gradient already.
        assert!(distance(&pass(&bias, &other).4, &(pass(&whole(), &whole()).4 * 2.0)) < 1e-6);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        if !has_packed_maps() {
            return;
        }
        let map = PackedMap::default();
        let (x, weight) = (entries(&[4, 6], 0.0), entries(&[3, 5], 1.0));
        let error = map.apply(&x, &[&weight], &[]).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: the input is [4, 6], not of 5 columns");
        let targets = Tensor::from_slice(&[0_i64, 1, 2, 3]);
        let error = map.cross_entropy(&entries(&[4, 5], 0.0), &weight, None, &targets).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: the target 3 is no id of a vocabulary of 3");
        let ids = targets.remainder(3);
        let other = entries(&[2, 5], 2.0);
        for (bias, given) in [
            (entries(&[2], 0.0), "Float[2]"),
            (entries(&[4], 0.0), "Float[4]"),
            (entries(&[1, 3], 0.0), "Float[1, 3]"),
            (entries(&[3], 0.0).to_kind(Kind::Double), "Double[3]"),
        ] {
            let x = entries(&[4, 5], 0.0);
            let expected =
                format!("libtorch: a bias is {given} on cpu, not Float[3] on cpu, as a weight of [3, 5] needs it");
            for error in [
                map.apply(&x, &[&weight], &[&bias]).unwrap_err(),
                map.apply(&x, &[&other, &weight], &[&entries(&[2], 0.0), &bias]).unwrap_err(),
                map.cross_entropy(&x, &weight, Some(&bias), &ids).unwrap_err(),
            ] {
                assert_eq!(error.to_string(), expected);
            }
        }
    }
}
