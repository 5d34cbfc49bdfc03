//! A real OpenSSH server on a loopback port, with keys of its own, and the client's file that leads to it.
//!
//! Everything lies in one temporary folder. The server is known by its pid and stopped when it is dropped; if its owner is
//! killed, the kernel kills it.
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

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The passphrase of the key for `locked`.
pub const PASSPHRASE: &str = "a seed, a bed";

/// What a server that asks wants to hear.
pub const CODE: &str = "731945";

/// A server with its folder.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    daemon: Option<Child>,
    /// Whether a key alone lets nobody in.
    asks: bool,
}

impl Server {
    /// Starts a server whose sessions have these variables, and print a banner before and after everything if they are
    /// `noisy`.
    ///
    /// # Errors
    /// A program is missing, or cannot do its work.
    pub fn start(variables: &[(String, String)], noisy: bool) -> io::Result<Self> {
        Self::prepare(variables, noisy, false)
    }

    /// Starts a server that, after a key, wants to know [`CODE`] as well, by way of PAM. It sees files of its own in
    /// `/etc/pam.d`, and nobody else does.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_asking() -> io::Result<Self> {
        Self::prepare(&[], false, true)
    }

    fn prepare(variables: &[(String, String)], noisy: bool, asks: bool) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::Builder::new().prefix("sshd-").tempdir()?;
        let mut server = Self { folder, port, daemon: None, asks };
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

    /// Gives the server other keys of its own, as a machine that was set up anew has them. The client's files stay as they
    /// are.
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
        if self.asks {
            daemon.args(["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/pam.d && exec \"$@\""]);
            daemon.arg(self.path("pam.d"));
        }
        daemon.args(["/usr/sbin/sshd", "-D", "-e", "-f"]).arg(self.path("sshd_config"));
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(self.path("log"))?).process_group(0);
        self.daemon = Some(daemon.spawn()?);
        wait(|| TcpStream::connect(("127.0.0.1", self.port)).is_ok()).map_err(|error| {
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
        let names = format!("[127.0.0.1]:{}", self.port);
        let line = |kind: &str| -> io::Result<String> {
            let key = fs::read_to_string(self.path(&format!("host_{kind}.pub")))?;
            Ok(format!("{names} {}\n", key.trim()))
        };
        let other = "example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPgEMZu4oJ1jhTrUVYcGvVNv0ycbTXGmGqFNTYsMDRD5\n";
        self.write("known_hosts", &format!("# a comment\n\n{other}{}", line("ed25519")?))?;
        self.write("known_rsa", &line("rsa")?)?;
        self.write("known_none", other)?;
        self.write("known_revoked", &format!("{0}@revoked {0}", line("ed25519")?))?;
        fs::copy(self.path("known_hosts"), self.path("known_hashed"))?;
        run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(self.path("known_hashed")))
    }

    fn server_file(&self, variables: &[(String, String)], noisy: bool) -> String {
        let folder = self.folder.path().display();
        let keys: String = HOST_KEYS.map(|kind| format!("HostKey {folder}/host_{kind}\n")).concat();
        let set: Vec<String> = variables.iter().map(|(name, value)| format!("\"{name}={value}\"")).collect();
        let set = if set.is_empty() { String::new() } else { format!("SetEnv {}\n", set.join(" ")) };
        let noise =
            if noisy { format!("Banner {folder}/noise\nForceCommand sh {folder}/noise\n") } else { String::new() };
        let asking = if self.asks {
            "UsePAM yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive:pam\n"
        } else {
            "UsePAM no\nKbdInteractiveAuthentication no\n"
        };
        format!(
            "Port {}\nListenAddress 127.0.0.1\nPidFile none\n{keys}AuthorizedKeysFile {folder}/authorized_keys\n\
             PasswordAuthentication no\nPermitRootLogin yes\nStrictModes no\n\
             MaxStartups 100\nAllowTcpForwarding yes\n{asking}{set}{noise}Subsystem sftp internal-sftp\n",
            self.port
        )
    }

    fn client_file(&self) -> String {
        let folder = self.folder.path().display().to_string();
        let host = |name: &str, lines: &[String]| format!("Host {name}\n{}\n", lines.join("\n"));
        let known = |file: &str| format!("UserKnownHostsFile {folder}/{file}");
        let key = |file: &str| format!("IdentityFile {folder}/{file}");
        let others =
            "IdentitiesOnly yes\nGlobalKnownHostsFile none\nHostName 127.0.0.1\nUser root\nIdentityAgent none\n";
        [
            host("site", &[]),
            host("hashed", &[known("known_hashed")]),
            host("rsa-known", &[known("known_rsa")]),
            host("stranger", &[known("known_none")]),
            host("revoked", &[known("known_revoked")]),
            host("unwelcome", &[key("strange_key")]),
            host("locked", &[key("locked_key")]),
            host("jumped", &["ProxyJump site".to_owned()]),
            host("twice", &["ProxyJump site,hashed".to_owned()]),
            host("commanded", &[format!("ProxyCommand ssh -F {folder}/config -W %h:%p site")]),
            host("agent", &[key("agent_key"), format!("IdentityAgent {folder}/agent.sock")]),
            // The first value that is found counts, so that what holds for all stands last.
            host("* !unwelcome !locked !agent", &[key("user_key")]),
            host("*", &[format!("Port {}", self.port), known("known_hosts")]),
            others.to_owned(),
        ]
        .concat()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

const HOST_KEYS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];

/// What a talkative site runs in the place of every command: it is a banner, too.
const NOISE: &str = r#"echo "*** Welcome! Quota: 80 % ***"
echo "*** maintenance on Tuesday ***" >&2
printf 'no newline here'
sh -c "$SSH_ORIGINAL_COMMAND"
code=$?
echo "*** goodbye ***"
exit $code
"#;

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

fn wait(mut holds: impl FnMut() -> bool) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The processes that `parent` has started and their own, as far as they live now.
fn children(parent: Pid) -> Vec<Pid> {
    let number = parent.as_raw_nonzero();
    let list = PathBuf::from(format!("/proc/{number}/task/{number}/children"));
    let mut found = Vec::new();
    for child in read_pids(&list) {
        found.extend(children(child));
        found.push(child);
    }
    found
}

fn read_pids(list: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(list).unwrap_or_default();
    text.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}
