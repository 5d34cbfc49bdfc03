//! Being let in.

use base64ct::{Base64Unpadded, Encoding};
use ssh2::{KeyboardInteractivePrompt, Prompt, Session};

use super::settings::Settings;
use super::{Questions, SshError};

/// How many times a question may be asked again.
const TRIES: usize = 3;

/// Offers the agent's keys, then the key files, then answers to the host's questions, then a password: what the host
/// accepts of them, until it is satisfied.
pub(super) fn authenticate(session: &Session, settings: &Settings, questions: &dyn Questions) -> Result<(), SshError> {
    let mut attempt = Attempt { session, settings, questions, tried: Vec::new() };
    let methods = match session.auth_methods(&settings.user) {
        Ok(methods) => methods.to_owned(),
        // It wants to know nothing more.
        Err(_) if session.authenticated() => return Ok(()),
        Err(error) => {
            return Err(SshError::Handshake { address: settings.address.clone(), said: error.message().to_owned() });
        }
    };
    let offers = |method: &str| methods.split(',').any(|offered| offered == method);
    if offers("publickey") {
        attempt.agent_keys();
        attempt.key_files();
    }
    let keys = attempt.tried.len();
    // After a key a host may want a code as well, which its first list does not show.
    if offers("keyboard-interactive") || offers("publickey") {
        attempt.answers();
    }
    if offers("password") {
        attempt.password();
    }
    if session.authenticated() {
        return Ok(());
    }
    if offers("publickey") && wants_no_key(session, settings) {
        // libssh2 takes a key that is right, and not enough, for a wrong one.
        attempt.tried.splice(..keys, ["a key, which is right but not enough".to_owned()]);
    }
    Err(SshError::Denied { address: settings.address.clone(), user: settings.user.clone(), tried: attempt.tried })
}

/// Whether the host, which did want a key, wants none any more.
fn wants_no_key(session: &Session, settings: &Settings) -> bool {
    let methods = session.auth_methods(&settings.user);
    methods.is_ok_and(|methods| !methods.split(',').any(|method| method == "publickey"))
}

struct Attempt<'a> {
    session: &'a Session,
    settings: &'a Settings,
    questions: &'a dyn Questions,
    tried: Vec<String>,
}

impl Attempt<'_> {
    fn is_in(&self) -> bool {
        self.session.authenticated()
    }

    fn agent_keys(&mut self) {
        if !self.settings.uses_agent || (self.settings.agent.is_none() && std::env::var_os("SSH_AUTH_SOCK").is_none()) {
            return;
        }
        match self.offer_agent_keys() {
            Ok(0) => self.tried.push("the agent, which has no fitting key".to_owned()),
            Ok(count) => self.tried.push(format!("{count} of the agent's keys")),
            Err(error) => self.tried.push(format!("the agent ({})", error.message())),
        }
    }

    fn offer_agent_keys(&self) -> Result<usize, ssh2::Error> {
        let mut agent = self.session.agent()?;
        if let Some(socket) = &self.settings.agent {
            agent.set_identity_path(socket)?;
        }
        agent.connect()?;
        agent.list_identities()?;
        let wanted: Vec<Vec<u8>> = self.settings.identities.iter().filter_map(|file| public_key(file)).collect();
        let mut offered = 0;
        for key in agent.identities()? {
            if self.settings.identities_only && !wanted.iter().any(|wanted| wanted == key.blob()) {
                continue;
            }
            offered += 1;
            // A key that does not fit is no failure: the next one may.
            if agent.userauth(&self.settings.user, &key).is_ok() || self.is_in() {
                break;
            }
        }
        Ok(offered)
    }

    fn key_files(&mut self) {
        for file in &self.settings.identities {
            if self.is_in() {
                return;
            }
            if !file.exists() {
                continue;
            }
            let offer = |passphrase: Option<&str>| {
                self.session.userauth_pubkey_file(&self.settings.user, None, file, passphrase)
            };
            let name = file.display();
            let Err(error) = offer(None) else { return };
            if !is_encrypted(file) {
                self.tried.push(format!("{name} ({})", error.message()));
                continue;
            }
            let question = format!("Passphrase of {name}: ");
            let mut asked = false;
            for passphrase in (0..TRIES).map_while(|_| self.questions.ask(&question, false)) {
                asked = true;
                if offer(Some(&passphrase)).is_ok() {
                    return;
                }
            }
            let why = if asked {
                "not with these passphrases"
            } else {
                "it has a passphrase, and nobody could be asked: add it to the agent"
            };
            self.tried.push(format!("{name} ({why})"));
        }
    }

    fn answers(&mut self) {
        for _ in 0..TRIES {
            if self.is_in() {
                return;
            }
            let mut answers = Answers { questions: self.questions, asked: 0, answered: true };
            let result = self.session.userauth_keyboard_interactive(&self.settings.user, &mut answers);
            if result.is_ok() {
                return;
            }
            if answers.asked == 0 || !answers.answered {
                if !answers.answered {
                    self.tried.push("its questions, which nobody could be asked".to_owned());
                }
                return;
            }
        }
        self.tried.push("answers to its questions".to_owned());
    }

    fn password(&mut self) {
        let question = format!("Password of {} at {}: ", self.settings.user, self.settings.address);
        let mut asked = false;
        for _ in 0..TRIES {
            if self.is_in() {
                return;
            }
            let Some(password) = self.questions.ask(&question, false) else { break };
            asked = true;
            if self.session.userauth_password(&self.settings.user, &password).is_ok() {
                return;
            }
        }
        if asked {
            self.tried.push("a password".to_owned());
        }
    }
}

/// Passes a host's questions on to a person.
struct Answers<'a> {
    questions: &'a dyn Questions,
    asked: usize,
    answered: bool,
}

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt<'p>(&mut self, _: &str, instructions: &str, prompts: &[Prompt<'p>]) -> Vec<String> {
        let mut ask = |prompt: &Prompt<'p>| {
            self.asked += 1;
            let lead =
                if instructions.trim().is_empty() { String::new() } else { format!("{}\n", instructions.trim()) };
            let answer = self.questions.ask(&format!("{lead}{}", prompt.text), prompt.echo);
            self.answered &= answer.is_some();
            answer.unwrap_or_default()
        };
        prompts.iter().map(&mut ask).collect()
    }
}

/// Whether a key file needs a passphrase, as far as that can be seen from outside: libssh2 says only that it cannot
/// read it.
fn is_encrypted(file: &std::path::Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    if text.contains("ENCRYPTED") {
        return true;
    }
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    // openssh-key-v1: a magic word, then the name of the cipher with its length before it.
    <Base64Unpadded as Encoding>::decode_vec(body.trim_end_matches('=')).is_ok_and(|bytes: Vec<u8>| {
        bytes.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| rest.get(4..8).is_some_and(|name| name != b"none"))
    })
}

/// The public half of a key file, if it lies beside it.
fn public_key(file: &std::path::Path) -> Option<Vec<u8>> {
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    let text = std::fs::read_to_string(name).ok()?;
    let body = text.split_ascii_whitespace().nth(1)?;
    <Base64Unpadded as Encoding>::decode_vec(body.trim_end_matches('=')).ok()
}
