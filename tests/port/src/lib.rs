//! Ports of this machine, each for one server of the tests as long as it is held.
//!
//! A port that the kernel picks (`bind` to 0) is free for who asks and for everybody else again as soon as it is let
//! go: until the server listens there, any connection that somebody opens may be given it as its own end. So ports are
//! taken from below the range that those have by default ([`NUMBERS`]), and each is held by a name that the kernel gives
//! one process at a time.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where ports are taken from: above those of known services, below those that connections are given (from 32,768 on
/// Linux, from 16,000 on gVisor).
pub const NUMBERS: Range<u16> = 10_000..16_000;

/// A port that nobody else who asks this crate is given, in any process, as long as this is held.
///
/// It is known by a Unix socket in the abstract namespace, which lies where ports lie (one for each network namespace),
/// leaves no file, and ends with its process; programs that this one starts do not inherit it.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _name: UnixListener,
}

impl Port {
    /// A port where nobody listens, neither by TCP nor by UDP.
    ///
    /// # Errors
    /// The kernel gives no sockets, or every port of [`NUMBERS`] is taken.
    pub fn take() -> io::Result<Self> {
        // Not the lowest first, and not the last one again: who was just served by a port may still look for its server
        // there.
        static TAKEN: AtomicUsize = AtomicUsize::new(0);
        let first = (std::process::id() as usize * 31 + TAKEN.fetch_add(1, Ordering::Relaxed)) % NUMBERS.len();
        let around = NUMBERS.cycle().skip(first).take(NUMBERS.len());
        for number in around {
            if let Some(port) = Self::hold(number)? {
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, format!("every port of {NUMBERS:?} is taken")))
    }

    /// Its number, as long as it is held.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// This port, unless somebody holds it or listens there.
    fn hold(number: u16) -> io::Result<Option<Self>> {
        let name = SocketAddr::from_abstract_name(format!("seedbed port {number}"))?;
        let Some(name) = unless_taken(UnixListener::bind_addr(&name))? else { return Ok(None) };
        Ok(is_free(number)?.then_some(Self { number, _name: name }))
    }
}

/// Whether nobody listens at this port, on any IPv4 address of this machine.
fn is_free(number: u16) -> io::Result<bool> {
    let everywhere = (Ipv4Addr::UNSPECIFIED, number);
    Ok(unless_taken(TcpListener::bind(everywhere))?.is_some() && unless_taken(UdpSocket::bind(everywhere))?.is_some())
}

/// What was bound; none where somebody else has.
fn unless_taken<T>(bound: io::Result<T>) -> io::Result<Option<T>> {
    match bound {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_are_held_differ() {
        let held: Vec<Port> = (0..50).map(|_| Port::take().unwrap()).collect();
        let mut numbers: Vec<u16> = held.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 50);
        assert!(numbers.iter().all(|number| NUMBERS.contains(number)));
    }

    #[test]
    fn a_port_is_held_whether_or_not_its_server_runs() {
        let port = Port::take().unwrap();
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).unwrap();
        assert!(Port::hold(port.number()).unwrap().is_none());
        drop(server);
        assert!(Port::hold(port.number()).unwrap().is_none());
    }

    #[test]
    fn a_port_where_somebody_listens_is_not_free() {
        // Held, so that no other test takes it meanwhile.
        let port = Port::take().unwrap();
        let there = (Ipv4Addr::LOCALHOST, port.number());
        assert!(is_free(port.number()).unwrap());
        let tcp = TcpListener::bind(there).unwrap();
        assert!(!is_free(port.number()).unwrap());
        drop(tcp);
        let _udp = UdpSocket::bind(there).unwrap();
        assert!(!is_free(port.number()).unwrap());
    }
}
