//! Generic resources: GPUs above all.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::name::GresKind;
use crate::value::{ValueError, serde_as_text};

/// So many of one generic resource, perhaps of one model: `gpu:a100:1`, `gpu:2`, `shard:4`.
///
/// A bare number is a number of GPUs, and a count that is left out is 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gres {
    name: GresKind,
    kind: Option<GresKind>,
    count: NonZeroU32,
}

impl Gres {
    /// What a person may write.
    pub const EXPECTED: &str = "a generic resource such as \"gpu:1\" or \"gpu:a100:2\"";

    /// What Slurm calls the resource: `gpu`, `shard`, `mps`.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The model, if one was asked for.
    pub fn kind(&self) -> Option<&GresKind> {
        self.kind.as_ref()
    }

    /// How many.
    pub fn count(&self) -> NonZeroU32 {
        self.count
    }

    /// True for GPUs.
    pub fn is_gpu(&self) -> bool {
        self.name() == "gpu"
    }
}

impl FromStr for Gres {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || ValueError::new(text, Self::EXPECTED);
        let count = |text: &str| text.parse::<NonZeroU32>().map_err(|_| failure());
        let name = |text: &str| match text.parse::<GresKind>() {
            Ok(name) if !starts_with_digit(text) => Ok(name),
            _ => Err(failure()),
        };
        let kind = |text: &str| text.parse::<GresKind>().map_err(|_| failure());
        let parts: Vec<&str> = text.trim().split(':').collect();
        let (name, kind, count) = match parts.as_slice() {
            [only] if starts_with_digit(only) => (name("gpu")?, None, count(only)?),
            [only] => (name(only)?, None, NonZeroU32::MIN),
            [first, last] if is_number(last) => (name(first)?, None, count(last)?),
            [first, last] => (name(first)?, Some(kind(last)?), NonZeroU32::MIN),
            [first, middle, last] => (name(first)?, Some(kind(middle)?), count(last)?),
            _ => return Err(failure()),
        };
        Ok(Self { name, kind, count })
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Gres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.name)?;
        if let Some(kind) = &self.kind {
            write!(formatter, ":{kind}")?;
        }
        write!(formatter, ":{}", self.count)
    }
}

serde_as_text!(Gres);

/// Generic resources as Slurm lists them, separated by commas; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GresList(pub Vec<Gres>);

impl GresList {
    /// Reads what a cluster reports of its nodes: `gpu:a100:4(S:0-1),shard:8` or `(null)`.
    ///
    /// What stands in parentheses tells sockets or indices and is passed over. A resource of which
    /// there is none, or of another form (`lustre:no_consume:4G`), is left out.
    pub fn reported(text: &str) -> Self {
        let plain = without_parentheses(text);
        Self(plain.split(',').filter_map(|entry| entry.parse().ok()).collect())
    }
}

impl FromStr for GresList {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

impl fmt::Display for GresList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, gres) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(formatter, "{comma}{gres}")?;
        }
        Ok(())
    }
}

serde_as_text!(GresList);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_slurm() {
        for (text, full) in [
            ("gpu:a100:1", "gpu:a100:1"),
            ("gpu:2", "gpu:2"),
            ("gpu", "gpu:1"),
            ("gpu:a100", "gpu:a100:1"),
            ("2", "gpu:2"),
            ("shard:4", "shard:4"),
            ("gpu:a100_3g.20gb:1", "gpu:a100_3g.20gb:1"),
        ] {
            assert_eq!(text.parse::<Gres>().unwrap().to_string(), full);
        }
        for wrong in ["", "0", "gpu:0", "gpu:a100:x", "gpu::1", "a:b:c:d", "gpu:a 100:1", "4gpu:1"] {
            assert!(wrong.parse::<Gres>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn lists_as_people_write_them() {
        let list: GresList = "gpu:a100:4, shard:8".parse().unwrap();
        assert_eq!(list.to_string(), "gpu:a100:4,shard:8");
        assert_eq!("".parse(), Ok(GresList::default()));
        assert!("gpu:1,,".parse::<GresList>().is_err());
    }

    #[test]
    fn lists_as_clusters_report_them() {
        let list = GresList::reported("gpu:a100:4(S:0-1),shard:a100:16(S:0,1),mps:0,bw:no:4G");
        assert_eq!(list.to_string(), "gpu:a100:4,shard:a100:16");
        assert_eq!(GresList::reported("(null)"), GresList::default());
    }
}
