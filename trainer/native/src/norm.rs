//! A residual sum with its layer normalisation in one pass, and dropout.

use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::shim;

/// What the next sum of a network adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// The sum itself: the normalisation stands before a half of a block.
    Sum,
    /// The normalised rows: it stands after one.
    Normal,
}

/// A layer normalisation, and the dropout of what is added before it.
#[derive(Debug, Clone, Copy)]
pub struct AddNorm<'a> {
    /// `[hidden]` in float32.
    pub weight: &'a Tensor,
    /// `[hidden]` in float32.
    pub bias: &'a Tensor,
    /// Added to the variance.
    pub epsilon: f64,
    /// Probability that an added entry is dropped, in [0, 1), and the key on which alone it depends which.
    pub dropout: Option<(f64, u64)>,
    /// What goes on.
    pub goes: Goes,
}

/// What [`add_norm`] gives.
#[derive(Debug)]
pub struct Normalised {
    /// `[T, hidden]` in float32, for the next sum.
    pub going: Tensor,
    /// `[T, hidden]` in bfloat16: the normalised rows.
    pub normal: Tensor,
}

/// The layer normalisation of s = x + dropout(delta), row by row: (s − mean) / √(variance + ε) · weight + bias.
///
/// `x` is `[T, hidden]` in float32, `delta`, if there is one, of the same shape and read as bfloat16. All is computed
/// in float32.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn add_norm(x: &Tensor, delta: Option<&Tensor>, how: &AddNorm<'_>) -> Result<Normalised, TorchError> {
    let (probability, key) = how.dropout.unwrap_or((0.0, 0));
    let mut normal = ptr::null_mut();
    // SAFETY: all pointers are valid for the call, which makes two new tensors if it succeeds; then the second is ours
    // too.
    unsafe {
        let going = shim::tensor(|going| {
            shim::seedbed_add_norm(
                x.as_ptr(),
                delta.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr),
                how.weight.as_ptr(),
                how.bias.as_ptr(),
                how.epsilon,
                probability,
                key,
                how.goes == Goes::Normal,
                going,
                &raw mut normal,
            )
        })?;
        Ok(Normalised { going, normal: Tensor::from_ptr(normal) })
    }
}

