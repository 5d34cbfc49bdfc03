//! Which files are fetched, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use slurm::transport::files::{Listed, Listing};
use spec::RunId;

use super::Extent;

/// What is carried at once, in bytes and in files.
const BATCH: (u64, usize) = (16 << 20, 2000);
/// The files of a run that tell how it stands. In this order they are read there; in the reverse they are written here.
const RECORDS: [&str; 6] = ["claim.json", "status.json", "outcome.json", "results.csv", "facts.json", "run.json"];

/// The files that are of interest, by path: those of `runs`, and what the jobs said.
pub(super) fn wanted<'a>(
    listing: &'a Listing,
    runs: &BTreeSet<RunId>,
    extent: Extent,
) -> BTreeMap<&'a str, &'a Listed> {
    let is_wanted = |file: &&Listed| {
        let path = Path::new(&file.path);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match file.path.strip_prefix("runs/").and_then(|rest| rest.split_once('/')) {
            Some((run, rest)) => {
                let is_known = run.parse().is_ok_and(|run| runs.contains(&run));
                let is_record = RECORDS.contains(&rest) || rest.strip_prefix("evaluation/").is_some_and(is_of_element);
                is_plain && is_known && (is_record || (extent != Extent::Records && !name.starts_with('.')))
            }
            None => is_plain && extent == Extent::Everything && file.path.starts_with("log/"),
        }
    };
    listing.files.iter().filter(is_wanted).map(|file| (file.path.as_str(), file)).collect()
}

/// Whether this is the record of an element of an evaluation, or the table that it speaks of: together they say that it
/// is measured.
fn is_of_element(path: &str) -> bool {
    let of = |end: &str| path.strip_suffix(end).is_some_and(|name| !name.is_empty() && !name.contains('/'));
    of(".json") || of("/results.csv")
}

/// The files that have changed, and with a run's status all that it speaks of, in the order in which they are to be
/// read: a record first, so that what it speaks of is at least as new.
pub(super) fn with_company<'a>(changed: &[&'a Listed], wanted: &BTreeMap<&str, &'a Listed>) -> Vec<&'a Listed> {
    let mut all: BTreeMap<(&str, usize, &str), &Listed> = BTreeMap::new();
    for file in changed {
        let folder = folder(&file.path);
        all.insert((folder, rank(&file.path), &file.path), file);
        if file.path.ends_with("/status.json") {
            let company = RECORDS.iter().filter_map(|name| wanted.get(format!("{folder}/{name}").as_str()));
            all.extend(company.map(|file| ((folder, rank(&file.path), file.path.as_str()), *file)));
        }
    }
    all.into_values().collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The place in the order of reading.
pub(super) fn rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or_default();
    RECORDS.iter().position(|record| *record == name).unwrap_or(RECORDS.len())
}

/// Cuts the files into batches, none of which parts the files of a folder unless they are too many by themselves.
pub(super) fn batches<'a>(files: &[&'a Listed]) -> Vec<Vec<&'a Listed>> {
    let mut batches: Vec<Vec<&Listed>> = Vec::new();
    let mut size = u64::MAX;
    for group in files.chunk_by(|one, other| folder(&one.path) == folder(&other.path)) {
        let bytes: u64 = group.iter().map(|file| file.size).sum();
        match batches.last_mut() {
            Some(batch) if size.saturating_add(bytes) <= BATCH.0 && batch.len() + group.len() <= BATCH.1 => {
                batch.extend(group);
                size += bytes;
            }
            _ => {
                batches.push(group.to_vec());
                size = bytes;
            }
        }
    }
    batches
}

/// What is noted of a file that was fetched: it is fetched again once that differs.
pub(super) fn stamp(file: &Listed) -> String {
    format!("{} {}", file.size, file.changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &str, size: u64) -> Listed {
        Listed { path: path.to_owned(), size, changed: "1.5".to_owned() }
    }

    #[test]
    fn only_files_of_known_runs_are_wanted_and_none_from_elsewhere() {
        let run = RunId::of(b"run");
        let paths = ["status.json", "metrics.csv", "log/1.log", "../../x", ".status.json.tmp"];
        let measured = ["evaluation/rte.json", "evaluation/rte/results.csv", "evaluation/rte/items.csv"];
        let all = paths.iter().chain(&measured);
        let mut files: Vec<Listed> = all.map(|path| listed(&format!("runs/{run}/{path}"), 1)).collect();
        files.extend([
            listed("runs/0123456789abcdef/status.json", 1),
            listed("log/7_1.out", 1),
            listed("plan.json", 1),
        ]);
        let listing = Listing { now: 2, files };
        let names = |extent| -> Vec<String> {
            wanted(&listing, &[run].into(), extent).keys().map(|path| path.replace(&run.to_string(), "R")).collect()
        };
        let of_element = ["runs/R/evaluation/rte.json", "runs/R/evaluation/rte/results.csv"];
        assert_eq!(names(Extent::Records), [&of_element[..], &["runs/R/status.json"]].concat());
        let everything = names(Extent::Everything);
        assert_eq!(everything.len(), 7, "{everything:?}");
        for path in ["log/7_1.out", "runs/R/log/1.log", "runs/R/metrics.csv", "runs/R/evaluation/rte/items.csv"] {
            assert!(everything.iter().any(|found| found == path), "{everything:?}");
        }
    }

    #[test]
    fn a_status_is_read_before_what_it_speaks_of_and_in_one_batch_with_it() {
        let all: Vec<Listed> = ["runs/a/results.csv", "runs/a/status.json", "runs/b/results.csv", "runs/b/status.json"]
            .map(|path| listed(path, 10 << 20))
            .to_vec();
        let wanted: BTreeMap<&str, &Listed> = all.iter().map(|file| (file.path.as_str(), file)).collect();
        let changed = [&all[1], &all[2]];
        let order = with_company(&changed, &wanted);
        let names: Vec<&str> = order.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["runs/a/status.json", "runs/a/results.csv", "runs/b/results.csv"]);
        let batches: Vec<usize> = batches(&order).iter().map(Vec::len).collect();
        assert_eq!(batches, [2, 1]);
    }
}
