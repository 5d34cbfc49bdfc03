//! Tests of the whole way from files to stories, with real processes that race and are killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, SystemTime};

use spec::data::{DataSpec, LongStories, TokenizerSpec, Validation};
use spec::identity::Digest;

use super::error::DataError;
use super::prepare::{Prepared, Request, prepare};
use super::stories::Stories;
use super::testing::{Desk, corpus, tokenizer};

const VOCABULARY: u32 = 300;
const CONTEXT: u32 = 64;

fn all(stories: &Stories) -> Vec<Vec<u16>> {
    (0..stories.len()).map(|index| stories.story(index).to_vec()).collect()
}

fn prepared(desk: &Desk) -> Prepared {
    desk.prepare(VOCABULARY, CONTEXT).0.unwrap()
}

fn error(desk: &Desk) -> String {
    let text = desk.prepare(VOCABULARY, CONTEXT).0.unwrap_err().to_string();
    text.replace(desk.folder.path().to_str().unwrap(), "")
}

#[test]
fn every_story_is_there_once_framed_and_within_the_context() {
    let desk = Desk::of_corpus(300);
    let prepared = desk.prepare(VOCABULARY, 4096).0.unwrap();
    let mut texts = Vec::new();
    for part in [&prepared.training, &prepared.validation] {
        for story in all(part) {
            assert_eq!((story[0], story[story.len() - 1]), (1, 2));
            assert!(story[1..story.len() - 1].iter().all(|&id| !prepared.tokenizer.specials().contains(id)));
            texts.push(prepared.tokenizer.decode(&story).unwrap());
        }
    }
    texts.sort();
    let mut expected = corpus(300);
    expected.sort();
    assert_eq!(texts, expected);
    let bytes = expected.iter().map(|story| story.len() as u64).sum::<u64>();
    assert_eq!(prepared.manifest.training.bytes + prepared.manifest.validation.bytes, bytes);
    assert_eq!(prepared.manifest.training.tokens, prepared.training.tokens());
    assert!((10..60).contains(&prepared.validation.len()));
}

