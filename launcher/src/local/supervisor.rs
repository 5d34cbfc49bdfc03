//! One `seedbed exec` process, as the pool sees it, and the pack of a cluster's task.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::slots::Slot;
use crate::supervise::Retry;

/// A supervisor that was started.
#[derive(Debug)]
pub(crate) struct Supervisor {
    child: Child,
    talk: File,
}

/// How a supervisor ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// What it said on stderr.
    pub(crate) talk: String,
}

impl Ended {
    /// How it ended, in words.
    pub(crate) fn how(&self) -> String {
        match (self.code, self.signal.and_then(signal_hook::low_level::signal_name)) {
            (Some(code), _) => format!("its supervisor ended with exit code {code}"),
            (None, Some(name)) => format!("its supervisor was ended by {name}"),
            (None, None) => "its supervisor was ended by a signal".to_owned(),
        }
    }
}

/// What a supervisor is to do.
pub(crate) struct Order<'a> {
    pub(crate) sweep: &'a Path,
    pub(crate) array: &'a Path,
    pub(crate) index: u64,
    pub(crate) slot: &'a Slot,
    pub(crate) retry: Retry,
    /// Whether the run is one of several of a task of a cluster.
    pub(crate) in_pack: bool,
}

impl Supervisor {
    /// Starts a supervisor in a process group of its own, so that Ctrl-C reaches it through the pool only. It is tied
    /// to the calling thread: if that dies, the run checkpoints and stops.
    pub(crate) fn start(order: &Order<'_>) -> io::Result<Self> {
        let talk = tempfile::tempfile()?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0("seedbed").arg("exec").arg("--sweep-dir").arg(order.sweep).arg("--array").arg(order.array);
        command.arg("--index").arg(order.index.to_string()).arg("--threads").arg(order.slot.threads.to_string());
        command.arg("--tied-to").arg(std::process::id().to_string());
        if let Some(gpu) = &order.slot.gpu {
            command.arg("--gpu").arg(gpu);
        }
        let flags = [
            (order.retry.failed, "--retry-failed"),
            (order.retry.diverged, "--retry-diverged"),
            (order.in_pack, "--in-pack"),
        ];
        for (wanted, flag) in flags {
            if wanted {
                command.arg(flag);
            }
        }
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(talk.try_clone()?);
        Ok(Self { child: command.spawn()?, talk })
    }

    /// The process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal. The process is not waited for anywhere else, so its number is still its own.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// How it ended, if it has.
    pub(crate) fn poll(&mut self) -> io::Result<Option<Ended>> {
        let Some(status) = self.child.try_wait()? else { return Ok(None) };
        let mut talk = Vec::new();
        self.talk.rewind()?;
        self.talk.read_to_end(&mut talk)?;
        let talk = String::from_utf8_lossy(&talk).trim_end().to_owned();
        Ok(Some(Ended { code: status.code(), signal: status.signal(), talk }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_its_code_or_its_signal() {
        let how = |code, signal| Ended { code, signal, talk: String::new() }.how();
        assert_eq!(how(Some(70), None), "its supervisor ended with exit code 70");
        assert_eq!(how(None, Some(9)), "its supervisor was ended by SIGKILL");
        assert_eq!(how(None, Some(64)), "its supervisor was ended by a signal");
    }
}
