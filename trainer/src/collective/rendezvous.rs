//! How the ranks of a run find each other: by files in a folder that belongs to one start of one run.
//!
//! Every rank writes who it is (`rank-2.json`). Rank 0 waits for all, compares, and answers with the way to meet, or
//! with why there will be no meeting (`meeting.json`). No file is ever written twice, so a second start in the same
//! folder is noticed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use native::nccl::{Communicator, Nccl, Place};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tch::Device;

use super::call::Call;
use super::error::CollectiveError;
use super::sockets::{self, Sockets};
use super::team::Team;
use crate::files::WriteError;

/// Time between two looks into the folder, which may lie on a network's file system.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// Name of the socket at which rank 0 listens, in the folder.
const SOCKET: &str = "rank-0";

/// What a rank says of itself: all but the first two must be the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// Its machine.
    pub host: String,
    /// Its process.
    pub process: u32,
    /// How many ranks it thinks there are.
    pub world: u32,
    /// The hash of its `run.json`.
    pub spec: String,
    /// What it computes on.
    pub device: String,
    /// Versions by component.
    pub versions: BTreeMap<String, String>,
}

/// How the ranks meet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Meeting {
    /// By NCCL, with this unique id.
    Nccl(String),
    /// At the socket of rank 0.
    Socket,
    /// Not at all, and why.
    Refused(String),
}

/// Meets the other ranks: connects to them when all have come and are alike. `device` is this rank's own.
///
/// # Errors
/// When a rank does not come in time, is not like rank 0 or is there already, or when the connection fails.
pub fn meet(call: &Call, own: &Introduction, device: Device) -> Result<Team, CollectiveError> {
    if call.world == 1 {
        return Ok(Team::alone());
    }
    introduce(call, own)?;
    let nccl = if let Device::Cuda(_) = device { Some(Nccl::load(None)?) } else { None };
    if call.rank > 0 {
        return follow(call, device, nccl.as_ref());
    }
    match lead(call, device, nccl.as_ref()) {
        Ok(team) => Ok(team),
        Err(error) => {
            // The others need not wait; that they cannot be told does not matter beside what has happened.
            let _ = publish(&call.rendezvous.join("meeting.json"), &Meeting::Refused(error.to_string()));
            Err(error)
        }
    }
}

/// Where a rank says who it is.
pub(super) fn introduction(folder: &Path, rank: u32) -> PathBuf {
    folder.join(format!("rank-{rank}.json"))
}

