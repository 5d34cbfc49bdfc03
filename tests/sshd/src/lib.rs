//! A real OpenSSH server on a loopback port, with keys of its own, and the client's file that leads to it.
//!
//! Everything lies in one temporary folder. The server is known by its pid and stopped when it is dropped; if its owner
//! is killed, the kernel kills it.
//!
//! The client's file ([`Server::config`]) knows these names, all for the same server:
//!
//! | name | what is special |
//! | --- | --- |
//! | `site` | nothing: a known key, a user's key without passphrase |
//! | `hashed` | its name is hashed in the file of known hosts |
//! | `rsa-known` | only its RSA key is known |
//! | `stranger` | its key is not known |
//! | `revoked` | its key is known and revoked |
//! | `unwelcome` | the user's key is not among the authorized ones |
//! | `locked` | the user's key has the passphrase [`PASSPHRASE`] |
//! | `jumped` | is reached through `site` |
//! | `twice` | is reached through `site` and `hashed` |
//! | `commanded` | is reached by a proxy command |
//! | `agent` | its key is in the agent only, whose socket lies at [`Server::agent_socket`] |
//! | `ticket` | it is known as localhost, and a Kerberos ticket is shown |

mod configuration;
mod process;
mod realm;

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use port::Port;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::configuration::NOISE;
use crate::process::{children, run, wait};
use crate::realm::Realm;

/// The passphrase of the key for `locked`.
pub const PASSPHRASE: &str = "a seed, a bed";

/// What a server that asks wants to hear.
pub const CODE: &str = "731945";

/// A server with its folder.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: Port,
    daemon: Option<Child>,
    door: Door,
}

/// What lets a user in.
#[derive(Debug)]
enum Door {
    /// A key.
    Key,
    /// A key, and then [`CODE`].
    KeyAndCode,
    /// A ticket of this realm, and nothing else.
    Ticket(Realm),
}

impl Server {
    /// Starts a server whose sessions have these variables, and print a banner before and after everything if they are
    /// `noisy`.
    ///
    /// # Errors
    /// A program is missing, or cannot do its work.
    pub fn start(variables: &[(String, String)], noisy: bool) -> io::Result<Self> {
        Self::prepare(variables, noisy, |_| Ok(Door::Key))
    }

