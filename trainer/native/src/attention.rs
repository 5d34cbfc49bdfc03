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
    /// How many tokens a token sees, itself and those before it, so at least 1; none: all of its story.
    pub look_back: Option<i64>,
    /// Factor of the scores.
    pub scale: f64,
    /// Probability that a weight is dropped, in [0, 1), and the key on which alone it depends which.
    pub dropout: Option<(f64, u64)>,
}

/// softmax(scale · Q·Kᵀ)·V of every head within every story: `[T, hidden]` from queries, keys and values side by side,
/// `[T, 3 · hidden]`, both in bfloat16 or both in float32.
///
/// Scores and softmax are formed in float32; in bfloat16 weights are rounded to it. The way back forms the scores
/// again, so that none is kept. In float32 its gradients are as good as those of
/// [`attention_product`](crate::attention_product).
///
/// # Errors
///
/// When shapes do not fit, or a number is out of its range; in bfloat16 also when a head has an odd size, or the
/// processor does not multiply bfloat16 ([`PackedMap::is_available`](crate::PackedMap::is_available)).
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
                how.look_back.unwrap_or(-1),
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
    use crate::testing::has_packed_maps;
    use tch::{Device, Kind};

    const HEADS: i64 = 3;

    /// Kinds of number, and how far a result and a gradient may be from those of double precision: in bfloat16 weights
    /// are rounded to 8 bits and their sum once more, in float32 sums of some hundred terms are off by some units of
    /// the last place.
    fn kinds() -> Vec<(Kind, f64, f64)> {
        let bfloat16 = has_packed_maps().then_some((Kind::BFloat16, 8e-3, 2e-2));
        [(Kind::Float, 2e-6, 4e-6)].into_iter().chain(bfloat16).collect()
    }

    /// Numbers that bfloat16 can hold.
    fn entries(tokens: i64, width: i64) -> Tensor {
        let numbers: Vec<f32> = (0..tokens * width)
            .map(|index| ((f64::from(index as i32) * 0.731).sin() * (f64::from(index as i32) * 0.0117).cos()) as f32)
            .collect();
        Tensor::from_slice(&numbers).view([tokens, width]).to_kind(Kind::BFloat16)
    }

    /// The formula, story by story, in double precision; weights are multiplied by `kept`.
    fn reference(projected: &Tensor, how: &StoryAttention<'_>, kept: Option<&Tensor>) -> Tensor {
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
            let weights = scores.softmax(-1, Kind::Double);
            let weights = kept.map_or_else(|| weights.shallow_clone(), |kept| &weights * kept);
            weights.matmul(&value).transpose(0, 1).reshape([length, how.heads * size])
        });
        Tensor::cat(&stories.collect::<Vec<_>>(), 0)
    }

    fn distance(found: &Tensor, expected: &Tensor) -> f64 {
        assert_eq!(found.size(), expected.size());
        ((found.to_kind(Kind::Double) - expected).abs().max() / expected.abs().max()).double_value(&[])
    }

    /// Result and gradient against those of double precision.
    fn check(kind: Kind, bounds: &[i64], size: i64, how: &StoryAttention<'_>, kept: Option<&Tensor>) -> (f64, f64) {
        let tokens = bounds[bounds.len() - 1];
        let projected = entries(tokens, 3 * how.heads * size).to_kind(kind).set_requires_grad(true);
        let double = projected.detach().to_kind(Kind::Double).set_requires_grad(true);
        let (found, expected) = (story_attention(&projected, how).unwrap(), reference(&double, how, kept));
        assert_eq!(found.kind(), kind);
        let upstream = entries(tokens, 2 * how.heads * size).narrow(1, how.heads * size, how.heads * size);
        (&found * upstream.to_kind(kind)).sum(Kind::Float).backward();
        (&expected * upstream.to_kind(Kind::Double)).sum(Kind::Double).backward();
        (distance(&found, &expected), distance(&projected.grad(), &double.grad()))
    }

    #[test]
    fn it_agrees_with_double_precision() {
        for (kind, tolerance, back_tolerance) in kinds() {
            for bounds in [&[0, 1][..], &[0, 3, 3, 4, 70, 71, 201], &[0, 64, 193], &[0, 300]] {
                let sights = [(8, None), (8, Some(i64::MAX)), (66, Some(5)), (128, Some(100)), (16, Some(1))];
                let odd = (kind == Kind::Float).then_some((7, Some(70)));
                for (size, look_back) in sights.into_iter().chain(odd) {
                    let how = StoryAttention { bounds, heads: HEADS, look_back, scale: 0.5, dropout: None };
                    let (far, back_far) = check(kind, bounds, size, &how, None);
                    assert!(far < tolerance, "{kind:?} {bounds:?} {size} {look_back:?}: {far}");
                    assert!(back_far < back_tolerance, "back, {kind:?} {bounds:?} {size} {look_back:?}: {back_far}");
                }
            }
        }
    }

    #[test]
    fn rows_may_lie_apart_and_the_way_back_may_be_gone_twice() {
        for (kind, _, _) in kinds() {
            let how = StoryAttention { bounds: &[0, 30, 90], heads: 2, look_back: Some(40), scale: 0.5, dropout: None };
            let wide = entries(90, 3 * 96).to_kind(kind).set_requires_grad(true);
            let apart = wide.narrow(1, 96, 96);
            let near = apart.contiguous().detach().set_requires_grad(true);
            let (found, expected) = (story_attention(&apart, &how).unwrap(), story_attention(&near, &how).unwrap());
            assert_eq!(found, expected);
            let upstream = entries(90, 32).to_kind(kind);
            let sums = [&found, &expected].map(|result| (result * &upstream).sum(Kind::Float));
            let [first, second] = [0, 1].map(|_| {
                Tensor::run_backward(&[&sums[0]], &[&wide], /* keep_graph */ true, /* create_graph */ false).remove(0)
            });
            sums[1].backward();
            assert_eq!(first.narrow(1, 96, 96), near.grad());
            assert_eq!(first, second);
            assert!(first.narrow(1, 0, 96).abs().max().double_value(&[]) <= 0.0);
        }
    }

    #[test]
    fn of_no_tokens_there_is_no_attention() {
        for (kind, _, _) in kinds() {
            let how = StoryAttention { bounds: &[0, 0], heads: 2, look_back: None, scale: 0.5, dropout: None };
            let projected = entries(0, 24).to_kind(kind).set_requires_grad(true);
            let result = story_attention(&projected, &how).unwrap();
            assert_eq!(result.size(), [0, 8]);
            result.sum(Kind::Float).backward();
            assert_eq!(projected.grad().size(), [0, 24]);
        }
    }

    #[test]
    fn what_was_changed_in_between_has_no_way_back() {
        for (kind, _, _) in kinds() {
            let how = StoryAttention { bounds: &[0, 5], heads: 2, look_back: None, scale: 1.0, dropout: None };
            let leaf = entries(5, 24).to_kind(kind).set_requires_grad(true);
            let mut projected = &leaf * 1.0;
            let sum = story_attention(&projected, &how).unwrap().sum(Kind::Float);
            let _ = tch::no_grad(|| projected.g_mul_scalar_(2.0));
            let error = Tensor::f_run_backward(&[&sum], &[&leaf], false, false).unwrap_err();
            assert!(error.to_string().contains("was changed in place in between"), "{error}");
        }
    }

    #[test]
    fn with_dropout_it_agrees_with_double_precision() {
        // Where all scores are zero and the values are the rows of the identity, the result shows what is kept of which
        // weight.
        const SIZE: i64 = 96;
        let bounds = [0, SIZE];
        for (kind, tolerance, back_tolerance) in kinds() {
            let how =
                StoryAttention { bounds: &bounds, heads: 2, look_back: None, scale: 0.3, dropout: Some((0.5, 11)) };
            let probe = Tensor::zeros([SIZE, 6 * SIZE], (kind, Device::Cpu));
            let identity = Tensor::eye(SIZE, (kind, Device::Cpu));
            probe.narrow(1, 4 * SIZE, SIZE).copy_(&identity);
            probe.narrow(1, 5 * SIZE, SIZE).copy_(&identity);
            let shown = story_attention(&probe, &how).unwrap().view([SIZE, 2, SIZE]).transpose(0, 1);
            // 1/96 is no number of either kind, but what is kept of it is about twice that.
            let kept = (shown.to_kind(Kind::Double) * SIZE as f64).round();
            let part = kept.mean(Kind::Double).double_value(&[]);
            assert!((part - 1.0).abs() < 0.05, "{kind:?}: {part}");
            let (far, back_far) = check(kind, &bounds, SIZE, &how, Some(&kept));
            assert!(far < tolerance, "{kind:?}: {far}");
            assert!(back_far < back_tolerance, "back, {kind:?}: {back_far}");
        }
    }

    #[test]
    fn dropout_drops_its_part_and_depends_on_its_key_alone() {
        for (kind, _, _) in kinds() {
            check_dropout(kind);
        }
    }

    fn check_dropout(kind: Kind) {
        // All scores are zero, and every value is one: the result is the sum of what is kept.
        let projected = Tensor::zeros([200, 3 * 64], (kind, Device::Cpu));
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
        for (kind, _, _) in kinds() {
            check_way_back(kind);
        }
    }

    fn check_way_back(kind: Kind) {
        // The result is linear in the values, so that the gradient of its sum, times the values, is the sum.
        let projected = entries(90, 3 * 32).to_kind(kind).set_requires_grad(true);
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
        let error = story_attention(&entries(5, 18), &how).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: heads of 3 in bfloat16, which takes an even size");
        for kind in [Kind::Float, Kind::BFloat16] {
            for look_back in [0, -3] {
                let how = StoryAttention { look_back: Some(look_back), ..how };
                let error = story_attention(&entries(5, 24).to_kind(kind), &how).unwrap_err().to_string();
                assert_eq!(error, format!("libtorch: a token sees {look_back} tokens, not itself at least"));
            }
            for probability in [-0.1, 1.0, f64::NAN] {
                let how = StoryAttention { dropout: Some((probability, 1)), ..how };
                let error = story_attention(&entries(5, 24).to_kind(kind), &how).unwrap_err().to_string();
                assert!(error.ends_with("is not from 0 to below 1"), "{error}");
            }
        }
        let error = story_attention(&entries(5, 18).to_kind(Kind::Double), &how).unwrap_err();
        assert_eq!(
            error.to_string(),
            "libtorch: queries, keys and values are Double[5, 18], not rows in bfloat16 or float32"
        );
    }
}
