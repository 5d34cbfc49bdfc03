//! The hand that holds a pretended cluster in a test.

use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::cluster::Cluster;
use crate::fault::{Fault, Rule, When};
use crate::node::Node;
use crate::store::Store;
use crate::version::Version;
use crate::{COMMANDS, FOLDER, commands};

/// A pretended cluster in a folder of its own, removed when it is dropped.
#[derive(Debug)]
pub struct Pretence {
    store: Store,
    path: String,
    /// Dropped before the folder: it ends what still runs.
    node: Mutex<Node>,
    _folder: tempfile::TempDir,
}

/// How often a node looks for something to do.
const TURN: Duration = Duration::from_millis(10);
/// How long tasks may take to end.
const PATIENCE: Duration = Duration::from_mins(2);

impl Pretence {
    /// A cluster of this release; `program` is the built program of this package.
    ///
    /// # Errors
    /// Its folder cannot be written, or `id` does not say who we are.
    pub fn start(program: &Path, version: Version) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pretence-").tempdir()?;
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin)?;
        for command in COMMANDS {
            symlink(program, bin.join(command))?;
        }
        let user = Command::new("id").arg("-un").output()?;
        let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
        let store = Store::new(folder.path().join("cluster"));
        store.create(&Cluster::new(version, user))?;
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let node = Mutex::new(Node::new(store.clone(), path.clone()));
        Ok(Self { store, path, node, _folder: folder })
    }

    /// The variables by which a program finds this cluster.
    pub fn variables(&self) -> Vec<(String, String)> {
        let folder = self.store.folder().display().to_string();
        vec![(FOLDER.to_owned(), folder), ("PATH".to_owned(), self.path.clone())]
    }

    /// The cluster as it is now.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn look(&self) -> Cluster {
        self.store.read().expect("the pretended cluster can be read")
    }

    /// Changes the cluster.
    ///
    /// # Panics
    /// When it cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.store.change(change).expect("the pretended cluster can be changed")
    }

    /// Lets `command` go wrong.
    ///
    /// # Panics
    /// As [`Pretence::change`].
    pub fn fault(&self, command: &str, when: When, fault: Fault) {
        let rule = Rule { command: command.to_owned(), when, calls: 0, fault };
        self.change(|cluster| cluster.rules.push(rule));
    }

    /// Lets all go well from now on.
    ///
    /// # Panics
    /// As [`Pretence::change`].
    pub fn heal(&self) {
        self.change(|cluster| cluster.rules.clear());
    }

    /// How often `command` was called.
    ///
    /// # Panics
    /// As [`Pretence::look`].
    pub fn calls(&self, command: &str) -> usize {
        self.look().calls.iter().filter(|call| call.command == command).count()
    }

    /// Lets submissions that were on their way arrive, and gives their numbers.
    ///
    /// # Panics
    /// As [`Pretence::change`], and when the controller will not have one.
    pub fn arrive(&self) -> Vec<u32> {
        self.change(|cluster| {
            let scripts = std::mem::take(&mut cluster.on_their_way);
            scripts.iter().map(|script| commands::accept(cluster, script).expect("it is accepted")).collect()
        })
    }

    /// Lets the controller forget every task that has ended, as it does `MinJobAge` after their end.
    ///
    /// # Panics
    /// As [`Pretence::change`].
    pub fn forget_ended(&self) {
        self.change(|cluster| cluster.tasks_mut().filter(|task| task.is_over()).for_each(|task| task.forgotten = true));
    }

    /// Carries out everything that waits, to its end.
    ///
    /// # Panics
    /// When a task cannot be started or takes minutes.
    pub fn work(&self) {
        self.work_until(|_| false);
    }

    /// Carries out what waits until `enough` holds or nothing is left. What runs then goes on; its end is seen by the
    /// next call.
    ///
    /// # Panics
    /// As [`Pretence::work`].
    pub fn work_until(&self, enough: impl Fn(&Cluster) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !self.turn() && !enough(&self.look()) {
            assert!(Instant::now() < deadline, "tasks take too long: {:#?}", self.look().jobs);
            thread::sleep(TURN);
        }
    }

    /// Carries out whatever comes while `act` is at work.
    ///
    /// # Panics
    /// As [`Pretence::work`].
    pub fn during<T>(&self, act: impl FnOnce() -> T) -> T {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let node = scope.spawn(|| {
                // What has begun is seen to its end.
                while !self.turn() || !over.load(Ordering::Relaxed) {
                    thread::sleep(TURN);
                }
            });
            // Also when `act` panics.
            let end = Ended(&over);
            let result = act();
            drop(end);
            node.join().expect("the node has no troubles of its own");
            result
        })
    }

    /// One turn of the node; whether nothing is left to do.
    fn turn(&self) -> bool {
        let mut node = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        node.turn().expect("tasks can be started")
    }

    /// Ends a running task by force; its end is called `state`, and it comes back if its job allows it and `back` is
    /// true.
    ///
    /// # Panics
    /// When it does not run.
    pub fn strike(&self, number: u32, index: u32, state: &str, back: bool) {
        let process = self.change(|cluster| {
            let task = cluster.task_mut(number, index).expect("there is such a task");
            (task.fate, task.comes_back) = (Some(state.to_owned()), back);
            task.process
        });
        let group = process.and_then(Pid::from_raw).expect("the task runs");
        kill_process_group(group, Signal::KILL).expect("the task can be killed");
    }
}

/// Says that it is over when it is dropped.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