    /// Starts a server that, after a key, wants to know [`CODE`] as well, by way of PAM. It sees files of its own in
    /// `/etc/pam.d`, and nobody else does.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_asking() -> io::Result<Self> {
        Self::prepare(&[], false, |_| Ok(Door::KeyAndCode))
    }

    /// Starts a Kerberos realm, and a server that lets in who shows a ticket of it and nobody else; its sessions have
    /// these `variables`. Whoever shows one finds it by [`Server::ticket`].
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_kerberos(variables: &[(String, String)]) -> io::Result<Self> {
        Self::prepare(variables, false, |folder| Realm::start(folder).map(Door::Ticket))
    }

    fn prepare(
        variables: &[(String, String)],
        noisy: bool,
        door: impl FnOnce(&Path) -> io::Result<Door>,
    ) -> io::Result<Self> {
        let port = Port::take()?;
        let folder = tempfile::Builder::new().prefix("sshd-").tempdir()?;
        let door = door(folder.path())?;
        let mut server = Self { folder, port, daemon: None, door };
        server.keys()?;
        server.write("sshd_config", &server.server_file(variables, noisy))?;
        server.write("config", &server.client_file())?;
        server.write("noise", NOISE)?;
        fs::create_dir(server.path("pam.d"))?;
        server.write("code", &format!("#!/bin/sh\n[ \"$(tr -d '\\0')\" = {CODE} ]\n"))?;
        let code = server.path("code");
        fs::set_permissions(&code, fs::Permissions::from_mode(0o755))?;
        let asked = format!("auth required pam_exec.so quiet expose_authtok {}\n", code.display());
        let granted = ["auth", "account", "session"].map(|what| format!("{what} required pam_permit.so\n")).concat();
        server.write("pam.d/sshd", &(asked + &granted))?;
        server.know()?;
        server.open()?;
        Ok(server)
    }

    /// The client's file: `ssh -F` takes it in the place of `~/.ssh/config`.
    pub fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// Where the agent that [`Server::agent`] starts listens.
    pub fn agent_socket(&self) -> PathBuf {
        self.path("agent.sock")
    }

    /// The variables by which `ssh` finds a ticket of root's; none where tickets are not asked for.
    ///
    /// # Errors
    /// The realm gives none.
    pub fn ticket(&self) -> io::Result<Vec<(String, String)>> {
        match &self.door {
            Door::Ticket(realm) => realm.ticket("root"),
            Door::Key | Door::KeyAndCode => Ok(Vec::new()),
        }
    }

    /// The variables by which `ssh` knows the realm of a server that asks for tickets, and finds none.
    pub fn no_ticket(&self) -> Vec<(String, String)> {
        match &self.door {
            Door::Ticket(realm) => realm.without_ticket(),
            Door::Key | Door::KeyAndCode => Vec::new(),
        }
    }

    /// An agent that holds the user's key, to be killed by who asked for it.
    ///
    /// # Errors
    /// It cannot be started, or does not take the key.
    pub fn agent(&self) -> io::Result<Child> {
        let mut agent = Command::new("setpriv");
        agent.args(["--pdeathsig", "KILL", "ssh-agent", "-D", "-a"]).arg(self.agent_socket());
        let agent = agent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        wait(|| self.agent_socket().exists())?;
        run(Command::new("ssh-add").arg("-q").arg(self.path("user_key")).env("SSH_AUTH_SOCK", self.agent_socket()))?;
        Ok(agent)
    }

    /// Gives the server other keys of its own, as a machine that was set up anew has them. The client's files stay as
    /// they are.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn change_host_keys(&mut self) -> io::Result<()> {
        self.close();
        for kind in HOST_KEYS {
            self.make_key(&format!("host_{kind}"), kind, "")?;
        }
        self.open()
    }

    /// Stops the server and everything that is connected to it.
    pub fn close(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let master = Pid::from_child(&daemon);
            for session in children(master) {
                let _ = kill_process(session, Signal::KILL);
            }
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    /// Starts it again on its port.
    ///
    /// # Errors
    /// It does not answer.
    pub fn open(&mut self) -> io::Result<()> {
        fs::create_dir_all("/run/sshd")?;
        let mut daemon = Command::new("setpriv");
        daemon.args(["--pdeathsig", "KILL"]);
        if let Door::Ticket(realm) = &self.door {
            daemon.env("KRB5_CONFIG", realm.configuration()).env("KRB5_KTNAME", realm.keys_of_host());
        }
        if matches!(self.door, Door::KeyAndCode) {
            daemon.args(["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/pam.d && exec \"$@\""]);
            daemon.arg(self.path("pam.d"));
        }
        daemon.args(["/usr/sbin/sshd", "-D", "-e", "-f"]).arg(self.path("sshd_config"));
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(self.path("log"))?).process_group(0);
        self.daemon = Some(daemon.spawn()?);
        wait(|| TcpStream::connect(("127.0.0.1", self.port.number())).is_ok()).map_err(|error| {
            io::Error::other(format!("{error}: {}", fs::read_to_string(self.path("log")).unwrap_or_default()))
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.path(name), text)
    }

    fn keys(&self) -> io::Result<()> {
        for kind in HOST_KEYS {
            self.make_key(&format!("host_{kind}"), kind, "")?;
        }
        self.make_key("user_key", "ed25519", "")?;
        self.make_key("strange_key", "ed25519", "")?;
        self.make_key("locked_key", "ed25519", PASSPHRASE)?;
        let public = |name: &str| fs::read_to_string(self.path(&format!("{name}.pub")));
        self.write("authorized_keys", &(public("user_key")? + &public("locked_key")?))?;
        // The agent's key has no file of its own: only the public half, by which it is told apart.
        self.write("agent_key.pub", &public("user_key")?)
    }

    fn make_key(&self, name: &str, kind: &str, passphrase: &str) -> io::Result<()> {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        run(Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", passphrase, "-f"]).arg(path))
    }

    /// Writes what the client knows of the server's keys.
    fn know(&self) -> io::Result<()> {
        let names = format!("[127.0.0.1]:{}", self.port.number());
        let line = |kind: &str| -> io::Result<String> {
            let key = fs::read_to_string(self.path(&format!("host_{kind}.pub")))?;
            Ok(format!("{names} {}\n", key.trim()))
        };
        let other = "example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPgEMZu4oJ1jhTrUVYcGvVNv0ycbTXGmGqFNTYsMDRD5\n";
        self.write("known_hosts", &format!("# a comment\n\n{other}{}", line("ed25519")?))?;
        self.write("known_local", &line("ed25519")?.replace("127.0.0.1", "localhost"))?;
        self.write("known_rsa", &line("rsa")?)?;
        self.write("known_none", other)?;
        self.write("known_revoked", &format!("{0}@revoked {0}", line("ed25519")?))?;
        fs::copy(self.path("known_hosts"), self.path("known_hashed"))?;
        run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(self.path("known_hashed")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

const HOST_KEYS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];
