//! Random choices from a stream that a key alone decides.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for; streams of different purposes share nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Story,
    Pairs,
}

/// A stream of choices keyed by (seed, purpose, index).
#[derive(Debug)]
pub(crate) struct Draw {
    stream: ChaCha8Rng,
}

impl Draw {
    pub(crate) fn keyed(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&index.to_le_bytes());
        key[16] = purpose as u8;
        Self { stream: ChaCha8Rng::from_seed(key) }
    }

    /// One of the options, each equally likely up to a bias below 2^-24, which no test of the corpus can see.
    ///
    /// # Panics
    /// If there is no option.
    pub(crate) fn one<'a, T>(&mut self, options: &'a [T]) -> &'a T {
        let scaled = u64::from(self.stream.next_u32()) * options.len() as u64;
        &options[(scaled >> 32) as usize]
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        u64::from(self.stream.next_u32()) * 100 < u64::from(percent) << 32
    }

    /// Something from `draw` in `percent` of a hundred cases.
    pub(crate) fn maybe<T>(&mut self, percent: u32, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| draw(self))
    }
}
