//! Where a job starts, and where its output goes.

use super::{AbsolutePath, SETUP_FAILED, ScriptError};
use crate::quoting::{Destination, quote};

/// The folder in which a job starts, and the folder of its log.
///
/// `#SBATCH` lines say both where sbatch can read them, because then the log also has what Slurm itself says of the
/// job. A path that no such line can carry, such as one with a newline, is taken care of by the first commands of the
/// script.
///
/// The folder of logs must exist before submission. Slurm would not make it, and a job whose log cannot be opened dies
/// without a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StartingPoint {
    /// The folder in which the job starts.
    pub directory: AbsolutePath,
    /// The folder that gets a file of every task: `<array>_<index>.log` of an array, `<job>.log` otherwise. It is
    /// appended to, so that a requeued job keeps its earlier log.
    pub logs: AbsolutePath,
}

impl StartingPoint {
    /// The values of `--output` and `--chdir`.
    pub(super) fn options(&self, is_array: bool) -> (String, String) {
        if !self.is_readable_by_sbatch() {
            return ("/dev/null".to_owned(), "/".to_owned());
        }
        // `%a` would be filled in with a meaningless number where there is no array.
        let file = if is_array { "%A_%a" } else { "%j" };
        (format!("{}/{file}.log", self.log_folder().replace('%', "%%")), self.directory.to_string())
    }

    /// The commands that do what the options cannot; none where they can.
    ///
    /// # Errors
    /// A path holds what not even a shell can read.
    pub(super) fn text(&self, is_array: bool) -> Result<String, ScriptError> {
        if self.is_readable_by_sbatch() {
            return Ok(String::new());
        }
        let word = |path: &str| quote(path, Destination::Shell).map_err(ScriptError::at(format!("folder {path:?}")));
        let file = if is_array { "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" } else { "${SLURM_JOB_ID}" };
        let (logs, directory) = (word(self.log_folder())?, word(self.directory.as_str())?);
        Ok(format!("exec >> {logs}\"/{file}.log\" 2>&1\ncd -- {directory} || exit {SETUP_FAILED}\n"))
    }

    /// False where a line of options cannot carry a path, or where Slurm would not fill in the number of the job: one
    /// backslash anywhere switches all patterns off.
    fn is_readable_by_sbatch(&self) -> bool {
        let carries = |path: &AbsolutePath| quote(path.as_str(), Destination::Directive).is_ok();
        carries(&self.directory) && carries(&self.logs) && !self.logs.as_str().contains('\\')
    }

    fn log_folder(&self) -> &str {
        self.logs.as_str().trim_end_matches('/')
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn at(directory: &str, logs: &str) -> StartingPoint {
        StartingPoint { directory: directory.parse().unwrap(), logs: logs.parse().unwrap() }
    }

    #[test]
    fn the_folder_of_logs_is_literal_and_the_file_is_a_pattern() {
        let point = at("/scratch", "/scratch/100%/%j/");
        assert_eq!(point.options(true), ("/scratch/100%%/%%j/%A_%a.log".to_owned(), "/scratch".to_owned()));
        assert_eq!(point.options(false).0, "/scratch/100%%/%%j/%j.log");
        assert_eq!(at("/", "/").options(false).0, "/%j.log");
        assert_eq!(point.text(true).unwrap(), "");
    }

    #[test]
    fn what_sbatch_cannot_read_is_done_by_a_real_shell() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a\nb", "back\\slash", "het job hetjob", "it's\n#SBATCH --array=0-9\n$(false) é"] {
            let folder = root.path().join(name);
            fs::create_dir_all(folder.join("log")).unwrap();
            let folder = folder.to_str().unwrap();
            let point = at(folder, &format!("{folder}/log"));
            assert_eq!(point.options(true), ("/dev/null".to_owned(), "/".to_owned()));
            let script = point.text(true).unwrap() + "pwd\necho error >&2\n";
            for _ in 0..2 {
                let job = [("SLURM_ARRAY_JOB_ID", "41"), ("SLURM_ARRAY_TASK_ID", "7")];
                let status = Command::new("sh").arg("-uc").arg(&script).envs(job).status().unwrap();
                assert!(status.success());
            }
            let log = fs::read_to_string(format!("{folder}/log/41_7.log")).unwrap();
            assert_eq!(log, format!("{folder}\nerror\n").repeat(2));
        }
    }

    #[test]
    fn a_folder_that_is_missing_ends_the_job() {
        let logs = tempfile::tempdir().unwrap();
        let text = at("/nowhere\n", logs.path().to_str().unwrap()).text(false).unwrap() + "echo never\n";
        let status = Command::new("sh").arg("-c").arg(text).env("SLURM_JOB_ID", "41").status().unwrap();
        assert_eq!(status.code(), Some(SETUP_FAILED.into()));
        assert!(!fs::read_to_string(logs.path().join("41.log")).unwrap().contains("never"));
    }
}
