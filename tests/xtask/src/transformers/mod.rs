//! `target/transformers/`: pinned versions of Hugging Face's transformers, each with a command `python` that finds it
//! and the torch of libtorch's wheel.
//!
//! No environment of the person's is touched: wheels are unpacked into folders of their own and named by `PYTHONPATH`.
//! Read in this order: `ensure`, `wheels` (what is installed), `stubs` (how torch starts without CUDA).

mod stubs;
mod wheels;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, stream};

/// A Python for which the wheels are made. torch's own wheel is for this one alone.
const PYTHON: &str = "3.11";
/// What it may be called.
const INTERPRETERS: [&str; 2] = ["python3", "python3.11"];
/// Prints the interpreter's version and path.
const WHO: &str = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)";

/// Lays every version out, or finds it laid out; `torch` is the folder from which torch can be imported.
pub(crate) fn ensure(workspace: &Workspace, torch: &Path) -> Outcome<()> {
    let interpreter = interpreter(workspace)?;
    let target = workspace.release_folder()?;
    let folder = target.parent().unwrap_or(&target).join("transformers");
    let torch = fs::canonicalize(torch)
        .map_err(|error| Failure::new(format!("cannot find {}", torch.display())).because(error))?;
    for version in wheels::VERSIONS {
        let home = folder.join(version.number);
        let packages = wheels::install(workspace, version, &home)?;
        let stubs = folder.join("stubs");
        let search = [packages.as_path(), torch.as_path()];
        stubs::make(workspace, &interpreter, &search, &stubs)?;
        write_command(&home.join("python"), &interpreter, &search, &stubs)?;
        check(workspace, &home.join("python"), version.number)?;
    }
    Ok(())
}

fn interpreter(workspace: &Workspace) -> Outcome<PathBuf> {
    let mut found = Vec::new();
    for name in INTERPRETERS {
        let Ok(output) = workspace.command(name).args(["-c", WHO]).output() else { continue };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match said.trim().split_once('\n') {
            Some((PYTHON, path)) => return Ok(PathBuf::from(path)),
            Some((version, _)) => found.push(format!("{name} is {version}")),
            None => {}
        }
    }
    let found = if found.is_empty() { "there is none".to_owned() } else { found.join(", ") };
    Err(Failure::new(format!("transformers is tested on Python {PYTHON}, but {found}"))
        .hint(format!("install Python {PYTHON}, such as with `apt-get install python3.11`")))
}

/// The variables that make an interpreter find these packages and libraries, and nothing of the person's own.
fn variables(search: &[&Path], stubs: &Path) -> [(&'static str, String); 4] {
    let paths: Vec<String> = search.iter().map(|path| path.display().to_string()).collect();
    [
        ("PYTHONPATH", paths.join(":")),
        ("PYTHONNOUSERSITE", "1".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("LD_LIBRARY_PATH", stubs.display().to_string()),
    ]
}

/// Writes the command that starts the interpreter so.
fn write_command(path: &Path, interpreter: &Path, search: &[&Path], stubs: &Path) -> Outcome<()> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let set: Vec<String> =
        variables(search, stubs).iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    let set = set.concat();
    let text = format!("#!/bin/sh\n{set}exec {} \"$@\"\n", quoted(&interpreter.display().to_string()));
    file::write(path, text.as_bytes())?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
        .map_err(|error| Failure::new(format!("cannot make {} executable", path.display())).because(error))
}

/// Fails unless the command finds the version that it should.
fn check(workspace: &Workspace, python: &Path, version: &str) -> Outcome<()> {
    let script = "import os, sys; sys.setdlopenflags(os.RTLD_LAZY); import torch, transformers; \
                  print(transformers.__version__, end='')";
    let mut command = workspace.command(python);
    let (status, found) = stream::run_keeping_output(command.args(["-c", script]))?;
    if status.success() && found == version {
        stream::say("");
        return Ok(());
    }
    Err(Failure::new(format!("{} does not find transformers {version} and torch", python.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_sets_what_the_interpreter_needs() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("it's here/python");
        let search = [Path::new("/packages"), Path::new("/a 'torch'")];
        write_command(&python, Path::new("/bin/sh"), &search, Path::new("/stubs")).unwrap();
        let mut command = std::process::Command::new(&python);
        let output = command.args(["-c", "echo \"$PYTHONPATH $LD_LIBRARY_PATH $0\"", "me"]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "/packages:/a 'torch' /stubs me\n");
    }
}
