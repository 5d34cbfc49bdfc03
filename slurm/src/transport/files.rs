//! Files at the place where Slurm is, by nothing but errands: whatever way leads there carries files as well.

use std::time::Duration;

use super::{Errand, Remains, Transport, TransportError};

/// A file at that place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its path below the folder that was listed.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed by that place's clock: seconds since 1970, with whatever fraction is kept there.
    pub changed: String,
}

/// A folder's files, and what time it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Seconds since 1970 by that place's clock.
    pub now: u64,
    /// The files, by path.
    pub files: Vec<Listed>,
}

/// Why a file was not carried. Each of these operations may be tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarryError {
    /// The place cannot be reached.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It was not done, or it is not known whether it was.
    #[error("cannot {what} {path} {place}: {said}")]
    Failed {
        /// What was to be done.
        what: &'static str,
        /// The file or folder.
        path: String,
        /// Where.
        place: String,
        /// What was said.
        said: String,
    },
}

/// How long small things may take.
const SHORT: Duration = Duration::from_mins(2);
/// How long carrying a batch may take.
const LONG: Duration = Duration::from_mins(20);

/// Makes folders, with those above them.
///
/// # Errors
/// [`CarryError`].
pub fn make_folders(transport: &dyn Transport, folders: &[&str]) -> Result<(), CarryError> {
    let remains = shell(transport, "mkdir -p -- \"$@\"", folders, String::new(), SHORT)?;
    succeeded(transport, remains, "make", folders.first().copied().unwrap_or_default()).map(drop)
}

/// Puts a text into the file at `path`, whole and on disk, or leaves what was there. Its folder is there.
///
/// # Errors
/// [`CarryError`].
pub fn put(transport: &dyn Transport, path: &str, text: &str) -> Result<(), CarryError> {
    let script = "part=\"$1.$$.part\"; trap 'rm -f -- \"$part\"' EXIT; \
                  cat >\"$part\" && { sync \"$part\" 2>/dev/null || sync; } && mv -f -- \"$part\" \"$1\"";
    let remains = shell(transport, script, &[path], text.to_owned(), LONG)?;
    succeeded(transport, remains, "write", path).map(drop)
}

/// Those of `paths` that cannot be read there.
///
/// # Errors
/// [`CarryError`].
pub fn unreadable(transport: &dyn Transport, paths: &[&str]) -> Result<Vec<String>, CarryError> {
    let script = "for file; do [ -r \"$file\" ] || printf '%s\\0' \"$file\"; done";
    let remains = shell(transport, script, paths, String::new(), SHORT)?;
    let printed = succeeded(transport, remains, "look for", paths.first().copied().unwrap_or_default())?;
    Ok(printed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(text).collect())
}

/// The files below `folder`, except in folders with one of the names `passed_over`. A folder that is not there is an
/// error: it may come back.
///
/// # Errors
/// [`CarryError`].
pub fn list(transport: &dyn Transport, folder: &str, passed_over: &[&str]) -> Result<Listing, CarryError> {
    let script = "date +%s; folder=$1; shift; cd -- \"$folder\" || exit 2; \
                  find . -ignore_readdir_race \\( -type d \\( -name '' \"$@\" \\) -prune \\) -o \\( -type f -printf '%s %T@ %P\\0' \\)";
    let mut arguments = vec![folder];
    arguments.extend(passed_over.iter().flat_map(|name| ["-o", "-name", name]));
    let remains = shell(transport, script, &arguments, String::new(), LONG)?;
    let printed = succeeded(transport, remains, "list", folder)?;
    read_listing(&printed).ok_or_else(|| failed(transport, "list", folder, "the listing cannot be read"))
}

