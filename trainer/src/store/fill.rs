//! From files, archives and downloads to a set in the store.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use spec::SCHEMA;
use spec::store::{SetRecord, StoredFile};

use super::archive;
use super::download::{Downloader, Patience};
use super::error::StoreError;
use super::lacking;
use super::lines::Lines;
use super::pair::Pairs;
use super::set::{Download, Form, Set, SetFile};
use super::shelf::Store;
use super::tables;
use crate::data::lease::{Waiting, built_once};
use crate::finetune::tasks::ItemFile;

/// Something that a set may be made of: a path, and what it is called.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name, where that is not the last part of its path.
    pub name: Option<String>,
}

/// The parts of a set's files that were found: by file and part, how good the match is, its path and its content.
type Found = BTreeMap<(usize, usize), (usize, String, Vec<u8>)>;

/// Takes a set in from `sources`; `note` hears what a person should know.
///
/// # Errors
/// When a source cannot be read, a file that the set needs is in none of them, or a line is not what it should be.
pub fn import(
    store: &Store,
    set: &Set,
    sources: &[Source],
    origin: Vec<String>,
    note: &mut dyn FnMut(&str),
) -> Result<SetRecord, StoreError> {
    store.make()?;
    tables::refuse_foreign(set, sources)?;
    let mut files = BTreeMap::new();
    let mut found = Found::new();
    for source in sources.iter().filter(|source| !tables::is_table(source)) {
        let mut visit = |path: &str, content: &mut dyn Read| take(store, set, (path, content), &mut files, &mut found);
        match &source.name {
            Some(name) => archive::named(&source.path, name, &mut visit)?,
            None => archive::each(&source.path, &mut visit)?,
        }
    }
    // Of a copy of the hub's whole folder the texts are taken.
    tables::take(store, set, sources, &mut files, note)?;
    let mut record = SetRecord { schema: SCHEMA, set: set.name.clone(), origin, files };
    for (index, file) in set.files.iter().enumerate().filter(|(_, file)| file.form != Form::Stories) {
        let is_lacking = |part: &usize| !found.contains_key(&(index, *part));
        let missing: Vec<usize> = (0..file.parts.len()).filter(is_lacking).collect();
        let parts: Vec<(String, Vec<u8>)> = (0..file.parts.len())
            .filter_map(|part| found.remove(&(index, part)).map(|(_, path, content)| (path, content)))
            .collect();
        // A file in many parts is whole or nothing.
        if missing.is_empty() {
            let (content, examples) = converted(file, &parts, note)?;
            let (content, bytes) = store.put(&mut content.as_slice())?;
            tell(set, file, content, examples, note);
            record.files.insert(file.name.clone(), StoredFile { content, bytes, examples });
        } else if !parts.is_empty() {
            return Err(lacking::incomplete(set, file, &record.origin, &missing));
        }
    }
    let has = |file: &SetFile| record.files.contains_key(&file.name);
    if !set.files.iter().any(has) {
        return Err(lacking::not_there(set, &record.origin));
    }
    if let Some(missing) = set.files.iter().find(|file| file.needed && !has(file)) {
        note(&format!("{}: {} is missing; what needs it will be reported as missing", set.name, missing.name));
    }
    store.write(&record)?;
    Ok(record)
}

/// Keeps an entry if it belongs to the set. Stories go to the shelf at once, since they may be larger than the memory.
fn take(
    store: &Store,
    set: &Set,
    (path, content): (&str, &mut dyn Read),
    files: &mut BTreeMap<String, StoredFile>,
    found: &mut Found,
) -> Result<(), StoreError> {
    for (index, file) in set.files.iter().enumerate() {
        let Some((part, rank)) = file.part(path) else { continue };
        if file.form == Form::Stories {
            let mut counted = Stories { content, examples: 0, line: Vec::new() };
            let (content, bytes) = store.put(&mut counted)?;
            let examples = counted.examples;
            files.insert(file.name.clone(), StoredFile { content, bytes, examples });
        } else if found.get(&(index, part)).is_none_or(|(known, ..)| rank < *known) {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).map_err(|error| StoreError::read(Path::new(path), error))?;
            found.insert((index, part), (rank, path.to_owned(), bytes));
        }
        break;
    }
    Ok(())
}

/// Counts the lines that end a story.
struct Stories<'a> {
    content: &'a mut dyn Read,
    examples: u64,
    line: Vec<u8>,
}

impl Read for Stories<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        const END: &[u8] = b"<|endoftext|>";
        let count = self.content.read(buffer)?;
        for byte in &buffer[..count] {
            if *byte == b'\n' {
                self.examples += u64::from(self.line.trim_ascii() == END);
                self.line.clear();
            } else if self.line.len() <= END.len() + 8 {
                self.line.push(*byte);
            }
        }
        Ok(count)
    }
}

