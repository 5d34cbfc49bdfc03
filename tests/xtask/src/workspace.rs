//! Where the workspace lies, and how cargo is called in it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compiler;
use crate::failure::{Failure, Outcome};
use crate::libtorch::Configuration;

/// The checkout that these commands work on.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    cargo: OsString,
    chosen_libtorch: Option<PathBuf>,
}

impl Workspace {
    /// The workspace of the running command.
    pub(crate) fn find() -> Outcome<Self> {
        // cargo sets the variable when it runs us; the binary may have been built in another checkout.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| {
            Failure::new("not run by cargo").hint("call `cargo demo`, `cargo verify`, `cargo libtorch`")
        })?;
        let root = Path::new(&package).ancestors().nth(2).unwrap_or(Path::new("/")).to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // cargo hands us the setting of `.cargo/libtorch.toml` as well: that is no choice of the person's.
        let configured = Configuration::of(&root).read();
        let environment = std::env::var_os("LIBTORCH").map(PathBuf::from);
        let chosen_libtorch = environment.filter(|home| configured.as_ref() != Some(home));
        Ok(Self { root, cargo, chosen_libtorch })
    }

    /// The top folder of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The libtorch that the person chose by `LIBTORCH` in the environment.
    pub(crate) fn chosen_libtorch(&self) -> Option<&Path> {
        self.chosen_libtorch.as_deref()
    }

    /// A program to be run at the top of the checkout.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        command
    }

    /// cargo, with the libtorch that is configured now rather than when this command was started.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_this_package(name)) {
            command.env_remove(name);
        }
        if self.chosen_libtorch.is_none() {
            command.env_remove("LIBTORCH");
        }
        if let Some(compiler) = compiler::other_than_default() {
            command.env("CXX", compiler);
        }
        command
    }

    /// The folder of the release binaries.
    pub(crate) fn release_folder(&self) -> Outcome<PathBuf> {
        let mut command = self.cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.output().map_err(|error| Failure::new("cannot run cargo").because(error))?;
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::new("cannot read cargo's metadata").because(error))?;
        let target = metadata["target_directory"].as_str();
        let target = target.ok_or_else(|| Failure::new("cargo's metadata name no target directory"))?;
        Ok(Path::new(target).join("release"))
    }
}

/// Whether cargo has told us this of the package that it runs us for. There are build scripts that look at it: handed
/// on, it would have them run again, and all that stands on them compiled again, whenever cargo is called in another
/// way.
fn is_of_this_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}
