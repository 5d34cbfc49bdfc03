//! How torch's wheel starts where the CUDA libraries that it is linked against are not installed.
//!
//! Python's part of torch names them all, and the loader wants each to be there, though on a processor nothing in them
//! is ever called. An empty library of each name is enough, as long as symbols are looked up when they are called: the
//! scripts set `RTLD_LAZY` before they import torch. Which names are missing, the loader says itself, one at a time.

use std::fs;
use std::path::Path;

use super::variables;
use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{compiler, stream};

/// More libraries than torch is linked against.
const MOST: usize = 40;

const IMPORT: &str = "import os, sys; sys.setdlopenflags(os.RTLD_LAZY); import torch";

/// Makes empty libraries in `folder` until the interpreter can import torch.
pub(super) fn make(workspace: &Workspace, interpreter: &Path, search: &[&Path], folder: &Path) -> Outcome<()> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot make {}", folder.display())).because(error))?;
    for _ in 0..MOST {
        let mut command = workspace.command(interpreter);
        command.args(["-c", IMPORT]).envs(variables(search, folder));
        let output = command
            .output()
            .map_err(|error| Failure::new(format!("cannot run {}", interpreter.display())).because(error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let Some(name) = missing_library(&said) else {
            stream::say(said.trim_end());
            return Err(Failure::new("Python cannot import the torch of libtorch's wheel")
                .hint("its own words stand above; `cargo libtorch` installs a whole one into .libtorch/"));
        };
        compile_empty(workspace, &folder.join(name), name)?;
    }
    Err(Failure::new(format!("torch wants more than {MOST} libraries that are not there")))
}

/// The library that the loader could not find.
fn missing_library(said: &str) -> Option<&str> {
    let (before, _) = said.split_once(": cannot open shared object file")?;
    let name = before.rsplit(' ').next()?;
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte));
    (name.starts_with("lib") && name.contains(".so") && is_plain).then_some(name)
}

fn compile_empty(workspace: &Workspace, path: &Path, name: &str) -> Outcome<()> {
    let chosen = std::env::var_os("CXX").unwrap_or_else(|| compiler::other_than_default().unwrap_or("c++").into());
    let mut command = workspace.command(chosen);
    command.args(["-shared", "-x", "c++", "/dev/null", &format!("-Wl,-soname,{name}"), "-o"]).arg(path);
    if stream::run(&mut command)?.success() {
        return Ok(());
    }
    Err(Failure::new(format!("cannot compile an empty {name}")).hint("the compiler's words stand above"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_s_words_are_understood() {
        let said =
            "    from torch._C import *\nImportError: libcudnn.so.9: cannot open shared object file: No such file";
        assert_eq!(missing_library(said), Some("libcudnn.so.9"));
        assert_eq!(missing_library("ImportError: /x/evil.so: cannot open shared object file"), None);
        assert_eq!(missing_library("ModuleNotFoundError: No module named 'torchgen'"), None);
    }
}
