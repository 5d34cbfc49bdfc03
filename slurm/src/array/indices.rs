//! A set of array indices and its compressed text.

use std::fmt;
use std::str::FromStr;

use crate::value::serde_as_text;

/// The largest index that any Slurm can use: `MaxArraySize` is at most 4,000,001.
pub const MAX_INDEX: u32 = 4_000_000;

/// A text that is not a set of array indices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndicesError {
    /// One entry of the list cannot be read.
    #[error("{entry:?} is not an array range such as \"7\", \"0-3\" or \"9-15:2\"")]
    Entry {
        /// The entry at fault.
        entry: String,
    },
    /// An index that no Slurm can use.
    #[error("array index {index} is beyond {MAX_INDEX}, the largest that Slurm can be built for")]
    TooLarge {
        /// The index as it was written.
        index: String,
    },
    /// A range whose end lies before its start.
    #[error("array range {entry:?} ends before it starts")]
    Reversed {
        /// The entry at fault.
        entry: String,
    },
    /// Ranges that overlap so much that together they list more indices than exist.
    #[error("the array ranges list more than {MAX_INDEX} indices")]
    TooMany,
    /// Slurm cut the list short and wrote `...` at its end.
    #[error("the list of array indices was cut short by Slurm: {text:?}")]
    Truncated {
        /// The whole text.
        text: String,
    },
    /// The limit after `%` cannot be read.
    #[error("{text:?} is not a limit on tasks that run at once: a number above 0 after `%`")]
    Throttle {
        /// What stood after `%`.
        text: String,
    },
}

/// A set of array indices, none above [`MAX_INDEX`]; in order, without repetition.
///
/// Its text is compressed as Slurm compresses it: `0-3,7,9-15:2`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ArrayIndices(Vec<u32>);

impl ArrayIndices {
    /// The indices from 0 up to, not including, `count`.
    ///
    /// # Errors
    /// The last index would be too large.
    pub fn first(count: u32) -> Result<Self, IndicesError> {
        match count.checked_sub(1) {
            Some(last) if last > MAX_INDEX => Err(IndicesError::TooLarge { index: last.to_string() }),
            _ => Ok(Self((0..count).collect())),
        }
    }

    /// A set of the given indices, in any order.
    ///
    /// # Errors
    /// An index is too large.
    pub fn collect(indices: impl IntoIterator<Item = u32>) -> Result<Self, IndicesError> {
        let mut sorted = Vec::new();
        for index in indices {
            if index > MAX_INDEX {
                return Err(IndicesError::TooLarge { index: index.to_string() });
            }
            sorted.push(index);
        }
        sorted.sort_unstable();
        sorted.dedup();
        Ok(Self(sorted))
    }

    /// How many indices there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the index is in the set.
    pub fn contains(&self, index: u32) -> bool {
        self.0.binary_search(&index).is_ok()
    }

    /// The largest index.
    pub fn last(&self) -> Option<u32> {
        self.0.last().copied()
    }

    /// The indices in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.0.iter().copied()
    }
}

impl FromStr for ArrayIndices {
    type Err = IndicesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim_end().ends_with("...") {
            return Err(IndicesError::Truncated { text: text.to_owned() });
        }
        let mut indices: Vec<u32> = Vec::new();
        for entry in text.split(',') {
            let range = Range::read(entry)?;
            // Every index fits once into the limit, so that no text can ask for more memory.
            if indices.len() + range.len() > MAX_INDEX as usize + 1 {
                return Err(IndicesError::TooMany);
            }
            indices.extend((range.first..=range.last).step_by(range.step));
        }
        indices.sort_unstable();
        indices.dedup();
        Ok(Self(indices))
    }
}

struct Range {
    first: u32,
    last: u32,
    step: usize,
}

impl Range {
    fn read(entry: &str) -> Result<Self, IndicesError> {
        let failure = || IndicesError::Entry { entry: entry.to_owned() };
        let (range, step) = match entry.trim().split_once(':') {
            Some((range, step)) => (range, index(step).ok_or_else(failure)??),
            None => (entry.trim(), 1),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first, last),
            None if step == 1 => (range, range),
            None => return Err(failure()),
        };
        let first = index(first).ok_or_else(failure)??;
        let last = index(last).ok_or_else(failure)??;
        if step == 0 {
            return Err(failure());
        }
        if last < first {
            return Err(IndicesError::Reversed { entry: entry.to_owned() });
        }
        Ok(Self { first, last, step: step as usize })
    }

    fn len(&self) -> usize {
        (self.last - self.first) as usize / self.step + 1
    }
}

