//! Commands over the `ssh` of this machine.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, IsTerminal as _, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process_group};

use super::settings::Settings;
use super::{Access, SshError};
use crate::transport::fence::{Conversation, Ending, Fence};
use crate::transport::{Errand, Remains, Transport, TransportError};

/// A machine that is reached with the `ssh` of this machine, over one master connection for all commands.
///
/// The master is the person's own where `~/.ssh/config` has a ControlPath, so that a code typed elsewhere counts here,
/// and else one that this program starts; it asks on the terminal whatever the site wants to know. Commands only ever
/// use a master: without one they fail at once, where a plain `ssh` would silently open a connection of its own for
/// each.
#[derive(Debug, Clone)]
pub struct OpenSsh {
    access: Access,
}

/// How long a master may take until it is in, while nobody is asked.
const CONNECT_PATIENCE: Duration = Duration::from_mins(1);
/// How long it may take where a person can be asked.
const PERSON: Duration = Duration::from_mins(3);
/// How long a master that this program started stays when it is not used.
const STAYS: &str = "10m";

impl OpenSsh {
    /// A machine.
    pub fn new(access: Access) -> Self {
        Self { access }
    }

    fn unreachable(&self, source: SshError) -> TransportError {
        TransportError::Unreachable { host: self.access.host.to_string(), source }
    }

    fn ssh(&self, control: &Path, options: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-o").arg(format!("ControlPath={}", control.display()));
        // No file can make an unknown host trusted.
        command.args(["-T", "-x", "-a", "-o", "StrictHostKeyChecking=ask"]).args(options);
        command.args(["-o", "RemoteCommand=none", "-o", "ClearAllForwardings=yes"]).args(self.access.arguments());
        command
    }

    /// The socket of a master that is in. One is started where there is none.
    fn master(&self) -> Result<PathBuf, SshError> {
        let control = match Settings::of(&self.access)?.control_path {
            Some(path) => path,
            None => socket(&self.access)?,
        };
        let mut check = self.ssh(&control, &["-O", "check"]);
        check.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if check.status().map_err(|error| program(&error))?.success() {
            return Ok(control);
        }
        let can_ask = std::io::stdin().is_terminal();
        let batch = if can_ask { "BatchMode=no" } else { "BatchMode=yes" };
        let persist = format!("ControlPersist={STAYS}");
        let alive = ["-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=30"];
        let options = [&["-M", "-N", "-f", "-o", batch, "-o", &persist], &alive[..]].concat();
        let mut start = self.ssh(&control, &options);
        start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = start.spawn().map_err(|error| program(&error))?;
        let (sender, news) = mpsc::channel();
        if let Some(stream) = child.stderr.take() {
            listen(2, stream, sender);
        }
        let patience = if can_ask { PERSON } else { CONNECT_PATIENCE };
        let deadline = Instant::now() + patience;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(SshError::Slow { seconds: patience.as_secs() });
                }
            }
        };
        if status.success() {
            return Ok(control);
        }
        // It asks on the terminal; what it says here is why it failed.
        let bytes: Vec<u8> =
            news.into_iter().take_while(|News(_, bytes)| !bytes.is_empty()).flat_map(|news| news.1).collect();
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::trim).collect::<Vec<_>>().join("; ");
        let said = lines.trim_matches([';', ' ']).to_owned();
        Err(SshError::said_by_ssh(if said.is_empty() { format!("ssh ended with {status}") } else { said }))
    }
}

impl Transport for OpenSsh {
    fn carry_out(&self, errand: &Errand) -> Result<Remains, TransportError> {
        let fence = Fence::new();
        let text = fence.text(errand).map_err(|error| self.unreachable(SshError::Lost { said: error.to_string() }))?;
        let control = self.master().map_err(|error| self.unreachable(error))?;
        // Should the master be gone by now, this proxy keeps ssh from connecting without it.
        let options = ["-o", "ControlMaster=no", "-o", "BatchMode=yes", "-o", "ProxyCommand=false"];
        let mut command = self.ssh(&control, &options);
        command.arg(fence.opening()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| self.unreachable(program(&error)))?;
        let ending = Talk::new(child, fence, Instant::now() + errand.patience).hold(text);
        match ending.map_err(|error| self.unreachable(error))? {
            Ending::Started(remains) => Ok(remains),
            Ending::Absent => Err(TransportError::NotInstalled { program: errand.program, place: self.place() }),
            Ending::Incomplete(said) => Err(self.unreachable(SshError::Lost { said })),
        }
    }

