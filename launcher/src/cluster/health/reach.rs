//! What must be there before Slurm is asked anything: the connection, the commands, this program and its folders.

use std::error::Error;
use std::path::Path;

use slurm::client::{Client, ClientError};
use slurm::script::{AbsolutePath, Container};
use slurm::transport::{TransportError, files};

use super::Finding;
use crate::cluster::error::ssh_hint;
use crate::cluster::place::FarPlace;
use crate::cluster::site::{Site, SshClient};
use crate::supervise;

/// Commands without which nothing can be submitted or followed.
const NEEDED: [&str; 5] = ["sbatch", "squeue", "scancel", "scontrol", "sinfo"];
/// Commands without which less is known.
const WANTED: [&str; 2] = ["sacct", "sacctmgr"];

/// As whom commands are run, and on which way; or why there is none.
pub(super) fn connection(site: &Site, client: &Client) -> Result<(String, Finding), Finding> {
    let user = client.user().map_err(|error| {
        let advice = match &error {
            ClientError::Transport(TransportError::Unreachable { source, .. }) => {
                format!("; {}", ssh_hint(source))
            }
            _ => String::new(),
        };
        Finding::bad("connection", said(&error) + &advice)
    })?;
    let way = match &site.ssh {
        None => String::new(),
        Some(ssh) if ssh.client == SshClient::Openssh => ", by the ssh of this machine".to_owned(),
        Some(_) => {
            let agent = std::env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| !socket.is_empty());
            let agent = if agent { "an agent is there" } else { "no agent is there, so keys come from files" };
            format!(", by the built-in ssh; the host's key is known, {agent}")
        }
    };
    let words = format!("commands are run {} as {user}{way}", client.place());
    Ok((user, Finding::good("connection", words)))
}

/// An error with its causes, on one line.
fn said(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words += ": ";
        words += &error.to_string();
        cause = error.source();
    }
    words
}

/// Whether every command of Slurm is there.
pub(super) fn commands(client: &Client) -> Finding {
    let missing = match client.missing(&[&NEEDED[..], &WANTED[..]].concat()) {
        Ok(missing) => missing,
        Err(error) => return Finding::bad("commands", said(&error)),
    };
    let of = |all: &[&str]| -> Vec<&str> {
        missing.iter().map(String::as_str).filter(|program| all.contains(program)).collect()
    };
    let place = client.place();
    let advice = "put the folder of Slurm's commands on the PATH of a login that is no terminal";
    match (of(&NEEDED).as_slice(), of(&WANTED).as_slice()) {
        ([], []) => Finding::good("commands", format!("{} and {} are there", NEEDED.join(", "), WANTED.join(", "))),
        ([], wanted) => {
            let words = format!(
                "{} is not there {place}: how ended jobs ended, or what bounds a user, is not known",
                wanted.join(", ")
            );
            Finding::doubtful("commands", format!("{words}; {advice}"))
        }
        (needed, _) => Finding::bad("commands", format!("{} is not there {place}: {advice}", needed.join(", "))),
    }
}

/// Whether the sweep's folder can be written, and the programs are there and of this version.
pub(super) fn files(site: &Site, client: &Client) -> Vec<Finding> {
    let mut findings = match site.place().far() {
        Some(far) => far_files(far, client),
        None => vec![near_files(site, client)],
    };
    findings.extend(image(site, client));
    findings
}

fn near_files(site: &Site, client: &Client) -> Finding {
    let own = match std::env::current_exe() {
        Ok(own) => own.to_string_lossy().into_owned(),
        Err(error) => return Finding::doubtful("programs", error.to_string()),
    };
    if site.ssh.is_some() {
        match files::unreadable(client.transport(), &[&own]) {
            Ok(missing) if missing.is_empty() => {}
            Ok(_) => {
                let words = format!(
                    "{own} is not there {}: say under [place] where sweeps and seedbed lie there",
                    client.place()
                );
                return Finding::bad("programs", words);
            }
            Err(error) => return Finding::doubtful("programs", said(&error)),
        }
    }
    match supervise::locate_trainer() {
        Ok(trainer) => {
            Finding::good("programs", format!("the nodes must see {own} and {} by these paths", trainer.display()))
        }
        Err(error) => Finding::doubtful("programs", format!("{error}; sweeps with a program of their own need none")),
    }
}

