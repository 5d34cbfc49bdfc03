use std::path::PathBuf;

use super::Destination;

/// A machine, and the file that says how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The machine.
    pub host: Destination,
    /// A file in the place of `~/.ssh/config` and the system's own.
    pub config: Option<PathBuf>,
}

impl Access {
    /// Another machine by the same file.
    pub(super) fn to(&self, host: &Destination) -> Self {
        Self { host: host.clone(), config: self.config.clone() }
    }

    /// The arguments with which ssh is called for it; no part of it can be taken for an option.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(config) = &self.config {
            arguments.extend(["-F".to_owned(), config.display().to_string()]);
        }
        if let Some(user) = self.host.user() {
            arguments.extend(["-l".to_owned(), user.to_owned()]);
        }
        if let Some(port) = self.host.port() {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        arguments.extend(["--".to_owned(), self.host.host().to_owned()]);
        arguments
    }
}

impl From<Destination> for Access {
    fn from(host: Destination) -> Self {
        Self { host, config: None }
    }
}
