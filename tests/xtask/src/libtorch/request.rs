//! Which libtorch is taken.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::configuration::Configuration;
use super::home::Home;
use super::installation::Installation;
use super::{VERSION, nvidia};
use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{compiler, python, stream};

/// What is wanted of libtorch.
#[derive(Debug, Default, Args)]
pub(crate) struct Request {
    /// Install the CUDA libraries, too; the default where there is an NVIDIA driver
    #[arg(long, conflicts_with = "cpu")]
    cuda: bool,
    /// Leave them out even where there is an NVIDIA driver
    #[arg(long)]
    cpu: bool,
    /// Take the libtorch in this folder: a libtorch, a torch package, or a site-packages with one
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Install nothing; fail if something would have to be installed
    #[arg(long)]
    check: bool,
}

/// `cargo libtorch`.
pub(crate) fn run(workspace: &Workspace, request: &Request) -> Outcome<ExitCode> {
    let home = ensure(workspace, request)?;
    stream::say(&format!("libtorch {VERSION} lies in {}", home.display()));
    Ok(ExitCode::SUCCESS)
}

/// Finds or installs libtorch, and tells cargo where it lies.
pub(crate) fn ensure(workspace: &Workspace, request: &Request) -> Outcome<PathBuf> {
    let home = match find(workspace, request)? {
        Some(home) => home,
        None if request.check => {
            return Err(Failure::new(format!("libtorch {VERSION} is not installed")).hint("run `cargo libtorch`"));
        }
        None => {
            compiler::require()?;
            Installation::of(workspace.root()).install(workspace, wants_cuda(request))?
        }
    };
    if workspace.chosen_libtorch().is_none() {
        Configuration::of(workspace.root()).write(home.path())?;
    }
    compiler::require()?;
    Ok(home.path().to_owned())
}

/// The folder from which Python can import the torch of this libtorch, with what it needs beside it.
pub(crate) fn python_folder(workspace: &Workspace, home: &Path) -> Outcome<PathBuf> {
    let plain = || {
        Failure::new(format!("{} is a plain libtorch, without torch's Python code", home.display()))
            .hint("unset LIBTORCH and call `cargo libtorch`, which installs the whole wheel")
    };
    let folder = home.parent().filter(|_| home.join("__init__.py").is_file()).ok_or_else(plain)?;
    let installation = Installation::of(workspace.root());
    if home == installation.torch() {
        installation.complete_python(workspace)?;
    }
    Ok(folder.to_owned())
}

fn wants_cuda(request: &Request) -> bool {
    request.cuda || (!request.cpu && nvidia::has_driver())
}

/// The libtorch that is there, if it serves.
fn find(workspace: &Workspace, request: &Request) -> Outcome<Option<Home>> {
    if let Some(folder) = &request.from {
        if workspace.chosen_libtorch().is_some() {
            return Err(Failure::new("LIBTORCH in the environment would win over --from").hint("unset LIBTORCH"));
        }
        return given(folder).map(Some);
    }
    if let Some(folder) = workspace.chosen_libtorch() {
        let home = Home::at(folder).map_err(|failure| {
            failure.hint(format!("LIBTORCH names that folder: unset it, or let it name a libtorch {VERSION}"))
        })?;
        return Ok(Some(home));
    }
    let installation = Installation::of(workspace.root());
    let configured = Configuration::of(workspace.root()).read().filter(|folder| *folder != installation.torch());
    // One without CUDA serves unless the person asks for CUDA by name.
    let serves = |home: &Home| !request.cuda || home.has_cuda();
    if let Some(home) = configured.and_then(|folder| Home::at(&folder).ok()).filter(serves) {
        return Ok(Some(home));
    }
    if let Some(home) = installation.home(wants_cuda(request)) {
        return Ok(Some(home));
    }
    // Half an installation of ours is finished rather than left for another.
    if installation.home(false).is_some() {
        return Ok(None);
    }
    Ok(python::torch_folder(workspace).and_then(|folder| Home::at(&folder).ok()).filter(serves))
}

/// The libtorch in a folder that the person named.
fn given(folder: &Path) -> Outcome<Home> {
    let folder = std::fs::canonicalize(folder)
        .map_err(|error| Failure::new(format!("cannot find {}", folder.display())).because(error))?;
    let package = folder.join("torch");
    Home::at(if package.is_dir() { &package } else { &folder })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libtorch::home::tests::pretend;

    #[test]
    fn a_given_folder_may_be_the_package_or_what_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().canonicalize().unwrap().join("torch");
        pretend(&package, "2.11.0");
        assert_eq!(given(folder.path()).unwrap().path(), package);
        assert_eq!(given(&package).unwrap().path(), package);
        assert!(given(&folder.path().join("missing")).is_err());
    }
}
