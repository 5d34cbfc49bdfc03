//! Random streams, each named by what it is for.
//!
//! Every random number of a run comes from a stream keyed by (seed, name, counters): the initial weights of
//! `h.0.mlp.c_fc`, the order of epoch 3, the dropout of layer 1 at step 40. So two runs with one seed share whatever
//! they have in common, no stream depends on how often another was used, and a resumed run needs no generator state.

use std::sync::{Mutex, PoisonError};

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

/// A number in [0, 1) from the upper 53 of 64 random bits: as many as a double holds exactly.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// `tensor` with entries dropped by libtorch's generator, seeded by `key` for this draw alone.
///
/// A GPU's generator takes all 64 bits. A processor's is a Mersenne Twister that takes the lower 32 and drops the rest:
/// there the halves are folded into one, so that both count. Of 2³² masks two among 77,000 places and moments are then
/// the same with even chance, which harms nothing: they belong to different steps or layers.
fn drawn(tensor: &Tensor, probability: f64, key: u64) -> Tensor {
    /// The generator is the process's: nobody else may draw between the seeding and the draw.
    static GENERATOR: Mutex<()> = Mutex::new(());
    let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(folded(key).cast_signed());
    match tensor.device() {
        // On a processor libtorch rounds 1/(1 − p) to the entries' kind: in bf16 all that is kept would be 0.16 % too
        // small at p = 0.1.
        Device::Cpu => tensor.to_kind(Kind::Float).dropout(probability, true).to_kind(tensor.kind()),
        _ => tensor.dropout(probability, true),
    }
}

/// A key whose lower half has both halves of `key` in it; different keys stay different.
fn folded(key: u64) -> u64 {
    key ^ (key >> 32)
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
                drawn(&tensor, probability, key)
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
    fn both_halves_of_a_key_count() {
        let ones = Tensor::ones([256], (Kind::Float, Device::Cpu));
        let masks = [0_u64, 1, 2 << 32, 1 << 63].map(|key| drawn(&ones, 0.5, key));
        for (index, mask) in masks.iter().enumerate() {
            assert!(masks[..index].iter().all(|other| other != mask));
        }
    }

    #[test]
    fn what_is_kept_in_bf16_is_scaled_as_in_fp32() {
        for kind in [Kind::Float, Kind::BFloat16] {
            // Of many values, so that rounding to bf16 goes up as often as down.
            let entries =
                (Tensor::arange(1 << 18, (Kind::Float, Device::Cpu)) / f64::from(1 << 18) + 1.0).to_kind(kind);
            let dropped = Dropout::at(1, 0, 0).apply("h.0.mlp", entries.copy(), 0.1);
            assert_eq!(dropped.kind(), kind);
            let kept = dropped.ne(0.0);
            let sum = |tensor: &Tensor| {
                tensor.to_kind(Kind::Double).where_self(&kept, &Tensor::from(0.0_f64)).sum(Kind::Double)
            };
            let scale = (sum(&dropped) / sum(&entries)).double_value(&[]);
            assert!((scale * 0.9 - 1.0).abs() < 2e-4, "{kind:?}: {scale}");
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
