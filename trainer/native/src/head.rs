//! The loss of a language model in float32.

use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::shim;

/// Σ −ln softmax(x·Wᵀ + b)\[target\] over the rows of x, in nats: a scalar.
///
/// x is `[R, width]`, W, the table, `[V, width]` and contiguous, b `[V]`, all in float32; `targets` are `[R]` int64 ids
/// below V. Logits are held for some rows at a time only; gradients are formed on the way forward. In bfloat16 this is
/// [`PackedMap::cross_entropy`](crate::PackedMap::cross_entropy).
///
/// # Errors
///
/// When shapes or kinds do not fit, or a target is no row of the table.
pub fn cross_entropy(
    x: &Tensor,
    table: &Tensor,
    bias: Option<&Tensor>,
    targets: &Tensor,
) -> Result<Tensor, TorchError> {
    let bias = bias.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr);
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_head_loss_in_float32(x.as_ptr(), table.as_ptr(), bias, targets.as_ptr(), result)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, entries, leaf};
    use tch::{Device, Kind, Reduction};

    /// Single precision has 24 bits; a sum of some thousand terms is off by some units of the last place.
    const TOLERANCE: f64 = 3e-6;

    #[test]
    fn loss_and_gradients_agree_with_double_precision() {
        for (rows, width, vocabulary, has_bias, size) in [
            (1, 1, 1, false, 1.0),
            (1, 2, 3, true, 1.0),
            (5, 7, 33, false, 4.0),
            (1025, 24, 101, true, 2.0),
            (2051, 33, 97, false, 1.0),
            (64, 512, 4001, true, 0.3),
            (3, 4, 6, true, 40.0),
            (0, 4, 6, true, 1.0),
        ] {
            let x = leaf(&entries(&[rows, width], 0.3, size), Kind::Float);
            let table = leaf(&entries(&[vocabulary, width], 0.9, 1.0), Kind::Float);
            let bias = has_bias.then(|| leaf(&entries(&[vocabulary], 0.7, 1.0), Kind::Float));
            let targets = (Tensor::arange(rows, (Kind::Int64, Device::Cpu)) * 7).remainder(vocabulary);
            let exact = |one: &Tensor| leaf(one, Kind::Double);
            let (x_exact, table_exact, bias_exact) = (exact(&x), exact(&table), bias.as_ref().map(exact));
            let logits = x_exact.linear(&table_exact, bias_exact.as_ref());
            let expected = logits.cross_entropy_loss::<&Tensor>(&targets, None, Reduction::Sum, -100, 0.0);
            (&expected * 0.5).backward();
            // Gradients add up, the first time in a tensor of their own, then in place.
            for round in 1..=2 {
                let loss = cross_entropy(&x, &table, bias.as_ref(), &targets).unwrap();
                let far = distance(&loss, &expected);
                assert!(far < TOLERANCE, "{rows} {width} {vocabulary}: {far}");
                (loss * 0.5).backward();
                let pairs = [(&x, &x_exact), (&table, &table_exact)];
                for (found, expected) in pairs.into_iter().chain(bias.as_ref().zip(bias_exact.as_ref())) {
                    let far = distance(&(found.grad() / f64::from(round)), &expected.grad());
                    assert!(far < TOLERANCE, "round {round} of {rows} {width} {vocabulary}: {far}");
                }
            }
        }
    }

    #[test]
    fn gradients_go_to_those_who_ask() {
        let (x, table) = (entries(&[5, 8], 0.3, 1.0), entries(&[50, 8], 0.9, 1.0));
        let (x, table) = (leaf(&x, Kind::Float), leaf(&table, Kind::Float));
        let targets = Tensor::arange(5, (Kind::Int64, Device::Cpu));
        let loss = cross_entropy(&x, &table, None, &targets).unwrap();
        loss.backward();
        let before = table.grad().copy();
        let loss = cross_entropy(&x, &table, None, &targets).unwrap();
        let back = Tensor::run_backward(&[&loss], &[&x], /* keep_graph */ true, /* create_graph */ false).remove(0);
        assert_eq!(back, x.grad());
        assert_eq!(table.grad(), before);
        let error = Tensor::f_run_backward(&[&loss], &[&x], false, /* create_graph */ true).unwrap_err();
        assert!(error.to_string().contains("no second derivative"), "{error}");
    }

    #[test]
    fn without_gradients_the_loss_is_the_same() {
        let (x, table) = (entries(&[70, 9], 0.3, 1.0), entries(&[50, 9], 0.9, 1.0));
        let (x, table) = (x.to_kind(Kind::Float), leaf(&table, Kind::Float));
        let targets = Tensor::arange(70, (Kind::Int64, Device::Cpu)).remainder(50);
        let loss = cross_entropy(&x, &table, None, &targets).unwrap();
        assert!(loss.requires_grad());
        let alone = tch::no_grad(|| cross_entropy(&x, &table, None, &targets).unwrap());
        assert!(!alone.requires_grad());
        assert_eq!(alone, loss.detach());
    }

    #[test]
    fn a_row_that_is_no_number_has_a_loss_that_is_none() {
        let table = entries(&[50, 8], 0.9, 1.0).to_kind(Kind::Float);
        let targets = Tensor::from_slice(&[3_i64, 4, 5]);
        for wrong in [f64::NAN, f64::INFINITY] {
            let x = entries(&[3, 8], 0.3, 1.0).to_kind(Kind::Float);
            let _ = x.get(1).get(2).fill_(wrong);
            let x = leaf(&x, Kind::Float);
            let loss = cross_entropy(&x, &table, None, &targets).unwrap();
            assert!(loss.double_value(&[]).is_nan(), "{wrong}");
            loss.backward();
            let spoilt = x.grad().isfinite().logical_not().sum_dim_intlist(1, false, Kind::Int64);
            assert_eq!(Vec::<i64>::try_from(spoilt).unwrap(), [0, 8, 0], "{wrong}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let float = |shape: &[i64]| entries(shape, 0.0, 1.0).to_kind(Kind::Float);
        let (x, table) = (float(&[4, 5]), float(&[3, 5]));
        let refused = |x: &Tensor, table: &Tensor, bias: Option<&Tensor>, targets: &[i64]| {
            cross_entropy(x, table, bias, &Tensor::from_slice(targets)).unwrap_err().to_string()
        };
        assert_eq!(refused(&float(&[4, 6]), &table, None, &[0; 4]), "libtorch: rows are [4, 6], not of 5 columns");
        assert_eq!(refused(&x, &table, None, &[0, 1, 2, 3]), "libtorch: the target 3 is no id of a vocabulary of 3");
        assert_eq!(refused(&x, &table, None, &[0; 3]), "libtorch: targets are Long[3], not int64 for 4 rows");
        let bias = float(&[4]);
        let error = refused(&x, &table, Some(&bias), &[0; 4]);
        assert_eq!(error, "libtorch: the bias is not one number in float32 on cpu for each of 3 ids");
        let error = refused(&x, &float(&[5, 3]).tr(), None, &[0; 4]);
        assert_eq!(error, "libtorch: the table is Float[3, 5] on cpu, no contiguous float32 matrix on cpu");
        let error = refused(&x.to_kind(Kind::Double), &table, None, &[0; 4]);
        assert_eq!(error, "libtorch: rows are Double on cpu, not float32 on cpu");
    }
}
