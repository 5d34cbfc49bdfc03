//! Attention within the stories of a packed batch.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// How the tokens of a packed batch attend to each other.
#[derive(Debug, Clone, Copy)]
pub struct StoryAttention<'a> {
    /// Where stories start and end: story `k` is `bounds[k]..bounds[k + 1]`; from 0 to the number of tokens.
    pub bounds: &'a [i64],
    /// Number of heads.
    pub heads: i64,
    /// How many tokens a token sees, itself and those before it; none: all of its story.
    pub look_back: Option<i64>,
    /// Factor of the scores.
    pub scale: f64,
    /// Probability that a weight is dropped, in [0, 1), and the key on which alone it depends which.
    pub dropout: Option<(f64, u64)>,
}

/// softmax(scale · Q·Kᵀ)·V of every head within every story: `[T, hidden]` in bfloat16 from queries, keys and values side by
/// side, `[T, 3 · hidden]` in bfloat16.
///
/// Scores and softmax are formed in float32, weights are rounded to bfloat16. The way back forms the scores again, so that
/// none is kept.
///
/// # Errors
///
/// When shapes do not fit, a head has an odd size, or the processor does not multiply bfloat16
/// ([`PackedMap::is_available`](crate::PackedMap::is_available)).
pub fn story_attention(projected: &Tensor, how: &StoryAttention<'_>) -> Result<Tensor, TorchError> {
    let (probability, key) = how.dropout.unwrap_or((0.0, 0));
    // SAFETY: the pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_attention(
                projected.as_ptr(),
                how.bounds.as_ptr(),
                how.bounds.len() as i64,
                how.heads,
                how.look_back.unwrap_or(0),
                how.scale,
                probability,
                key,
                result,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PackedMap;
    use tch::{Device, Kind};

    const HEADS: i64 = 3;

    fn entries(tokens: i64, width: i64) -> Tensor {
        let numbers: Vec<f32> = (0..tokens * width)
            .map(|index| ((f64::from(index as i32) * 0.731).sin() * (f64::from(index as i32) * 0.0117).cos()) as f32)
            .collect();
        Tensor::from_slice(&numbers).view([tokens, width]).to_kind(Kind::BFloat16)
    }

    /// The formula, story by story, in double precision.
    fn reference(projected: &Tensor, how: &StoryAttention<'_>) -> Tensor {
        let stories = how.bounds.windows(2).map(|bound| {
            let length = bound[1] - bound[0];
            let size = projected.size()[1] / (3 * how.heads);
            let story = projected.narrow(0, bound[0], length).view([length, 3, how.heads, size]).permute([1, 2, 0, 3]);
            let [query, key, value] = [0, 1, 2].map(|index| story.select(0, index));
            let mut scores = query.matmul(&key.transpose(-2, -1)) * how.scale;
            if let Some(look_back) = how.look_back {
                let seen = Tensor::ones([length, length], (Kind::Bool, Device::Cpu)).tril(0).triu(1 - look_back);
                scores = scores.masked_fill(&seen.logical_not(), f64::NEG_INFINITY);
            }
            scores.softmax(-1, Kind::Double).matmul(&value).transpose(0, 1).reshape([length, how.heads * size])
        });
        Tensor::cat(&stories.collect::<Vec<_>>(), 0)
    }

    fn distance(found: &Tensor, expected: &Tensor) -> f64 {
        assert_eq!(found.size(), expected.size());
        ((found.to_kind(Kind::Double) - expected).abs().max() / expected.abs().max()).double_value(&[])
    }

    #[test]
    fn it_agrees_with_double_precision() {
        if !PackedMap::is_available() {
            return;
        }
        for bounds in [&[0, 1][..], &[0, 3, 3, 4, 70, 71, 201], &[0, 64, 193], &[0, 300]] {
            for (size, look_back) in [(8, None), (8, Some(i64::MAX)), (66, Some(5)), (128, Some(100)), (16, Some(1))] {
                let tokens = bounds[bounds.len() - 1];
                let projected = entries(tokens, 3 * HEADS * size).set_requires_grad(true);
                let double = projected.detach().to_kind(Kind::Double).set_requires_grad(true);
                let how = StoryAttention { bounds, heads: HEADS, look_back, scale: 0.5, dropout: None };
                let (found, expected) = (story_attention(&projected, &how).unwrap(), reference(&double, &how));
                // Weights are rounded to 8 bits, their sum once more.
                let far = distance(&found, &expected);
                assert!(far < 8e-3, "{bounds:?} {size} {look_back:?}: {far}");
                let upstream = entries(tokens, 2 * HEADS * size).narrow(1, HEADS * size, HEADS * size);
                (found * &upstream).sum(Kind::Float).backward();
                (expected * upstream.to_kind(Kind::Double)).sum(Kind::Double).backward();
                let far = distance(&projected.grad(), &double.grad());
                assert!(far < 2e-2, "back, {bounds:?} {size} {look_back:?}: {far}");
            }
        }
    }

    #[test]
    fn dropout_drops_its_part_and_depends_on_its_key_alone() {
        if !PackedMap::is_available() {
            return;
        }
        // All scores are zero, and every value is one: the result is the sum of what is kept.
        let projected = Tensor::zeros([200, 3 * 64], (Kind::BFloat16, Device::Cpu));
        let _ = projected.narrow(1, 128, 64).fill_(1.0);
        let run = |key| {
            let bounds = [0, 200];
            let how =
                StoryAttention { bounds: &bounds, heads: 2, look_back: None, scale: 1.0, dropout: Some((0.25, key)) };
            story_attention(&projected, &how).unwrap()
        };
        let sums = run(7).to_kind(Kind::Double);
        let mean = sums.mean(Kind::Double).double_value(&[]);
        // 400 sums of 200 weights of 1/200 each: sd of a sum 0.041, of their mean 0.002.
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        let spread = sums.select(1, 0).std(true).double_value(&[]);
        assert!((spread - 0.041).abs() < 0.01, "{spread}");
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn the_way_back_drops_what_was_dropped() {
        if !PackedMap::is_available() {
            return;
        }
        // The result is linear in the values, so that the gradient of its sum, times the values, is the sum.
        let projected = entries(90, 3 * 32).set_requires_grad(true);
        let bounds = [0, 20, 90];
        let how =
            StoryAttention { bounds: &bounds, heads: 2, look_back: Some(30), scale: 1.0, dropout: Some((0.5, 3)) };
        let result = story_attention(&projected, &how).unwrap();
        let upstream = entries(90, 32);
        let sum = (result.to_kind(Kind::Float) * &upstream).sum(Kind::Float);
        sum.backward();
        let values = |tensor: &Tensor| tensor.narrow(1, 64, 32).to_kind(Kind::Double);
        let product = (values(&projected.grad()) * values(&projected)).sum(Kind::Double);
        let scale = (values(&projected.grad()) * values(&projected)).abs().sum(Kind::Double).double_value(&[]);
        assert!((product.double_value(&[]) - sum.double_value(&[])).abs() < 2e-3 * scale);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let how = StoryAttention { bounds: &[0, 5], heads: 2, look_back: None, scale: 1.0, dropout: None };
        let error = story_attention(&entries(4, 24), &how).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: the bounds do not span the batch");
        assert!(story_attention(&entries(5, 18), &how).is_err());
    }
}
