//! The binding against a stand-in `libnccl.so.2` (`tests/nccl/stand_in.c`) that writes down every call with its
//! arguments.

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use libloading::os::unix::{Library, RTLD_NOW};
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;

use super::stream::Queue;
use super::{Communicator, Fault, Nccl, NcclError, Place, Reduction, UniqueId};

/// The handle that [`Queue::Pretended`] has for its main stream.
const STREAM: &str = "stream=0x5eed";
/// The one beside it.
const SIDE_STREAM: &str = "stream=0x51de";

/// A stand-in that no other test shares: each is a file of its own.
struct StandIn {
    library: Library,
    path: PathBuf,
    _folder: TempDir,
}

impl StandIn {
    fn new(definitions: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libnccl.so.2");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-Wl,-soname,libnccl.so.2"])
            .args(definitions)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nccl/stand_in.c"))
            .arg("-o")
            .arg(&path)
            .status();
        assert!(status.unwrap().success());
        // SAFETY: the library is ours and has no initialisers.
        let library = unsafe { Library::open(Some(&path), RTLD_NOW) }.unwrap();
        Self { library, path, _folder: folder }
    }

    fn nccl(&self) -> Nccl {
        Nccl::open(&self.path).unwrap()
    }

    /// The calls since the last look.
    fn calls(&self) -> Vec<String> {
        // SAFETY: these are the functions of the source, and no other thread uses the library.
        unsafe {
            let log = self.library.get::<unsafe extern "C" fn() -> *const c_char>(b"stand_in_log\0").unwrap();
            let clear = self.library.get::<unsafe extern "C" fn()>(b"stand_in_clear\0").unwrap();
            let text = CStr::from_ptr(log()).to_str().unwrap().to_owned();
            clear();
            text.lines().map(str::to_owned).collect()
        }
    }

    /// `function` answers `outcome`, and after `polls` questions the communicator is in the state `then`.
    fn plan(&self, function: &str, outcome: c_int, polls: c_int, then: c_int, words: &str) {
        type Plan = unsafe extern "C" fn(*const c_char, c_int, c_int, c_int, *const c_char);
        let (function, words) = (CString::new(function).unwrap(), CString::new(words).unwrap());
        // SAFETY: this is the function of the source, which copies both texts.
        unsafe {
            let plan = self.library.get::<Plan>(b"stand_in_plan\0").unwrap();
            plan(function.as_ptr(), outcome, polls, then, words.as_ptr());
        }
    }

    fn join(&self, rank: u32, world: u32) -> Result<Communicator, NcclError> {
        let nccl = self.nccl();
        let id = nccl.unique_id()?;
        let place = Place { rank, world, gpu: 0 };
        Communicator::on(Queue::Pretended, &nccl, place, &id, Duration::from_millis(150))
    }
}

fn failed(error: NcclError) -> (&'static str, Fault, String, Option<String>) {
    match error {
        NcclError::Failed { call, fault, words, last } => (call, fault, words, last),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_call_gets_its_arguments() {
    let stand_in = StandIn::new(&[]);
    let nccl = stand_in.nccl();
    assert_eq!((nccl.version().to_string().as_str(), nccl.path()), ("2.28.9", stand_in.path.as_path()));
    let mut communicator = stand_in.join(2, 4).unwrap();
    assert_eq!(
        stand_in.calls(),
        ["unique-id", "init world=4 rank=2 id=whole size=80 magic=cafebeef version=22809 blocking=0"]
    );
    let whole = Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0, 5.0]);
    let mut part = whole.narrow(0, 1, 3);
    communicator.all_reduce(&mut part, Reduction::Sum).unwrap();
    assert_eq!(whole, Tensor::from_slice(&[1.0_f32, 8.0, 12.0, 16.0, 5.0]));
    let mut counts = Tensor::from_slice(&[7_i64, 8]);
    communicator.all_reduce(&mut counts, Reduction::Maximum).unwrap();
    communicator.all_reduce_aside(&mut counts, Reduction::Minimum).unwrap();
    assert_eq!((communicator.aside.len(), communicator.streams.joins.get()), (1, 0));
    communicator.wait().unwrap();
    assert_eq!((communicator.aside.len(), communicator.streams.joins.get()), (0, 1));
    communicator.broadcast(&mut counts, 3).unwrap();
    communicator.barrier().unwrap();
    let (at, counts_at) = (format!("{:p}", part.data_ptr()), format!("{:p}", counts.data_ptr()));
    let calls = stand_in.calls();
    assert_eq!(
        calls[..4],
        [
            format!("all-reduce from={at} to={at} count=3 type=7 operation=0 rank=2 {STREAM}"),
            format!("all-reduce from={counts_at} to={counts_at} count=2 type=4 operation=2 rank=2 {STREAM}"),
            format!("all-reduce from={counts_at} to={counts_at} count=2 type=4 operation=3 rank=2 {SIDE_STREAM}"),
            format!("broadcast from={counts_at} to={counts_at} count=2 type=4 root=3 rank=2 {STREAM}"),
        ]
    );
    assert!(calls[4].ends_with(&format!("count=1 type=2 operation=0 rank=2 {STREAM}")), "{}", calls[4]);
    communicator.finalise().unwrap();
    assert_eq!(stand_in.calls(), ["finalize rank=2", "destroy rank=2"]);
}

