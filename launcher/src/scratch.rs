//! The folder on the node that a batch script has made for its job alone.

use std::fs;
use std::path::PathBuf;

use slurm::script::SCRATCH;

/// The folder, removed with everything in it when this goes away. A job that is killed leaves it to the node's own
/// cleaning.
#[derive(Debug)]
pub struct Scratch(Option<PathBuf>);

impl Scratch {
    /// The folder of the job that this process is, if it has one.
    pub fn of_this_job() -> Self {
        let job = std::env::var("SLURM_JOB_ID").unwrap_or_default();
        Self::at(std::env::var_os(SCRATCH).map(PathBuf::from), &job)
    }

    /// Only a folder with the name of the one that the script of this `job` makes is ever removed.
    fn at(folder: Option<PathBuf>, job: &str) -> Self {
        let is_ours = |folder: &PathBuf| {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let random = name.strip_prefix(&format!("job-{job}-"));
            !job.is_empty() && folder.is_absolute() && random.is_some_and(|random| random.len() == 8)
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
        for name in ["job-41-abcdefgh", "job-42-abcdefgh", "job-41-data", "other"] {
            let folder = node.path().join(name);
            fs::create_dir_all(folder.join("below")).unwrap();
            drop(Scratch::at(Some(folder.clone()), "41"));
            assert_eq!(folder.exists(), name != "job-41-abcdefgh", "{name}");
        }
        drop(Scratch::at(None, "41"));
    }
}
