//! Which libraries of libtorch, CUDA and OpenMP this process has loaded, and from where.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// How the file names of those libraries begin.
const PREFIXES: [&str; 9] =
    ["libc10", "libcu", "libcaffe2", "libgomp", "libiomp", "libnccl", "libnv", "libomp", "libtorch"];

/// A library of interest that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Library {
    /// Its file name, such as `libnccl.so.2`.
    pub name: String,
    /// The file it was loaded from.
    pub path: PathBuf,
}

/// The loaded libraries of libtorch, CUDA, NCCL and OpenMP, by name.
///
/// # Errors
///
/// When `/proc/self/maps` cannot be read.
pub fn libraries() -> io::Result<Vec<Library>> {
    Ok(parse(&std::fs::read_to_string("/proc/self/maps")?))
}

/// The file that the library of exactly this name was loaded from.
pub(crate) fn loaded_from(name: &str) -> Option<PathBuf> {
    libraries().ok()?.into_iter().find(|library| library.name == name).map(|library| library.path)
}

fn parse(maps: &str) -> Vec<Library> {
    // A line is: address, permissions, offset, device, inode, path; the path may hold spaces.
    let paths = maps.lines().filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])));
    let libraries: BTreeSet<Library> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let is_library = name.contains(".so") && PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            is_library.then(|| Library { name: name.to_owned(), path: path.to_owned() })
        })
        .collect();
    libraries.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_is_among_the_loaded_libraries_and_once() {
        let libraries = libraries().unwrap();
        let count = |name: &str| libraries.iter().filter(|library| library.name == name).count();
        assert_eq!((count("libtorch_cpu.so"), count("libc10.so")), (1, 1));
        assert!(libraries.iter().all(|library| library.path.exists()));
    }

    #[test]
    fn maps_are_read_with_spaces_and_repeats() {
        let maps = "\
7f00-7f01 r--p 00000000 fe:00 11  /home/a b/torch/lib/libtorch_cpu.so\n\
7f01-7f02 r-xp 00001000 fe:00 11  /home/a b/torch/lib/libtorch_cpu.so\n\
7f02-7f03 r--p 00000000 fe:00 12  /usr/lib/libc.so.6\n\
7f03-7f04 rw-p 00000000 00:00 0\n\
7f05-7f06 r--p 00000000 fe:00 13  /nv/lib/libnccl.so.2\n\
7fff-8000 rw-p 00000000 00:00 0  [stack]\n";
        let found: Vec<_> = parse(maps).into_iter().map(|library| library.path).collect();
        assert_eq!(found, [Path::new("/nv/lib/libnccl.so.2"), Path::new("/home/a b/torch/lib/libtorch_cpu.so")]);
    }
}
