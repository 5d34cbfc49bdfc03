//! Where NCCL may lie.

use std::path::{Path, PathBuf};

use crate::cuda;
use crate::libraries;

use super::error::NcclError;

/// The environment variable with the file to load NCCL from, where libtorch has loaded none.
pub const NAMED_VARIABLE: &str = "SEEDBED_NCCL";

/// The library's name, the same for all releases of NCCL 2.
pub(super) const LIBRARY: &str = "libnccl.so.2";

/// The files to try, in this order.
///
/// What libtorch's CUDA part has brought into the process stands alone: a second library of this name would find the
/// first one's functions in place of its own. Otherwise a named file stands alone; else it is looked for beside
/// libtorch, as Python's packages lie, and at last by its name, for the dynamic linker.
pub(super) fn candidates(
    loaded: Option<PathBuf>,
    named: Option<PathBuf>,
    torch: &[PathBuf],
) -> Result<Vec<PathBuf>, NcclError> {
    match (loaded, named) {
        (Some(loaded), Some(named)) if !is_same(&loaded, &named) => Err(NcclError::Another { named, loaded }),
        (Some(loaded), _) => Ok(vec![loaded]),
        (None, Some(named)) => Ok(vec![named]),
        (None, None) => {
            // `site-packages/torch/lib` and `site-packages/nvidia/nccl/lib`.
            let beside = torch.iter().filter_map(|folder| Some(folder.parent()?.parent()?.join("nvidia/nccl/lib")));
            let mut files: Vec<PathBuf> =
                beside.chain(torch.iter().cloned()).map(|folder| folder.join(LIBRARY)).collect();
            files.push(PathBuf::from(LIBRARY));
            Ok(files)
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The folders that libtorch's libraries may lie in.
pub(super) fn torch_folders() -> Vec<PathBuf> {
    let chosen = std::env::var_os(cuda::FOLDER_VARIABLE).map(PathBuf::from);
    let loaded = ["libtorch_cuda.so", "libtorch_cpu.so"].into_iter().filter_map(libraries::loaded_from);
    let mut folders: Vec<PathBuf> =
        chosen.into_iter().chain(loaded.filter_map(|file| Some(file.parent()?.to_owned()))).collect();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> PathBuf {
        PathBuf::from(text)
    }

    #[test]
    fn what_is_loaded_stands_alone_and_then_what_is_named() {
        let torch = [path("/site/torch/lib")];
        assert_eq!(candidates(Some(path("/a/libnccl.so.2")), None, &torch).unwrap(), [path("/a/libnccl.so.2")]);
        assert_eq!(candidates(None, Some(path("/mine.so")), &torch).unwrap(), [path("/mine.so")]);
        assert_eq!(
            candidates(None, None, &torch).unwrap(),
            [path("/site/nvidia/nccl/lib/libnccl.so.2"), path("/site/torch/lib/libnccl.so.2"), path("libnccl.so.2")]
        );
    }

    #[test]
    fn a_second_library_beside_a_loaded_one_is_refused_but_not_the_same_by_another_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(LIBRARY);
        std::fs::write(&file, "").unwrap();
        let other_way = folder.path().join(".").join(LIBRARY);
        assert_eq!(candidates(Some(file.clone()), Some(other_way), &[]).unwrap(), std::slice::from_ref(&file));
        let error = candidates(Some(file), Some(path("/mine.so")), &[]).unwrap_err();
        assert!(matches!(error, NcclError::Another { .. }));
        assert!(error.to_string().starts_with("NCCL is named as /mine.so, but "), "{error}");
    }

    #[test]
    fn libtorchs_own_folder_is_among_those_searched() {
        let cpu = libraries::loaded_from("libtorch_cpu.so").unwrap();
        assert!(torch_folders().contains(&cpu.parent().unwrap().to_owned()));
    }
}
