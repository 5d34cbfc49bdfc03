//! Commands over a connection of our own.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ssh2::Channel;

use super::connection::Connection;
use super::{Access, Questions, SshError};
use crate::quoting::QuotingError;
use crate::transport::fence::{Conversation, Ending, Fence};
use crate::transport::{Errand, Remains, Transport, TransportError};

/// A machine that is reached with libssh2, over one connection that is kept.
pub struct Library {
    access: Access,
    questions: Box<dyn Questions>,
    connection: Mutex<Option<Kept>>,
}

/// A connection and when it was last used.
struct Kept {
    connection: Connection,
    used: Instant,
}

/// How long connecting may take, for each machine on the way.
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);
/// After how long without use a connection is asked whether it still lives, rather than trusted.
const DOUBT: Duration = Duration::from_secs(20);
/// What is read at a time.
const PORTION: usize = 64 * 1024;

impl Library {
    /// A machine; whatever has to be asked goes through `questions`. It connects with the first errand.
    pub fn new(access: Access, questions: Box<dyn Questions>) -> Self {
        Self { access, questions, connection: Mutex::new(None) }
    }

    fn unreachable(&self, source: SshError) -> TransportError {
        TransportError::Unreachable { host: self.access.host.to_string(), source }
    }

    /// A channel, on the connection that is there or on a new one. Until a command was sent, trying again is safe.
    fn channel(&self, kept: &mut Option<Kept>) -> Result<Channel, SshError> {
        if let Some(Kept { connection, used }) = kept {
            let lives = used.elapsed() < DOUBT || connection.session.keepalive_send().is_ok();
            if let Some(channel) = lives.then(|| connection.session.channel_session().ok()).flatten() {
                return Ok(channel);
            }
            *kept = None;
        }
        let connection = Connection::open(&self.access, self.questions.as_ref(), CONNECT_PATIENCE)?;
        let channel = connection.session.channel_session().map_err(|error| lost(&error))?;
        *kept = Some(Kept { connection, used: Instant::now() });
        Ok(channel)
    }
}

impl Transport for Library {
    fn carry_out(&self, errand: &Errand) -> Result<Remains, TransportError> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let fence = Fence::new();
        let text = fence.text(errand).map_err(|error| self.unreachable(unsayable(&error)))?;
        let mut channel = self.channel(&mut kept).map_err(|error| self.unreachable(error))?;
        let Some(Kept { connection, used }) = kept.as_mut() else {
            return Err(self.unreachable(SshError::Lost { said: "no connection".to_owned() }));
        };
        let deadline = Instant::now() + errand.patience;
        connection.session.set_blocking(false);
        let mut talk = Talk { connection, channel: &mut channel, deadline, heard: Conversation::new(fence) };
        let sent = talk.open().and_then(|()| talk.send(text.as_bytes()));
        let broken = match &sent {
            Ok(()) => !talk.listen(),
            Err(_) => true,
        };
        let heard = talk.heard;
        if broken {
            // Nothing more is to be had of it, and to take leave of it could take long.
            drop(channel);
            *kept = None;
        } else {
            connection.session.set_blocking(true);
            *used = Instant::now();
        }
        sent.map_err(|error| self.unreachable(error))?;
        match heard.ending() {
            Ending::Started(remains) => Ok(remains),
            Ending::Absent => Err(TransportError::NotInstalled { program: errand.program, place: self.place() }),
            Ending::Incomplete(said) => Err(self.unreachable(SshError::Lost { said })),
        }
    }

    fn place(&self) -> String {
        format!("on {}", self.access.host)
    }
}

/// One command on its channel. The session does not block.
struct Talk<'a> {
    connection: &'a Connection,
    channel: &'a mut Channel,
    deadline: Instant,
    heard: Conversation,
}

impl Talk<'_> {
    /// Starts the first program and waits for its fence.
    fn open(&mut self) -> Result<(), SshError> {
        let begun = Instant::now();
        let opening = self.heard.opening();
        while let Err(error) = self.channel.exec(&opening) {
            let error = io::Error::from(error);
            if error.kind() != ErrorKind::WouldBlock {
                return Err(SshError::Lost { said: error.to_string() });
            }
            self.wait(begun)?;
        }
        while !self.heard.is_open() {
            let moved = self.hear().map_err(|error| SshError::Lost { said: error.to_string() })?;
            if !moved && self.channel.eof() {
                return Err(SshError::Lost { said: self.heard.noise() });
            }
            if !moved {
                self.wait(begun)?;
            }
        }
        Ok(())
    }

    /// Sends the second program. Only its last byte lets the command start, so that until then nothing was started.
    fn send(&mut self, text: &[u8]) -> Result<(), SshError> {
        let begun = Instant::now();
        let mut rest = text;
        while !rest.is_empty() {
            match self.channel.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // The other side may be waiting for us to hear it out.
                    self.hear().map_err(|error| SshError::Lost { said: error.to_string() })?;
                    self.wait(begun)?;
                }
                Err(error) => return Err(SshError::Lost { said: error.to_string() }),
            }
        }
        Ok(())
    }

    /// Closes the input, without which the command does not start, and hears the command out; whether it was heard to
    /// its end.
    fn listen(&mut self) -> bool {
        let mut closed = false;
        while !self.heard.is_over() {
            if !closed {
                closed = match self.channel.send_eof().map_err(io::Error::from) {
                    Ok(()) => true,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => false,
                    Err(_) => return false,
                };
            }
            match self.hear() {
                Ok(true) => {}
                Ok(false) if self.channel.eof() => return self.heard.is_over(),
                Ok(false) => {
                    if !self.connection.wait(self.deadline).unwrap_or(false) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// Takes what has arrived on both streams; whether anything had.
    fn hear(&mut self) -> io::Result<bool> {
        let mut portion = vec![0; PORTION];
        let mut moved = false;
        for (number, heard) in [(0, &mut self.heard.stdout), (1, &mut self.heard.stderr)] {
            match self.channel.stream(number).read(&mut portion) {
                Ok(count) => {
                    heard.extend(&portion[..count]);
                    moved |= count > 0;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }

    fn wait(&self, begun: Instant) -> Result<(), SshError> {
        let waited = self.connection.wait(self.deadline).map_err(|error| SshError::Lost { said: error.to_string() })?;
        if waited { Ok(()) } else { Err(SshError::Slow { seconds: begun.elapsed().as_secs() }) }
    }
}

fn lost(error: &ssh2::Error) -> SshError {
    SshError::Lost { said: error.message().to_owned() }
}

fn unsayable(error: &QuotingError) -> SshError {
    SshError::Lost { said: error.to_string() }
}

impl fmt::Debug for Library {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Library").field("access", &self.access).finish_non_exhaustive()
    }
}