/// A file's content in the store's form, and how many examples it has.
fn converted(
    file: &SetFile,
    parts: &[(String, Vec<u8>)],
    note: &mut dyn FnMut(&str),
) -> Result<(Vec<u8>, u64), StoreError> {
    match &file.form {
        Form::Pairs(form) => {
            let mut pairs = Pairs::default();
            for (path, content) in parts {
                form.add(path, content, &mut pairs)?;
            }
            if pairs.same > 0 {
                note(&format!(
                    "{} of {} pairs are the same sentence twice: ties, whatever the model",
                    pairs.same, pairs.count
                ));
            }
            Ok((pairs.lines, pairs.count))
        }
        Form::Examples(_) | Form::Task(_) => {
            let mut whole = Vec::new();
            let mut count = 0;
            for (path, content) in parts {
                count += labelled(&file.form, path, content)?;
                whole.write_all(content).expect("invariant: memory takes what is written");
            }
            Ok((whole, count))
        }
        Form::Stories => unreachable!("invariant: stories are on the shelf already"),
    }
}

/// Checks the lines of a file of labelled examples; gives how many there are.
///
/// # Errors
/// The first line that is none.
pub(super) fn labelled(form: &Form, path: &str, content: &[u8]) -> Result<u64, StoreError> {
    match form {
        Form::Examples(example) => example.check(Lines { file: path, content }),
        Form::Task(task) => {
            let file = ItemFile { path: Path::new(path), content };
            (task.read)(&file)?;
            Ok(file.count())
        }
        Form::Pairs(_) | Form::Stories => unreachable!("invariant: neither pairs nor stories are labelled"),
    }
}

/// Says what is not as published.
fn tell(set: &Set, file: &SetFile, content: spec::Digest, examples: u64, note: &mut dyn FnMut(&str)) {
    let name = format!("{}: {}", set.name, file.name);
    match file.published {
        Some(published) if published != examples => {
            note(&format!("{name} has {examples} examples, {published} were published"));
        }
        _ => {}
    }
    if file.content.is_some_and(|expected| expected != content) {
        note(&format!("{name} is not the content that was published; scores may differ from those of others"));
    }
}

/// Downloads a set unless it is there already; of several processes one does, and the others wait.
///
/// # Errors
/// When a download or what came of it is not what it should be.
pub fn get(
    store: &Store,
    set: &Set,
    downloads: &[Download],
    patience: Patience,
    note: &mut dyn FnMut(&str),
) -> Result<SetRecord, StoreError> {
    store.make()?;
    if downloads.is_empty() {
        return Err(StoreError::NoAddress { name: set.name.clone() });
    }
    built_once(
        &store.layout().lease(&set.name),
        &mut Waiting { note, stop: &|| false },
        // A record that cannot be read is written anew.
        |_| Ok(store.record(&set.name).ok().flatten()),
        |waiting| download_all(store, set, downloads, patience, waiting.note),
    )
}

fn download_all(
    store: &Store,
    set: &Set,
    downloads: &[Download],
    patience: Patience,
    note: &mut dyn FnMut(&str),
) -> Result<SetRecord, StoreError> {
    let folder = store.layout().partial();
    let mut sources = Vec::new();
    for (index, wanted) in downloads.iter().enumerate() {
        note(&format!("{}: {} of {}: {}", set.name, index + 1, downloads.len(), wanted.url));
        let path = Downloader::new(&folder, patience, note).fetch(wanted)?;
        // The last two parts of an address: a folder may be what tells two files apart.
        let mut ends: Vec<&str> = wanted.url.rsplit('/').take(2).collect();
        ends.reverse();
        sources.push(Source { path, name: Some(ends.join("/")) });
    }
    let origin = downloads.iter().map(|wanted| wanted.url.clone()).collect();
    let record = import(store, set, &sources, origin, note).map_err(|error| as_sent(error, &sources, downloads));
    // What is on the shelf need not lie here too, and what is damaged would be damaged the next time as well.
    for source in &sources {
        let _ = std::fs::remove_file(&source.path);
    }
    record
}

/// An error about a download, whose file is of nobody's interest, as one about its address.
fn as_sent(error: StoreError, sources: &[Source], downloads: &[Download]) -> StoreError {
    let (StoreError::Archive { path, .. } | StoreError::Packed { path, .. }) = &error else { return error };
    let Some(index) = sources.iter().position(|source| source.path == *path) else { return error };
    let url = downloads[index].url.clone();
    match error {
        StoreError::Archive { reason, .. } => {
            StoreError::Sent { url, reason: format!("it is not a whole archive: {reason}") }
        }
        StoreError::Packed { what, .. } => {
            StoreError::Sent { url, reason: format!("it is packed with {what}, which is not read here") }
        }
        other => other,
    }
}