/// Prints how the folder `$1` stands, and for every program after it what it calls itself.
const LOOK: &str = "folder=$1; shift; at=$folder; while [ ! -e \"$at\" ] && [ -n \"$at\" ]; do at=${at%/*}; done; at=${at:-/}; \
    if [ ! -d \"$at\" ]; then echo blocked; elif [ -w \"$at\" ] && [ -x \"$at\" ]; then echo writable; else echo closed; fi; \
    for program; do if [ ! -e \"$program\" ]; then echo absent; elif [ -d \"$program\" ] || [ ! -x \"$program\" ]; then echo closed; \
    else echo \"says $(\"$program\" --version 2>&1 | head -n 1)\"; fi; done";

fn far_files(far: &FarPlace, client: &Client) -> Vec<Finding> {
    let seedbed = far.seedbed.as_str();
    let beside = Path::new(seedbed).with_file_name("seedbed-trainer").to_string_lossy().into_owned();
    let trainer = far.trainer.as_ref().map_or(beside.as_str(), AbsolutePath::as_str);
    let words = ["-c", LOOK, "sh", far.root.as_str(), seedbed, trainer];
    let lines = match client.shell(&words) {
        Ok(lines) => lines,
        Err(error) => return vec![Finding::doubtful("folder", said(&error))],
    };
    let [folder, own, other] = &lines[..] else {
        return vec![Finding::doubtful("folder", "what was looked for was not told whole")];
    };
    let named = far.trainer.is_some();
    vec![
        root(far.root.as_str(), folder),
        program("seedbed", seedbed, own, true),
        program("trainer", trainer, other, named),
    ]
}

fn root(path: &str, found: &str) -> Finding {
    match found {
        "writable" => Finding::good("folder", format!("{path} is there or can be made, and can be written to")),
        "blocked" => Finding::bad(
            "folder",
            format!("{path} cannot be made: a file is in its way; set place.root to another folder"),
        ),
        _ => Finding::bad("folder", format!("{path} cannot be written to: set place.root to a folder of your own")),
    }
}

fn program(what: &'static str, path: &str, found: &str, needed: bool) -> Finding {
    let advice = format!("copy the one of this machine there, or set place.{what}");
    let amiss = |words: String| if needed { Finding::bad(what, words) } else { Finding::doubtful(what, words) };
    match found.strip_prefix("says ") {
        Some(says) if says.split(' ').nth(1) == Some(env!("CARGO_PKG_VERSION")) => {
            Finding::good(what, format!("{path} is there, of this version: {says}"))
        }
        Some(says) => {
            amiss(format!("{path} calls itself `{says}`, and this is {}: {advice}", env!("CARGO_PKG_VERSION")))
        }
        None if found == "absent" => amiss(format!("{path} is not there: {advice}")),
        None => amiss(format!("{path} is no program that can be started: {advice}")),
    }
}

/// Whether an image that is a file is there.
fn image(site: &Site, client: &Client) -> Option<Finding> {
    let (Container::Apptainer { image, .. } | Container::Pyxis { image, .. }) = site.container.as_ref()?;
    if !image.as_str().starts_with('/') {
        return None;
    }
    Some(match files::unreadable(client.transport(), &[image.as_str()]) {
        Ok(missing) if missing.is_empty() => Finding::good("container", format!("{image} is there")),
        Ok(_) => Finding::bad("container", format!("{image} cannot be read {}: set container.image", client.place())),
        Err(error) => Finding::doubtful("container", said(&error)),
    })
}

#[cfg(test)]
mod tests {
    use slurm::transport::Local;

    use super::super::Verdict::{Bad, Doubtful, Good};
    use super::*;

    #[test]
    fn folders_and_programs_are_looked_at_there() {
        let folder = tempfile::Builder::new().prefix("far 'away' ").tempdir().unwrap();
        let at = folder.path().display();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let look = |root: &str, seedbed: &str| {
            let mut far: FarPlace = toml::from_str("root = '/r'\nseedbed = '/s'").unwrap();
            far.root = root.parse().unwrap();
            far.seedbed = seedbed.parse().unwrap();
            let found = far_files(&far, &Client::new(Local));
            found.into_iter().map(|finding| finding.verdict).collect::<Vec<_>>()
        };
        assert_eq!(look(&format!("{at}/new/er"), &format!("{at}/none")), [Good, Bad, Doubtful]);
        assert_eq!(look(&format!("{at}/file/below"), &format!("{at}/file")), [Bad, Bad, Doubtful]);
        assert_eq!(look(&format!("{at}"), "/bin/true"), [Good, Bad, Doubtful]);
    }

    #[test]
    fn the_version_must_be_ours() {
        let ours = format!("says seedbed {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(program("seedbed", "/s", &ours, true).verdict, Good);
        let other = program("seedbed", "/s", "says seedbed 0.0.9", true);
        assert!(other.verdict == Bad && other.words.contains("calls itself `seedbed 0.0.9`"), "{other:?}");
    }
}
