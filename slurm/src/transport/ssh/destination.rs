use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// A machine as ssh knows it: a name of `~/.ssh/config`, `host`, `user@host`, or one of them with `:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Destination {
    /// The name or address, as `~/.ssh/config` knows it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user, if one is named.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The port, if one is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for Destination {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::new(text, "a host, such as login.example.org, user@host or host:2222");
        let rest = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or_else(wrong)?;
                (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")).ok_or_else(wrong)?)
            }
            // An address of IPv6 has colons of its own, and then no port.
            None if rest.matches(':').count() == 1 => rest.split_once(':').ok_or_else(wrong)?,
            None => (rest, ""),
        };
        let is_plain = |text: &str| {
            let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.:%".contains(character);
            !text.is_empty() && !text.starts_with('-') && text.chars().all(allowed)
        };
        let is_user = |text: &str| is_plain(&text.replace(['+', '\\', '$', '@'], "_"));
        if !is_plain(host) || user.is_some_and(|user| !is_user(user)) {
            return Err(wrong());
        }
        let port = match port {
            "" if rest.ends_with(':') => return Err(wrong()),
            "" => None,
            digits => Some(digits.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?),
        };
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

serde_as_text!(Destination);

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(formatter, "{user}@")?;
        }
        match self.port {
            Some(port) if self.host.contains(':') => write!(formatter, "[{}]:{port}", self.host),
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => formatter.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read_and_written_alike() {
        for text in ["cluster", "me@login.example.org", "me@host:2222", "::1", "me@[fe80::1%eth0]:22", "dom+me@host"] {
            let read: Destination = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(read.to_string().parse::<Destination>().unwrap(), read);
        }
        let uri: Destination = "ssh://me@host:22".parse().unwrap();
        assert_eq!((uri.user(), uri.host(), uri.port()), (Some("me"), "host", Some(22)));
    }

    #[test]
    fn nothing_can_be_taken_for_an_option_or_a_command() {
        for text in [
            "",
            "-oProxyCommand=x",
            "me@-x",
            "-l@host",
            "a b",
            "host;id",
            "$(id)",
            "host:",
            "host:0",
            "host:70000",
            "a\nb",
            "@host",
            "[::1",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text:?}");
        }
    }
}
