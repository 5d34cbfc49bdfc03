//! Bad input gets one clear error with a documented exit code, and loses nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use e2e::programs::{expect, program, transcript};
use e2e::study::{self, Study, TINY};

const HEAD: &str = "[sweep]\nname = \"bad\"\nseeds = 1\n\n[factors]\nactivation = [\"relu\"]\n";

/// Changes the settings, runs, and returns what the failed run's message and the terminal said.
fn fails(settings: &str, prepare: impl FnOnce(&Study)) -> String {
    let study = Study::new(HEAD, settings);
    prepare(&study);
    let (stdout, stderr) = expect(1, &["run", &study.sweep()]);
    let layout = study.layout("bad");
    let run = layout.run(study::plan(&layout).runs[0].id);
    let message = study::status(&run).attempts[0].message.clone().unwrap_or_default();
    format!("{stdout}\n{stderr}\n{message}")
}

#[test]
fn sweep_files_are_refused_with_place_and_proposal() {
    for (settings, words) in [
        (
            TINY.replace("learning-rate", "learning-rat"),
            vec!["sweep.toml:", "train.learning-rat", "train.learning-rate"],
        ),
        (TINY.replace("heads = 2", "heads = 5"), vec!["model.heads", "hidden-size"]),
        (TINY.replace("steps = 30", "steps = 0"), vec!["train.steps", "an integer from 1 to"]),
    ] {
        let study = Study::new(HEAD, &settings);
        let (_, stderr) = expect(64, &["check", &study.sweep()]);
        for word in words {
            assert!(stderr.contains(word), "`{word}` is missing from:\n{stderr}");
        }
    }
    // The file is right, the data is not there.
    let missing = Study::new(HEAD, &TINY.replace("stories.txt", "nowhere.txt"));
    let (_, stderr) = expect(65, &["check", &missing.sweep()]);
    assert!(stderr.contains("sweep.toml:") && stderr.contains("nowhere.txt"), "{stderr}");
    let level = HEAD.replace("\"relu\"", "\"rellu\"");
    let (_, stderr) = expect(64, &["check", &Study::new(&level, TINY).sweep()]);
    assert!(stderr.contains("\"relu\"") || stderr.contains("`relu`"), "{stderr}");
    let nothing = HEAD.replace("activation =", "activatoin =");
    let (_, stderr) = expect(64, &["check", &Study::new(&nothing, TINY).sweep()]);
    assert!(stderr.contains("activation"), "{stderr}");
}

#[test]
fn text_that_cannot_be_trained_on_is_refused() {
    let step = TINY.replace("tokens-per-step = 512", "stories-per-step = 5000");
    let small = fails(&step, |_| ());
    assert!(small.contains("too few for one step") && small.contains("train.stories-per-step"), "{small}");
    let binary = fails(TINY, |study| fs::write(study.path("stories.txt"), b"ab\xff\xfe\n<|endoftext|>\n").unwrap());
    assert!(binary.contains("not UTF-8"), "{binary}");
    let vocabulary = fails(&TINY.replace("vocabulary = 450", "vocabulary = 9000"), |_| ());
    assert!(vocabulary.contains("set model.vocabulary ="), "{vocabulary}");
    // What can be seen beforehand starts nothing.
    let study = Study::new(HEAD, TINY);
    study.write("pairs.jsonl", "{\"sentence_good\": \"a\"\n");
    for command in ["check", "run"] {
        let (_, pairs) = expect(65, &[command, &study.sweep()]);
        assert!(pairs.contains("pairs.jsonl") && pairs.contains('1'), "{pairs}");
    }
    assert!(!study.layout("bad").directory().exists());
}

#[test]
fn a_tokenizer_of_the_wrong_size_is_refused() {
    let study = Study::new(HEAD, &TINY.replace("steps = 30", "steps = 2"));
    expect(0, &["run", &study.sweep()]);
    let cache = fs::read_dir(study.layout("bad").cache()).unwrap().flatten().map(|entry| entry.path());
    let is_tokenizer =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tokenizer-"));
    let tokenizer =
        cache.filter(|path| path.extension().is_some_and(|kind| kind == "json")).find(is_tokenizer).unwrap();
    let settings = TINY.replace("vocabulary = 450", "vocabulary = 460");
    let settings = settings.replace("[data]", "[data]\ntokenizer = \"tokenizer.json\"");
    let words = fails(&settings, |study| {
        fs::copy(&tokenizer, study.path("tokenizer.json")).unwrap();
    });
    assert!(words.contains("450") && words.contains("model.vocabulary = 460"), "{words}");
}

