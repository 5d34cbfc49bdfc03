//! Which stories of a corpus are held out.

use crate::streams;

/// Where a story belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The network learns from it.
    Training,
    /// The network is measured on it.
    HeldOut,
}

/// Holds out a part of the stories by their content.
///
/// A story is held out if its keyed hash lies below `fraction` of the range of hashes. So the choice depends on neither
/// the order nor the number of the stories, a story added later moves no other, and two copies of one text are never on
/// different sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOut {
    /// The part that is held out, in [0, 1].
    pub fraction: f64,
}

impl HeldOut {
    /// Where a story with this text belongs.
    pub fn part(&self, text: &str) -> Part {
        let mut hasher = blake3::Hasher::new_derive_key("seedbed 2026-11 held-out stories");
        hasher.update(text.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let place = streams::unit(u64::from_le_bytes(first));
        if place < self.fraction { Part::HeldOut } else { Part::Training }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_out(fraction: f64, count: usize) -> Vec<usize> {
        let split = HeldOut { fraction };
        (0..count).filter(|index| split.part(&format!("story {index}")) == Part::HeldOut).collect()
    }

    #[test]
    fn the_part_is_as_large_as_asked_for() {
        // Binomial(20000, 0.05): mean 1000, sd 30.8; five of them.
        assert!((846..1154).contains(&held_out(0.05, 20_000).len()));
        assert_eq!(held_out(0.0, 1000), Vec::<usize>::new());
        assert_eq!(held_out(1.0, 1000).len(), 1000);
    }

    #[test]
    fn a_larger_part_contains_the_smaller_one() {
        let (small, large) = (held_out(0.05, 5000), held_out(0.2, 5000));
        assert!(small.iter().all(|index| large.contains(index)));
    }

    #[test]
    fn the_choice_is_the_same_for_ever() {
        assert_eq!(held_out(0.1, 60), held_out(0.1, 1000).into_iter().filter(|&index| index < 60).collect::<Vec<_>>());
        insta::assert_debug_snapshot!(held_out(0.1, 60), @r"
    [
        19,
        35,
        48,
        49,
        52,
    ]
");
    }
}