fn read_listing(printed: &[u8]) -> Option<Listing> {
    let line = printed.iter().position(|byte| *byte == b'\n')?;
    let now = text(&printed[..line]).parse().ok()?;
    let mut files = Vec::new();
    for entry in printed[line + 1..].split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let entry = text(entry);
        let mut parts = entry.splitn(3, ' ');
        let (size, changed, path) = (parts.next()?, parts.next()?, parts.next()?);
        files.push(Listed { path: path.to_owned(), size: size.parse().ok()?, changed: changed.to_owned() });
    }
    files.sort();
    Some(Listing { now, files })
}

/// An archive (tar) of those of `paths` below `folder` that are there, in that order.
///
/// # Errors
/// [`CarryError`].
pub fn archive(transport: &dyn Transport, folder: &str, paths: &[&str]) -> Result<Vec<u8>, CarryError> {
    let list: String = paths.iter().flat_map(|path| [*path, "\n"]).collect();
    let script = "cd -- \"$1\" && while IFS= read -r file; do if [ -r \"$file\" ]; then printf '%s\\n' \"$file\"; fi; done | \
                  tar --create --file=- --format=ustar --owner=0 --group=0 --numeric-owner --ignore-failed-read --verbatim-files-from --files-from=-";
    let remains = shell(transport, script, &[folder], list, LONG)?;
    // 1: a file changed while it was read, as a log does.
    if remains.exit == Some(1) {
        return Ok(remains.stdout);
    }
    succeeded(transport, remains, "read", folder)
}

fn shell(
    transport: &dyn Transport,
    script: &str,
    arguments: &[&str],
    input: String,
    patience: Duration,
) -> Result<Remains, TransportError> {
    let words = ["-c", script, "sh"].into_iter().chain(arguments.iter().copied());
    transport.carry_out(&Errand { program: "sh", arguments: words.map(str::to_owned).collect(), input, patience })
}

fn succeeded(
    transport: &dyn Transport,
    remains: Remains,
    what: &'static str,
    path: &str,
) -> Result<Vec<u8>, CarryError> {
    if remains.exit == Some(0) {
        return Ok(remains.stdout);
    }
    let said = text(&remains.stderr);
    let said = match said.trim() {
        "" if remains.exit.is_none() => "the connection broke, or it took too long",
        "" => "nothing was said",
        said => said,
    };
    Err(failed(transport, what, path, said))
}

fn failed(transport: &dyn Transport, what: &'static str, path: &str, said: &str) -> CarryError {
    CarryError::Failed { what, path: path.to_owned(), place: transport.place(), said: said.to_owned() }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::transport::Local;

    #[test]
    fn what_is_put_is_listed_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a 'b' $(id)");
        let root = root.to_str().unwrap();
        assert!(list(&Local, root, &[]).is_err());
        make_folders(&Local, &[&format!("{root}/runs/1"), &format!("{root}/runs/checkpoints")]).unwrap();
        assert_eq!(list(&Local, root, &[]).unwrap().files, []);
        put(&Local, &format!("{root}/runs/1/status.json"), "é\n'quoted' $HOME\n").unwrap();
        put(&Local, &format!("{root}/runs/1/status.json"), "second").unwrap();
        put(&Local, &format!("{root}/runs/checkpoints/big"), "x").unwrap();
        let listing = list(&Local, root, &["checkpoints"]).unwrap();
        let found: Vec<(&str, u64)> = listing.files.iter().map(|file| (file.path.as_str(), file.size)).collect();
        assert_eq!(found, [("runs/1/status.json", 6)]);
        let changed: f64 = listing.files[0].changed.parse().unwrap();
        assert!((listing.now as f64 - changed).abs() < 60.0);
        let archive = archive(&Local, root, &["runs/1/status.json", "not there"]).unwrap();
        assert!(archive.windows(6).any(|window| window == b"second"));
        let missing = format!("{root}/no");
        let kept = format!("{root}/runs/1/status.json");
        assert_eq!(unreadable(&Local, &[&kept, &missing]).unwrap(), [missing]);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no folder/file");
        let error = put(&Local, path.to_str().unwrap(), "text").unwrap_err();
        assert!(error.to_string().contains("cannot write") && error.to_string().contains("on this machine"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
