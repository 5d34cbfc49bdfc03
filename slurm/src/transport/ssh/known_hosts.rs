//! Whether the key that a host shows is the one that is known.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use base64ct::{Base64Unpadded, Encoding as _};
use ssh2::{CheckResult, HashType, HostKeyType, KnownHostFileKind, MethodType, Session};

use super::SshError;
use super::settings::Settings;

/// The lines of the files of known hosts that are about one host.
#[derive(Debug)]
pub(super) struct KnownKeys<'a> {
    settings: &'a Settings,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    file: PathBuf,
    /// Without its marker.
    text: String,
    kind: String,
    is_revoked: bool,
}

/// A key that nobody has: compared with it, a line that is about the host mismatches, and one that is not does not
/// count.
const NOBODYS_KEY: &[u8] = b"no key";

impl<'a> KnownKeys<'a> {
    /// Reads the files that `settings` name. Files that are not there hold nothing.
    pub(super) fn read(settings: &'a Settings, session: &Session) -> Result<Self, SshError> {
        let mut known = Self { settings, lines: Vec::new() };
        for file in &settings.known_hosts {
            let text = match fs::read(file) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(source) => return Err(SshError::KnownHosts { file: file.clone(), source }),
            };
            for text in text.lines() {
                let Some(line) = Line::read(file.clone(), text) else { continue };
                if !matches!(known.compare(session, &line, NOBODYS_KEY)?, CheckResult::NotFound) {
                    known.lines.push(line);
                }
            }
        }
        Ok(known)
    }

    /// Asks the host for a key of a kind that is known: it has several, and another one would look like a stranger's.
    pub(super) fn prefer(&self, session: &Session) -> Result<(), ssh2::Error> {
        let usable = session.supported_algs(MethodType::HostKey)?;
        let is_known =
            |algorithm: &&str| self.lines.iter().any(|line| !line.is_revoked && key_kind(algorithm) == line.kind);
        let (mut first, rest): (Vec<&str>, Vec<&str>) = usable.into_iter().partition(is_known);
        first.extend(rest);
        session.method_pref(MethodType::HostKey, &first.join(","))
    }

    /// Refuses every key that is not known.
    pub(super) fn check(&self, session: &Session) -> Result<(), SshError> {
        let (key, kind) = session.host_key().unwrap_or((&[], HostKeyType::Unknown));
        let hash = session.host_key_hash(HashType::Sha256).unwrap_or_default();
        let fingerprint = format!("SHA256:{}", Base64Unpadded::encode_string(hash));
        let name = self.settings.key_name().to_owned();
        let mut other = None;
        let mut is_known = false;
        for line in &self.lines {
            match (self.compare(session, line, key)?, line.is_revoked) {
                (CheckResult::Match, true) => {
                    return Err(SshError::RevokedKey { name, fingerprint, file: line.file.clone() });
                }
                (CheckResult::Match, false) => is_known = true,
                (_, false) => other = other.or(Some(line.file.clone())),
                (_, true) => {}
            }
        }
        let kind = kind_in_words(kind);
        match (is_known && !key.is_empty(), other) {
            (true, _) => Ok(()),
            (false, Some(file)) => Err(SshError::ChangedKey { name, kind, fingerprint, file }),
            (false, None) => {
                Err(SshError::UnknownKey { name, kind, fingerprint, files: self.settings.known_hosts.clone() })
            }
        }
    }

    /// How one line stands to a key of the host. A line that libssh2 cannot read is about nobody.
    fn compare(&self, session: &Session, line: &Line, key: &[u8]) -> Result<CheckResult, SshError> {
        let failed = |error: ssh2::Error| SshError::Handshake {
            address: self.settings.address.clone(),
            said: error.message().to_owned(),
        };
        let mut hosts = session.known_hosts().map_err(failed)?;
        if hosts.read_str(&line.text, KnownHostFileKind::OpenSSH).is_err() {
            return Ok(CheckResult::NotFound);
        }
        let name = self.settings.key_name();
        // With an alias the port does not count, as with OpenSSH.
        Ok(match &self.settings.key_alias {
            Some(_) => hosts.check(name, key),
            None => hosts.check_port(name, self.settings.port, key),
        })
    }
}

impl Line {
    /// Keys of authorities are left out: libssh2 does not know host certificates.
    fn read(file: PathBuf, text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_revoked, text) = match text.strip_prefix("@revoked") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        if text.starts_with(['#', '@']) || text.is_empty() {
            return None;
        }
        let kind = text.split_ascii_whitespace().nth(1)?.to_owned();
        Some(Self { file, text: text.to_owned(), kind, is_revoked })
    }
}

/// The kind of key, as files of known hosts call it, that an algorithm signs with.
fn key_kind(algorithm: &str) -> &str {
    match algorithm {
        "rsa-sha2-256" | "rsa-sha2-512" => "ssh-rsa",
        other => other,
    }
}

fn kind_in_words(kind: HostKeyType) -> &'static str {
    match kind {
        HostKeyType::Rsa => "RSA",
        HostKeyType::Dss => "DSA",
        HostKeyType::Ecdsa256 | HostKeyType::Ecdsa384 | HostKeyType::Ecdsa521 => "ECDSA",
        HostKeyType::Ed25519 => "ED25519",
        HostKeyType::Unknown => "unknown",
    }
}
