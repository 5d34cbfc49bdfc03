//! One process of the cluster, from its start to its end.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::ClusterError;

/// Starts processes, and stays: the kernel kills a daemon when the thread that started it ends, and a test's own thread
/// ends before the cluster that it shares with others.
#[derive(Debug)]
pub(crate) struct Starter(Sender<Order>);

/// A command, and where its process is to be sent.
type Order = (Command, Sender<io::Result<Child>>);

impl Starter {
    pub(crate) fn new() -> Self {
        let (sender, orders): (_, Receiver<Order>) = channel();
        thread::spawn(move || {
            for (mut command, answer) in orders {
                let _ = answer.send(command.spawn());
            }
        });
        Self(sender)
    }

    fn start(&self, command: Command) -> io::Result<Child> {
        let (answer, child) = channel();
        let gone = || io::Error::other("the thread that starts daemons is gone");
        self.0.send((command, answer)).map_err(|_| gone())?;
        child.recv().map_err(|_| gone())?
    }
}

/// A daemon that runs in the foreground of its own process group.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts `program` as `user`, if one is named, with these arguments and variables.
    pub(crate) fn start(
        starter: &Starter,
        program: &'static str,
        user: Option<&str>,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> Result<Self, ClusterError> {
        let mut command = Command::new("setpriv");
        if let Some(user) = user {
            command.args([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()]);
        }
        command.args(["--pdeathsig", "KILL", program]).args(arguments).envs(environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = starter.start(command).map_err(|source| ClusterError::Start { program, source })?;
        Ok(Self { child })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Asks it to end, and after `grace` makes it.
    pub(crate) fn stop(mut self, grace: Duration) {
        self.signal(Signal::CONT);
        self.signal(Signal::TERM);
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if self.has_ended() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.kill();
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
