//! Sets taken in, and bad input. Those that need the real archives say so when they are not there.

use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue;
use super::fill::{Source, import};
use super::set::Set;
use super::{Store, StoreError};

/// The folder of real data: `SEEDBED_SHARED_DATA`, or `../shared/data` beside the repository; says so where it is not.
fn real_data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("SEEDBED_SHARED_DATA").map_or_else(beside, PathBuf::from);
    if folder.join("blimp.tar.zst").exists() {
        return Some(folder);
    }
    // Not a failure: the data is not part of the repository.
    let said =
        format!("not tested: {} holds no real data (SEEDBED_SHARED_DATA names another folder)\n", folder.display());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    None
}

fn set(name: &str) -> Set {
    catalogue::sets().into_iter().find(|set| set.name == name).unwrap_or_else(|| panic!("no set {name}"))
}

/// A store in a folder that is removed with it.
fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Some(folder.path())).unwrap();
    (folder, store)
}

/// Number of examples by file, and what was noted.
type Taken = (Vec<(String, u64)>, Vec<String>);

/// Takes a set in; gives the number of examples by file, and what was noted.
fn taken(set: &Set, path: &Path) -> Result<Taken, StoreError> {
    let (_folder, store) = store();
    let mut notes = Vec::new();
    let source = Source { path: path.to_owned(), name: None };
    let record = import(&store, set, &[source], Vec::new(), &mut |note| notes.push(note.to_owned()))?;
    Ok((record.files.into_iter().map(|(name, file)| (name, file.examples)).collect(), notes))
}

#[test]
fn blimp_is_taken_in_whole_and_its_fields_are_those_of_the_published_scores() {
    let Some(data) = real_data() else { return };
    let (_folder, store) = store();
    let source = Source { path: data.join("blimp.tar.zst"), name: None };
    let mut notes = Vec::new();
    import(&store, &set("blimp"), std::slice::from_ref(&source), Vec::new(), &mut |note| notes.push(note.to_owned()))
        .unwrap();
    // Nothing is said of other content than was published: the digest, made outside, is right.
    assert_eq!(notes, ["7 of 67000 pairs are the same sentence twice: ties, whatever the model"]);
    let pairs = fs::read_to_string(store.file("blimp", "pairs.jsonl").unwrap()).unwrap();
    let mut fields = std::collections::BTreeMap::new();
    for line in pairs.lines() {
        let pair: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| pair[field].as_str().unwrap().to_owned();
        fields.insert(text("UID"), crate::data::pairs::field(text("linguistics_term")));
    }
    assert_eq!(fields.len(), 67);
    let mut scores = String::new();
    super::archive::each(&source.path, &mut |path, content| {
        if path.ends_with("models_summary.jsonl") {
            content.read_to_string(&mut scores).unwrap();
        }
        Ok(())
    })
    .unwrap();
    let scores: Vec<serde_json::Value> = scores.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut found: std::collections::BTreeMap<&str, Vec<f64>> = std::collections::BTreeMap::new();
    for score in scores.iter().filter(|score| score["UID"] != "overall") {
        found.entry(&fields[score["UID"].as_str().unwrap()]).or_default().push(score["gpt2"].as_f64().unwrap());
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let overall = |field: &str| {
        let row = scores.iter().find(|row| row["UID"] == "overall" && row["linguistics_term"] == field);
        row.unwrap_or_else(|| panic!("no {field}"))["gpt2"].as_f64().unwrap()
    };
    assert_eq!(found.len(), 12);
    for (field, values) in &found {
        assert!((mean(values) - overall(field)).abs() < 1e-9, "{field}: {values:?}");
    }
    assert!((mean(&found.values().flatten().copied().collect::<Vec<_>>()) - overall("overall")).abs() < 1e-9);
}

#[test]
fn the_real_archives_are_what_the_catalogue_says() {
    let Some(data) = real_data() else { return };
    let (files, notes) = taken(&set("babylm"), &data.join("babylm_filtered.tar.zst")).unwrap();
    assert_eq!(files, [("pairs.jsonl".to_owned(), 63_280)]);
    assert_eq!(notes, ["7 of 63280 pairs are the same sentence twice: ties, whatever the model"]);
    let superglue = data.join("superglue.tar.zst");
    let found = |name: &str| taken(&set(name), &superglue);
    for (name, train, validation) in [
        ("cb", 250, 56),
        ("copa", 400, 100),
        ("multirc", 456, 83),
        ("rte", 2490, 277),
        ("wic", 5428, 638),
        ("wsc", 554, 104),
    ] {
        let expected = [("train.jsonl".to_owned(), train), ("validation.jsonl".to_owned(), validation)];
        assert_eq!(found(name).unwrap(), (expected.to_vec(), Vec::new()), "{name}");
    }
    let (files, notes) = found("boolq").unwrap();
    assert_eq!(files[0], ("train.jsonl".to_owned(), 2122));
    assert_eq!(notes, ["boolq: train.jsonl has 2122 examples, 9427 were published"]);
    assert_eq!(found("ax-b").unwrap().0, [("test.jsonl".to_owned(), 1104)]);
    assert_eq!(found("ax-g").unwrap().0, [("test.jsonl".to_owned(), 356)]);
    let (files, _) = taken(&set("babylm-superglue"), &data.join("babylm_filtered.tar.zst")).unwrap();
    assert_eq!(files.len(), 7);
}

#[test]
fn stories_are_counted_and_kept_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let text = "One.\n<|endoftext|>\nTwo <|endoftext|> two.\n <|endoftext|> \r\nThree.";
    fs::write(folder.path().join("TinyStories-train.txt"), text).unwrap();
    let (_folder, store) = store();
    let source = Source { path: folder.path().to_owned(), name: None };
    let mut notes = Vec::new();
    let record =
        import(&store, &set("tinystories"), &[source], Vec::new(), &mut |note| notes.push(note.to_owned())).unwrap();
    assert_eq!(record.files["train.txt"].examples, 2);
    assert_eq!(fs::read_to_string(store.file("tinystories", "train.txt").unwrap()).unwrap(), text);
    assert_eq!(notes, ["tinystories: validation.txt is missing; what needs it will be reported as missing"]);
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("adjunct_island.jsonl"),
        "{\"sentence_good\": \"A\", \"sentence_bad\": \"B\", \"UID\": \"u\", \"linguistics_term\": \"t\"}",
    )
    .unwrap();
    let (_folder, store) = store();
    let sources = [Source { path: folder.path().to_owned(), name: None }];
    let error = import(&store, &set("blimp"), &sources, vec!["here".to_owned()], &mut |_| ()).unwrap_err();
    insta::assert_snapshot!(error, @"here holds 1 of the 67 files that `blimp` is made of; anaphor_gender_agreement.jsonl, anaphor_number_agreement.jsonl, animate_subject_passive.jsonl and 63 more are missing");
    let error = import(&store, &set("rte"), &sources, vec!["here".to_owned()], &mut |_| ()).unwrap_err();
    insta::assert_snapshot!(error, @"here holds none of RTE/train.jsonl or RTE/train_partial.jsonl, which `rte` needs");
    // Of no file of this one is it said that it must be there; without any there is no set.
    let error = import(&store, &set("babylm-glue"), &sources, vec!["here".to_owned()], &mut |_| ()).unwrap_err();
    insta::assert_snapshot!(error, @"here holds none of superglue_filtered/cola.train.jsonl or superglue_filtered/cola.train.json or glue_filtered/cola.train.jsonl or glue_filtered/cola.train.json and of 12 other files, which `babylm-glue` needs");
    for set in ["blimp", "babylm-glue"] {
        assert!(store.written(set).unwrap().is_none(), "{set}");
    }
}

