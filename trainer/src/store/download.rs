//! Downloads that survive whatever a network does.
//!
//! What has come lies in `partial/`, beside a record of what the server said it was, and the next request asks for the
//! rest. A server that cannot continue, or whose file has changed meanwhile, is listened to from the beginning. Nobody
//! waits for a silent server: each request ends after a while, and as long as something came, the next one goes on. A
//! file counts once it has the length that the server announced and the checksum that is known; then it is the
//! caller's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use spec::identity::Digest;

use super::error::StoreError;
use super::set::Download;
use crate::files::{WriteError, remove_file, write_json};

/// How patient a download is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long one request may last, or a server be silent.
    pub request: Duration,
    /// How often in a row nothing may come before the download is given up.
    pub attempts: u32,
    /// The pause after the first time that nothing came; it doubles.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { request: Duration::from_mins(1), attempts: 5, pause: Duration::from_secs(1) }
    }
}

/// Who downloads.
pub struct Downloader<'a> {
    agent: ureq::Agent,
    patience: Patience,
    folder: &'a Path,
    note: &'a mut dyn FnMut(&str),
}

/// What the server said of the file of which a part is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Announced {
    url: String,
    /// What tells one version of the file from another: a strong ETag, or the time of the last change.
    version: Option<String>,
    total: Option<u64>,
}

/// How a request ended.
enum Step {
    /// The whole file is there.
    Whole,
    /// It broke off, for this reason.
    Cut(String),
}

impl<'a> Downloader<'a> {
    /// Keeps what is not whole in `folder`; `note` hears how it goes.
    pub fn new(folder: &'a Path, patience: Patience, note: &'a mut dyn FnMut(&str)) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(patience.request))
            .timeout_recv_response(Some(patience.request))
            .timeout_recv_body(Some(patience.request))
            .http_status_as_error(false)
            .user_agent(concat!("seedbed/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), patience, folder, note }
    }

    /// Downloads `wanted`; the file at the path is the caller's to take or remove.
    ///
    /// # Errors
    /// When the server cannot be reached, has no such file, breaks off again and again, or sends another file than is
    /// expected; when the file cannot be written. What has come is kept, but for a file with another checksum.
    pub fn fetch(&mut self, wanted: &Download) -> Result<PathBuf, StoreError> {
        let path = self.folder.join(Digest::of(wanted.url.as_bytes()).short());
        let mut in_vain = 0;
        loop {
            let before = length(&path);
            match self.request(wanted, &path)? {
                Step::Whole => break,
                Step::Cut(reason) => {
                    let kept = length(&path);
                    // A part that shrank was begun anew: the server had another file.
                    in_vain = if kept > before { 0 } else { in_vain + 1 };
                    if in_vain >= self.patience.attempts {
                        return Err(StoreError::Network { url: wanted.url.clone(), reason, kept });
                    }
                    let again =
                        if kept == 0 { "trying again".to_owned() } else { format!("going on from byte {kept}") };
                    (self.note)(&format!("{}: {reason}; {again}", wanted.url));
                    if in_vain > 0 {
                        std::thread::sleep(self.patience.pause * 2_u32.pow(in_vain - 1));
                    }
                }
            }
        }
        check(wanted, &path)?;
        // It is whole: what the server said of it is of no more use.
        let _ = fs::remove_file(announced_path(&path));
        Ok(path)
    }

    fn request(&mut self, wanted: &Download, path: &Path) -> Result<Step, StoreError> {
        let known = announced(path).filter(|known| known.url == wanted.url).unwrap_or_default();
        // Without a way to tell versions apart two halves might be of two files.
        let here = if known.version.is_some() { length(path) } else { 0 };
        if here > 0 && known.total == Some(here) {
            return Ok(Step::Whole);
        }
        let mut request = self.agent.get(&wanted.url);
        if let (true, Some(version)) = (here > 0, &known.version) {
            request = request.header("Range", format!("bytes={here}-")).header("If-Range", version);
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Step::Cut(error.to_string())),
        };
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let sent: Option<u64> = header("content-length").and_then(|length| length.parse().ok());
        let (start, total) = match status {
            200 => (0, sent),
            206 => match header("content-range").as_deref().and_then(content_range) {
                Some((start, total)) if start == here => (start, total.or(sent.map(|sent| start + sent))),
                _ => return begin_anew(path, "the server sends another part than was asked for"),
            },
            416 => return begin_anew(path, "the server has less than is here already"),
            408 | 425 | 429 | 500..=599 => return Ok(Step::Cut(format!("the server answers {status}"))),
            _ => return Err(StoreError::Status { status, url: wanted.url.clone() }),
        };
        let version = header("etag").filter(|tag| tag.starts_with('"')).or_else(|| header("last-modified"));
        let announced = Announced { url: wanted.url.clone(), version: version.or(known.version), total };
        write_json(&announced_path(path), &announced)?;
        let body = response.into_body().into_reader();
        self.receive(path, start, total, body)
    }

    /// Writes what comes behind the first `start` bytes.
    fn receive(
        &mut self,
        path: &Path,
        start: u64,
        total: Option<u64>,
        mut body: impl Read,
    ) -> Result<Step, StoreError> {
        let failed = |error: io::Error| WriteError::new(path, error);
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        file.set_len(start).map_err(failed)?;
        let (mut here, mut told, mut buffer) = (start, Instant::now(), vec![0; 1 << 16]);
        let reason = loop {
            match body.read(&mut buffer) {
                Ok(0) => break None,
                Ok(count) => {
                    file.write_all(&buffer[..count]).map_err(failed)?;
                    here += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error.to_string()),
            }
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                let of = total.map(|total| format!(" of {:.1}", megabytes(total))).unwrap_or_default();
                (self.note)(&format!("{:.1}{of} MB", megabytes(here)));
            }
        };
        file.sync_all().map_err(failed)?;
        match (reason, total) {
            (Some(reason), _) => Ok(Step::Cut(reason)),
            (None, Some(total)) if here < total => {
                Ok(Step::Cut(format!("the connection ended after {here} of {total} bytes")))
            }
            (None, Some(total)) if here > total => begin_anew(path, "more came than the server announced"),
            (None, _) => Ok(Step::Whole),
        }
    }
}

/// Compares a file that came with the checksum that is known.
fn check(wanted: &Download, path: &Path) -> Result<(), StoreError> {
    let Some(expected) = &wanted.sha256 else { return Ok(()) };
    let found = sha256(path)?;
    if found == *expected {
        return Ok(());
    }
    // To go on from a wrong file would never lead to the right one.
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(announced_path(path));
    Err(StoreError::Checksum { what: wanted.url.clone(), expected: expected.clone(), found })
}

/// Forgets the part that is there.
fn begin_anew(path: &Path, reason: &str) -> Result<Step, StoreError> {
    for path in [path, announced_path(path).as_path()] {
        remove_file(path)?;
    }
    Ok(Step::Cut(reason.to_owned()))
}

/// The SHA-256 of a file in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(path: &Path) -> Result<String, StoreError> {
    let mut file = File::open(path).map_err(|error| StoreError::read(path, error))?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer).map_err(|error| StoreError::read(path, error))? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(hasher.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// First byte and whole length of `bytes 5-9/10`; the length may be unknown: `bytes 5-9/*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    Some((start, total.trim().parse().ok()))
}

fn announced_path(path: &Path) -> PathBuf {
    path.with_extension("json")
}

fn announced(path: &Path) -> Option<Announced> {
    serde_json::from_slice(&fs::read(announced_path(path)).ok()?).ok()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
