//! Checkpoints that were cut, changed, or are somebody else's.

use super::*;
use crate::data::{Cursor, LeakCheck};
use crate::divergence::DivergenceWatch;
use crate::parameters::{Declaration, Start};
use spec::status::Place;
use spec::train::{AdamW, Averaging, Batch, Length, Precision, Schedule, ScheduleShape, TrainSpec};
use tch::Device;

fn train() -> TrainSpec {
    TrainSpec {
        length: Length::Steps(1),
        batch: Batch::Stories(1),
        micro_batch_tokens: 64,
        averaging: Averaging::Tokens,
        schedule: Schedule { peak: 0.1, warmup_steps: 0, shape: ScheduleShape::Constant, final_fraction: 1.0 },
        optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
        clip: None,
        precision: Precision::Fp32,
        mask_probability: None,
    }
}

fn parts(seed: u64) -> (Parameters, Optimizer) {
    let start = Start::Normal { std: 1.0 };
    let declaration = Declaration { name: "w".to_owned(), shape: vec![5, 3], start, decays: true };
    let parameters = Parameters::new(vec![declaration], seed, Device::Cpu).unwrap();
    let optimizer = Optimizer::new(&train(), &parameters);
    (parameters, optimizer)
}

fn progress(step: u64) -> Progress {
    Progress {
        schema: spec::SCHEMA,
        run: RunId::of(b"run"),
        step,
        tokens: 10,
        cursor: Cursor::default(),
        watch: DivergenceWatch::new(100),
        metrics_bytes: 0,
        leaks: LeakCheck::default(),
        places: vec![],
    }
}

fn find(folder: &Path) -> (Option<Checkpoint>, Vec<String>) {
    let mut notes = Vec::new();
    let found = newest(folder, RunId::of(b"run"), 15, |_| true, &mut |note| notes.push(note));
    (found.unwrap(), notes)
}

/// Takes a step, so that weights and both moments are like no others.
fn trained(seed: u64) -> (Parameters, Optimizer) {
    let (parameters, mut optimizer) = parts(seed);
    let _ = parameters.gradients().shallow_clone().fill_(0.5 + seed as f64);
    optimizer.step(&parameters, 0.1, 0).unwrap();
    (parameters, optimizer)
}

#[test]
fn what_was_saved_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = trained(1);
    save(folder.path(), &progress(7), &parameters, &optimizer).unwrap();
    let (other, fresh) = parts(2);
    let (found, notes) = find(folder.path());
    let found = found.unwrap();
    found.restore(&other, &fresh).unwrap();
    assert_eq!((found.progress, notes.len()), (progress(7), 0));
    assert_eq!(other.weights(), parameters.weights());
    assert_eq!(fresh.moments(), optimizer.moments());
    assert_ne!(fresh.moments().0, fresh.moments().1);
}

fn place(from_step: u64, device: &str) -> Place {
    let (device, capability, libtorch) = (device.to_owned(), "AVX2".to_owned(), "2.11.0".to_owned());
    Place { from_step, device, capability, libtorch, ranks: Some(1) }
}

