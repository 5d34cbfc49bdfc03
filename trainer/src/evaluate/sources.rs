//! Where the pairs lie that `seedbed-trainer evaluate` measures: in the store by the name of their set, or wherever a
//! person says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use spec::identity::Digest;
use spec::minimal_pairs::Same;
use spec::setting::closest;
use spec::store::StoredFile;
use spec::{ExitCode, Failure};

use crate::failure::{as_failure, write_failure};
use crate::files::WriteError;
use crate::store::set::{Form, Set, SetFile};
use crate::store::{Store, StoreError, catalogue};

/// What pairs outside the store may be called.
const NAMES: [&str; 3] = ["blimp", "babylm", "minimal-pairs"];

/// Pairs, and the name under which their scores are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name.
    pub name: String,
    /// The files, JSON Lines, and their contents where the store knows them.
    pub files: Vec<(PathBuf, Option<Digest>)>,
    /// Whether they are the store's, and so in its form.
    is_stored: bool,
}

/// `NAME=PATH` in its parts.
///
/// # Errors
/// When it is not that, or the name is none of those that are known, in words.
pub fn named_path(text: &str) -> Result<(&'static str, PathBuf), String> {
    let expected = "expected blimp=PATH, babylm=PATH or minimal-pairs=PATH";
    let (name, path) = text.split_once('=').ok_or(expected)?;
    let known = NAMES.into_iter().find(|known| *known == name);
    let hint = "the store takes pairs under a name of your own: `data --sets`, then `evaluate --tasks NAME`";
    let known = known.ok_or_else(|| format!("`{name}` is no name for pairs here: {expected} ({hint})"))?;
    Ok((known, PathBuf::from(path)))
}

/// Refuses a name that comes twice: the results of both would have one place.
///
/// # Errors
/// When one does.
pub fn refuse_twice<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let names: Vec<&str> = names.collect();
    let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
    let Some((_, name)) = twice else { return Ok(()) };
    let reason = format!("`{name}` is named twice by --tasks and --pairs; its results have one place");
    Err(Failure::new(ExitCode::Usage, reason).hint("a folder of several files is measured as one set of pairs"))
}

/// Makes the folder of results, and looks whether those of the sources can lie in it.
///
/// # Errors
/// When it cannot be made, or a file is in the way.
pub fn begin(folder: &Path, sources: &[Source]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| write_failure(WriteError::new(folder, error)))?;
    let places = sources.iter().map(|source| folder.join(&source.name));
    match places.into_iter().find(|place| place.exists() && !place.is_dir()) {
        Some(place) => Err(write_failure(WriteError::new(&place, io::ErrorKind::NotADirectory.into()))),
        None => Ok(()),
    }
}

impl Source {
    /// The set of this name in the store.
    ///
    /// # Errors
    /// When the store has none, or it has no pairs.
    pub fn of_store(store: &Store, name: &str) -> Result<Self, Failure> {
        let known = catalogue::sets();
        let is_group = catalogue::GROUPS.iter().any(|(group, _)| *group == name);
        let of_pairs = |set: &Set| set.files.iter().any(|file| matches!(file.form, Form::Pairs(_)));
        let set = known.iter().find(|set| set.name == name);
        if is_group || set.is_some_and(|set| !of_pairs(set)) {
            let reason = format!("`{name}` has no minimal pairs: blimp, babylm and pairs of your own are measured");
            let hint = "`seedbed-trainer finetune` tunes on the tasks of SuperGLUE";
            return Err(Failure::new(ExitCode::Usage, reason).hint(hint));
        }
        if let Some(record) = store.record(name).map_err(as_failure)? {
            let file = |file: &StoredFile| (store.layout().content(file.content), Some(file.content));
            let files = record.files.values().map(file).collect();
            return Ok(Self { name: name.to_owned(), files, is_stored: true });
        }
        if set.is_some() {
            let error = StoreError::Missing { name: name.to_owned(), store: store.layout().directory().to_owned() };
            let hint = format!("`seedbed-trainer data get {name}` downloads it, `data import {name} PATH` takes it in");
            return Err(as_failure(error).hint(hint));
        }
        let own = store.names().map_err(as_failure)?;
        let pairs = known.iter().filter(|set| of_pairs(set)).map(|set| set.name.as_str());
        let nearest = closest(name, pairs.chain(own.iter().map(String::as_str))).map(str::to_owned);
        let hint = format!(
            "pairs of your own are described in a TOML file and taken in: `seedbed-trainer data --sets FILE import {name} \
             PATH`; without the store: `--pairs minimal-pairs=PATH`"
        );
        Err(as_failure(StoreError::Unknown { name: name.to_owned(), nearest }).hint(hint))
    }

    /// The pairs of a file, or of the JSON Lines files of a folder, by name.
    ///
    /// # Errors
    /// When the folder cannot be read or holds none.
    pub fn given(name: &str, path: &Path) -> Result<Self, Failure> {
        let source = |files: Vec<PathBuf>| {
            let files = files.into_iter().map(|file| (file, None)).collect();
            Self { name: name.to_owned(), files, is_stored: false }
        };
        if !path.is_dir() {
            return Ok(source(vec![path.to_owned()]));
        }
        let cannot =
            |error: io::Error| Failure::new(ExitCode::BadData, format!("cannot read {}: {error}", path.display()));
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(cannot)?;
        let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort_unstable();
        if files.is_empty() {
            return Err(Failure::new(ExitCode::BadData, format!("{} holds no file NAME.jsonl", path.display())));
        }
        Ok(source(files))
    }

