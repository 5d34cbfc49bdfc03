//! Two ways to a machine over ssh.
//!
//! [`Library`] speaks the protocol itself (libssh2): it needs no program, keeps one connection and opens a channel for
//! each command. [`OpenSsh`] runs the `ssh` of this machine over one master connection: for sites with Kerberos,
//! hardware keys or one-time codes, which libssh2 does not know. Both read `~/.ssh/config` through [`settings`], which
//! asks `ssh -G`.
//!
//! Of the first, read [`connection`] (from a name to a session), then [`known_hosts`], [`authentication`] and
//! [`tunnel`] (jump hosts and proxy commands).
//!
//! Invariants: a host key that is not in a file of known hosts is refused, always; nothing here writes such a file.
//! Nothing is asked of a person but through [`Questions`].

mod access;
mod authentication;
mod connection;
mod destination;
mod error;
mod known_hosts;
mod library;
mod program;
mod questions;
mod settings;
mod tunnel;

pub use access::Access;
pub use destination::Destination;
pub use error::SshError;
pub use library::Library;
pub use program::OpenSsh;
pub use questions::{NoAnswers, Questions};
