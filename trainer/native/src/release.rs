//! Which release of libtorch a folder holds. Shared with the build script.

use std::path::Path;

/// A release of libtorch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its version, such as `2.11.0+cu130`.
    pub version: String,
    /// The commit of PyTorch that it was built from; empty if the folder does not say.
    pub commit: String,
}

impl Release {
    /// The files that say it: of a Python wheel, and of a plain libtorch.
    pub const FILES: [&str; 2] = ["version.py", "build-version"];

    /// The release in `home`, the folder above libtorch's `lib`, if a file there says it.
    pub fn beside(home: &Path) -> Option<Self> {
        let read = |name: &str| std::fs::read_to_string(home.join(name)).ok();
        if let Some(python) = read("version.py") {
            return Self::parse_python(&python);
        }
        let version = read("build-version")?.trim().to_owned();
        Some(Self { version, commit: read("build-hash").unwrap_or_default().trim().to_owned() })
    }

    fn parse_python(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
            Some(line.trim().trim_matches(['\'', '"']).to_owned())
        };
        Some(Self { version: value("__version__")?, commit: value("git_version").unwrap_or_default() })
    }

    /// The version without the build: `2.11.0` of `2.11.0+cu130`.
    pub fn number(&self) -> &str {
        self.version.split('+').next().unwrap_or_default()
    }
}
