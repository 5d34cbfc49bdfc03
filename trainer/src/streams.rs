//! Random streams, each named by what it is for.
//!
//! Every random number of a run comes from a stream keyed by (seed, name, counters): the initial weights of `h.0.mlp.c_fc`,
//! the order of epoch 3, the dropout of layer 1 at step 40. So two runs with one seed share whatever they have in common, no
//! stream depends on how often another was used, and a resumed run needs no generator state.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tch::{Device, Kind, Tensor};

/// The 256-bit key of a stream.
fn key(seed: u64, name: &str, counters: &[u64]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("seedbed 2026-11 random streams");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&(name.len() as u64).to_le_bytes());
    hasher.update(name.as_bytes());
    for counter in counters {
        hasher.update(&counter.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// The generator of the stream `name` of a run, at the given counters (epoch, story, step …).
pub fn generator(seed: u64, name: &str, counters: &[u64]) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(key(seed, name, counters))
}

/// Dropout whose masks depend on the seed, the step, the micro-batch and the place in the network, and on nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    moment: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    seed: u64,
    step: u64,
    micro_batch: u64,
}

impl Dropout {
    /// No dropout: evaluation.
    pub fn off() -> Self {
        Self { moment: None }
    }

    /// Dropout of one forward pass of training.
    pub fn at(seed: u64, step: u64, micro_batch: u64) -> Self {
        Self { moment: Some(Moment { seed, step, micro_batch }) }
    }

    /// Whether this pass drops anything at all.
    pub fn is_on(&self) -> bool {
        self.moment.is_some()
    }

    /// The key of the dropout at `place`, for a kernel with a generator of its own; none where nothing is dropped.
    pub fn key(&self, place: &str) -> Option<u64> {
        self.moment.map(|moment| {
            let key = key(moment.seed, place, &[moment.step, moment.micro_batch]);
            let mut seed = [0; 8];
            seed.copy_from_slice(&key[..8]);
            u64::from_le_bytes(seed)
        })
    }

    /// `tensor` with entries zeroed with `probability` and the rest scaled by 1/(1 − probability).
    ///
    /// `place` names the site, such as `h.0.attention`; one place is used once in a forward pass.
    pub fn apply(&self, place: &str, tensor: Tensor, probability: f64) -> Tensor {
        match self.key(place) {
            Some(key) if probability > 0.0 => {
                let is_ours = tensor.device() == Device::Cpu && matches!(tensor.kind(), Kind::Float | Kind::BFloat16);
                if is_ours {
                    let dropped = native::dropout(&tensor, probability, key);
                    return dropped.unwrap_or_else(|error| panic!("invariant: rows have entries: {error}"));
                }
                // libtorch draws the mask from its default generator, which is seeded for this place and moment alone.
                tch::manual_seed(key.cast_signed());
                tensor.dropout(probability, true)
            }
            _ => tensor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::Rng;

    #[test]
    fn streams_differ_by_every_part_of_their_name() {
        let mut seen = std::collections::BTreeSet::new();
        for (seed, name, counters) in [
            (0, "order", vec![0]),
            (1, "order", vec![0]),
            (0, "mask", vec![0]),
            (0, "order", vec![1]),
            (0, "order", vec![]),
        ] {
            assert!(seen.insert(generator(seed, name, &counters).next_u64()));
        }
    }

    #[test]
    fn a_place_gets_the_same_mask_whatever_was_drawn_before() {
        let ones = || Tensor::ones([64, 64], (Kind::Float, Device::Cpu));
        let dropout = Dropout::at(7, 3, 0);
        let first = dropout.apply("h.0.attention", ones(), 0.25);
        let _ = dropout.apply("h.1.attention", ones(), 0.25);
        assert_eq!(first, dropout.apply("h.0.attention", ones(), 0.25));
        assert_ne!(first, Dropout::at(7, 4, 0).apply("h.0.attention", ones(), 0.25));
        let kept = first.gt(0.0).to_kind(Kind::Float).mean(Kind::Float).double_value(&[]);
        assert!((kept - 0.75).abs() < 0.03, "{kept}");
    }
}
