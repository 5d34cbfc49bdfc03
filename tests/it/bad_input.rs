//! Bad input gets one clear error with a documented exit code, and loses nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::programs::expect;
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
        (TINY.replace("stories.txt", "nowhere.txt"), vec!["data.corpus", "nowhere.txt"]),
    ] {
        let study = Study::new(HEAD, &settings);
        let (_, stderr) = expect(64, &["check", &study.sweep()]);
        for word in words {
            assert!(stderr.contains(word), "`{word}` is missing from:\n{stderr}");
        }
    }
    let level = HEAD.replace("\"relu\"", "\"rellu\"");
    let (_, stderr) = expect(64, &["check", &Study::new(&level, TINY).sweep()]);
    assert!(stderr.contains("\"relu\"") || stderr.contains("`relu`"), "{stderr}");
    let nothing = HEAD.replace("activation =", "activatoin =");
    let (_, stderr) = expect(64, &["check", &Study::new(&nothing, TINY).sweep()]);
    assert!(stderr.contains("activation"), "{stderr}");
}

#[test]
fn text_that_cannot_be_trained_on_is_refused() {
    let small = fails(TINY, |study| study.write("stories.txt", "One day.\n<|endoftext|>\nTwo days.\n<|endoftext|>\n"));
    assert!(small.contains("model.vocabulary") || small.contains("held out") || small.contains("too few"), "{small}");
    let binary = fails(TINY, |study| fs::write(study.path("stories.txt"), b"ab\xff\xfe\n<|endoftext|>\n").unwrap());
    assert!(binary.contains("not UTF-8"), "{binary}");
    let vocabulary = fails(&TINY.replace("vocabulary = 450", "vocabulary = 9000"), |_| ());
    assert!(vocabulary.contains("set model.vocabulary ="), "{vocabulary}");
    let pairs = fails(TINY, |study| study.write("pairs.jsonl", "{\"sentence_good\": \"a\"\n"));
    assert!(pairs.contains("pairs.jsonl") && pairs.contains("line 1"), "{pairs}");
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
