//! A small file of a sweep, whole.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What is in the file at `path`.
///
/// # Errors
/// It cannot be read, or is no plain file: a pipe would keep the report waiting for ever, and a device may have no end.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is no plain file"));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_no_file_and_what_is_gone_is_not_found() {
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err().to_string(), "it is no plain file");
        assert_eq!(read(Path::new("/dev/never/there")).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(read(Path::new("/dev")).is_err());
    }
}
