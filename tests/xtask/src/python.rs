//! Python, as far as it serves: pip fetches wheels, and an installed torch is a libtorch.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;

const INTERPRETER: &str = "python3";

/// Prints where the package torch lies, without loading it.
const FIND_TORCH: &str = "\
import importlib.util
spec = importlib.util.find_spec('torch')
print(spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else '', end='')
";

/// pip, to be given a subcommand.
pub(crate) fn pip(workspace: &Workspace) -> Outcome<Command> {
    let version = workspace.command(INTERPRETER).args(["-m", "pip", "--version"]).output();
    let there = version.map_err(|error| {
        let failure = Failure::new(format!("cannot run {INTERPRETER}")).because(error);
        failure.hint("install Python 3 with pip, such as with `apt-get install python3-pip`")
    })?;
    if !there.status.success() {
        return Err(Failure::new(format!("{INTERPRETER} has no pip"))
            .hint("install it, such as with `apt-get install python3-pip` or `python3 -m ensurepip`"));
    }
    Ok(pip_of(workspace, Path::new(INTERPRETER)))
}

/// The pip of an interpreter, proof against personal settings that do not go with `--target` or with an environment.
fn pip_of(workspace: &Workspace, interpreter: &Path) -> Command {
    let mut command = workspace.command(interpreter);
    command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
    command
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env_remove("PIP_TARGET")
        .env_remove("PIP_PREFIX");
    command
}

/// Where the system's Python has the package torch, if it has.
pub(crate) fn torch_folder(workspace: &Workspace) -> Option<PathBuf> {
    // With `-c` the current folder is on Python's search path: one without modules, then.
    let output = workspace.command(INTERPRETER).args(["-c", FIND_TORCH]).current_dir("/").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !folder.is_empty()).then(|| PathBuf::from(folder))
}
