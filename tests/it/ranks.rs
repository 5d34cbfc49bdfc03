//! One run on several devices; here, where there is no GPU, as several processes that share the processor.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::programs::{expect, seedbed, transcript};
use e2e::ranks::{compare, measured, processes, rows};
use e2e::study::{self, Study, TINY};
use rustix::process::{Signal, kill_process};
use spec::status::Facts;

/// Fifty steps of eight to ten forward passes each, with dropout.
fn study(architectures: &str) -> Study {
    let head = format!("[sweep]\nname = 'ranks'\nseeds = 1\n[factors]\narchitecture = {architectures}\n");
    let settings = TINY.replace("steps = 30", "steps = 50\nmicro-batch-tokens = 64");
    Study::new(&head, &format!("{settings}\n[execution]\nlog-every = 1\nvalidate-every = 10\n"))
}

#[test]
fn any_number_of_ranks_trains_the_same_model() {
    let rows_of = |ranks: u32| {
        let study = study("['gpt-neo', 'roberta']");
        let wish = format!("resources.gpus={ranks}");
        expect(0, &["run", &study.sweep(), "--slots", "1", "--threads", "1", "--set", &wish]);
        let layout = study.layout("ranks");
        [rows(&layout), measured(&layout)].concat()
    };
    let one = rows_of(1);
    assert!(one.len() >= 2 * (50 * 3 + 5));
    for ranks in [2, 4] {
        compare(&one, &rows_of(ranks), ranks);
    }
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
    let ranks_of = || processes(layout.directory(), "SEEDBED_RANK");
    let ranks = ranks_of();
    assert_eq!(ranks.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [0, 1, 2]);
    let killed = Instant::now();
    kill_process(ranks[1].1, Signal::KILL).expect("the rank was there");
    let output = child.wait_with_output().expect("it ends");
    assert!(killed.elapsed() < Duration::from_secs(10), "{}", transcript(&output));
    assert!(ranks_of().is_empty());
    let planned = study::plan(&layout).runs[0].id;
    let status = study::status(&layout.run(planned));
    let attempt = status.attempts.last().expect("there was one");
    assert_eq!(attempt.signal, Some(9), "{status:?}");

    let output = run(2).arg("--retry").arg("failed").output().expect("seedbed starts");
    assert!(output.status.success(), "{}", transcript(&output));
    compare(&rows(&undisturbed.layout("ranks")), &rows(&study.layout("ranks")), 2);
    let facts = fs::read_to_string(layout.run(planned).facts()).expect("the run has said what it is");
    let facts: Facts = serde_json::from_str(&facts).expect("facts can be read");
    // The three are remembered where they had left a checkpoint to go on from.
    let shared: Vec<u32> = facts.places.iter().filter_map(|place| place.ranks).collect();
    assert!(shared == [3, 2] || shared == [2], "{facts:?}");
    assert!(!layout.run(planned).ranks().exists());
}

#[test]
fn a_run_on_several_machines_is_refused_here_and_nothing_is_written() {
    let study = study("['gpt-neo']");
    let two = ["--set", "resources.gpus=2", "--set", "resources.nodes=2"];
    let (_, stderr) = expect(2, &[&["run", &study.sweep()][..], &two].concat());
    assert!(stderr.contains("2 nodes (resources.nodes), and this is one machine"), "{stderr}");
    assert!(!study.layout("ranks").directory().exists());
}

#[test]
fn runs_on_several_machines_do_not_keep_the_others_from_being_chosen() {
    let study = study("['gpt-neo', 'roberta']");
    let mut text = fs::read_to_string(study.sweep()).expect("the sweep is there");
    text += "\n[[override]]\nwhen = { architecture = \"roberta\" }\nset = { \"resources.gpus\" = 2, \"resources.nodes\" = 2 }\n";
    fs::write(study.sweep(), text).expect("it can be written");
    let small = ["run", &study.sweep(), "--threads", "1", "--where", "architecture=gpt-neo"];
    expect(0, &small);
    let (_, stderr) = expect(2, &["run", &study.sweep()]);
    assert!(stderr.contains("2 nodes (resources.nodes)"), "{stderr}");
}
