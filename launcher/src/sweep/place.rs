//! Where the directory of a sweep lies: one rule for every command.

use std::path::{Path, PathBuf};

/// The environment variable that stands for `--root`.
pub const ROOT_VARIABLE: &str = "SEEDBED_ROOT";

/// The directory `<root>/<name>` of the sweep called `name`.
///
/// The root is `root` where one is given (`--root`, or [`ROOT_VARIABLE`]), else `sweeps/` in the folder of the sweep
/// file.
pub fn sweep_directory(sweep_file: &Path, name: &str, root: Option<&Path>) -> PathBuf {
    match root {
        Some(root) => root.join(name),
        None => sweep_file.parent().unwrap_or(Path::new("")).join("sweeps").join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_wins_over_the_folder_of_the_file() {
        let file = Path::new("studies/a.toml");
        assert_eq!(sweep_directory(file, "a", None), Path::new("studies/sweeps/a"));
        assert_eq!(sweep_directory(Path::new("a.toml"), "a", None), Path::new("sweeps/a"));
        assert_eq!(sweep_directory(file, "a", Some(Path::new("/scratch"))), Path::new("/scratch/a"));
    }
}
