//! One run on several devices; here, where there is no GPU, as several processes that share the processor.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::programs::{expect, seedbed, transcript};
use e2e::study::{self, Study, TINY};
use rustix::process::{Pid, Signal, kill_process};

/// Largest distance of a loss from that of one rank, as a part of it.
const BOUND: f64 = 1e-6;

/// Fifty steps of eight to ten forward passes each, with dropout.
fn study(architectures: &str) -> Study {
    let head = format!("[sweep]\nname = 'ranks'\nseeds = 1\n[factors]\narchitecture = {architectures}\n");
    let settings = TINY.replace("steps = 30", "steps = 50\nmicro-batch-tokens = 64");
    Study::new(&head, &format!("{settings}\n[execution]\nlog-every = 1\nvalidate-every = 10\n"))
}

/// `step,tokens,metric,value` of every run, in the order of the plan.
fn rows(study: &Study) -> Vec<(String, f64)> {
    let tables = study::tables(&study.layout("ranks"));
    let text: String = tables.into_values().map(|(metrics, _)| String::from_utf8(metrics).expect("text")).collect();
    let row = |line: &str| {
        let (what, value) = line.rsplit_once(',').expect("four columns");
        (what.to_owned(), value.parse().unwrap_or(f64::NAN))
    };
    text.lines().filter(|line| !line.starts_with("step,")).map(row).collect()
}

fn compare(one: &[(String, f64)], several: &[(String, f64)], ranks: u32) {
    assert_eq!(one.len(), several.len());
    for ((what, one), (other, several)) in one.iter().zip(several) {
        assert_eq!(what, other);
        // The norm of a gradient is no loss, but near to it.
        let bound = if what.ends_with("gradient-norm") { 1e-4 } else { BOUND };
        // The last learning rate is 0 for both.
        assert!((one - several).abs() <= bound * one.abs(), "{ranks} ranks, {what}: {one} {several}");
    }
}

#[test]
fn any_number_of_ranks_trains_the_same_model() {
    let rows_of = |ranks: u32| {
        let study = study("['gpt-neo', 'roberta']");
        let wish = format!("resources.gpus={ranks}");
        expect(0, &["run", &study.sweep(), "--slots", "1", "--threads", "1", "--set", &wish]);
        rows(&study)
    };
    let one = rows_of(1);
    assert!(one.len() >= 2 * (50 * 3 + 5));
    for ranks in [2, 4] {
        compare(&one, &rows_of(ranks), ranks);
    }
}

/// The processes of the only run's ranks, in their order.
fn ranks_of(study: &Study) -> Vec<(u32, Pid)> {
    let directory = study.layout("ranks").runs();
    let processes = fs::read_dir("/proc").expect("Linux has it").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let rank = |number: i32| {
        let environment = fs::read(format!("/proc/{number}/environ")).ok()?;
        let of = |name: &str| {
            let mut variables = environment.split(|byte| *byte == 0);
            variables.find_map(|variable| {
                Some(String::from_utf8_lossy(variable.strip_prefix(name.as_bytes())?).into_owned())
            })
        };
        let is_ours = PathBuf::from(of("SEEDBED_RUN_DIR=")?).starts_with(&directory);
        let rank = of("SEEDBED_RANK=")?.parse().ok()?;
        is_ours.then_some((rank, Pid::from_raw(number)?))
    };
    let mut ranks: Vec<(u32, Pid)> = numbers.filter_map(rank).collect();
    ranks.sort_unstable_by_key(|(rank, _)| *rank);
    ranks
}

#[test]
fn a_killed_rank_ends_the_run_at_once_and_another_number_goes_on() {
    let undisturbed = study("['gpt-neo']");
    expect(0, &["run", &undisturbed.sweep(), "--slots", "1", "--threads", "1"]);

    let study = study("['gpt-neo']");
    let run = |ranks: u32| {
        let mut command: Command = seedbed();
        let wish = format!("resources.gpus={ranks}");
        // A checkpoint after every second, or there is nothing to go on from.
        let often = "execution.checkpoint-every=1s";
        command.args(["run", &study.sweep(), "--slots", "1", "--threads", "1", "--set", &wish, "--set", often]);
        command
    };
    let child = run(3).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.expect("seedbed starts");
    let deadline = Instant::now() + Duration::from_mins(1);
    let layout = study.layout("ranks");
    let begun = || {
        let metrics =
            fs::read_dir(layout.runs()).into_iter().flatten().flatten().map(|run| run.path().join("metrics.csv"));
        metrics.filter_map(|path| fs::read_to_string(path).ok()).any(|text| text.lines().count() > 20)
    };
    while !begun() {
        assert!(Instant::now() < deadline, "the run never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ranks = ranks_of(&study);
    assert_eq!(ranks.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [0, 1, 2]);
    let killed = Instant::now();
    kill_process(ranks[1].1, Signal::KILL).expect("the rank was there");
    let output = child.wait_with_output().expect("it ends");
    assert!(killed.elapsed() < Duration::from_secs(10), "{}", transcript(&output));
    assert!(ranks_of(&study).is_empty());
    let planned = study::plan(&layout).runs[0].id;
    let status = study::status(&layout.run(planned));
    let attempt = status.attempts.last().expect("there was one");
    assert_eq!(attempt.signal, Some(9), "{status:?}");

    let output = run(2).arg("--retry").arg("failed").output().expect("seedbed starts");
    assert!(output.status.success(), "{}", transcript(&output));
    compare(&rows(&undisturbed), &rows(&study), 2);
}
