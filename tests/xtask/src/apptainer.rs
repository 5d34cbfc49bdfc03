//! `target/apptainer/`: the container runtime for the test of a site with containers.
//!
//! Debian has it in its unstable suite only. It is unpacked there with the C library that it wants, from the mirror
//! that this machine uses; nothing of the system is touched. What unstable holds today is not pinned, so that its
//! absence is no failure: it is said here, and by the test that goes without.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use crate::{file, packages, stream};

/// Apptainer, and the libraries that it is linked to.
const PACKAGES: [&str; 4] = ["apptainer", "libc6", "libseccomp2", "libsqlite3-0"];
/// Where Debian's own keys lie.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// The folder of libraries, and the loader in it, on the only kind of machine for which this is tried.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "ld-linux-x86-64.so.2";

/// Lays Apptainer out, or finds it laid out, or says that it is absent and why.
pub(crate) fn offer(workspace: &Workspace) -> Outcome<()> {
    let target = workspace.release_folder()?;
    let home = target.parent().unwrap_or(&target).join("apptainer");
    if !answers(&home)
        && let Err(failure) = lay_out(&home)
    {
        file::remove(&home)?;
        stream::say(&format!("Apptainer is absent, so no run is tried in a container: {}", failure.render().trim()));
    }
    Ok(())
}

fn program(home: &Path) -> PathBuf {
    home.join("usr/bin/apptainer")
}

fn answers(home: &Path) -> bool {
    let asked = Command::new(program(home)).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn lay_out(home: &Path) -> Outcome<()> {
    if std::env::consts::ARCH != "x86_64" {
        return Err(Failure::new(format!("how to lay it out on {} is not known", std::env::consts::ARCH)));
    }
    packages::ensure(&["patchelf"])?;
    stream::say("laying Apptainer out");
    file::remove(home)?;
    download(&home.join("packages"))?;
    for package in archives(&home.join("packages"))? {
        succeed(Command::new("dpkg-deb").arg("--extract").arg(package).arg(home))?;
    }
    let libraries = home.join(LIBRARIES);
    for linked in [program(home), libraries.join("apptainer/bin/starter")] {
        let mut patch = Command::new("patchelf");
        patch.arg("--set-interpreter").arg(libraries.join(LOADER));
        succeed(patch.args(["--force-rpath", "--set-rpath"]).arg(&libraries).arg(linked))?;
    }
    configure(home).map_err(|error| Failure::new(format!("cannot lay out {}", home.display())).because(error))?;
    file::remove(&home.join("packages"))?;
    if answers(home) { Ok(()) } else { Err(Failure::new("it does not start")) }
}

/// Fetches the packages into `folder`, by lists that nobody else sees.
fn download(folder: &Path) -> Outcome<()> {
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(part))
            .map_err(|error| Failure::new(format!("cannot make {}", folder.display())).because(error))?;
    }
    let source = format!("deb [signed-by={KEYS}] {} unstable main\n", mirror()?);
    file::write(&folder.join("unstable.list"), source.as_bytes())?;
    let apt_get = |words: &[&str]| {
        let place = folder.display();
        let mut command = Command::new("apt-get");
        command.args(["-qq", "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "APT::Sandbox::User=root"]);
        command.args([
            "-o",
            "Acquire::Languages=none",
            "-o",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        ]);
        command.args(["-o", &format!("Dir::Etc::SourceList={place}/unstable.list")]);
        command.args(["-o", &format!("Dir::State::Lists={place}/lists"), "-o", &format!("Dir::Cache={place}/cache")]);
        command.args(words).current_dir(folder);
        command
    };
    succeed(&mut apt_get(&["update"]))?;
    succeed(apt_get(&["download"]).args(PACKAGES))
}

/// The mirror from which this machine has its Debian.
fn mirror() -> Outcome<String> {
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages", "Component: main"]);
    let output = command.output().map_err(|error| Failure::new("cannot run apt-get").because(error))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut mirrors = said.lines().filter_map(|line| line.strip_prefix("Debian "));
    let mirror = mirrors.find(|address| !address.contains("security"));
    mirror.map(str::to_owned).ok_or_else(|| Failure::new("apt names no mirror of Debian"))
}

fn archives(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|error| Failure::new(format!("cannot read {}", folder.display())).because(error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect())
}

/// Puts its settings where a program that does not lie in `/usr` looks for them, and the folder on which it mounts
/// where `starter`, which lies deeper, does.
fn configure(home: &Path) -> std::io::Result<()> {
    for top in ["usr", "usr/lib"] {
        fs::create_dir_all(home.join(top).join("var/lib/apptainer/mnt/session"))?;
    }
    fs::rename(home.join("etc"), home.join("usr/etc"))?;
    let file = home.join("usr/etc/apptainer/apptainer.conf");
    // Root in a sandbox does not have all the capabilities that it would hand on.
    let settings = fs::read_to_string(&file)?;
    fs::write(file, settings.replace("root default capabilities = full", "root default capabilities = no"))
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let status = stream::run(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}", command.get_program().display())))
}