/// A limit on the size of files stands for a disk that is full: the system refuses the write either way.
#[test]
fn a_disk_that_fills_up_while_a_checkpoint_is_written_loses_nothing() {
    let settings = TINY.replace("steps = 30", "steps = 60") + "\n[execution]\ncheckpoint-every = \"1s\"\n";
    let whole = Study::new(HEAD, &settings);
    expect(0, &["run", &whole.sweep()]);

    let study = Study::new(HEAD, &settings);
    expect(0, &["run", &study.sweep()]);
    let layout = study.layout("bad");
    let run = layout.run(study::plan(&layout).runs[0].id);
    for file in [run.metrics(), run.results(), run.timing(), run.outcome()] {
        fs::remove_file(file).unwrap();
    }
    fs::remove_dir_all(run.checkpoints()).unwrap();
    // 64 blocks of 1,024 bytes hold every curve and no checkpoint of this model.
    let trainer = program("seedbed-trainer");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" run --dir \"$1\"";
    let output = Command::new("bash").args(["-c", script]).arg(&trainer).arg(run.directory()).output().unwrap();
    assert_eq!(output.status.code(), Some(73), "{}", transcript(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write"), "{}", transcript(&output));
    let left: Vec<_> = fs::read_dir(run.checkpoints()).unwrap().flatten().collect();
    assert!(left.is_empty(), "half a checkpoint was left: {left:?}");
    let output = Command::new(&trainer).args(["run", "--dir"]).arg(run.directory()).output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    assert_eq!(study::tables(&whole.layout("bad")), study::tables(&layout));
}

#[test]
fn a_corpus_that_changed_after_planning_is_noticed() {
    let study = Study::new(HEAD, &TINY.replace("steps = 30", "steps = 5"));
    expect(0, &["run", &study.sweep()]);
    let before = study::plan(&study.layout("bad")).runs[0].id;
    study.write("stories.txt", &stories::corpus_text(1, 600));
    expect(0, &["run", &study.sweep()]);
    assert_ne!(study::plan(&study.layout("bad")).runs[0].id, before, "another corpus is another run");
}

#[test]
fn records_that_cannot_be_read_are_errors_and_a_torn_ledger_is_mended() {
    let study = Study::new(HEAD, &TINY.replace("steps = 30", "steps = 5"));
    expect(0, &["run", &study.sweep()]);
    let layout = study.layout("bad");

    let ledger = fs::read_to_string(layout.ledger()).unwrap();
    fs::write(layout.ledger(), &ledger[..ledger.len() - 10]).unwrap();
    expect(0, &["run", &study.sweep()]);
    expect(0, &["status", &study.sweep()]);

    let run = layout.run(study::plan(&layout).runs[0].id);
    let record = fs::read_to_string(run.status()).unwrap();
    fs::write(run.status(), record.replace("\"schema\": 1", "\"schema\": 99")).unwrap();
    let (_, stderr) = expect(65, &["run", &study.sweep()]);
    assert!(stderr.contains("99"), "{stderr}");
}

#[test]
fn a_folder_without_permission_is_an_error_and_nothing_is_half_written() {
    if rustix::process::geteuid().is_root() {
        // Root may write anywhere; a file where a folder should be stops root too.
        let study = Study::new(HEAD, TINY);
        study.write("sweeps", "a file");
        expect(73, &["run", &study.sweep()]);
        return;
    }
    let study = Study::new(HEAD, TINY);
    fs::create_dir(study.path("sweeps")).unwrap();
    fs::set_permissions(study.path("sweeps"), fs::Permissions::from_mode(0o500)).unwrap();
    expect(73, &["run", &study.sweep()]);
}