/// `x` with entries zeroed with `probability` and the rest scaled by 1/(1 − probability); which, depends on the key
/// alone.
///
/// `x` is of at least one dimension, in float32 or bfloat16, on the CPU; `probability` lies in [0, 1).
///
/// # Errors
///
/// When it is something else.
pub fn dropout(x: &Tensor, probability: f64, key: u64) -> Result<Tensor, TorchError> {
    // SAFETY: the pointer is valid for the call, which makes a new tensor.
    unsafe { shim::tensor(|result| shim::seedbed_dropout(x.as_ptr(), probability, key, result)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, entries, leaf};
    use tch::{Device, Kind};

    /// The formulas in double precision, with the factors of dropout.
    fn reference(leaves: &[Tensor], has_delta: bool, factors: &Tensor, goes: Goes) -> [Tensor; 2] {
        let [x, delta, weight, bias] = leaves else { unreachable!("four leaves") };
        let sum = if has_delta { x + delta * factors } else { x.shallow_clone() };
        let normal = sum.layer_norm(weight.size(), Some(weight), Some(bias), 1e-5, false);
        match goes {
            Goes::Sum => [sum, normal],
            Goes::Normal => [normal.shallow_clone(), normal],
        }
    }

    #[test]
    fn it_agrees_with_double_precision() {
        for [rows, width] in [[1, 1], [3, 7], [200, 33], [0, 5], [65, 128]] {
            for (has_delta, goes, probability) in [
                (false, Goes::Sum, 0.0),
                (true, Goes::Sum, 0.0),
                (true, Goes::Sum, 0.25),
                (true, Goes::Normal, 0.0),
                (true, Goes::Normal, 0.25),
                (false, Goes::Normal, 0.0),
            ] {
                let starts = [
                    entries(&[rows, width], 0.1, 1.0),
                    entries(&[rows, width], 0.7, 1.0),
                    entries(&[width], 1.0, 1.0) + 1.0,
                    entries(&[width], 2.0, 1.0),
                ];
                let single: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Float)).collect();
                let double: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Double)).collect();
                let dropout = (probability > 0.0).then_some((probability, 5));
                let ones = Tensor::ones([rows, width], (Kind::Float, Device::Cpu));
                let factors = super::dropout(&ones, probability, 5).unwrap().to_kind(Kind::Double);
                let how = AddNorm { weight: &single[2], bias: &single[3], epsilon: 1e-5, dropout, goes };
                let delta = single[1].to_kind(Kind::BFloat16);
                let found = add_norm(&single[0], has_delta.then_some(&delta), &how).unwrap();
                let [going, normal] = reference(&double, has_delta, &factors, goes);
                let case = format!("{rows} {width} {has_delta} {goes:?} {probability}");
                assert!(distance(&found.going, &going) < 1e-5, "{case}");
                assert!(distance(&found.normal, &normal) < 4e-3, "{case}");
                let upstream = [entries(&[rows, width], 3.0, 1.0), entries(&[rows, width], 4.0, 1.0)];
                let weighed =
                    |tensor: &Tensor, upstream: &Tensor| (tensor.to_kind(Kind::Double) * upstream).sum(Kind::Double);
                (weighed(&found.going, &upstream[0]) + weighed(&found.normal, &upstream[1])).backward();
                (weighed(&going, &upstream[0]) + weighed(&normal, &upstream[1])).backward();
                for (index, (found, expected)) in single.iter().zip(&double).enumerate() {
                    if index == 1 && !has_delta {
                        continue;
                    }
                    // A row of one is its own mean: nothing comes back through it.
                    let bound = if width == 1 {
                        0.5
                    } else if index == 1 {
                        4e-3
                    } else {
                        1e-4
                    };
                    let far = distance(&found.grad(), &expected.grad());
                    assert!(
                        far < bound || expected.grad().abs().max().double_value(&[]) < 1e-12,
                        "{case} {index}: {far}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_of_its_results_may_be_left_unused() {
        let (x, delta) =
            (leaf(&entries(&[5, 4], 0.1, 1.0), Kind::Float), leaf(&entries(&[5, 4], 0.2, 1.0), Kind::Float));
        let (weight, bias) =
            (leaf(&(entries(&[4], 0.3, 1.0) + 1.0), Kind::Float), leaf(&entries(&[4], 0.4, 1.0), Kind::Float));
        let how = AddNorm { weight: &weight, bias: &bias, epsilon: 1e-5, dropout: None, goes: Goes::Sum };
        add_norm(&x, Some(&delta), &how).unwrap().going.sum(Kind::Float).backward();
        assert_eq!(x.grad(), x.ones_like());
        assert_eq!(weight.grad(), weight.zeros_like());
        add_norm(&x, Some(&delta), &how).unwrap().normal.sum(Kind::Float).backward();
        assert_eq!(bias.grad(), bias.ones_like() * 5.0);
    }

    #[test]
    fn dropout_drops_its_part_by_its_key_and_so_does_the_way_back() {
        for kind in [Kind::Float, Kind::BFloat16] {
            let x = leaf(&Tensor::ones([300, 70], (Kind::Float, Device::Cpu)), kind);
            let once = dropout(&x, 0.25, 9).unwrap();
            let kept = once.gt(0.0).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
            assert!((kept - 0.75).abs() < 0.01, "{kept}");
            assert_eq!(once, dropout(&x, 0.25, 9).unwrap());
            assert_ne!(once, dropout(&x, 0.25, 10).unwrap());
            once.sum(Kind::Float).backward();
            assert_eq!(x.grad(), once);
        }
        assert!(dropout(&Tensor::from(1.0), 0.5, 0).is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let (weight, bias) = (zeros(&[4]), zeros(&[5]));
        let how = AddNorm { weight: &weight, bias: &bias, epsilon: 1e-5, dropout: None, goes: Goes::Sum };
        let error = add_norm(&zeros(&[3, 4]), None, &how).unwrap_err().to_string();
        assert_eq!(
            error,
            "libtorch: a weight or bias of the norm is Float[5] on cpu, not of 4 numbers in float32 on cpu"
        );
        let how = AddNorm { bias: &weight, ..how };
        let error = add_norm(&zeros(&[3, 4]), Some(&zeros(&[4, 3])), &how).unwrap_err().to_string();
        assert_eq!(error, "libtorch: what is added is [4, 3] on cpu, the rows [3, 4] on cpu");
        let error = add_norm(&zeros(&[3, 4]).to_kind(Kind::Double), None, &how).unwrap_err().to_string();
        assert_eq!(error, "libtorch: rows are Double[3, 4] on cpu, not in float32 on cpu or cuda");
    }
}