#[test]
fn another_device_is_noted_and_said() {
    let mut progress = progress(7);
    // Nobody knows where a checkpoint of an earlier version was written.
    assert_eq!(progress.go_on_at(place(7, "cpu, 2 threads, AVX2")), None);
    assert_eq!(progress.go_on_at(place(9, "cpu, 2 threads, AVX2")), None);
    assert_eq!(progress.places, [place(7, "cpu, 2 threads, AVX2")]);
    progress.step = 12;
    insta::assert_snapshot!(progress.go_on_at(place(12, "cuda:0, NVIDIA H100, 79 GiB")).unwrap(), @"until step 12 this run was computed on cpu, 2 threads, AVX2 (AVX2) with libtorch 2.11.0, from here on it is on cuda:0, NVIDIA H100, 79 GiB (AVX2) with libtorch 2.11.0: its numbers are no longer those of a run that stayed, bit for bit");
    assert_eq!(progress.places.len(), 2);
    // Another number of ranks adds up in another order.
    let words = progress.go_on_at(Place { ranks: Some(4), ..place(12, "cuda:0, NVIDIA H100, 79 GiB") }).unwrap();
    assert!(words.contains("with libtorch 2.11.0 by 4 ranks: its numbers"), "{words}");
    let text = serde_json::to_string(&progress).unwrap();
    assert_eq!((text.matches(r#""ranks":4"#).count(), text.matches("ranks").count()), (1, 3), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = parts(1);
    save(folder.path(), &progress, &parameters, &optimizer).unwrap();
    assert_eq!(find(folder.path()).0.unwrap().progress, progress);
}

#[test]
fn a_record_of_an_earlier_version_keeps_its_form() {
    // What versions before wrote, and hashed.
    let text = serde_json::to_string(&progress(7)).unwrap();
    assert!(!text.contains("leaks") && !text.contains("places"), "{text}");
    assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress(7));
}

#[test]
fn a_kill_between_the_renames_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = trained(1);
    for step in [1, 2] {
        save(folder.path(), &progress(step), &parameters, &optimizer).unwrap();
    }
    let [latest, previous] = NAMES.map(|name| folder.path().join(name));
    // Killed before either rename: the newest has no place yet.
    fs::rename(&latest, folder.path().join(STAGED)).unwrap();
    fs::rename(&previous, &latest).unwrap();
    assert_eq!(find(folder.path()).0.unwrap().progress.step, 2);
    // Killed between them.
    fs::rename(&latest, &previous).unwrap();
    assert_eq!(find(folder.path()).0.unwrap().progress.step, 2);
}

#[test]
fn a_changed_record_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = trained(1);
    save(folder.path(), &progress(7), &parameters, &optimizer).unwrap();
    let latest = folder.path().join(NAMES[0]);
    let mut content = fs::read(&latest).unwrap();
    let needle = br#"step\":7"#;
    let place = content.windows(needle.len()).position(|window| window == needle).expect("the record is there");
    content[place + needle.len() - 1] = b'8';
    fs::write(&latest, content).unwrap();
    let (found, notes) = find(folder.path());
    assert!(found.is_none() && notes[0].contains("hash"), "{notes:?}");
}

#[test]
fn a_truncated_or_flipped_checkpoint_is_passed_over_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = parts(1);
    for step in [1, 2] {
        save(folder.path(), &progress(step), &parameters, &optimizer).unwrap();
    }
    let latest = folder.path().join(NAMES[0]);
    let whole = fs::read(&latest).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&whole[..whole.len() / 2], &flipped, b""] {
        fs::write(&latest, damaged).unwrap();
        let (found, notes) = find(folder.path());
        assert_eq!(found.unwrap().progress.step, 1);
        assert!(notes[0].contains("damaged"), "{notes:?}");
    }
}

#[test]
fn a_checkpoint_of_another_run_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = parts(1);
    save(folder.path(), &progress(1), &parameters, &optimizer).unwrap();
    let other = newest(folder.path(), RunId::of(b"other"), 15, |_| true, &mut |_| ());
    assert!(matches!(other, Err(CheckpointError::Foreign { .. })));
    assert!(find(folder.path()).0.is_some());
    let larger = newest(folder.path(), RunId::of(b"run"), 16, |_| true, &mut |_| ());
    assert!(larger.unwrap().is_none());
}

#[test]
fn a_save_that_fails_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (parameters, optimizer) = parts(1);
    save(folder.path(), &progress(1), &parameters, &optimizer).unwrap();
    // A folder in the way stops root as well as anybody.
    fs::create_dir(folder.path().join(STAGED)).unwrap();
    let failed = save(folder.path(), &progress(2), &parameters, &optimizer);
    assert!(matches!(failed, Err(CheckpointError::Write(_))));
    fs::remove_dir(folder.path().join(STAGED)).unwrap();
    assert_eq!(find(folder.path()).0.unwrap().progress.step, 1);
}
