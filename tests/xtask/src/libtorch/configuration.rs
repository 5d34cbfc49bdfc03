//! `.cargo/libtorch.toml`: tells cargo, and so the build scripts, where libtorch lies.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::file;

/// The file of a checkout.
#[derive(Debug)]
pub(crate) struct Configuration {
    root: PathBuf,
}

impl Configuration {
    /// The file of the checkout at `root`.
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.root.join(".cargo/libtorch.toml")
    }

    /// The folder that it names; none if there is no such file, or it is not ours.
    pub(crate) fn read(&self) -> Option<PathBuf> {
        let text = std::fs::read_to_string(self.path()).ok()?;
        let (_, rest) = text.split_once("value = \"")?;
        let (value, _) = rest.split_once('"')?;
        Some(self.root.join(value))
    }

    /// Makes it name `home`; relative to the checkout where possible, so that the checkout can be moved.
    pub(super) fn write(&self, home: &Path) -> Outcome<()> {
        if self.read().as_deref() == Some(home) {
            return Ok(());
        }
        let (path, relative) = match home.strip_prefix(&self.root) {
            Ok(inside) => (inside, true),
            Err(_) => (home, false),
        };
        let value = path.to_str().filter(|text| !text.contains(['"', '\\']) && !text.chars().any(char::is_control));
        let value = value.ok_or_else(|| {
            Failure::new(format!("the path {} cannot be written into cargo's configuration", path.display()))
                .hint("move libtorch to a path of plain characters")
        })?;
        let text = format!("[env]\nLIBTORCH = {{ value = \"{value}\", relative = {relative} }}\n");
        file::write(&self.path(), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_writes_inside_and_outside_of_the_checkout() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = Configuration::of(folder.path());
        assert_eq!(configuration.read(), None);
        let inside = folder.path().join(".libtorch/torch");
        configuration.write(&inside).unwrap();
        assert_eq!(configuration.read(), Some(inside));
        let text = std::fs::read_to_string(configuration.path()).unwrap();
        assert_eq!(text, "[env]\nLIBTORCH = { value = \".libtorch/torch\", relative = true }\n");
        let outside = Path::new("/opt/a b/torch");
        configuration.write(outside).unwrap();
        assert_eq!(configuration.read().as_deref(), Some(outside));
    }

    #[test]
    fn a_path_that_would_break_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Configuration::of(folder.path()).write(Path::new("/opt/\"torch")).is_err());
    }
}
