//! The folder on the node that a batch script has made for its job alone.

use std::fs;
use std::path::PathBuf;

use slurm::script::SCRATCH;

/// The folder, removed with everything in it when this goes away. A job that is killed leaves it to the node's own cleaning.
#[derive(Debug)]
pub struct Scratch(Option<PathBuf>);

impl Scratch {
    /// The folder of the job that this process is, if it has one.
    pub fn of_this_job() -> Self {
        Self::at(std::env::var_os(SCRATCH).map(PathBuf::from))
    }

    /// Only a folder with the name of one that a script makes is ever removed.
    fn at(folder: Option<PathBuf>) -> Self {
        let is_ours = |folder: &PathBuf| {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            folder.is_absolute() && name.starts_with("job-")
        };
        Self(folder.filter(is_ours))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // Left behind it takes space and does no other harm.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_of_a_job_is_removed() {
        let node = tempfile::tempdir().unwrap();
        for name in ["job-41-x", "other"] {
            let folder = node.path().join(name);
            fs::create_dir_all(folder.join("below")).unwrap();
            drop(Scratch::at(Some(folder.clone())));
            assert_eq!(folder.exists(), name == "other", "{name}");
        }
        drop(Scratch::at(None));
    }
}
