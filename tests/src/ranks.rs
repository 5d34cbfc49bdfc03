//! Runs of several ranks: their processes, and how near their losses are to those of one.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use spec::layout::SweepLayout;

use crate::study;

/// Largest distance of a loss from that of one rank, as a part of it.
const BOUND: f64 = 1e-6;

/// `step,tokens,metric` and value of every row that the runs of a sweep have logged, in the order of the plan.
///
/// # Panics
/// When a table is none.
pub fn rows(layout: &SweepLayout) -> Vec<(String, f64)> {
    let tables = study::tables(layout);
    let text: String = tables.into_values().map(|(metrics, _)| String::from_utf8(metrics).expect("text")).collect();
    let row = |line: &str| {
        let (what, value) = line.rsplit_once(',').expect("four columns");
        (what.to_owned(), value.parse().unwrap_or(f64::NAN))
    };
    text.lines().filter(|line| !line.starts_with("step,")).map(row).collect()
}

/// What is measured at the end, and its value, of every run of a sweep.
///
/// # Panics
/// When a table is none.
pub fn measured(layout: &SweepLayout) -> Vec<(String, f64)> {
    let tables = study::tables(layout);
    let text: String = tables.into_values().map(|(_, results)| String::from_utf8(results).expect("text")).collect();
    let row = |line: &str| {
        let mut columns = line.split(',');
        let (metric, value) = (columns.next().expect("a metric"), columns.next().expect("a value"));
        (metric.to_owned(), value.parse().unwrap_or(f64::NAN))
    };
    text.lines().filter(|line| !line.starts_with("metric,")).map(row).collect()
}

/// Makes sure that `several` ranks have logged what `one` has.
///
/// # Panics
/// When they have not.
pub fn compare(one: &[(String, f64)], several: &[(String, f64)], ranks: u32) {
    assert_eq!(one.len(), several.len());
    for ((what, one), (other, several)) in one.iter().zip(several) {
        assert_eq!(what, other);
        // The norm of a gradient is no loss, but near to it.
        let bound = if what.ends_with("gradient-norm") { 1e-4 } else { BOUND };
        // The last learning rate is 0 for both.
        assert!((one - several).abs() <= bound * one.abs(), "{ranks} ranks, {what}: {one} {several}");
    }
}

/// The processes of the ranks of runs below `directory`, in the order of their numbers, which the environment says
/// under the name `number`.
///
/// # Panics
/// Where there is no `/proc`.
pub fn processes(directory: &Path, number: &str) -> Vec<(u32, Pid)> {
    let processes = fs::read_dir("/proc").expect("Linux has it").flatten();
    let rank = |process: i32| {
        let environment = fs::read(format!("/proc/{process}/environ")).ok()?;
        let of = |name: &str| {
            let mut variables = environment.split(|byte| *byte == 0);
            let value = variables.find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let is_ours =
            PathBuf::from(of("SEEDBED_RUN_DIR")?).starts_with(directory) && of("SEEDBED_RENDEZVOUS").is_some();
        // srun has the environment of the ranks that it starts.
        let is_rank = fs::read_to_string(format!("/proc/{process}/comm")).ok()?.trim() != "srun";
        let rank = of(number)?.parse().ok()?;
        (is_ours && is_rank).then_some((rank, Pid::from_raw(process)?))
    };
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut ranks: Vec<(u32, Pid)> = numbers.filter_map(rank).collect();
    ranks.sort_unstable_by_key(|(rank, _)| *rank);
    ranks
}
