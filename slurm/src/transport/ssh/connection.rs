//! From a name to a session in which commands can be run.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ssh2::{BlockDirections, Session};

use super::authentication::authenticate;
use super::known_hosts::KnownKeys;
use super::settings::{Proxy, Settings};
use super::{Access, Destination, Questions, SshError, tunnel};

/// A session, and the wire under it.
pub(super) struct Connection {
    /// The session. It is blocking between two uses.
    pub(super) session: Session,
    /// A second handle of its socket, to wait on.
    wire: OwnedFd,
}

/// How long a person has to answer, beyond what the network may take.
const PERSON: Duration = Duration::from_mins(2);
/// How often the other side is asked for a sign of life while nothing happens.
const SIGN_OF_LIFE: u32 = 30;

impl Connection {
    /// Connects to a machine by way of whatever lies in between, checks who answers, and is let in.
    pub(super) fn open(access: &Access, questions: &dyn Questions, patience: Duration) -> Result<Self, SshError> {
        let settings = Settings::of(access)?;
        let wire = match &settings.proxy {
            Proxy::None => Wire::Tcp(dial(&settings, patience)?),
            Proxy::Command(command) => Wire::Unix(tunnel::through_command(&settings, command)?),
            Proxy::Jump(hosts) => Wire::Unix(jump(&settings, (access, hosts), questions, patience)?),
        };
        Self::over(wire, &settings, questions, patience)
    }

    fn over(wire: Wire, settings: &Settings, questions: &dyn Questions, patience: Duration) -> Result<Self, SshError> {
        let failed = |error: ssh2::Error| SshError::Handshake {
            address: settings.address.clone(),
            said: error.message().to_owned(),
        };
        let mut session = Session::new().map_err(failed)?;
        let milliseconds = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        session.set_timeout(milliseconds(patience));
        let second = wire.second_handle().map_err(|source| SshError::Connect {
            address: settings.address.clone(),
            port: settings.port,
            source,
        })?;
        match wire {
            Wire::Tcp(stream) => session.set_tcp_stream(stream),
            Wire::Unix(stream) => session.set_tcp_stream(stream),
        }
        let known = KnownKeys::read(settings, &session)?;
        known.prefer(&session).map_err(failed)?;
        session.handshake().map_err(failed)?;
        known.check(&session)?;
        session.set_timeout(milliseconds(patience + PERSON));
        authenticate(&session, settings, questions)?;
        session.set_timeout(milliseconds(patience));
        session.set_keepalive(true, SIGN_OF_LIFE);
        Ok(Self { session, wire: second })
    }

    /// A stream to `address`, carried by this session.
    fn tunnel(self, name: &str, settings: &Settings) -> Result<UnixStream, SshError> {
        tunnel::through_session(self, name, &settings.address, settings.port)
    }

    /// Waits until the wire can carry what the session wants to send or hear, at most until `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> io::Result<bool> {
        let mut sockets = [PollFd::new(&self.wire, self.wants())];
        Ok(poll(&mut sockets, Some(&time_until(deadline)))? > 0)
    }

    /// What the session waits for.
    pub(super) fn wants(&self) -> PollFlags {
        match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::None | BlockDirections::Inbound => PollFlags::IN,
        }
    }

    /// The wire, to wait on together with others.
    pub(super) fn wire(&self) -> &OwnedFd {
        &self.wire
    }
}

/// A time to wait, as `poll` takes it.
pub(super) fn time_until(deadline: Instant) -> Timespec {
    let left = deadline.saturating_duration_since(Instant::now());
    Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
}

enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    fn second_handle(&self) -> io::Result<OwnedFd> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(OwnedFd::from),
            Self::Unix(stream) => stream.try_clone().map(OwnedFd::from),
        }
    }
}

/// Tries every address that the name has.
fn dial(settings: &Settings, patience: Duration) -> Result<TcpStream, SshError> {
    let (address, port) = (settings.address.clone(), settings.port);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    match (address.as_str(), port).to_socket_addrs() {
        Ok(addresses) => {
            for each in addresses {
                match TcpStream::connect_timeout(&each, patience) {
                    Ok(stream) => {
                        // Requests are small and waited for: to collect them would only delay them.
                        let _ = stream.set_nodelay(true);
                        return Ok(stream);
                    }
                    Err(error) => last = error,
                }
            }
        }
        Err(error) => last = error,
    }
    Err(SshError::Connect { address, port, source: last })
}

/// The way through `hosts`, each checked and entered like the machine itself.
fn jump(
    settings: &Settings,
    (access, hosts): (&Access, &[Destination]),
    questions: &dyn Questions,
    patience: Duration,
) -> Result<UnixStream, SshError> {
    let Some((first, others)) = hosts.split_first() else {
        return Err(SshError::Lost { said: "no jump host is named".to_owned() });
    };
    let mut connection = Connection::open(&access.to(first), questions, patience)?;
    let mut name = first.to_string();
    for host in others {
        // What the file says of a proxy for a host that is jumped to from another is of no use there.
        let next = Settings::of(&access.to(host))?;
        let stream = connection.tunnel(&name, &next)?;
        connection = Connection::over(Wire::Unix(stream), &next, questions, patience)?;
        name = host.to_string();
    }
    connection.tunnel(&name, settings)
}