#[test]
fn long_stories_are_cut_or_split() {
    let mut desk = Desk::of_corpus(200);
    let whole = desk.prepare(VOCABULARY, 4096).0.unwrap();
    let cut = prepared(&desk);
    let room = CONTEXT as usize - 2;
    let mut bytes = 0;
    let lengths = cut.tokenizer.byte_lengths();
    for (whole, cut) in all(&whole.training).iter().zip(all(&cut.training)) {
        let bare = &whole[1..whole.len() - 1];
        assert_eq!(cut[1..cut.len() - 1], bare[..bare.len().min(room)]);
        assert_eq!((cut[0], cut[cut.len() - 1]), (1, 2));
        bytes += cut.iter().map(|&id| u64::from(lengths[usize::from(id)])).sum::<u64>();
    }
    assert_eq!(cut.manifest.training.bytes, bytes, "what was cut off does not count");
    assert!(cut.manifest.training.long > 20 && cut.manifest.training.bytes < whole.manifest.training.bytes);

    desk.data.long_stories = LongStories::Split;
    let split = prepared(&desk);
    let bare = |stories: &Stories| {
        all(stories).iter().flat_map(|story| story[1..story.len() - 1].to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(bare(&split.training), bare(&whole.training), "nothing is lost");
    assert_eq!(split.manifest.training.bytes, whole.manifest.training.bytes);
    assert_eq!(split.manifest.training.long, cut.manifest.training.long);
    assert!(split.training.len() > cut.training.len());
    assert!(all(&split.training).iter().all(|story| story.len() <= CONTEXT as usize));
}

#[test]
fn the_second_time_nothing_is_read_or_written() {
    let mut desk = Desk::of_corpus(100);
    let (first, notes) = desk.prepare(VOCABULARY, CONTEXT);
    let first = first.unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    let before = desk.cached();
    assert!(before.keys().all(|name| !name.contains("partial") && !name.contains("lease")), "{:?}", before.keys());
    for path in std::mem::take(&mut desk.files).into_values() {
        fs::remove_file(path).unwrap();
    }
    let (second, notes) = desk.prepare(VOCABULARY, CONTEXT);
    let second = second.unwrap();
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(second.manifest, first.manifest);
    assert_eq!((all(&second.training), all(&second.validation)), (all(&first.training), all(&first.validation)));
    assert_eq!(desk.cached(), before);
}

#[test]
fn another_cache_gets_the_same_bytes() {
    let (one, other) = (Desk::of_corpus(150), Desk::of_corpus(150));
    prepared(&one);
    prepared(&other);
    assert_eq!(one.cached(), other.cached());
}

#[test]
fn a_damaged_cache_is_mended_and_said() {
    let desk = Desk::of_corpus(100);
    let first = prepared(&desk);
    let intact = desk.cached();
    for name in intact.keys() {
        let path = desk.cache().join(name);
        let mut content = intact[name].clone();
        content.truncate(content.len() / 2 / 8 * 8);
        fs::write(&path, content).unwrap();
        let (again, notes) = desk.prepare(VOCABULARY, CONTEXT);
        assert_eq!(all(&again.unwrap().training), all(&first.training), "{name}");
        assert!(notes.iter().any(|note| note.contains("again")), "{name}: {notes:?}");
        assert_eq!(desk.cached(), intact, "{name}");
        fs::remove_file(&path).unwrap();
        prepared(&desk);
        assert_eq!(desk.cached(), intact, "{name}");
    }
}

#[test]
fn a_flipped_bit_in_the_tokens_is_noticed() {
    let desk = Desk::of_corpus(100);
    let first = prepared(&desk);
    let intact = desk.cached();
    // All but the manifest and the tokenizer, which are JSON.
    for (name, content) in intact.iter().filter(|(name, _)| !name.contains("json")) {
        let mut flipped = content.clone();
        let middle = flipped.len() / 16 * 8;
        flipped[middle] ^= 1;
        fs::write(desk.cache().join(name), flipped).unwrap();
        let (again, notes) = desk.prepare(VOCABULARY, CONTEXT);
        assert_eq!(all(&again.unwrap().training), all(&first.training), "{name}");
        assert!(notes.iter().any(|note| note.contains("again")), "{name}: {notes:?}");
    }
}

#[test]
fn validation_files_lose_what_is_also_trained_on() {
    let mut desk = Desk::of_corpus(100);
    let known = corpus(100);
    let file = desk.add(&[&known[3], "a new story", &known[99], "another one", &known[3]]);
    desk.data.validation = Validation::Files(vec![file]);
    let (both, notes) = desk.prepare(VOCABULARY, CONTEXT);
    let both = both.unwrap();
    assert_eq!((both.training.len(), both.validation.len(), both.manifest.duplicates), (100, 2, 3));
    assert!(notes[1].contains("; 3 held-out stories were left out because they are training stories too"), "{notes:?}");
    desk.data.stories = Some(50);
    let fewer = prepared(&desk);
    assert_eq!((fewer.training.len(), fewer.validation.len(), fewer.manifest.duplicates), (50, 3, 2));
    let same = desk.data.corpus.clone();
    desk.data.validation = Validation::Files(same);
    desk.data.stories = None;
    insta::assert_snapshot!(error(&desk), @"none of 100 stories is held out: every story of data.validation is a training story too; name files that the corpus does not contain");
}

#[test]
fn a_corpus_that_cannot_be_split_is_refused() {
    let desk = |stories: u64| {
        let mut desk = Desk::of_corpus(stories);
        let json = desk.add_file(tokenizer().json());
        desk.data.tokenizer = TokenizerSpec::File(json);
        desk
    };
    let mut none_held_out = desk(5);
    none_held_out.data.validation = Validation::Fraction(1e-9);
    insta::assert_snapshot!(error(&none_held_out), @"none of 5 stories is held out: raise data.validation-fraction");
    let mut all_held_out = desk(5);
    all_held_out.data.validation = Validation::Fraction(1.0);
    insta::assert_snapshot!(error(&all_held_out), @"none of the 5 stories of the corpus is left to train on; lower data.validation-fraction");
    assert!(none_held_out.cached().is_empty(), "a failed preparation leaves nothing");
    let small = Desk::of_corpus(5).prepare(60_000, CONTEXT).0.unwrap_err();
    assert!(matches!(small, DataError::CorpusTooSmallForVocabulary { wanted: 60_000, .. }), "{small}");
    let narrow = desk(50).prepare(VOCABULARY, 2).0.unwrap_err();
    insta::assert_snapshot!(narrow, @"model.context = 2 leaves no room for text between <s> and </s>; at least 3 is needed");
}

#[test]
fn a_tokenizer_file_is_used_as_it_is_and_verified() {
    let mut desk = Desk::of_corpus(60);
    let json = desk.add_file(tokenizer().json());
    desk.data.tokenizer = TokenizerSpec::File(json);
    let loaded = prepared(&desk);
    assert_eq!(loaded.manifest.tokenizer, json);
    assert!(desk.cached().keys().all(|name| !name.starts_with("tokenizer")));
    fs::write(&desk.files[&json], "{}").unwrap();
    assert!(matches!(desk.prepare(VOCABULARY, CONTEXT).0, Err(DataError::Changed { .. })));
}

#[test]
fn a_cache_that_cannot_be_written_is_named_with_the_cause() {
    let desk = Desk::of_corpus(60);
    fs::write(desk.cache(), "a file where the folder should be").unwrap();
    let error = desk.prepare(VOCABULARY, CONTEXT).0.unwrap_err();
    assert!(matches!(error, DataError::Write(_)), "{error}");
    assert!(error.to_string().ends_with("cache"), "{error}");
}

#[test]
fn a_wish_to_stop_is_heard() {
    let desk = Desk::of_corpus(60);
    let result = prepare(&mut Request {
        data: &desk.data,
        files: &desk.files,
        vocabulary: VOCABULARY,
        context: CONTEXT,
        cache: &desk.cache(),
        note: &mut |_| (),
        stop: &|| true,
    });
    assert!(matches!(result, Err(DataError::Interrupted)));
    assert!(desk.cached().is_empty());
}

#[test]
fn threads_that_race_get_the_same_stories_and_prepare_them_once() {
    let desk = Desk::of_corpus(200);
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| desk.prepare(VOCABULARY, CONTEXT))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let prepared_by = results.iter().filter(|(_, notes)| notes.iter().any(|note| note.starts_with("prepared"))).count();
    assert_eq!(prepared_by, 1);
    for (result, _) in &results {
        assert_eq!(all(&result.as_ref().unwrap().training), all(&results[0].0.as_ref().unwrap().training));
    }
}

const CHILD: &str = "SEEDBED_TEST_PREPARE";

/// A process that prepares the corpus of `desk` and leaves.
fn child(desk: &Desk) -> Child {
    let corpus = &desk.files[&desk.data.corpus[0]];
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "data::prepare_tests::the_work_of_a_child", "--ignored", "--quiet"])
        .env(CHILD, format!("{}\n{}", corpus.display(), desk.cache().display()))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "run by other tests, as a process"]
