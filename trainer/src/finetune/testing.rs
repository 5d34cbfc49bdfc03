//! What the tests of fine-tuning have in common.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The released data of SuperGLUE, unpacked once from `../shared/data` beside the checkout (or from the folder that
/// `SEEDBED_SHARED_DATA` names); without it the tests that need it say so.
pub(crate) fn released() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let unpack = || {
        let given = std::env::var_os("SEEDBED_SHARED_DATA").map(PathBuf::from);
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        let archive = given.unwrap_or(beside).join("superglue.tar.zst");
        if !archive.exists() {
            println!("left out: {} is not there", archive.display());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let unpacked = Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status();
        assert!(unpacked.unwrap().success(), "{} cannot be unpacked", archive.display());
        Some(folder)
    };
    let folder = FOLDER.get_or_init(unpack).as_ref()?;
    Some(folder.path().join("superglue"))
}
