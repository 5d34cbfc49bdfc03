//! What benchmarks found after a run was done: `evaluation/<task>/results.csv`.
//!
//! Such a file comes after the record of the run and no digest vouches for it: it is read as it stands, whole or not at
//! all. One that cannot be read is told as a score that is missing, and costs the run nothing else.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spec::RunId;

use super::final_values::final_values;
use super::missing::Told;
use super::run_files::chain;
use super::tuning::{self, Way};
use super::whole_file;

/// Adds what the files of a run's `evaluation` folder hold, in the order of their names, to its values and its ways. A
/// metric that is there already, because the run itself has measured it, stays as it is. Answers what could not be
/// read.
pub(super) fn add(evaluation: &Path, run: RunId, values: &mut Vec<(String, f64)>, ways: &mut Vec<Way>) -> Vec<Told> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(evaluation).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort_unstable();
    let mut unread = Vec::new();
    for folder in folders {
        let task = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match scores(&folder.join("results.csv")) {
            Ok(None) => {}
            Ok(Some((bytes, found))) => {
                for (metric, value) in found {
                    if values.iter().all(|(known, _)| *known != metric) {
                        values.push((metric, value));
                    }
                }
                tuning::add(&bytes, ways);
            }
            Err(cause) => {
                let reason = format!("evaluation/{task}/results.csv of the run {run} cannot be read: {cause}");
                unread.push(Told::damage(task, reason));
            }
        }
    }
    unread
}

/// The content of a table of results, and what stands in it.
type Scores = (Vec<u8>, Vec<(String, f64)>);

/// `None` where there is no such file.
fn scores(path: &Path) -> Result<Option<Scores>, String> {
    let bytes = match whole_file::read(path) {
        Ok(bytes) => bytes,
        // A file among the folders has no such file either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(chain(&error)),
    };
    let values = final_values(&bytes).map_err(|error| chain(&error))?;
    Ok(Some((bytes, values)))
}
