//! Ways to a machine that leads through another one, or through a command.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::SshError;
use super::connection::{Connection, time_until};
use super::settings::Settings;

/// What is carried at a time in one direction.
const PORTION: usize = 32 * 1024;
/// How long nothing may move before both sides are looked at again.
const TICK: Duration = Duration::from_secs(30);

/// A stream on whose other end a shell runs `command`, as ProxyCommand does. It ends with the stream.
pub(super) fn through_command(settings: &Settings, command: &str) -> Result<UnixStream, SshError> {
    let failed = |error: io::Error| SshError::Proxy {
        address: settings.address.clone(),
        port: settings.port,
        proxy: format!("`{command}`"),
        said: error.to_string(),
    };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let input = OwnedFd::from(theirs.try_clone().map_err(failed)?);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("exec {}", settings.fill(command)));
    let child = shell.stdin(Stdio::from(input)).stdout(Stdio::from(OwnedFd::from(theirs))).spawn();
    let mut child = child.map_err(failed)?;
    // It leaves when its stream ends; somebody has to take note.
    thread::spawn(move || child.wait());
    Ok(ours)
}

/// A stream to `address` that `connection`, the way into the host called `name`, carries until either end closes.
pub(super) fn through_session(
    connection: Connection,
    name: &str,
    address: &str,
    port: u16,
) -> Result<UnixStream, SshError> {
    let failed = |said: String| SshError::Proxy { address: address.to_owned(), port, proxy: name.to_owned(), said };
    let channel = connection.session.channel_direct_tcpip(address, port, None);
    let channel = channel.map_err(|error| failed(error.message().to_owned()))?;
    let (ours, theirs) = UnixStream::pair().map_err(|error| failed(error.to_string()))?;
    theirs.set_nonblocking(true).map_err(|error| failed(error.to_string()))?;
    connection.session.set_blocking(false);
    // When it ends, for whatever reason, both streams close, and who uses them learns of it there.
    thread::spawn(move || Pump { connection, channel, stream: theirs }.run());
    Ok(ours)
}

/// Carries bytes between a channel and a stream.
struct Pump {
    connection: Connection,
    channel: ssh2::Channel,
    stream: UnixStream,
}

/// Bytes on their way in one direction.
#[derive(Default)]
struct Flow {
    buffer: Vec<u8>,
    is_over: bool,
}

impl Pump {
    fn run(mut self) -> io::Result<()> {
        let (mut there, mut back) = (Flow::default(), Flow::default());
        loop {
            let mut moved = there.step(&mut self.stream, &mut self.channel)?;
            moved |= back.step(&mut self.channel, &mut self.stream)?;
            if back.is_over || (there.is_over && there.buffer.is_empty()) {
                return Ok(());
            }
            if !moved {
                self.wait(&there, &back)?;
            }
        }
    }

    fn wait(&self, there: &Flow, back: &Flow) -> io::Result<()> {
        let mut local = PollFlags::empty();
        local.set(PollFlags::IN, there.buffer.is_empty());
        local.set(PollFlags::OUT, !back.buffer.is_empty());
        let wanted = self.connection.wants() | PollFlags::IN;
        let mut sockets = [PollFd::new(&self.stream, local), PollFd::new(self.connection.wire(), wanted)];
        poll(&mut sockets, Some(&time_until(Instant::now() + TICK)))?;
        let _ = self.connection.session.keepalive_send();
        Ok(())
    }
}

impl Flow {
    /// Moves what can be moved now; whether anything was.
    fn step(&mut self, from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
        let mut moved = false;
        if self.buffer.is_empty() && !self.is_over {
            let mut portion = vec![0; PORTION];
            if let Some(count) = now(from.read(&mut portion))? {
                self.is_over = count == 0;
                portion.truncate(count);
                self.buffer = portion;
                moved = true;
            }
        }
        while !self.buffer.is_empty() {
            let Some(count) = now(to.write(&self.buffer))? else { break };
            self.buffer.drain(..count);
            moved = true;
        }
        Ok(moved)
    }
}

fn now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}
