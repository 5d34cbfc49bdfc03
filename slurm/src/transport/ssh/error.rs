use std::io;
use std::path::PathBuf;

use super::Destination;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// `~/.ssh/config`, or the command line, is wrong.
    #[error("ssh cannot read its settings for {host}: {said}")]
    Settings {
        /// The machine.
        host: Destination,
        /// What ssh said.
        said: String,
    },
    /// Nothing answers at that address.
    #[error("no connection to {address}:{port}")]
    Connect {
        /// The name or address.
        address: String,
        /// The port.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The proxy command, or the jump host, does not lead there.
    #[error("no way to {address}:{port} through {proxy}: {said}")]
    Proxy {
        /// The name or address.
        address: String,
        /// The port.
        port: u16,
        /// The command or the host in between.
        proxy: String,
        /// What was said.
        said: String,
    },
    /// What answers does not speak ssh, or no method is common to both.
    #[error("no handshake with {address}: {said}")]
    Handshake {
        /// The name or address.
        address: String,
        /// What libssh2 said.
        said: String,
    },
    /// The host is not among the known ones.
    #[error(
        "the key of {name} is not known: it shows the {kind} key {fingerprint}, and none of {} has it",
        list(files)
    )]
    UnknownKey {
        /// The name under which it was looked for.
        name: String,
        /// The kind of key.
        kind: &'static str,
        /// Its fingerprint, as ssh-keygen shows it.
        fingerprint: String,
        /// Where it was looked for.
        files: Vec<PathBuf>,
    },
    /// The host shows another key than the one that is known.
    #[error(
        "the key of {name} has changed: it shows the {kind} key {fingerprint}, but another one is in {}. Either the \
         machine was set up anew, or somebody is in between", file.display()
    )]
    ChangedKey {
        /// The name under which it was looked for.
        name: String,
        /// The kind of key.
        kind: &'static str,
        /// Its fingerprint, as ssh-keygen shows it.
        fingerprint: String,
        /// Where the other one stands.
        file: PathBuf,
    },
    /// The host shows a key that was revoked.
    #[error("the key of {name}, {fingerprint}, is marked as revoked in {}", file.display())]
    RevokedKey {
        /// The name under which it was looked for.
        name: String,
        /// Its fingerprint, as ssh-keygen shows it.
        fingerprint: String,
        /// Where it says so.
        file: PathBuf,
    },
    /// A file of known hosts cannot be read.
    #[error("cannot read {}", file.display())]
    KnownHosts {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The host does not let the user in.
    #[error("{address} does not let {user} in; tried: {}", if tried.is_empty() { "nothing, for it offers none that this program knows".to_owned() } else { tried.join(", ") })]
    Denied {
        /// The name or address.
        address: String,
        /// The user.
        user: String,
        /// What was tried, in words.
        tried: Vec<String>,
    },
    /// The `ssh` of this machine could not connect.
    #[error("{said}")]
    Program {
        /// What it said.
        said: String,
    },
    /// The `ssh` of this machine was refused by a host that would have taken a Kerberos ticket, among other things or
    /// alone.
    #[error("{said}")]
    NoTicket {
        /// What it said.
        said: String,
    },
    /// The connection broke before the command could start.
    #[error("the connection broke before the command could start: {said}")]
    Lost {
        /// What was said.
        said: String,
    },
    /// The machine answers too slowly.
    #[error("no answer within {seconds} s")]
    Slow {
        /// How long it had.
        seconds: u64,
    },
}

impl SshError {
    /// Why the `ssh` of this machine, which ended after it `said` so, is not in.
    pub(super) fn said_by_ssh(said: String) -> Self {
        // It closes with the methods that the host would have taken: `Permission denied (publickey,gssapi-with-mic).`
        let refused = said.rsplit_once("Permission denied (").map(|(_, methods)| methods);
        if refused.is_some_and(|methods| methods.contains("gssapi-with-mic")) {
            Self::NoTicket { said }
        } else {
            Self::Program { said }
        }
    }
}

fn list(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    if names.is_empty() { "no file".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_takes_tickets_is_told_from_one_that_does_not() {
        let error = |said: &str| SshError::said_by_ssh(said.to_owned());
        let refusal = "root@login: Permission denied (publickey,gssapi-keyex,gssapi-with-mic,password).";
        assert!(matches!(error(refusal), SshError::NoTicket { .. }));
        assert!(matches!(error("root@login: Permission denied (publickey)."), SshError::Program { .. }));
        assert!(matches!(error("ssh: unknown option gssapi-with-mic"), SshError::Program { .. }));
    }
}