#[test]
fn calls_in_progress_are_waited_for() {
    let stand_in = StandIn::new(&[]);
    stand_in.plan("ncclCommInitRankConfig", 7, 5, 0, "");
    let mut communicator = stand_in.join(0, 2).unwrap();
    stand_in.plan("ncclAllReduce", 7, 3, 0, "");
    communicator.all_reduce(&mut Tensor::zeros([2], (Kind::Half, Device::Cpu)), Reduction::Sum).unwrap();
    stand_in.plan("ncclCommFinalize", 7, 4, 0, "");
    communicator.finalise().unwrap();
    assert_eq!(stand_in.calls().last().unwrap(), "destroy rank=0");
}

#[test]
fn a_rank_that_never_comes_ends_in_a_timeout_and_the_communicator_is_aborted() {
    let stand_in = StandIn::new(&[]);
    stand_in.plan("ncclCommInitRankConfig", 7, c_int::MAX, 0, "");
    let began = Instant::now();
    let error = stand_in.join(0, 2).unwrap_err();
    let after = Duration::from_millis(150);
    assert_eq!(error, NcclError::Timeout { call: "ncclCommInitRankConfig", after });
    assert_eq!(
        error.to_string(),
        "ncclCommInitRankConfig: no end within 0.15 s; another rank is gone, stuck or was never there"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(stand_in.calls().last().unwrap(), "abort rank=0");
}

#[test]
fn failures_come_with_the_words_of_nccl_and_the_communicator_is_of_no_more_use() {
    let stand_in = StandIn::new(&[]);
    let mut communicator = stand_in.join(0, 2).unwrap();
    // A failure that shows later, while the call itself was fine.
    stand_in.plan("ncclAllReduce", 0, 0, 6, "socket closed\nby 10.0.0.2");
    let mut tensor = Tensor::zeros([2], (Kind::Float, Device::Cpu));
    communicator.all_reduce(&mut tensor, Reduction::Sum).unwrap();
    let error = communicator.wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "wait: remote process exited or there was a network error (socket closed by 10.0.0.2)"
    );
    assert_eq!(failed(error).1, Fault::Remote);
    assert_eq!(communicator.wait().unwrap_err(), NcclError::Aborted { call: "wait" });
    assert_eq!(
        communicator.all_reduce(&mut tensor, Reduction::Sum).unwrap_err().to_string(),
        "ncclAllReduce: this communicator was aborted after an earlier failure"
    );
    drop(communicator);
    assert_eq!(stand_in.calls().iter().filter(|call| call.starts_with("abort")).count(), 1);

    for (function, outcome, fault) in
        [("ncclCommInitRankConfig", 5, Fault::Usage), ("ncclGetUniqueId", 2, Fault::System)]
    {
        stand_in.plan(function, outcome, 0, outcome, "");
        let (call, found, words, last) = failed(stand_in.join(1, 2).unwrap_err());
        assert_eq!((call, found, words.as_str(), last), (function, fault, "some error", None));
    }
    // One that shows only after a while in progress.
    stand_in.plan("ncclCommInitRankConfig", 7, 4, 1, "no P2P");
    let (call, fault, _, last) = failed(stand_in.join(1, 2).unwrap_err());
    assert_eq!((call, fault, last.as_deref()), ("ncclCommInitRankConfig", Fault::Cuda, Some("no P2P")));
}

