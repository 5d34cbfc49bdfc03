//! Scores that runs should have and do not: what a trainer tells in `evaluation/<task>/missing.csv`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;
use spec::fine_tuning::TuningProtocol;

/// A task without a score, or with a score of fewer fine-tuning seeds than were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingScore {
    /// The task, by the name of its metric.
    pub task: String,
    /// Why: what was told last.
    pub reason: String,
    /// In how many runs.
    pub runs: usize,
    /// In how many of them for this reason.
    pub with_reason: usize,
}

/// What a run tells of a task: one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    task: String,
    reason: String,
    /// When it was told.
    at: SystemTime,
    /// Whether results are there that cannot be read: it is told of each run by itself.
    is_damage: bool,
}

/// A line of `missing.csv`.
#[derive(Debug, Deserialize)]
struct Line {
    task: String,
    #[serde(default)]
    protocol: String,
    reason: String,
}

impl Line {
    /// The name of the metric that has no value.
    fn metric(&self) -> String {
        let protocol = self.protocol.split('+').next().and_then(TuningProtocol::from_name);
        format!("{}{}", protocol.map_or("", TuningProtocol::prefix), self.task)
    }

    /// Whether it is of one fine-tuning seed, and other seeds may have lines of their own.
    fn is_of_a_seed(&self) -> bool {
        self.reason.starts_with("diverged with fine-tuning seed")
    }
}

impl Told {
    /// Results of `task` are there, and cannot be read.
    pub(super) fn damage(task: String, reason: String) -> Self {
        Self { task, reason, at: SystemTime::UNIX_EPOCH, is_damage: true }
    }
}

/// What the folders of a run's evaluations tell, of each task what was told last. A file that cannot be read tells
/// nothing: it decides no number.
pub(super) fn told(evaluation: &Path) -> Vec<Told> {
    let folders = std::fs::read_dir(evaluation).into_iter().flatten().flatten();
    let mut last: BTreeMap<String, Told> = BTreeMap::new();
    for folder in folders {
        let path = folder.path().join("missing.csv");
        let Ok(reader) = csv::Reader::from_path(&path) else { continue };
        let at = path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut tasks: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        for line in reader.into_deserialize::<Line>().filter_map(Result::ok) {
            tasks.entry(line.metric()).or_default().push(line);
        }
        for (task, lines) in tasks {
            let reason = reason(&lines);
            let is_later = last.get(&task).is_none_or(|known| (known.at, &known.reason) < (at, &reason));
            if is_later {
                last.insert(task.clone(), Told { task, reason, at, is_damage: false });
            }
        }
    }
    last.into_values().collect()
}

/// The reasons that the lines of a task give together: those of all seeds, and of the others the last one.
fn reason(lines: &[Line]) -> String {
    let of_seeds = lines.iter().filter(|line| line.is_of_a_seed());
    let other = lines.iter().rev().find(|line| !line.is_of_a_seed());
    of_seeds.chain(other).map(|line| line.reason.as_str()).collect::<Vec<_>>().join("; ")
}

/// Reasons, when each was told last, and by how many runs.
type Reasons = BTreeMap<String, (SystemTime, usize)>;

/// What all runs tell, by task.
pub(super) fn gathered(told: impl IntoIterator<Item = Told>) -> Vec<MissingScore> {
    let mut tasks: BTreeMap<(String, Option<String>), Reasons> = BTreeMap::new();
    for Told { task, reason, at, is_damage } in told {
        let reasons = tasks.entry((task, is_damage.then(|| reason.clone()))).or_default();
        let (latest, count) = reasons.entry(reason).or_insert((at, 0));
        *latest = at.max(*latest);
        *count += 1;
    }
    let score = |((task, _), reasons): ((String, _), Reasons)| {
        let runs = reasons.values().map(|(_, count)| count).sum();
        let (reason, (_, with_reason)) = reasons.into_iter().max_by_key(|(_, when)| *when)?;
        Some(MissingScore { task, reason, runs, with_reason })
    };
    tasks.into_iter().filter_map(score).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    /// What a run tells whose folder of this name has these lines, written so many seconds after the first.
    fn run(folder: &str, lines: &str, seconds: u64) -> Vec<Told> {
        let evaluation = tempfile::tempdir().unwrap();
        let path = evaluation.path().join(folder);
        fs::create_dir(&path).unwrap();
        let path = path.join("missing.csv");
        fs::write(&path, format!("task,protocol,reason\n{lines}")).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds);
        fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
        told(evaluation.path())
    }

    #[test]
    fn a_task_is_told_once_counted_by_runs_with_the_latest_reason() {
        let (here, there) = ("record,superglue,no data here\n", "record,superglue,no data there\n");
        // One file has kept what was told before.
        let all = [run("record", &[here, there].concat(), 9), run("record", there, 8), run("record", there, 8)];
        let found = gathered(all.concat());
        let one = |task: &str, reason: &str, runs, with_reason| MissingScore {
            task: task.to_owned(),
            reason: reason.to_owned(),
            runs,
            with_reason,
        };
        assert_eq!(found, [one("record", "no data there", 3, 3)]);
        let other = run("record", "record,superglue+items=10,no data anywhere\n", 10);
        let found = gathered([all.concat(), other].concat());
        assert_eq!(found, [one("record", "no data anywhere", 4, 1)]);
    }

    #[test]
    fn protocols_seeds_and_damaged_results_are_told_apart() {
        let lines = "rte,superglue,diverged with fine-tuning seed 0\nrte,superglue,diverged with fine-tuning seed 2\n";
        let mut all = run("rte", lines, 0);
        all.extend(run("babylm-rte", "rte,babylm-2023+epochs=1,no data\n", 0));
        all.extend(["one", "two"].map(|run| Told::damage("rte".to_owned(), format!("{run} cannot be read"))));
        let said: Vec<String> =
            gathered(all).into_iter().map(|one| format!("{} {} {}", one.task, one.runs, one.reason)).collect();
        let expected = [
            "babylm-rte 1 no data",
            "rte 1 diverged with fine-tuning seed 0; diverged with fine-tuning seed 2",
            "rte 1 one cannot be read",
            "rte 1 two cannot be read",
        ];
        assert_eq!(said, expected);
    }
}
