//! Texts as small numbers: a table repeats few names very often.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::source::not_printable;

/// A fast hash for short keys; its order reaches no output, and a table that was made to collide is only slow.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // The fractional part of the golden ratio, as multiplicative hashing has it (Knuth, volume 3, section 6.4).
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }
}

pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// A line of a file: the number of the file, and the line in it.
pub(super) type Line = (u32, u64);

/// The texts of one column, each with the line where it stands first.
#[derive(Default)]
pub(super) struct Names {
    ids: QuickMap<Box<[u8]>, u32>,
    pub(super) texts: Vec<String>,
    pub(super) lines: Vec<Line>,
    last: u32,
}

impl Names {
    /// The number of a text; `None` if it is not UTF-8, or holds what [`not_printable`] names.
    pub(super) fn id(&mut self, text: &[u8], line: Line) -> Option<u32> {
        // Rows of one run often stand together.
        if self.texts.get(self.last as usize).is_some_and(|last| last.as_bytes() == text) {
            return Some(self.last);
        }
        if let Some(id) = self.ids.get(text) {
            self.last = *id;
            return Some(*id);
        }
        if not_printable(text).is_some() {
            return None;
        }
        let known = std::str::from_utf8(text).ok()?.to_owned();
        let id = u32::try_from(self.texts.len()).ok()?;
        self.ids.insert(text.into(), id);
        self.texts.push(known);
        self.lines.push(line);
        self.last = id;
        Some(id)
    }
}

/// Tuples of numbers as one number: a step at a time, so that no tuple is ever made.
#[derive(Default)]
pub(super) struct Tuples {
    steps: QuickMap<u64, u32>,
    next: u32,
}

impl Tuples {
    /// The number of the tuple that `parts` name.
    pub(super) fn id(&mut self, parts: impl Iterator<Item = u32>) -> u32 {
        parts.fold(0, |node, part| {
            let key = (u64::from(node) << 32) | u64::from(part);
            *self.steps.entry(key).or_insert_with(|| {
                self.next += 1;
                self.next
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tuples_are_numbered_as_they_come() {
        let mut names = Names::default();
        let ids: Vec<u32> =
            ["gelu", "relu", "gelu", "", "relu"].iter().map(|n| names.id(n.as_bytes(), (0, 3)).unwrap()).collect();
        assert_eq!(ids, [0, 1, 0, 2, 1]);
        assert_eq!((names.id(b"\xe9", (0, 4)), names.id(b"a\x1b[2J", (0, 4))), (None, None));
        let mut tuples = Tuples::default();
        let mut id = |parts: [u32; 3]| tuples.id(parts.into_iter());
        let all = [id([0, 0, 0]), id([0, 0, 1]), id([1, 0, 0]), id([0, 1, 0])];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(id([1, 0, 0]), all[2]);
    }
}
