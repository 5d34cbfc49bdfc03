use std::thread;

use tch::{Kind, Tensor};

use super::*;

fn call(folder: &Path, rank: u32, world: u32, patience: u64) -> Call {
    let patience = Duration::from_secs(patience);
    Call { rank, world, local_rank: rank, local_world: world, is_task: false, rendezvous: folder.to_owned(), patience }
}

fn introduction_of(world: u32) -> Introduction {
    Introduction {
        host: "here".to_owned(),
        process: 7,
        world,
        spec: "abc".to_owned(),
        device: "cpu".to_owned(),
        versions: BTreeMap::from([("libtorch".to_owned(), "2.11.0".to_owned())]),
    }
}

/// What each of `world` ranks makes of meeting the others and then doing `work`.
fn together<T: Send>(
    world: u32,
    change: impl Fn(u32, &mut Introduction) + Sync,
    work: impl Fn(Team) -> T + Sync,
) -> Vec<Result<T, CollectiveError>> {
    // Longer than the name of a socket may be.
    let folder = tempfile::Builder::new().prefix(&"long".repeat(30)).tempdir().unwrap();
    thread::scope(|scope| {
        let start = |rank| {
            let (change, work, folder) = (&change, &work, folder.path());
            scope.spawn(move || {
                let mut own = introduction_of(world);
                change(rank, &mut own);
                meet(&call(folder, rank, world, 20), &own, Device::Cpu).map(work)
            })
        };
        let running: Vec<_> = (0..world).map(start).collect();
        running.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

#[test]
fn sums_are_the_same_bits_everywhere_and_in_the_order_of_ranks() {
    // Sums in fp32 that depend on their order: 1e8 + 1 − 1e8.
    let values = [1e8_f32, 1.0, -1e8, 3.0];
    let found = together(
        4,
        |_, _| {},
        |team| {
            let own = values[team.rank() as usize];
            let mut matrix = Tensor::from_slice(&[own, 2.0, 3.0, 4.0]).view([2, 2]);
            team.sum(&mut matrix).unwrap();
            let mut parts = [0.0; 4];
            parts[team.rank() as usize] = 0.1 * f64::from(team.rank() + 1);
            team.fill_in(&mut parts).unwrap();
            let any = (team.any(team.rank() == 2).unwrap(), team.any(false).unwrap());
            let owned: Vec<u64> = (0..6).filter(|index| team.owns(*index)).collect();
            team.agree("a number", 7).unwrap();
            (Vec::<f32>::try_from(matrix.view([4])).unwrap(), parts, any, owned)
        },
    );
    let first = ((1e8_f32 + 1.0) - 1e8) + 3.0;
    for (rank, found) in found.into_iter().enumerate() {
        let (sums, parts, any, owned) = found.unwrap();
        assert_eq!(sums, [first, 8.0, 12.0, 16.0]);
        assert_eq!(parts.map(f64::to_bits), [0.1 * 1.0, 0.1 * 2.0, 0.1 * 3.0, 0.1 * 4.0].map(f64::to_bits));
        assert_eq!(any, (true, false));
        assert_eq!(owned[0], rank as u64);
    }
}

#[test]
fn broadcasts_come_from_any_rank() {
    for root in 0..3 {
        let found = together(
            3,
            |_, _| {},
            |team| {
                let mut tensor = Tensor::full([5], f64::from(team.rank()) + 0.5, (Kind::Double, Device::Cpu));
                team.broadcast(&mut tensor, root).unwrap();
                Vec::<f64>::try_from(tensor).unwrap()
            },
        );
        for found in found {
            assert_eq!(found.unwrap(), vec![f64::from(root) + 0.5; 5]);
        }
    }
}

#[test]
fn ranks_that_are_not_alike_are_named_to_all() {
    let found = together(
        3,
        |rank, own| {
            if rank == 2 {
                "def".clone_into(&mut own.spec);
            }
        },
        |_| (),
    );
    let words: Vec<String> = found.into_iter().map(|found| found.unwrap_err().to_string()).collect();
    let reason = "rank 2 has the run def, but rank 0 abc";
    assert_eq!(words[0], reason);
    assert_eq!(words[1..], [format!("rank 0 ended the start: {reason}"), format!("rank 0 ended the start: {reason}")]);
    let other_torch = |rank: u32, own: &mut Introduction| {
        if rank == 1 {
            own.versions.insert("libtorch".to_owned(), "2.12.0".to_owned());
        }
    };
    let found = together(2, other_torch, |_| ()).remove(0).unwrap_err().to_string();
    assert_eq!(found, "rank 1 has libtorch 2.12.0, but rank 0 2.11.0");
    let found = together(
        2,
        |rank, own| {
            if rank == 1 {
                "there".clone_into(&mut own.host);
            }
        },
        |_| (),
    );
    assert!(found.into_iter().next().unwrap().unwrap_err().to_string().contains("on one machine only"));
}

#[test]
fn ranks_that_never_come_are_named_and_the_others_told() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = thread::scope(|scope| {
        let meet_as = |rank| {
            let folder = folder.path();
            scope.spawn(move || {
                meet(&call(folder, rank, 4, 1), &introduction_of(4), Device::Cpu).unwrap_err().to_string()
            })
        };
        let (first, second) = (meet_as(0), meet_as(2));
        (first.join().unwrap(), second.join().unwrap())
    });
    let reason = format!("after 1 s ranks 1, 3 of 4 had not come to {}", folder.path().display());
    assert_eq!((first, second), (reason.clone(), format!("rank 0 ended the start: {reason}")));
}

#[test]
fn a_rank_waits_for_the_folder_and_never_makes_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("ranks");
    let error = introduce(&call(&folder, 1, 2, 1), &introduction_of(2)).unwrap_err().to_string();
    let words = format!("after 1 s there was no folder {} for the ranks to meet in", folder.display());
    assert!(error.starts_with(&words) && !folder.exists(), "{error}");
    thread::scope(|scope| {
        let early = scope.spawn(|| introduce(&call(&folder, 1, 2, 20), &introduction_of(2)));
        thread::sleep(4 * BETWEEN_LOOKS);
        fs::create_dir(&folder).unwrap();
        early.join().unwrap().unwrap();
    });
    assert!(introduction(&folder, 1).exists());
}

#[test]
fn two_starts_in_one_folder_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let own = call(folder.path(), 1, 2, 1);
    introduce(&own, &introduction_of(2)).unwrap();
    let error = introduce(&own, &introduction_of(2)).unwrap_err().to_string();
    assert!(error.starts_with("rank 1 of another start is at ") && error.contains("process 7 on here"), "{error}");
}

#[test]
fn a_rank_that_leaves_or_does_something_else_is_noticed_at_once() {
    let found = together(
        3,
        |_, _| {},
        |team| {
            if team.rank() == 1 {
                return String::new();
            }
            team.any(false).unwrap_err().to_string()
        },
    );
    let words: Vec<String> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(words[0], "rank 1 is gone or stuck (a sum)");
    assert_eq!(words[2], "rank 0 is gone or stuck (a sum)");
    let found = together(
        2,
        |_, _| {},
        |team| {
            let size = 3 + i64::from(team.rank());
            team.sum(&mut Tensor::zeros([size], (Kind::Float, Device::Cpu))).unwrap_err().to_string()
        },
    );
    assert_eq!(
        found.into_iter().next().unwrap().unwrap(),
        "rank 1 asks for a sum of 4 numbers of 4 bytes where rank 0 is at a sum of 3 numbers of 4 bytes"
    );
}
