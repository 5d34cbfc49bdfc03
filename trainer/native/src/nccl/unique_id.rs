//! What the ranks of one communicator must all know.

use std::fmt;
use std::str::FromStr;

use super::abi::{RawUniqueId, UNIQUE_ID_BYTES};
use super::error::NcclError;

/// The name of a communicator, made by one rank and given to all others. As text it is hexadecimal digits.
///
/// It holds an address at which that rank listens, and a number that strangers cannot guess.
#[derive(Clone, PartialEq, Eq)]
pub struct UniqueId([u8; UNIQUE_ID_BYTES]);

impl UniqueId {
    pub(super) fn new(raw: RawUniqueId) -> Self {
        Self(raw.internal)
    }

    pub(super) fn raw(&self) -> RawUniqueId {
        RawUniqueId { internal: self.0 }
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UniqueId({self})")
    }
}

impl FromStr for UniqueId {
    type Err = NcclError;

    fn from_str(text: &str) -> Result<Self, NcclError> {
        let wrong = || NcclError::UniqueId(text.chars().take(16).collect());
        if text.len() != 2 * UNIQUE_ID_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; UNIQUE_ID_BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}
