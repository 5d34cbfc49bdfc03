//! Killed at any moment, a sweep loses time and nothing else.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use e2e::programs::{expect, seedbed};
use e2e::study::{self, Study, TINY};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

const HEAD: &str = r#"
[sweep]
name = "kills"
seeds = 2

[factors]
architecture = ["gpt-neo", "roberta"]
activation = ["learnable-gelu", "kan"]
"#;

/// Long enough to be hit in every phase, with checkpoints as often as the settings allow.
fn settings() -> String {
    TINY.replace("steps = 30", "steps = 120") + "\n[execution]\ncheckpoint-every = \"1s\"\nlog-every = 1\n"
}

#[test]
fn ten_kills_at_random_moments_leave_no_trace_in_the_tables() {
    leaves_no_trace(HEAD, &settings(), 10, *b"ten kills at random moments, no.");
}

#[test]
fn nor_do_three_where_products_are_rounded_to_bf16() {
    let head = HEAD.replace("seeds = 2", "seeds = 1");
    let settings = settings().replace("steps = 120", "steps = 300\nprecision = \"bf16\"");
    assert!(settings.contains("bf16"));
    leaves_no_trace(&head, &settings, 3, *b"three kills at random moments, m");
}

/// Carries a study out twice, once with so many kills at moments that `key` chooses, and compares what is left.
fn leaves_no_trace(head: &str, settings: &str, most: u32, key: [u8; 32]) {
    let undisturbed = Study::new(head, settings);
    expect(0, &["run", &undisturbed.sweep(), "--slots", "2"]);

    let disturbed = Study::new(head, settings);
    let mut random = ChaCha8Rng::from_seed(key);
    let mut kills = 0;
    while kills < most {
        let mut launcher = start(&disturbed);
        let pause = Duration::from_millis(random.next_u64() % 2_000);
        let deadline = Instant::now() + pause;
        while Instant::now() < deadline && launcher.try_wait().expect("a child can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(
            launcher.try_wait().expect("a child can be asked").is_none(),
            "the sweep ended after {kills} kills: it is too short"
        );
        match random.next_u64() % 3 {
            // The trainers alone, the launcher alone, everything at once.
            0 => kill_trainers(&disturbed, &mut launcher),
            1 => kill_process(pid(&launcher), Signal::KILL).expect("the launcher is there"),
            _ => {
                for trainer in trainers(&disturbed) {
                    let _ = kill_process(trainer, Signal::KILL);
                }
                let _ = kill_process_group(pid(&launcher), Signal::KILL);
            }
        }
        let _ = launcher.wait();
        kills += 1;
        no_trainer_survives(&disturbed);
    }
    let output = seedbed()
        .args(["run", &disturbed.sweep(), "--slots", "2", "--retry", "failed"])
        .output()
        .expect("seedbed starts");
    assert!(output.status.success(), "{}", e2e::programs::transcript(&output));
    assert_eq!(study::tables(&undisturbed.layout("kills")), study::tables(&disturbed.layout("kills")));
}

#[test]
fn an_interrupted_sweep_checkpoints_and_goes_on() {
    let settings = settings().replace("steps = 120", "steps = 400").replace("\"1s\"", "\"1h\"");
    let study = Study::new(&HEAD.replace("seeds = 2", "seeds = 1"), &settings);
    let mut launcher = start(&study);
    wait_for_steps(&study, 20);
    kill_process(pid(&launcher), Signal::INT).unwrap();
    assert_eq!(launcher.wait().unwrap().code(), Some(75));
    let layout = study.layout("kills");
    let interrupted = study::plan(&layout)
        .runs
        .iter()
        .filter(|planned| layout.run(planned.id).checkpoints().join("latest.safetensors").exists())
        .count();
    assert!(interrupted >= 1, "nothing was checkpointed");
    expect(0, &["run", &study.sweep(), "--slots", "2"]);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_said_so() {
    let head = HEAD.replace("seeds = 2", "seeds = 1").replace("\"gpt-neo\", \"roberta\"", "\"roberta\"");
    let whole = Study::new(&head, &settings());
    expect(0, &["run", &whole.sweep(), "--slots", "2"]);

    let study = Study::new(&head, &settings().replace("\"1s\"", "\"1h\""));
    let mut launcher = start(&study);
    wait_for_steps(&study, 20);
    kill_process(pid(&launcher), Signal::INT).unwrap();
    launcher.wait().unwrap();
    let layout = study.layout("kills");
    let mut damaged = 0;
    for planned in study::plan(&layout).runs {
        let run = layout.run(planned.id);
        let latest = run.checkpoints().join("latest.safetensors");
        if let Ok(content) = fs::read(&latest) {
            fs::write(&latest, &content[..content.len() / 2]).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "nothing was checkpointed");
    expect(0, &["run", &study.sweep(), "--slots", "2"]);
    let words: usize = study::plan(&layout)
        .runs
        .iter()
        .filter(|planned| {
            let log = fs::read_to_string(layout.run(planned.id).log(2)).unwrap_or_default();
            log.contains("damaged") && log.contains("passed over")
        })
        .count();
    assert_eq!(words, damaged);
    assert_eq!(study::tables(&whole.layout("kills")), study::tables(&study.layout("kills")));
}

fn start(study: &Study) -> Child {
    let mut command = seedbed();
    command.args(["run", &study.sweep(), "--slots", "2", "--retry", "failed"]).process_group(0);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("seedbed starts")
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// The trainers that work in this study's folder.
fn trainers(study: &Study) -> Vec<Pid> {
    let folder = study.path("");
    let is_ours = |process: &Path| {
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        arguments.contains("seedbed-trainer") && arguments.contains(&*folder.to_string_lossy())
    };
    let numbered = |process: &Path| process.file_name()?.to_str()?.parse().ok().and_then(Pid::from_raw);
    let processes = fs::read_dir("/proc").expect("Linux has /proc").flatten().map(|entry| entry.path());
    processes.filter(|process| is_ours(process)).filter_map(|process| numbered(&process)).collect()
}

/// Kills the trainers and lets the launcher see it through.
fn kill_trainers(study: &Study, launcher: &mut Child) {
    for trainer in trainers(study) {
        let _ = kill_process(trainer, Signal::KILL);
    }
    std::thread::sleep(Duration::from_millis(300));
    let _ = kill_process(pid(launcher), Signal::TERM);
}

/// A supervisor that dies takes its trainer with it: nobody writes into a run without a claim.
fn no_trainer_survives(study: &Study) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !trainers(study).is_empty() {
        assert!(Instant::now() < deadline, "trainers outlived their launcher: {:?}", trainers(study));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until some run has taken `steps` steps.
fn wait_for_steps(study: &Study, steps: u64) {
    let layout = study.layout("kills");
    let deadline = Instant::now() + Duration::from_mins(2);
    let reached = || {
        fs::read_dir(layout.runs()).into_iter().flatten().flatten().any(|run| {
            let metrics = fs::read_to_string(run.path().join("metrics.csv")).unwrap_or_default();
            let last = metrics.lines().last().and_then(|line| line.split(',').next()?.parse::<u64>().ok());
            last.is_some_and(|step| step >= steps)
        })
    };
    while !reached() {
        assert!(Instant::now() < deadline, "no run has reached step {steps}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
