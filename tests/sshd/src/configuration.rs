//! The files by which server and client know what they are to do.

use crate::{Door, HOST_KEYS, Server};

impl Server {
    pub(crate) fn server_file(&self, variables: &[(String, String)], noisy: bool) -> String {
        let folder = self.folder.path().display();
        let keys: String = HOST_KEYS.map(|kind| format!("HostKey {folder}/host_{kind}\n")).concat();
        let set: Vec<String> = variables.iter().map(|(name, value)| format!("\"{name}={value}\"")).collect();
        let set = if set.is_empty() { String::new() } else { format!("SetEnv {}\n", set.join(" ")) };
        let noise =
            if noisy { format!("Banner {folder}/noise\nForceCommand sh {folder}/noise\n") } else { String::new() };
        let door = match self.door {
            Door::Key => "UsePAM no\nKbdInteractiveAuthentication no\n",
            Door::KeyAndCode => {
                "UsePAM yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive:pam\n"
            }
            Door::Ticket(_) => {
                "UsePAM no\nKbdInteractiveAuthentication no\nPubkeyAuthentication no\nGSSAPIAuthentication yes\n\
                 GSSAPIStrictAcceptorCheck no\n"
            }
        };
        format!(
            "Port {}\nListenAddress 127.0.0.1\nPidFile none\n{keys}AuthorizedKeysFile {folder}/authorized_keys\n\
             PasswordAuthentication no\nPermitRootLogin yes\nStrictModes no\n\
             MaxStartups 100\nAllowTcpForwarding yes\n{door}{set}{noise}Subsystem sftp internal-sftp\n",
            self.port.number()
        )
    }

    pub(crate) fn client_file(&self) -> String {
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
            host(
                "ticket",
                &["HostName localhost".to_owned(), known("known_local"), "GSSAPIAuthentication yes".to_owned()],
            ),
            host("agent", &[key("agent_key"), format!("IdentityAgent {folder}/agent.sock")]),
            // The first value that is found counts, so that what holds for all stands last.
            host("* !unwelcome !locked !agent", &[key("user_key")]),
            host("*", &[format!("Port {}", self.port.number()), known("known_hosts")]),
            others.to_owned(),
        ]
        .concat()
    }
}

/// What a talkative site runs in the place of every command: it is a banner, too.
pub(crate) const NOISE: &str = r#"echo "*** Welcome! Quota: 80 % ***"
echo "*** maintenance on Tuesday ***" >&2
printf 'no newline here'
sh -c "$SSH_ORIGINAL_COMMAND"
code=$?
echo "*** goodbye ***"
exit $code
"#;