/// An index; `None` if the text is no number, an error if it is one that is too large.
fn index(text: &str) -> Option<Result<u32, IndicesError>> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let too_large = || IndicesError::TooLarge { index: text.to_owned() };
    Some(text.parse().ok().filter(|&index| index <= MAX_INDEX).ok_or_else(too_large))
}

impl fmt::Display for ArrayIndices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, leading_progression)
    }
}

impl ArrayIndices {
    /// The indices without steps: `0-3,7,9,11`. `sbatch --array` reads steps, `scancel` and `scontrol` do not.
    pub fn ranges(&self) -> impl fmt::Display + '_ {
        struct Ranges<'a>(&'a ArrayIndices);
        impl fmt::Display for Ranges<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(formatter, |indices| match leading_progression(indices) {
                    (length, 1) => (length, 1),
                    _ => (1, 1),
                })
            }
        }
        Ranges(self)
    }

    fn write(&self, formatter: &mut fmt::Formatter<'_>, leading: impl Fn(&[u32]) -> (usize, u32)) -> fmt::Result {
        let mut rest = self.0.as_slice();
        let mut comma = "";
        while let Some(&first) = rest.first() {
            let (length, step) = leading(rest);
            let last = rest[length - 1];
            match (length, step) {
                (1, _) => write!(formatter, "{comma}{first}")?,
                (_, 1) => write!(formatter, "{comma}{first}-{last}")?,
                _ => write!(formatter, "{comma}{first}-{last}:{step}")?,
            }
            rest = &rest[length..];
            comma = ",";
        }
        Ok(())
    }
}

/// Length and step of the evenly spaced indices at the start that are worth a range: two
/// neighbours, or three at a distance.
fn leading_progression(indices: &[u32]) -> (usize, u32) {
    let [first, second, ..] = *indices else {
        return (1, 1);
    };
    let step = second - first;
    let even = indices.windows(2).take_while(|pair| pair[1] - pair[0] == step).count();
    if step == 1 || even >= 2 { (even + 1, step) } else { (1, 1) }
}

serde_as_text!(ArrayIndices);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<u32> {
        text.parse::<ArrayIndices>().unwrap().iter().collect()
    }

    #[test]
    fn ranges_steps_and_single_indices() {
        assert_eq!(read("0-3,7,9-15:2"), [0, 1, 2, 3, 7, 9, 11, 13, 15]);
        assert_eq!(read("5,1,1-2"), [1, 2, 5]);
        let indices: ArrayIndices = "0-3,7,9-13:2".parse().unwrap();
        assert_eq!(indices.ranges().to_string(), "0-3,7,9,11,13");
        assert_eq!(read("0-7:4"), [0, 4]);
    }

    #[test]
    fn the_text_is_compressed() {
        let text = |indices: &[u32]| ArrayIndices::collect(indices.to_vec()).unwrap().to_string();
        assert_eq!(text(&[9, 0, 1, 2, 3, 7, 11, 13, 15]), "0-3,7-15:2");
        assert_eq!(text(&[0, 2, 3, 4]), "0,2-4");
        assert_eq!(text(&[0, 5]), "0,5");
        assert_eq!(text(&[0, 1]), "0-1");
        assert_eq!(ArrayIndices::first(1000).unwrap().to_string(), "0-999");
        assert_eq!(ArrayIndices::first(0).unwrap().to_string(), "");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fails = |text: &str| text.parse::<ArrayIndices>().unwrap_err();
        assert_eq!(fails("0-99999999999"), IndicesError::TooLarge { index: "99999999999".to_owned() });
        assert_eq!(fails("3-1"), IndicesError::Reversed { entry: "3-1".to_owned() });
        assert_eq!(fails("0-3,5,..."), IndicesError::Truncated { text: "0-3,5,...".to_owned() });
        assert_eq!(fails("0-4000000,0-4000000"), IndicesError::TooMany);
        for wrong in ["", ",", "1,", "-1", "1-", "a", "1:2", "1-5:0", "1-5:", "+1", "1 2", "٣"] {
            assert!(matches!(fails(wrong), IndicesError::Entry { .. }), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            indices in proptest::collection::btree_set(0..200_u32, 1..80),
        ) {
            let set = ArrayIndices::collect(indices.clone()).unwrap();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), Vec::from_iter(indices));
            prop_assert_eq!(set.to_string().parse(), Ok(set));
        }

        #[test]
        fn no_text_panics(text in "[0-9,:%.\\-]{0,30}|\\PC{0,20}") {
            let _ = text.parse::<ArrayIndices>();
        }
    }
}
