//! What `~/.ssh/config` says of a machine.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Access, Destination, SshError};

/// How a machine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The name as it was given.
    pub(super) name: String,
    /// Where to connect.
    pub(super) address: String,
    /// The port.
    pub(super) port: u16,
    /// As whom.
    pub(super) user: String,
    /// Key files to offer.
    pub(super) identities: Vec<PathBuf>,
    /// Whether keys of the agent that are not among the files are kept back.
    pub(super) identities_only: bool,
    /// The agent's socket; `None` is the one of the environment.
    pub(super) agent: Option<PathBuf>,
    /// Whether an agent may be asked at all.
    pub(super) uses_agent: bool,
    /// Files of known hosts, the user's first.
    pub(super) known_hosts: Vec<PathBuf>,
    /// The name under which its key is filed, where that is not its address.
    pub(super) key_alias: Option<String>,
    /// What lies in between.
    pub(super) proxy: Proxy,
    /// The path of the person's own master connection.
    pub(super) control_path: Option<PathBuf>,
}

/// What lies between here and a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proxy {
    /// Nothing.
    None,
    /// Machines through which the way leads, nearest first.
    Jump(Vec<Destination>),
    /// A command that speaks for the machine on its standard streams.
    Command(String),
}

impl Settings {
    /// Asks `ssh -G`, which knows every form of the file; without an `ssh` on this machine there are defaults only.
    pub(super) fn of(access: &Access) -> Result<Self, SshError> {
        let host = &access.host;
        let mut command = Command::new("ssh");
        command.arg("-G").args(access.arguments()).stdin(Stdio::null());
        let wrong = |said: String| SshError::Settings { host: host.clone(), said };
        match command.output() {
            Ok(output) if output.status.success() => {
                Self::read(host, &String::from_utf8_lossy(&output.stdout), home().as_deref()).map_err(wrong)
            }
            Ok(output) => Err(wrong(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::plain(host, home().as_deref())),
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// What holds without a file.
    fn plain(host: &Destination, home: Option<&Path>) -> Self {
        let user = host.user().map(str::to_owned).or_else(|| std::env::var("USER").ok()).unwrap_or_default();
        let inside = |name: &str| home.map(|home| home.join(".ssh").join(name));
        let keys = ["id_ed25519", "id_ecdsa", "id_rsa"].iter().filter_map(|name| inside(name));
        Self {
            name: host.host().to_owned(),
            address: host.host().to_owned(),
            port: host.port().unwrap_or(22),
            user,
            identities: keys.collect(),
            identities_only: false,
            agent: None,
            uses_agent: true,
            known_hosts: inside("known_hosts").into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect(),
            key_alias: None,
            proxy: Proxy::None,
            control_path: None,
        }
    }

    /// Reads what `ssh -G` prints: a keyword in small letters and its value on each line.
    fn read(host: &Destination, text: &str, home: Option<&Path>) -> Result<Self, String> {
        let mut settings = Self { identities: Vec::new(), known_hosts: Vec::new(), ..Self::plain(host, home) };
        let path = |text: &str| match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        };
        for line in text.lines() {
            let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
            match keyword {
                "hostname" => value.clone_into(&mut settings.address),
                "port" => settings.port = value.parse().map_err(|_| format!("port {value:?}"))?,
                "user" => value.clone_into(&mut settings.user),
                "identityfile" if value != "none" => settings.identities.push(path(value)),
                "identitiesonly" => settings.identities_only = value == "yes",
                "identityagent" if value == "none" => settings.uses_agent = false,
                "identityagent" if value != "SSH_AUTH_SOCK" => settings.agent = Some(path(value)),
                "userknownhostsfile" | "globalknownhostsfile" => {
                    settings.known_hosts.extend(value.split(' ').filter(|file| *file != "none").map(path));
                }
                "hostkeyalias" if value != "none" => settings.key_alias = Some(value.to_owned()),
                "controlpath" if value != "none" => settings.control_path = Some(path(value)),
                "proxycommand" if value != "none" => settings.proxy = Proxy::Command(value.to_owned()),
                "proxyjump" if value != "none" => {
                    let hosts: Result<_, _> = value.split(',').map(str::parse).collect();
                    settings.proxy = Proxy::Jump(hosts.map_err(|error| format!("ProxyJump: {error}"))?);
                }
                _ => {}
            }
        }
        // ssh lists the user's file before the global one only since it prints in the order of the manual.
        settings.known_hosts.sort_by_key(|file| file.starts_with("/etc"));
        Ok(settings)
    }

    /// The proxy command with its tokens filled in, as ssh_config(5) lists them.
    pub(super) fn fill(&self, command: &str) -> String {
        let mut filled = String::with_capacity(command.len());
        let mut characters = command.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                filled.push(character);
                continue;
            }
            match characters.next() {
                Some('h') => filled += &self.address,
                Some('n') => filled += &self.name,
                Some('p') => filled += &self.port.to_string(),
                Some('r') => filled += &self.user,
                Some('%') | None => filled.push('%'),
                Some(other) => filled.extend(['%', other]),
            }
        }
        filled
    }

    /// The name under which the host's key is filed.
    pub(super) fn key_name(&self) -> &str {
        self.key_alias.as_deref().unwrap_or(&self.address)
    }
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that OpenSSH 9.2 prints for a host with a file of its own.
    const PRINTED: &str = "host login\nuser me\nhostname login.example.org\nport 2222\naddressfamily any\n\
        identitiesonly yes\nidentityagent ~/agent.sock\nproxyjump me@gate:22,second\nidentityfile ~/.ssh/id_site\n\
        identityfile /keys/b\nglobalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n\
        userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2\nhostkeyalias site\n\
        controlpath /run/user/1/%C\nproxycommand none\n";

    #[test]
    fn what_ssh_prints_is_read() {
        let host = "login".parse().unwrap();
        let settings = Settings::read(&host, PRINTED, Some(Path::new("/home/me"))).unwrap();
        assert_eq!(
            (settings.address.as_str(), settings.port, settings.user.as_str()),
            ("login.example.org", 2222, "me")
        );
        assert_eq!(settings.identities, [PathBuf::from("/home/me/.ssh/id_site"), "/keys/b".into()]);
        assert_eq!(settings.agent, Some("/home/me/agent.sock".into()));
        assert_eq!(settings.known_hosts.len(), 4);
        assert_eq!(settings.known_hosts[0], Path::new("/home/me/.ssh/known_hosts"));
        assert_eq!(settings.key_name(), "site");
        assert_eq!(settings.proxy, Proxy::Jump(vec!["me@gate:22".parse().unwrap(), "second".parse().unwrap()]));
    }

    #[test]
    fn tokens_of_a_proxy_command_are_filled_in() {
        let settings = Settings::read(&"login".parse().unwrap(), PRINTED, None).unwrap();
        assert_eq!(settings.fill("nc -X 5 %h %p # %r %n %% %d%"), "nc -X 5 login.example.org 2222 # me login % %d%");
    }
}