    fn place(&self) -> String {
        format!("on {}", self.access.host)
    }
}

/// One command, as long as its `ssh` lives.
struct Talk {
    child: Child,
    news: Receiver<News>,
    heard: Conversation,
    deadline: Instant,
    open_streams: usize,
}

/// What arrived on a stream: 1 is standard output, 2 standard error. Nothing means that it was closed.
struct News(u8, Vec<u8>);

impl Talk {
    fn new(mut child: Child, fence: Fence, deadline: Instant) -> Self {
        let (sender, news) = mpsc::channel();
        if let Some(stream) = child.stdout.take() {
            listen(1, stream, sender.clone());
        }
        if let Some(stream) = child.stderr.take() {
            listen(2, stream, sender);
        }
        Self { child, news, heard: Conversation::new(fence), deadline, open_streams: 2 }
    }

    fn hold(mut self, text: String) -> Result<Ending, SshError> {
        let begun = Instant::now();
        let opened = self.hear_until(Conversation::is_open);
        if !opened {
            // The input was not touched, and closes with nothing said.
            self.end();
            let slow = Instant::now() >= self.deadline;
            let said = self.heard.noise();
            return Err(if slow {
                SshError::Slow { seconds: begun.elapsed().as_secs() }
            } else {
                SshError::Lost { said }
            });
        }
        if let Some(stdin) = self.child.stdin.take() {
            send(stdin, text);
        }
        self.hear_until(Conversation::is_over);
        self.end();
        // What had been said before the end may still be on its way through the threads.
        while let Ok(News(stream, bytes)) = self.news.recv_timeout(Duration::from_millis(200)) {
            self.take(stream, &bytes);
        }
        Ok(self.heard.ending())
    }

    /// Hears until `enough`; false if it was never enough.
    fn hear_until(&mut self, enough: impl Fn(&Conversation) -> bool) -> bool {
        while !enough(&self.heard) {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left) {
                Ok(News(stream, bytes)) => self.take(stream, &bytes),
                Err(_) => return false,
            }
            if self.open_streams == 0 {
                return enough(&self.heard);
            }
        }
        true
    }

    fn take(&mut self, stream: u8, bytes: &[u8]) {
        match (stream, bytes) {
            (_, []) => self.open_streams = self.open_streams.saturating_sub(1),
            (1, bytes) => self.heard.stdout.extend(bytes),
            (_, bytes) => self.heard.stderr.extend(bytes),
        }
    }

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

fn listen(number: u8, mut stream: impl Read + Send + 'static, sender: Sender<News>) {
    thread::spawn(move || {
        let mut portion = vec![0; 64 * 1024];
        loop {
            let count = match stream.read(&mut portion) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            if sender.send(News(number, portion[..count].to_vec())).is_err() || count == 0 {
                return;
            }
        }
    });
}

fn send(mut stdin: ChildStdin, text: String) {
    // A connection that breaks closes the pipe; that the text was cut then is noticed at the other end.
    thread::spawn(move || stdin.write_all(text.as_bytes()));
}

/// The socket of this program's own master, in a folder that only this user can enter.
fn socket(access: &Access) -> Result<PathBuf, SshError> {
    let user = geteuid().as_raw();
    let folder = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| Path::new(folder).is_dir()) {
        Some(folder) => PathBuf::from(folder).join("seedbed"),
        None => PathBuf::from(format!("/tmp/seedbed-{user}")),
    };
    let wrong = |said: String| SshError::Settings { host: access.host.clone(), said };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(wrong(format!("cannot make {}: {error}", folder.display())));
        }
        _ => {}
    }
    let facts = fs::symlink_metadata(&folder).map_err(|error| wrong(format!("{}: {error}", folder.display())))?;
    if !facts.is_dir() || facts.uid() != user || facts.mode() & 0o077 != 0 {
        return Err(wrong(format!("{} must be a folder that only you can enter", folder.display())));
    }
    // ssh makes the name from host, port and user: the path of a socket is short.
    Ok(folder.join("%C"))
}

fn program(error: &std::io::Error) -> SshError {
    let said = match error.kind() {
        ErrorKind::NotFound => "ssh is not installed on this machine".to_owned(),
        _ => format!("cannot start ssh: {error}"),
    };
    SshError::Program { said }
}