#[test]
fn a_bad_line_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let task = folder.path().join("RTE");
    fs::create_dir(&task).unwrap();
    let good = "{\"premise\": \"A\", \"hypothesis\": \"B\", \"label\": \"entailment\", \"idx\": 0}\n";
    fs::write(task.join("train.jsonl"), good).unwrap();
    fs::write(task.join("val.jsonl"), format!("{good}{}", good.replace("\"entailment\"", "\"neutral\""))).unwrap();
    let error = taken(&set("rte"), folder.path()).unwrap_err().to_string();
    let error = &error[error.find("RTE").unwrap()..];
    insta::assert_snapshot!(error, @r#"RTE/val.jsonl, line 2: the label "neutral" is none of this task; one of entailment, not_entailment is needed"#);
}

/// Many at once, as the tasks of an array: all get the same, whole.
#[test]
fn processes_that_fill_the_store_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let task = folder.path().join("RTE");
    fs::create_dir(&task).unwrap();
    let line = |idx: u32| {
        format!("{{\"premise\": \"A\", \"hypothesis\": \"B\", \"label\": \"entailment\", \"idx\": {idx}}}\n")
    };
    for name in ["train.jsonl", "val.jsonl"] {
        fs::write(task.join(name), (0..500).map(line).collect::<String>()).unwrap();
    }
    let (_folder, store) = store();
    let source = Source { path: folder.path().to_owned(), name: None };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let record =
                    import(&store, &set("rte"), std::slice::from_ref(&source), Vec::new(), &mut |_| ()).unwrap();
                assert_eq!(store.record("rte").unwrap(), Some(record));
            });
        }
    });
    // Both files have the same content, which lies there once.
    assert_eq!(fs::read_dir(store.layout().contents()).unwrap().count(), 1);
}
