//! Tests of leases.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn run<T>(path: &Path, open: impl FnMut() -> Option<T>, build: impl FnOnce() -> T) -> (T, Vec<String>) {
    let mut open = open;
    let mut notes = Vec::new();
    let mut waiting = Waiting { note: &mut |note| notes.push(note.to_owned()), stop: &|| false };
    let built = built_once(path, &mut waiting, |_| Ok::<_, DataError>(open()), |_| Ok(build())).unwrap();
    (built, notes)
}

#[test]
fn of_many_threads_one_builds() {
    let folder = tempfile::tempdir().unwrap();
    let (lease, product) = (folder.path().join("k.lease"), folder.path().join("product"));
    let builds = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let build = || {
                    builds.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(50));
                    fs::write(&product, "done").unwrap();
                    "done".to_owned()
                };
                let (built, _) =
                    run(&lease, || fs::read_to_string(&product).ok().filter(|text| !text.is_empty()), build);
                assert_eq!(built, "done");
            });
        }
    });
    assert_eq!(builds.load(Ordering::SeqCst), 1);
    assert!(!lease.exists());
}

#[test]
fn the_lease_of_a_dead_process_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lease");
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let process = child.id();
    child.wait().unwrap();
    let dead = Holder { host: host(), process, started: None };
    let reused = Holder { started: Holder::this().started.map(|ticks| ticks + 1), ..Holder::this() };
    for holder in [dead, reused] {
        fs::write(&path, serde_json::to_vec(&holder).unwrap()).unwrap();
        let (built, notes) = run(&path, || None, || 7);
        assert_eq!(built, 7);
        assert!(notes[0].ends_with("was left by a process that is gone; taking over"), "{notes:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn where_all_is_built_the_lease_of_a_dead_process_goes_and_that_of_a_living_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lease");
    let reused = Holder { started: Holder::this().started.map(|ticks| ticks + 1), ..Holder::this() };
    for (holder, stays) in [(reused, false), (Holder::this(), true)] {
        fs::write(&path, serde_json::to_vec(&holder).unwrap()).unwrap();
        let (found, notes) = run(&path, || Some(5), || panic!("all is built"));
        assert_eq!((found, notes), (5, Vec::new()));
        assert_eq!(path.exists(), stays);
    }
}

#[test]
fn a_living_holder_is_waited_for_and_the_wait_can_be_broken_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lease");
    fs::write(&path, serde_json::to_vec(&Holder::this()).unwrap()).unwrap();
    let mut notes = Vec::new();
    let mut waiting = Waiting { note: &mut |note| notes.push(note.to_owned()), stop: &|| true };
    let result = built_once(&path, &mut waiting, |_| Ok::<_, DataError>(None::<u8>), |_| panic!("not ours to build"));
    assert!(matches!(result, Err(DataError::Interrupted)));
    assert_eq!(notes.len(), 1);
    assert!(path.exists(), "it is not ours to remove either");
    let mut looks = 0;
    let open = || {
        looks += 1;
        (looks == 3).then_some(5)
    };
    assert_eq!(run(&path, open, || panic!("not ours to build")).0, 5);
}

#[test]
fn a_lease_that_was_taken_in_between_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lease");
    fs::write(&path, "the new holder").unwrap();
    remove(&path, b"the dead holder");
    assert_eq!(fs::read(&path).unwrap(), b"the new holder");
    remove(&path, b"the new holder");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn this_process_lives_and_knows_when_it_started() {
    let this = Holder::this();
    assert!(!this.is_dead());
    if cfg!(target_os = "linux") {
        assert!(this.started.is_some());
    }
    assert!(!Holder { host: "elsewhere".to_owned(), process: 1, started: None }.is_dead());
}
