//! What lies in a file, a folder or an archive: each entry with its path and its content.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use super::error::StoreError;

/// Sees an entry: its path with `/` between folders, and its content. What it does not read is passed over.
pub type Visit<'a> = dyn FnMut(&str, &mut dyn Read) -> Result<(), StoreError> + 'a;

/// Gives `visit` every file in `path`: a folder, an archive (zip, or tar as it is or packed with gzip or zstd), or one
/// file, which may be packed as well. What a file is its first bytes say, whatever it is called. Nothing is unpacked to
/// disk, so that no path in an archive can lead anywhere.
///
/// # Errors
/// When something cannot be read, an archive is damaged, cut short or of another kind, or `visit` fails.
pub fn each(path: &Path, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    if fs::metadata(path).map_err(|error| StoreError::read(path, error))?.is_dir() {
        return folder(path, path.file_name().unwrap_or_default().to_string_lossy().as_ref(), visit);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    named(path, &name, visit)
}

/// A file that is called `name`, wherever it lies: a download has a name of its own.
///
/// # Errors
/// As [`each`].
pub fn named(path: &Path, name: &str, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let file = File::open(path).map_err(|error| StoreError::read(path, error))?;
    let mut file = BufReader::with_capacity(1 << 18, file);
    let broken = |error: io::Error| broken(path, &error);
    match Packing::of(file.fill_buf().map_err(broken)?) {
        Packing::Zip => zip(path, name, file, visit),
        Packing::Gzip => one_or_tar(path, name, flate2::read::MultiGzDecoder::new(file), visit),
        Packing::Zstd => one_or_tar(path, name, zstd::Decoder::new(file).map_err(broken)?, visit),
        Packing::Foreign(what) => Err(StoreError::Packed { path: path.to_owned(), what }),
        Packing::None if is_packed(name) => Err(StoreError::Archive {
            path: path.to_owned(),
            reason: "it does not begin as what its name says".to_owned(),
        }),
        Packing::None => one_or_tar(path, name, file, visit),
    }
}

/// How a file is packed.
enum Packing {
    None,
    Zip,
    Gzip,
    Zstd,
    /// As nobody can read here.
    Foreign(&'static str),
}

impl Packing {
    /// By the first bytes of the file.
    fn of(start: &[u8]) -> Self {
        let kinds: [(&[u8], Self); 7] = [
            (b"PK\x03\x04", Self::Zip),
            (b"PK\x05\x06", Self::Zip),
            (b"\x1f\x8b", Self::Gzip),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
            (b"\xfd7zXZ\x00", Self::Foreign("xz")),
            (b"7z\xbc\xaf\x27\x1c", Self::Foreign("7-Zip")),
            (b"Rar!\x1a\x07", Self::Foreign("RAR")),
        ];
        // Its fourth byte says how large its blocks are, from 1 to 9.
        if matches!(start, [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..]) {
            return Self::Foreign("bzip2");
        }
        kinds.into_iter().find(|(first, _)| start.starts_with(first)).map_or(Self::None, |(_, packing)| packing)
    }
}

/// Whether a file's name says that it is packed.
fn is_packed(name: &str) -> bool {
    [".zip", ".gz", ".tgz", ".zst", ".bz2", ".xz", ".7z", ".rar"].iter().any(|end| name.to_lowercase().ends_with(end))
}

/// What is in an unpacked file: a tar archive by its mark or name, else the file itself, without the ending of its
/// packing.
fn one_or_tar(path: &Path, name: &str, mut content: impl Read, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    const MARK: (usize, &[u8]) = (257, b"ustar");
    let mut head = Vec::new();
    content.by_ref().take(512).read_to_end(&mut head).map_err(|error| broken(path, &error))?;
    let is_marked = head.get(MARK.0..).is_some_and(|rest| rest.starts_with(MARK.1));
    let mut content = head.as_slice().chain(content);
    let unpacked = [".gz", ".zst"].iter().find_map(|end| without_ending(name, end));
    let inner = unpacked.unwrap_or(name);
    if is_marked || [".tar", ".tgz"].iter().any(|end| without_ending(inner, end).is_some()) {
        return tar(path, name, content, visit);
    }
    let name = inner;
    let mut content = Watched { content: &mut content, failure: None };
    let result = visit(name, &mut content);
    content.failure.map_or(result, |error| Err(broken(path, &error)))
}

/// `name` without `ending`, in whichever case that stands there.
fn without_ending<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    let (start, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(start)
}

fn broken(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Archive { path: path.to_owned(), reason: error.to_string() }
}

fn folder(path: &Path, name: &str, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(|error| StoreError::read(path, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (inner, path) = (format!("{name}/{}", entry.file_name().to_string_lossy()), entry.path());
        if path.is_dir() {
            folder(&path, &inner, visit)?;
        } else {
            let mut file = File::open(&path).map_err(|error| StoreError::read(&path, error))?;
            visit(&inner, &mut file)?;
        }
    }
    Ok(())
}

fn zip(path: &Path, called: &str, file: BufReader<File>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let broken = |reason: String| StoreError::Archive { path: path.to_owned(), reason };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(error.to_string()))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|error| broken(error.to_string()))?.into_owned();
        let mut content = Watched { content: &mut entry, failure: None };
        let result = visit(&format!("{called}/{name}"), &mut content);
        match content.failure {
            Some(error) => return Err(broken(format!("{name}: {error}"))),
            None => result?,
        }
    }
    Ok(())
}