fn introduce(call: &Call, own: &Introduction) -> Result<(), CollectiveError> {
    let path = introduction(&call.rendezvous, call.rank);
    // On another node it may be seen late. Whoever starts the ranks makes and removes it: one that is made here would
    // be left.
    let deadline = Instant::now() + call.patience;
    while matches!(call.rendezvous.try_exists(), Ok(false)) {
        if Instant::now() >= deadline {
            let (seconds, folder) = (call.patience.as_secs(), call.rendezvous.clone());
            return Err(CollectiveError::NoFolder { seconds, folder });
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    if publish(&path, own)? {
        return Ok(());
    }
    let who = read::<Introduction>(&path)?.map(|other| format!("process {} on {}", other.process, other.host));
    let (rank, folder) = (call.rank, call.rendezvous.clone());
    Err(CollectiveError::Taken { rank, folder, who: who.unwrap_or_default() })
}

/// What rank 0 does.
fn lead(call: &Call, device: Device, nccl: Option<&Nccl>) -> Result<Team, CollectiveError> {
    let deadline = Instant::now() + call.patience;
    let mut introductions = Vec::new();
    while let Some(missing) = missing(call, &mut introductions)? {
        if Instant::now() >= deadline {
            return Err(late(call, missing));
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    compare(&introductions)?;
    let meeting = call.rendezvous.join("meeting.json");
    if let Some(nccl) = nccl {
        let id = nccl.unique_id()?;
        publish(&meeting, &Meeting::Nccl(id.to_string()))?;
        return by_nccl(call, device, nccl, &id.to_string());
    }
    let first = &introductions[0].host;
    if let Some((rank, other)) = (0..).zip(&introductions).find(|(_, other)| other.host != *first) {
        return Err(CollectiveError::Hosts { rank, host: other.host.clone(), first: first.clone() });
    }
    // In the folder, so that it goes with it, however the ranks end.
    let socket = call.rendezvous.join(SOCKET);
    let listener = sockets::listen(&socket).map_err(|source| WriteError::new(&socket, source))?;
    publish(&meeting, &Meeting::Socket)?;
    let sockets = Sockets::accept(&listener, call.world, call.patience)?;
    Ok(Team::new(0, call.world, device, Box::new(sockets)))
}

/// What every other rank does.
fn follow(call: &Call, device: Device, nccl: Option<&Nccl>) -> Result<Team, CollectiveError> {
    // Rank 0 waits as long for the last of the others, who may have begun later than this one.
    let deadline = Instant::now() + call.patience + Duration::from_secs(5);
    let path = call.rendezvous.join("meeting.json");
    loop {
        match (read::<Meeting>(&path)?, nccl) {
            (Some(Meeting::Nccl(id)), Some(nccl)) => return by_nccl(call, device, nccl, &id),
            (Some(Meeting::Socket), _) => {
                let sockets = Sockets::connect(&call.rendezvous.join(SOCKET), call.rank, call.patience)?;
                return Ok(Team::new(call.rank, call.world, device, Box::new(sockets)));
            }
            (Some(Meeting::Refused(reason)), _) => return Err(CollectiveError::Refused(reason)),
            (Some(Meeting::Nccl(_)), None) => {
                return Err(CollectiveError::Message { path, reason: "this rank has no GPU".to_owned() });
            }
            (None, _) if Instant::now() >= deadline => {
                let missing = missing(call, &mut Vec::new())?.unwrap_or(vec![0]);
                return Err(late(call, missing));
            }
            (None, _) => std::thread::sleep(BETWEEN_LOOKS),
        }
    }
}

fn by_nccl(call: &Call, device: Device, nccl: &Nccl, id: &str) -> Result<Team, CollectiveError> {
    let place = Place { rank: call.rank, world: call.world, gpu: call.local_rank };
    let communicator = Communicator::new(nccl, place, &id.parse()?, call.patience)?;
    Ok(Team::new(call.rank, call.world, device, Box::new(communicator)))
}

/// The ranks that have not come yet; nothing when all are in `found`.
fn missing(call: &Call, found: &mut Vec<Introduction>) -> Result<Option<Vec<u32>>, CollectiveError> {
    found.clear();
    let mut missing = Vec::new();
    for rank in 0..call.world {
        match read(&introduction(&call.rendezvous, rank))? {
            Some(introduction) => found.push(introduction),
            None => missing.push(rank),
        }
    }
    Ok((!missing.is_empty()).then_some(missing))
}

fn late(call: &Call, missing: Vec<u32>) -> CollectiveError {
    let (world, seconds, folder) = (call.world, call.patience.as_secs(), call.rendezvous.clone());
    CollectiveError::Missing { missing, world, seconds, folder }
}

/// Whether all ranks are like rank 0.
fn compare(introductions: &[Introduction]) -> Result<(), CollectiveError> {
    let traits = |of: &Introduction| {
        let mut traits = vec![
            ("ranks".to_owned(), of.world.to_string()),
            ("the run".to_owned(), of.spec.clone()),
            ("the device".to_owned(), of.device.clone()),
        ];
        traits.extend(of.versions.iter().map(|(component, version)| (component.clone(), version.clone())));
        traits
    };
    let first = traits(&introductions[0]);
    for (rank, other) in (0..).zip(introductions) {
        for ((what, theirs), (_, ours)) in traits(other).into_iter().zip(&first) {
            if theirs != *ours {
                return Err(CollectiveError::Disagreement { rank, what, theirs, ours: ours.clone() });
            }
        }
    }
    Ok(())
}

/// Writes a message, whole or not at all; false if it is there already.
fn publish(path: &Path, message: &impl Serialize) -> Result<bool, CollectiveError> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(message)?)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    write().map_err(|source| WriteError::new(path, source).into())
}

/// The message at `path`, if it is there.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, CollectiveError> {
    let wrong = |reason: String| CollectiveError::Message { path: path.to_owned(), reason };
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| wrong(error.to_string())),
    }
}

#[cfg(test)]
#[path = "rendezvous_tests.rs"]
mod tests;