fn the_work_of_a_child() {
    let Ok(paths) = std::env::var(CHILD) else {
        return;
    };
    let (corpus, cache) = paths.split_once('\n').unwrap();
    let digest = Digest::of(&fs::read(corpus).unwrap());
    let data = DataSpec { corpus: vec![digest], ..Desk::of_corpus(0).data };
    prepare(&mut Request {
        data: &data,
        files: &BTreeMap::from([(digest, PathBuf::from(corpus))]),
        vocabulary: VOCABULARY,
        context: CONTEXT,
        cache: Path::new(cache),
        note: &mut |_| (),
        stop: &|| false,
    })
    .unwrap();
}

#[test]
fn processes_that_race_leave_one_whole_preparation() {
    let (desk, calm) = (Desk::of_corpus(400), Desk::of_corpus(400));
    let children: Vec<Child> = (0..3).map(|_| child(&desk)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    prepared(&calm);
    assert_eq!(desk.cached(), calm.cached());
}

#[test]
fn a_process_killed_at_any_moment_is_taken_over_from() {
    let calm = Desk::of_corpus(400);
    prepared(&calm);
    let desk = Desk::of_corpus(400);
    for delay in [10, 30, 60, 100, 150, 220, 300] {
        let mut child = child(&desk);
        thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let after = prepared(&desk);
    assert_eq!(after.manifest, prepared(&calm).manifest);
    let mut cached = desk.cached();
    // What the killed ones were writing lies there until it is old.
    cached.retain(|name, _| !name.ends_with(".partial"));
    assert_eq!(cached, calm.cached());
    fs::remove_dir_all(calm.cache()).unwrap();
}

#[test]
fn what_killed_processes_left_is_removed_when_it_is_old() {
    let desk = Desk::of_corpus(60);
    let stem = {
        prepared(&desk);
        desk.cached().keys().find_map(|name| name.strip_suffix(".training.ids").map(str::to_owned)).unwrap()
    };
    let old = desk.cache().join(format!("{stem}.training.ids.Xy1z.partial"));
    let young = desk.cache().join(format!("{stem}.validation.ids.Ab2c.partial"));
    for (path, age) in [(&old, 100_000), (&young, 10)] {
        fs::write(path, "half a").unwrap();
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    fs::remove_file(desk.cache().join(format!("{stem}.json"))).unwrap();
    prepared(&desk);
    assert!(!old.exists() && young.exists());
}