    /// What becomes of a pair of the same sentence twice: the published sets have some.
    pub fn same(&self) -> Same {
        if published(&self.name).is_some() { Same::Kept } else { Same::Refused }
    }

    /// Says so where so many pairs with these contents are not those that were published under the name.
    pub fn unlike_published(&self, pairs: usize, contents: &[Digest]) -> Option<String> {
        let file = published(&self.name)?;
        let count = file.published?;
        // Outside the store they may stand in another form, of which no content is known.
        let differ = if self.is_stored { contents != file.content.as_slice() } else { pairs as u64 != count };
        let name = &self.name;
        let words = "are not those that were published, and scores are not to be compared with those of others";
        differ.then(|| format!("{name}: these {pairs} pairs {words} ({count} pairs were published)"))
    }
}

/// The pairs that were published under this name.
fn published(name: &str) -> Option<SetFile> {
    let set = catalogue::sets().into_iter().find(|set| set.name == name)?;
    set.files.into_iter().find(|file| matches!(file.form, Form::Pairs(_)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spec::SCHEMA;
    use spec::store::SetRecord;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(folder.path())).unwrap();
        store.make().unwrap();
        (folder, store)
    }

    fn put(store: &Store, name: &str) -> Digest {
        let (content, bytes) = store.put(&mut &b"a line of pairs"[..]).unwrap();
        let files = BTreeMap::from([("mine.jsonl".to_owned(), StoredFile { content, bytes, examples: 1 })]);
        store.write(&SetRecord { schema: SCHEMA, set: name.to_owned(), origin: Vec::new(), files }).unwrap();
        content
    }

    #[test]
    fn a_set_of_ones_own_is_measured_by_its_name() {
        let (_folder, store) = store();
        let content = put(&store, "my-pairs");
        let source = Source::of_store(&store, "my-pairs").unwrap();
        // Of the store it is known what should be in it, and so damage is seen.
        assert_eq!(source.files, [(store.layout().content(content), Some(content))]);
        assert_eq!((source.same(), source.unlike_published(1, &[content])), (Same::Refused, None));
    }

    #[test]
    fn a_name_without_pairs_says_what_has_some() {
        let (_folder, store) = store();
        put(&store, "my-pairs");
        let failure = |name: &str| Source::of_store(&store, name).unwrap_err();
        for name in ["rte", "superglue", "tinystories"] {
            assert_eq!(failure(name).exit(), ExitCode::Usage);
            assert!(failure(name).render().contains(&format!("`{name}` has no minimal pairs")), "{name}");
        }
        assert!(failure("my-pears").render().contains("is `my-pairs` meant?"), "{}", failure("my-pears").render());
        assert!(failure("blmp").render().contains("is `blimp` meant?"));
        assert_eq!((failure("blmp").exit(), failure("blimp").exit()), (ExitCode::Usage, ExitCode::BadData));
        assert!(failure("blimp").render().contains("data get blimp"));
        assert!(named_path("mine=pairs.jsonl").unwrap_err().contains("`mine` is no name for pairs here"));
        assert_eq!(named_path("babylm=a=b"), Ok(("babylm", PathBuf::from("a=b"))));
    }

    #[test]
    fn pairs_that_are_not_the_published_ones_are_told() {
        let (folder, store) = store();
        let content = put(&store, "blimp");
        let stored = Source::of_store(&store, "blimp").unwrap();
        insta::assert_snapshot!(stored.unlike_published(2, &[content]).unwrap(), @"blimp: these 2 pairs are not those that were published, and scores are not to be compared with those of others (67000 pairs were published)");
        // As many of other content are others, too.
        assert!(stored.unlike_published(67_000, &[content]).is_some());
        let known = published("blimp").unwrap().content.unwrap();
        assert_eq!(stored.unlike_published(67_000, &[known]), None);
        let given = Source::given("blimp", &folder.path().join("pairs.jsonl")).unwrap();
        assert_eq!(given.unlike_published(67_000, &[content]), None);
        assert!(given.unlike_published(66_999, &[content]).is_some());
        assert_eq!(given.same(), Same::Kept);
    }

    #[test]
    fn one_name_has_one_place() {
        refuse_twice(["blimp", "babylm", "minimal-pairs"].into_iter()).unwrap();
        let failure = refuse_twice(["blimp", "minimal-pairs", "minimal-pairs"].into_iter()).unwrap_err();
        assert_eq!(failure.exit(), ExitCode::Usage);
        assert!(failure.render().contains("`minimal-pairs` is named twice"), "{}", failure.render());
    }

    #[test]
    fn a_file_in_the_way_of_results_is_noticed_before_anything_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let sources = [Source { name: "blimp".to_owned(), files: Vec::new(), is_stored: true }];
        let to = folder.path().join("new/found");
        begin(&to, &sources).unwrap();
        begin(&to, &sources).unwrap();
        fs::write(to.join("blimp"), "").unwrap();
        for to in [&to, &to.join("blimp")] {
            let failure = begin(to, &sources).unwrap_err();
            assert_eq!(failure.exit(), ExitCode::CannotWrite);
            assert!(failure.render().contains("found/blimp"), "{}", failure.render());
        }
    }
}