#[test]
fn dropped_or_aborted_a_communicator_is_aborted_once() {
    let stand_in = StandIn::new(&[]);
    drop(stand_in.join(1, 2).unwrap());
    assert_eq!(stand_in.calls().last().unwrap(), "abort rank=1");
    let mut aborted = stand_in.join(0, 2).unwrap();
    aborted.abort();
    drop(aborted);
    assert_eq!(stand_in.calls().iter().filter(|call| call.starts_with("abort")).count(), 1);
}

#[test]
fn what_nccl_cannot_work_on_never_reaches_it() {
    let stand_in = StandIn::new(&[]);
    for (rank, world) in [(2, 2), (0, 0), (0, u32::MAX)] {
        assert_eq!(stand_in.join(rank, world).unwrap_err(), NcclError::Place { rank, world });
    }
    let mut communicator = stand_in.join(0, 2).unwrap();
    stand_in.calls();
    let reason = |communicator: &mut Communicator, mut tensor: Tensor| {
        communicator.all_reduce(&mut tensor, Reduction::Sum).unwrap_err().to_string()
    };
    let cpu = |kind| Tensor::zeros([2, 2], (kind, Device::Cpu));
    assert_eq!(
        reason(&mut communicator, cpu(Kind::Float).tr()),
        "ncclAllReduce: the tensor's entries do not lie side by side"
    );
    assert_eq!(reason(&mut communicator, cpu(Kind::Bool)), "ncclAllReduce: NCCL has no Bool");
    assert_eq!(
        reason(&mut communicator, cpu(Kind::Float).set_requires_grad(true)),
        "ncclAllReduce: the tensor requires a gradient, which would not notice"
    );
    assert!(stand_in.calls().is_empty());
    // Which ranks there are, NCCL knows best.
    let (call, fault, ..) = failed(communicator.broadcast(&mut cpu(Kind::Float), 2).unwrap_err());
    assert_eq!((call, fault), ("ncclBroadcast", Fault::Argument));
}

#[test]
fn libraries_that_will_not_do_are_refused_in_words() {
    let old = StandIn::new(&["-DVERSION=21003"]);
    let error = Nccl::open(&old.path).unwrap_err().to_string();
    assert_eq!(error, format!("{} is NCCL 2.10.3, but 2.14 or a later 2 is needed", old.path.display()));
    let next = StandIn::new(&["-DVERSION=30001"]);
    assert!(matches!(Nccl::open(&next.path).unwrap_err(), NcclError::Release { .. }));
    let broken = StandIn::new(&["-DWITHOUT_BROADCAST"]);
    let error = Nccl::open(&broken.path).unwrap_err();
    assert_eq!(error, NcclError::Incomplete { path: broken.path.clone(), symbol: "ncclBroadcast" });
    let error = Nccl::open("/nowhere/libnccl.so.2".as_ref()).unwrap_err().to_string();
    assert_eq!(
        error,
        "no NCCL on this machine: /nowhere/libnccl.so.2: cannot open shared object file: No such file or directory"
    );
}

#[test]
fn a_unique_id_survives_being_text() {
    let id = StandIn::new(&[]).nccl().unique_id().unwrap();
    let text = id.to_string();
    assert!(text.starts_with("010203") && text.len() == 256);
    assert_eq!(text.parse::<UniqueId>().unwrap(), id);
    for wrong in ["", "01", &text.replace("01", "0g"), &text.replace("0102", "é1")] {
        assert!(wrong.parse::<UniqueId>().is_err());
    }
}
