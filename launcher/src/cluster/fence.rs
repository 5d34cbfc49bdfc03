//! The fence of a submission that was given up: a file beside its array file.
//!
//! Whatever of it starts after that sees the file and does nothing.

use std::path::{Path, PathBuf};

use slurm::name::JobName;
use spec::layout::SweepLayout;

/// The file whose presence says that the submission called `name` was given up.
pub(super) fn fence(layout: &SweepLayout, name: &JobName) -> PathBuf {
    fence_of(&layout.array(name.as_str()))
}

fn fence_of(array: &Path) -> PathBuf {
    array.with_extension("given-up")
}

/// Whether the submission with this array file was given up.
pub fn is_given_up(array: &Path) -> bool {
    fence_of(array).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_stands_beside_the_array_file() {
        let layout = SweepLayout::new("/s");
        assert_eq!(fence(&layout, &"a.b-1".parse().unwrap()), Path::new("/s/arrays/a.b-1.given-up"));
    }
}