fn tar(path: &Path, called: &str, content: impl Read, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let broken = |error: io::Error| broken(path, &error);
    let mut archive = tar::Archive::new(content);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Watched { content: &mut entry, failure: None };
        let result = visit(&format!("{called}/{name}"), &mut content);
        match content.failure {
            Some(error) => return Err(broken(error)),
            None => result?,
        }
    }
    // What follows the last entry tells whether the archive is whole: checksums stand at the end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(())
}

/// Remembers that reading failed, whatever the reader makes of it.
struct Watched<'a> {
    content: &'a mut dyn Read,
    failure: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer).map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            kind.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn entries(path: &Path) -> Result<Vec<(String, String)>, StoreError> {
        let mut entries = Vec::new();
        each(path, &mut |name, content| {
            let mut text = String::new();
            content.read_to_string(&mut text).map_err(|error| StoreError::read(Path::new(name), error))?;
            entries.push((name.to_owned(), text));
            Ok(())
        })?;
        Ok(entries)
    }

    fn tarred() -> Vec<u8> {
        tarred_with(tar::Header::new_gnu)
    }

    fn tarred_with(header: fn() -> tar::Header) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in [("set/a.jsonl", "one"), ("set/b.jsonl", "two")] {
            let mut header = header();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn zipped() -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in [("set/a.jsonl", "one"), ("set/b.jsonl", "two")] {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn gzipped(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_kind_of_archive_holds_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let expected = [("set/a.jsonl", "one"), ("set/b.jsonl", "two")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        fs::create_dir(folder.path().join("set")).unwrap();
        fs::write(folder.path().join("set/a.jsonl"), "one").unwrap();
        fs::write(folder.path().join("set/b.jsonl"), "two").unwrap();
        assert_eq!(entries(&folder.path().join("set")).unwrap(), expected);
        let kinds = [
            ("a.tar", tarred()),
            ("a.tar.gz", gzipped(&tarred())),
            ("a.tgz", gzipped(&tarred())),
            ("a.tar.zst", zstd::encode_all(tarred().as_slice(), 1).unwrap()),
            ("a.zip", zipped()),
            // Of before 1988, without a mark.
            ("old.tar.gz", gzipped(&tarred_with(tar::Header::new_old))),
            ("OLD.TGZ", gzipped(&tarred_with(tar::Header::new_old))),
            // Called otherwise than they are.
            ("b.tar", gzipped(&tarred())),
            ("b.zip", gzipped(&tarred())),
            ("b", tarred()),
        ];
        for (name, content) in kinds {
            let expected = expected.clone().map(|(entry, text)| (format!("{name}/{entry}"), text));
            let path = folder.path().join(name);
            fs::write(&path, &content).unwrap();
            assert_eq!(entries(&path).unwrap(), expected, "{name}");
            // Half of an archive, and one in which a bit fell over.
            fs::write(&path, &content[..content.len() / 2]).unwrap();
            let error = entries(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is not a whole archive: ")), "{name}: {error}");
        }
        // As the command zstd writes it.
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(&tarred()).unwrap();
        let mut damaged = encoder.finish().unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 4;
        fs::write(folder.path().join("a.tar.zst"), &damaged).unwrap();
        assert!(matches!(entries(&folder.path().join("a.tar.zst")), Err(StoreError::Archive { .. })));
    }

    #[test]
    fn one_file_may_be_packed() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("a.txt", b"one".to_vec()),
            ("a.txt.gz", gzipped(b"one")),
            ("a.txt.GZ", gzipped(b"one")),
            ("a.txt.zst", zstd::encode_all(&b"one"[..], 1).unwrap()),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, &content).unwrap();
            assert_eq!(entries(&path).unwrap(), [("a.txt".to_owned(), "one".to_owned())], "{name}");
        }
        assert!(matches!(entries(&folder.path().join("b.txt")), Err(StoreError::Read { .. })));
    }

    #[test]
    fn what_is_packed_otherwise_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            entries(&path).unwrap_err().to_string().replace(&path.display().to_string(), name)
        };
        insta::assert_snapshot!(error("a.tar.bz2", b"BZh91AY&SY"), @"a.tar.bz2 is packed with bzip2, which is not read here; unpack it, or pack it as .zip, .tar, .tar.gz or .tar.zst");
        assert!(error("a.tar.bz2", b"BZh11AY&SY").contains("is packed with bzip2"));
        insta::assert_snapshot!(error("a.zip", b"7z\xbc\xaf\x27\x1c\x00\x04"), @"a.zip is packed with 7-Zip, which is not read here; unpack it, or pack it as .zip, .tar, .tar.gz or .tar.zst");
        insta::assert_snapshot!(error("a.zip", b"<html>Not found</html>"), @"a.zip is not a whole archive: it does not begin as what its name says");
        insta::assert_snapshot!(error("a.tgz", b""), @"a.tgz is not a whole archive: it does not begin as what its name says");
    }
}
