//! Token files, mapped into memory: a corpus of any size costs no memory and no reading.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

/// A file of u16 token ids, little-endian, mapped read-only.
///
/// The file must not change while it is mapped: write it elsewhere and rename it into place, once and for all.
#[derive(Debug)]
pub struct MappedTokens {
    map: Mmap,
}

/// Why a token file cannot be mapped.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The file cannot be opened.
    #[error("cannot open the token file {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be mapped.
    #[error("cannot map the token file {}", .path.display())]
    Map {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Half a token stands at the end.
    #[error("the token file {} has {length} bytes, an odd number: it is damaged", .path.display())]
    Odd {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
}

impl MappedTokens {
    /// Maps the file at `path`. An empty file holds no tokens and is no error.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or mapped, or holds half a token.
    pub fn open(path: &Path) -> Result<Self, TokensError> {
        let file = File::open(path).map_err(|source| TokensError::Open { path: path.to_owned(), source })?;
        // SAFETY: the file is not changed while mapped, by the contract of this type.
        let map = unsafe { Mmap::map(&file) };
        let map = map.map_err(|source| TokensError::Map { path: path.to_owned(), source })?;
        if map.len() % 2 == 1 {
            return Err(TokensError::Odd { path: path.to_owned(), length: map.len() });
        }
        Ok(Self { map })
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// The tokens.
    pub fn as_slice(&self) -> &[u16] {
        // SAFETY: every pair of bytes is a u16.
        let (before, tokens, after) = unsafe { self.map.align_to::<u16>() };
        assert!(before.is_empty() && after.is_empty(), "invariant: a map begins at a page and its length is even");
        tokens
    }
}

impl std::ops::Deref for MappedTokens {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        self.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(bytes: &[u8]) -> Result<Vec<u16>, TokensError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.u16");
        std::fs::write(&path, bytes).unwrap();
        MappedTokens::open(&path).map(|tokens| tokens.to_vec())
    }

    #[test]
    fn tokens_are_little_endian() {
        assert_eq!(mapped(&[1, 0, 0, 1, 0xff, 0xff]).unwrap(), [1, 256, 65535]);
    }

    #[test]
    fn an_empty_file_holds_no_tokens() {
        assert!(mapped(&[]).unwrap().is_empty());
    }

    #[test]
    fn half_a_token_is_an_error() {
        let error = mapped(&[1, 0, 2]).unwrap_err();
        assert!(matches!(error, TokensError::Odd { length: 3, .. }));
        assert!(error.to_string().ends_with("has 3 bytes, an odd number: it is damaged"));
    }

    #[test]
    fn what_cannot_be_opened_or_mapped_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let error = MappedTokens::open(&missing).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot open the token file {}", missing.display()));
        assert!(matches!(MappedTokens::open(folder.path()).unwrap_err(), TokensError::Map { .. }));
    }
}
