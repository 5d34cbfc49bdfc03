//! Packages of the operating system that tests need.

use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::{compiler, stream};

/// Sees to it that Debian's `packages` are installed.
///
/// As root on a Debian they are installed; elsewhere the failure says which to install, and how.
pub(crate) fn ensure(packages: &[&str]) -> Outcome<()> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("run `sudo apt-get install --no-install-recommends {}`", missing.join(" "));
    let failure = Failure::new(format!("not installed: {}", missing.join(", ")));
    if !compiler::is_installed("apt-get") {
        return Err(failure.hint("this is no Debian: install what these Debian packages hold"));
    }
    if !is_root() {
        return Err(failure.hint(by_hand));
    }
    stream::say(&format!("installing {}", missing.join(" ")));
    // The lists of packages may be missing or old: a fresh container has none.
    if install(&missing)? || (apt_get(&["update"])? && install(&missing)?) {
        return Ok(());
    }
    Err(failure.hint(by_hand))
}

fn install(packages: &[&str]) -> Outcome<bool> {
    apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn apt_get(arguments: &[&str]) -> Outcome<bool> {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=300"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(stream::run(&mut command)?.success())
}

fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    packages.iter().copied().filter(|package| !is_there(package)).collect()
}

fn is_there(package: &str) -> bool {
    let query = Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_exists_nowhere_is_missing() {
        assert_eq!(missing(&["no-such-package"]), ["no-such-package"]);
        ensure(&[]).unwrap();
    }
}
