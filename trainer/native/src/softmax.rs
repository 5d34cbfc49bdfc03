//! Softmax and attention in float32 whose way back loses nothing to cancellation.

use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::shim;

/// Which keys a query sees.
#[derive(Debug, Clone, Copy)]
pub enum Sees<'a> {
    /// All of them.
    All,
    /// Those of its own index and before.
    Back,
    /// Those where this is true: `[1 or stories, 1, 1 or queries, keys]`. A query sees at least one.
    These(&'a Tensor),
}

/// softmax(scale · Q·Kᵀ)·V: `[stories, heads, queries, head size]` from queries, keys and values of this form in
/// float32 on the CPU.
///
/// Weights are formed some heads at a time and not kept: the way back forms the same ones again. There the gradient of
/// a score is weight · (g − mean of the row's g by weight), g being the gradient of a weight; the mean is formed in
/// float64 of the very weights that it belongs to. libtorch's own takes the product of the result with its gradient
/// instead, which is off by as much as both were rounded, and with it the gradients of queries and keys.
///
/// # Errors
///
/// When shapes, kinds or devices do not fit.
pub fn attention_product([query, key, value]: [&Tensor; 3], sees: Sees<'_>, scale: f64) -> Result<Tensor, TorchError> {
    let (mask, is_causal) = match sees {
        Sees::All => (ptr::null::<C_tensor>(), false),
        Sees::Back => (ptr::null::<C_tensor>(), true),
        Sees::These(mask) => (mask.as_ptr(), false),
    };
    // SAFETY: the pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_attention_product(
                query.as_ptr(),
                key.as_ptr(),
                value.as_ptr(),
                mask,
                is_causal,
                scale,
                result,
            )
        })
    }
}

/// The softmax over the last dimension of scores in float32 on the CPU, with the same way back.
///
/// # Errors
///
/// When they are something else.
pub fn softmax(scores: &Tensor) -> Result<Tensor, TorchError> {
    // SAFETY: the pointer is valid for the call, which makes a new tensor.
    unsafe { shim::tensor(|result| shim::seedbed_softmax(scores.as_ptr(), result)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, entries, leaf};
    use tch::{Device, Kind};

    /// The formula in the kind of its entries.
    fn reference([query, key, value]: [&Tensor; 3], sees: Sees<'_>, scale: f64) -> Tensor {
        let scores = query.matmul(&key.transpose(-2, -1)) * scale;
        let all = || Tensor::ones([query.size()[2], key.size()[2]], (Kind::Bool, Device::Cpu));
        let scores = match sees {
            Sees::All => scores,
            Sees::Back => scores.masked_fill(&all().tril(0).logical_not(), f64::NEG_INFINITY),
            Sees::These(mask) => scores.masked_fill(&mask.logical_not(), f64::NEG_INFINITY),
        };
        scores.softmax(-1, query.kind()).matmul(value)
    }

    /// Distances of result and gradients of `product` from double precision.
    fn distances(
        product: impl Fn([&Tensor; 3]) -> Tensor,
        starts: &[Tensor; 3],
        sees: Sees<'_>,
        scale: f64,
    ) -> [f64; 4] {
        let [single, double] = [Kind::Float, Kind::Double].map(|kind| starts.each_ref().map(|start| leaf(start, kind)));
        let (found, expected) = (product(single.each_ref()), reference(double.each_ref(), sees, scale));
        let upstream = entries(&expected.size(), 3.0, 1.0);
        (found.to_kind(Kind::Double) * &upstream).sum(Kind::Double).backward();
        (&expected * &upstream).sum(Kind::Double).backward();
        let [query, key, value] = [0, 1, 2].map(|index| distance(&single[index].grad(), &double[index].grad()));
        [distance(&found, &expected), query, key, value]
    }

    #[test]
    fn product_and_gradients_agree_with_double_precision() {
        for (stories, heads, size, queries, keys) in
            [(1, 1, 1, 1, 1), (3, 2, 5, 7, 7), (2, 3, 8, 2, 30), (5, 4, 16, 60, 60), (1, 2, 64, 300, 300)]
        {
            let starts = [(0.1, queries), (0.7, keys), (1.3, keys)]
                .map(|(seed, count)| entries(&[stories, heads, count, size], seed, 1.5));
            let number = Tensor::arange(keys, (Kind::Int64, Device::Cpu));
            let of_story =
                number.lt_tensor(&(Tensor::arange(stories, (Kind::Int64, Device::Cpu)) + 1).view([-1, 1, 1, 1]));
            let band = Tensor::ones([1, 1, queries, keys], (Kind::Bool, Device::Cpu)).tril(0).triu(-2);
            for sees in [Sees::All, Sees::Back, Sees::These(&of_story), Sees::These(&band)] {
                if matches!(sees, Sees::Back) && queries != keys {
                    continue;
                }
                let product = |parts: [&Tensor; 3]| attention_product(parts, sees, 0.4).unwrap();
                for far in distances(product, &starts, sees, 0.4) {
                    assert!(far < 1e-5, "{stories} {heads} {size} {queries} {keys} {sees:?}: {far}");
                }
            }
        }
    }

    /// Gradients of weights that have nearly all in common: what sets them apart is all that counts.
    #[test]
    fn what_rows_have_in_common_does_not_drown_the_rest() {
        let mut starts = [0.1, 0.7, 1.3].map(|seed| entries(&[4, 2, 50, 8], seed, 0.5));
        let _ = starts[2].g_add_scalar_(16.0);
        let ours = distances(|parts| attention_product(parts, Sees::All, 0.4).unwrap(), &starts, Sees::All, 0.4);
        let written_out = |[query, key, value]: [&Tensor; 3]| {
            softmax(&(query.matmul(&key.transpose(-2, -1)) * 0.4)).unwrap().matmul(value)
        };
        let written_out = distances(written_out, &starts, Sees::All, 0.4);
        let plain = |[query, key, value]: [&Tensor; 3]| {
            Tensor::scaled_dot_product_attention(query, key, value, None::<&Tensor>, 0.0, false, 0.4, false)
        };
        let plain = distances(plain, &starts, Sees::All, 0.4);
        for index in [1, 2] {
            assert!(ours[index] < 1e-5 && written_out[index] < 1e-5, "{ours:?} {written_out:?}");
            assert!(plain[index] > 2.0 * ours[index], "nothing is gained: {plain:?} {ours:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let three = Tensor::zeros([2, 2, 2], (Kind::Float, Device::Cpu));
        assert!(attention_product([&three; 3], Sees::All, 1.0).is_err());
        assert!(softmax(&three.to_kind(Kind::Double)).is_err());
    }
}
