//! Parquet files among what a set may be made of.

use std::collections::BTreeMap;

use spec::store::StoredFile;

use super::error::StoreError;
use super::fill::Source;
use super::parquet::{self, Shards};
use super::set::{Form, Set, SetFile};
use super::shelf::Store;

/// Whether a source is one file in Parquet.
pub(super) fn is_table(source: &Source) -> bool {
    let name = source.path.file_name().unwrap_or_default().to_string_lossy();
    parquet::is_one(source.name.as_deref().unwrap_or(&name)) && !source.path.is_dir()
}

/// Refuses Parquet files for a set that has no stories. One that lies beside others in a folder is passed over, like
/// whatever else belongs to no file of the set.
///
/// # Errors
/// [`StoreError::NoParquet`].
pub(super) fn refuse_foreign(set: &Set, sources: &[Source]) -> Result<(), StoreError> {
    match sources.iter().find(|source| is_table(source)) {
        Some(source) if set.files.iter().all(|file| file.form != Form::Stories) => {
            Err(StoreError::NoParquet { path: source.path.clone(), set: set.name.clone(), wanted: wanted(set) })
        }
        _ => Ok(()),
    }
}

/// The text file that a set is made of.
fn wanted(set: &Set) -> String {
    set.files.iter().flat_map(|file| file.parts.iter().flatten()).next().cloned().unwrap_or_default()
}

/// Takes in the stories that come in Parquet, of those files of the set that `files` has not from elsewhere.
///
/// # Errors
/// A file is missing, there twice, damaged, or of another set.
pub(super) fn take(
    store: &Store,
    set: &Set,
    sources: &[Source],
    files: &mut BTreeMap<String, StoredFile>,
    note: &mut dyn FnMut(&str),
) -> Result<(), StoreError> {
    let is_open = |file: &&SetFile| file.form == Form::Stories && !files.contains_key(&file.name);
    let open: Vec<&SetFile> = set.files.iter().filter(is_open).collect();
    let found = parquet::among(sources)?;
    if open.is_empty() || found.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = set.files.iter().map(|file| file.name.as_str()).collect();
    let Shards { splits, others } = parquet::by_split(found, &names, |name| open.iter().any(|file| file.name == name))?;
    for other in others {
        note(&format!("{}: {} is passed over: its name says not which part it is", set.name, other.display()));
    }
    for file in open {
        let Some(paths) = splits.get(&file.name) else { continue };
        compare(set, file, paths.iter().map(|path| parquet::rows(path)).sum::<Result<u64, _>>()?, note)?;
        let mut stories = parquet::Stories::of(paths);
        let stored = store.put(&mut stories);
        if let Some(failure) = stories.failure.take() {
            return Err(failure);
        }
        let (content, bytes) = stored?;
        if stories.blank > 0 {
            note(&format!("{}: {} rows without text were left out of {}", set.name, stories.blank, file.name));
        }
        files.insert(file.name.clone(), StoredFile { content, bytes, examples: stories.stories });
    }
    Ok(())
}

/// Compares the number of rows with what was published.
fn compare(set: &Set, file: &SetFile, rows: u64, note: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
    let Some(published) = file.parquet else { return Ok(()) };
    if published.set == set.name {
        if published.rows != rows {
            let (set, name, all) = (&set.name, &file.name, published.rows);
            note(&format!("{set}: the Parquet of {name} has {rows} rows, {all} were published"));
        }
        return Ok(());
    }
    if published.rows == rows {
        return Err(StoreError::OtherSet {
            split: file.name.clone(),
            rows,
            other: published.set,
            set: set.name.clone(),
            wanted: file.parts.concat().join(" or "),
        });
    }
    let (set, name, other) = (&set.name, &file.name, published.set);
    note(&format!(
        "{set}: nothing in the Parquet of {name} says that it is of `{set}`: the hub has that of `{other}` alone"
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::catalogue;
    use crate::store::fill::import;
    use crate::store::parquet::write_for_tests as write;

    const TEXT: &str = "optional binary text (UTF8)";

    /// The stories of each file, and what was noted.
    type Taken = (Vec<(String, u64)>, Vec<String>);

    /// How a set is taken in from a folder.
    fn taken(set: &str, folder: &std::path::Path) -> Result<Taken, String> {
        let store = tempfile::tempdir().unwrap();
        let store = Store::open(Some(store.path())).unwrap();
        let set = catalogue::sets().into_iter().find(|known| known.name == set).unwrap();
        let source = Source { path: folder.to_owned(), name: None };
        let mut notes = Vec::new();
        let record = import(&store, &set, &[source], Vec::new(), &mut |note| notes.push(note.to_owned()));
        let record = record.map_err(|error| error.to_string().replace(&folder.display().to_string(), "FOLDER"))?;
        Ok((record.files.into_iter().map(|(name, file)| (name, file.examples)).collect(), notes))
    }

    #[test]
    fn one_release_is_not_taken_for_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(&folder.join("train-00000-of-00001.parquet"), TEXT, 5);
        write(&folder.join("validation-00000-of-00001.parquet"), TEXT, 21_990);
        let (files, notes) = taken("tinystories", folder).unwrap();
        assert_eq!(files, [("train.txt".to_owned(), 5), ("validation.txt".to_owned(), 21_990)]);
        assert_eq!(notes, ["tinystories: the Parquet of train.txt has 5 rows, 2119719 were published"]);
        insta::assert_snapshot!(taken("tinystories-v2", folder).unwrap_err(), @"the Parquet files of validation.txt have 21990 rows, which are those of `tinystories` and not of `tinystories-v2`; `tinystories-v2` is made of TinyStoriesV2-GPT4-valid.txt");
        // A copy of the hub's folder has both, and V2's texts are V2.
        for name in ["TinyStoriesV2-GPT4-train.txt", "TinyStoriesV2-GPT4-valid.txt"] {
            fs::write(folder.join(name), "One.\n<|endoftext|>\n").unwrap();
        }
        let (files, notes) = taken("tinystories-v2", folder).unwrap();
        assert_eq!(files, [("train.txt".to_owned(), 1), ("validation.txt".to_owned(), 1)]);
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn a_lost_part_is_missed_and_nothing_is_shelved() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(&folder.join("train-00000-of-00002.parquet"), TEXT, 5);
        insta::assert_snapshot!(taken("tinystories", folder).unwrap_err(), @"the Parquet files of train are no whole set: 1 of its 2 files are not there: 00001-of-00002 (beside FOLDER/train-00000-of-00002.parquet)");
        write(&folder.join("train-00001-of-00002.parquet"), "optional binary url (UTF8)", 5);
        insta::assert_snapshot!(taken("tinystories", folder).unwrap_err(), @"FOLDER/train-00001-of-00002.parquet cannot be read as Parquet: it has no column `text`, from which stories are read; its columns are url");
    }
}
