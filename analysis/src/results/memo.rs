//! What the first cells of a row were found to mean, so that the same cells need not be looked at again.

use super::intern::QuickMap;

/// So many keys at most are known at a time: memory stays small in a table whose rows are all different.
const MOST: usize = 1 << 16;

/// Zero bytes that must follow the text of keys, so that it can be read in words.
pub(super) const PADDING: usize = 8;

/// Values by key. A key is some stretches of a text, always the same number of them.
pub(super) struct Memo<V> {
    /// By a hash of the key, of two keys with one hash the later one: where its words stand, how many they are, and its
    /// value.
    known: QuickMap<u64, (u32, u32, V)>,
    words: Vec<u64>,
    /// The key at hand: of every stretch its length and then its bytes, the last word filled up with zeros.
    key: Vec<u64>,
    hash: u64,
}

impl<V: Copy> Memo<V> {
    pub(super) fn new() -> Self {
        Self { known: QuickMap::default(), words: Vec::new(), key: Vec::new(), hash: 0 }
    }

    /// Takes the stretches of `text` as the key at hand, and gives what is known of it. [`PADDING`] bytes follow the
    /// last one.
    pub(super) fn find(&mut self, text: &[u8], stretches: impl Iterator<Item = (usize, usize)>) -> Option<V> {
        self.key.clear();
        for (mut start, end) in stretches {
            self.key.push((end - start) as u64);
            while start + 8 <= end {
                self.key.push(word(text, start));
                start += 8;
            }
            self.key.push(word(text, start) & !(u64::MAX << (8 * (end - start))));
        }
        // The fractional part of the golden ratio: Knuth, volume 3, section 6.4.
        let mix = |hash: u64, word: &u64| (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash = self.key.iter().fold(0, mix);
        let (start, count, value) = *self.known.get(&self.hash)?;
        let words = &self.words[start as usize..][..count as usize];
        (words.len() == self.key.len() && words.iter().zip(&self.key).all(|(a, b)| a == b)).then_some(value)
    }

    /// Keeps the value of the key at hand.
    pub(super) fn keep(&mut self, value: V) {
        if self.known.len() >= MOST || self.words.len() >= 16 * MOST {
            self.known.clear();
            self.words.clear();
        }
        let start = self.words.len() as u32;
        self.words.extend_from_slice(&self.key);
        self.known.insert(self.hash, (start, self.key.len() as u32, value));
    }
}

fn word(text: &[u8], start: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&text[start..start + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_stretches_and_nothing_else() {
        let mut memo = Memo::new();
        let text = b"abcdefghabcdefghi\0\0,ab\0\0\0\0\0\0\0\0";
        let keys = [[(0, 8), (8, 9)], [(8, 16), (8, 8)], [(8, 17), (0, 0)], [(8, 18), (0, 0)], [(0, 0), (8, 17)]];
        for (value, key) in keys.iter().enumerate() {
            assert_eq!(memo.find(text, key.iter().copied()), None, "{key:?}");
            memo.keep(value);
        }
        for (value, key) in keys.iter().enumerate() {
            assert_eq!(memo.find(text, key.iter().copied()), Some(value));
        }
        // The same letters elsewhere.
        assert_eq!(memo.find(text, [(8, 16), (0, 1)].into_iter()), Some(0));
        assert_eq!(memo.find(text, [(20, 22), (0, 0)].into_iter()), None);
    }

    #[test]
    fn more_keys_than_there_is_room_for_are_forgotten_never_mixed() {
        let mut memo = Memo::new();
        let mut wrong = 0;
        for round in 0..2_u64 {
            for key in 0..2 * MOST as u64 {
                let text = [key.to_le_bytes(), [0; 8]].concat();
                match memo.find(&text, std::iter::once((0, 8))) {
                    Some(found) => wrong += u64::from(found != key),
                    None => memo.keep(key),
                }
            }
            assert_eq!(wrong, 0, "round {round}");
        }
        assert!(memo.known.len() <= MOST && memo.words.len() <= 16 * MOST + 2);
    }
}
