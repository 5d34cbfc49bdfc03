//! One process prepares, the others wait.
//!
//! A lease is a file that only one process can create; it says who holds it, and its time is renewed while the holder
//! lives. A lease is given up when its holder is known to be dead (same host), or when nobody has renewed it for a
//! while, measured on the waiter's own clock. Correctness does not hang on it: what is built under a lease has the same
//! bytes whoever builds it, and appears whole or not at all. Two builders, should it ever come to that, waste time and
//! nothing else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use super::cache;
use super::error::DataError;

/// How often a holder renews its lease.
const RENEWAL: Duration = Duration::from_secs(5);

/// A lease on another host that was not renewed for so long is given up. Network file systems may show a change late.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The host's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// When the process started, in clock ticks since boot, where the system tells: process numbers are used again.
    pub started: Option<u64>,
}

impl Holder {
    /// This process.
    pub fn this() -> Self {
        let process = std::process::id();
        Self { host: host(), process, started: start_of(process) }
    }

    /// Whether the holder surely is no more. Of another host nothing is sure.
    fn is_dead(&self) -> bool {
        if self.host != host() {
            return false;
        }
        let Some(process) = i32::try_from(self.process).ok().and_then(Pid::from_raw) else {
            return true;
        };
        let is_gone = matches!(test_kill_process(process), Err(error) if error == rustix::io::Errno::SRCH);
        let is_another = match (self.started, start_of(self.process)) {
            (Some(then), Some(now)) => then != now,
            _ => false,
        };
        is_gone || is_another
    }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Field 22 of /proc/PID/stat, counted behind the name, which may hold spaces.
fn start_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    status.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// A lease that this process holds, until it is dropped.
#[derive(Debug)]
struct Lease {
    path: PathBuf,
    content: Vec<u8>,
    renewal: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Lease {
    /// The lease, unless another process holds it.
    fn take(path: &Path) -> Result<Option<Self>, DataError> {
        let content = serde_json::to_vec(&Holder::this()).expect("invariant: a holder is plain JSON");
        if !cache::write_new(path, &content)? {
            return Ok(None);
        }
        let (stop, stopped) = mpsc::channel();
        let renewed = path.to_owned();
        let renewal = thread::spawn(move || {
            while stopped.recv_timeout(RENEWAL) == Err(RecvTimeoutError::Timeout) {
                // A renewal that fails is made up for by the next one.
                let _ =
                    File::options().append(true).open(&renewed).and_then(|file| file.set_modified(SystemTime::now()));
            }
        });
        Ok(Some(Self { path: path.to_owned(), content, renewal: Some((stop, renewal)) }))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, renewal)) = self.renewal.take() {
            drop(stop);
            // The thread only sleeps and renews; if it panicked there is nothing to mend.
            let _ = renewal.join();
        }
        if fs::read(&self.path).is_ok_and(|content| content == self.content) {
            // Left behind, it is given up as soon as this process is gone.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What a waiter knows of somebody else's lease.
struct Watch {
    seen: Option<(Vec<u8>, Option<SystemTime>)>,
    unchanged_since: Instant,
}

impl Watch {
    fn new() -> Self {
        Self { seen: None, unchanged_since: Instant::now() }
    }

    /// Looks at the lease once: is it to be given up? Its content, if so.
    fn given_up(&mut self, path: &Path) -> Option<Vec<u8>> {
        let content = fs::read(path).ok()?;
        // Opened anew, so that a network file system asks its server.
        let modified = File::open(path).and_then(|file| file.metadata()?.modified()).ok();
        let seen = Some((content.clone(), modified));
        if seen != self.seen {
            self.seen = seen;
            self.unchanged_since = Instant::now();
        }
        let is_dead = serde_json::from_slice::<Holder>(&content).is_ok_and(|holder| holder.is_dead());
        (is_dead || self.unchanged_since.elapsed() > PATIENCE).then_some(content)
    }
}

/// Takes a dead process's lease out of the way. It is moved before it is looked at again, so that of two waiters only
/// one removes it, and a lease that somebody has taken in between is put back.
fn remove(path: &Path, content: &[u8]) {
    let aside = path.with_extension(format!("{}-{}.partial", std::process::id(), thread_number()));
    if fs::rename(path, &aside).is_ok() {
        if fs::read(&aside).is_ok_and(|moved| moved != content) {
            // If the place is taken again by now, that lease stands.
            let _ = fs::hard_link(&aside, path);
        }
        // Left behind, it is removed with the other partial files.
        let _ = fs::remove_file(&aside);
    }
}

/// A number of this thread that no other thread of the process has.
fn thread_number() -> String {
    format!("{:?}", thread::current().id()).chars().filter(char::is_ascii_digit).collect()
}

/// How somebody else's work is waited for.
pub struct Waiting<'a> {
    /// Takes a note for people.
    pub note: &'a mut dyn FnMut(&str),
    /// Asked now and then: shall the process stop?
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What `open` finds; if it finds nothing, what `build` makes, while the lease at `path` keeps others from making it
/// too.
///
/// # Errors
/// Those of `open` and `build`; [`DataError::Interrupted`] while waiting; when the lease cannot be written.
pub fn built_once<T, Error: From<DataError>>(
    path: &Path,
    waiting: &mut Waiting<'_>,
    mut open: impl FnMut(&mut Waiting<'_>) -> Result<Option<T>, Error>,
    build: impl FnOnce(&mut Waiting<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut watch = Watch::new();
    let mut pause = Duration::from_millis(20);
    let mut is_told = false;
    loop {
        if let Some(found) = open(waiting)? {
            // A holder that was killed when all was built left its lease.
            if let Some(content) = watch.given_up(path) {
                remove(path, &content);
            }
            return Ok(found);
        }
        if let Some(lease) = Lease::take(path)? {
            // Its last holder may have finished between the look and the lease.
            let built = match open(waiting)? {
                Some(found) => Ok(found),
                None => build(waiting),
            };
            drop(lease);
            return built;
        }
        if let Some(content) = watch.given_up(path) {
            (waiting.note)(&format!("{} was left by a process that is gone; taking over", path.display()));
            remove(path, &content);
            continue;
        }
        if !is_told {
            (waiting.note)(&format!("another process is at work ({}); waiting for it", path.display()));
            is_told = true;
        }
        if (waiting.stop)() {
            return Err(DataError::Interrupted.into());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
