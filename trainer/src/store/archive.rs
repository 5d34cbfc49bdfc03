//! What lies in a file, a folder or an archive: each entry with its path and its content.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::error::StoreError;

/// Sees an entry: its path with `/` between folders, and its content. What it does not read is passed over.
pub type Visit<'a> = dyn FnMut(&str, &mut dyn Read) -> Result<(), StoreError> + 'a;

/// Gives `visit` every file in `path`: a folder, a `.zip`, `.tar`, `.tar.gz`, `.tgz` or `.tar.zst`, or one file, which may end in
/// `.gz` or `.zst`. Nothing is unpacked to disk, so that no path in an archive can lead anywhere.
///
/// # Errors
/// When something cannot be read, an archive is damaged or cut short, or `visit` fails.
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
    let file = BufReader::with_capacity(1 << 18, file);
    let broken = |error: io::Error| StoreError::Archive { path: path.to_owned(), reason: error.to_string() };
    let ends_with = |end: &str| name.to_lowercase().ends_with(end);
    if ends_with(".zip") {
        return zip(path, file, visit);
    }
    if ends_with(".tar") {
        return tar(path, file, visit);
    }
    if ends_with(".tar.gz") || ends_with(".tgz") {
        return tar(path, flate2::read::MultiGzDecoder::new(file), visit);
    }
    if ends_with(".tar.zst") {
        return tar(path, zstd::Decoder::new(file).map_err(broken)?, visit);
    }
    let checked = |content: &mut dyn Read, name: &str, visit: &mut Visit<'_>| {
        let mut content = Watched { content, failure: None };
        let result = visit(name, &mut content);
        content.failure.map_or(result, |error| Err(broken(error)))
    };
    if let Some(name) = name.strip_suffix(".gz") {
        return checked(&mut flate2::read::MultiGzDecoder::new(file), name, visit);
    }
    if let Some(name) = name.strip_suffix(".zst") {
        return checked(&mut zstd::Decoder::new(file).map_err(broken)?, name, visit);
    }
    checked(&mut { file }, name, visit)
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

fn zip(path: &Path, file: BufReader<File>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let broken = |reason: String| StoreError::Archive { path: path.to_owned(), reason };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(error.to_string()))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|error| broken(error.to_string()))?.into_owned();
        let mut content = Watched { content: &mut entry, failure: None };
        let result = visit(&name, &mut content);
        match content.failure {
            Some(error) => return Err(broken(format!("{name}: {error}"))),
            None => result?,
        }
    }
    Ok(())
}

fn tar(path: &Path, content: impl Read, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    let broken = |error: io::Error| StoreError::Archive { path: path.to_owned(), reason: error.to_string() };
    let mut archive = tar::Archive::new(content);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Watched { content: &mut entry, failure: None };
        let result = visit(&name, &mut content);
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
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in [("set/a.jsonl", "one"), ("set/b.jsonl", "two")] {
            let mut header = tar::Header::new_gnu();
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
        ];
        for (name, content) in kinds {
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
            ("a.txt.zst", zstd::encode_all(&b"one"[..], 1).unwrap()),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, &content).unwrap();
            assert_eq!(entries(&path).unwrap(), [("a.txt".to_owned(), "one".to_owned())], "{name}");
        }
        assert!(matches!(entries(&folder.path().join("b.txt")), Err(StoreError::Read { .. })));
    }
}
