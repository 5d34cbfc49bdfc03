//! Which files a split is made of: all of `train-00000-of-00004.parquet` to `train-00003-of-00004.parquet`, each once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::is_one;
use crate::store::error::StoreError;
use crate::store::fill::Source;

/// How many missing files are named.
const NAMED: usize = 3;

/// The Parquet files among `sources` and in their folders, with the names by which they are told apart.
///
/// # Errors
/// A folder cannot be read.
pub fn among(sources: &[Source]) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for source in sources {
        let name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        collect(&source.path, source.name.clone().unwrap_or(name), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(path: &Path, name: String, found: &mut Vec<(String, PathBuf)>) -> Result<(), StoreError> {
    let read = |error| StoreError::read(path, error);
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(read)? {
            let entry = entry.map_err(read)?;
            let inner = entry.file_name().to_string_lossy().into_owned();
            collect(&entry.path(), format!("{name}/{inner}"), found)?;
        }
    } else if is_one(&name) {
        found.push((name, path.to_owned()));
    }
    Ok(())
}

/// What the files are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shards {
    /// The files of each split, in the order of their names.
    pub splits: BTreeMap<String, Vec<PathBuf>>,
    /// Files of no split.
    pub others: Vec<PathBuf>,
}

/// The files of each split that is `wanted`, by `splits`, the names of files such as `train.txt`: a Parquet file is of
/// the split with whose name its own begins, else of that with whose name its folder's begins, `valid` being short for
/// `validation`.
///
/// # Errors
/// [`StoreError::Shards`]: a file is there twice, or one that the names of the others speak of is not there. When all
/// of them belong to none of the splits.
pub fn by_split(
    found: Vec<(String, PathBuf)>,
    splits: &[&str],
    wanted: impl Fn(&str) -> bool,
) -> Result<Shards, StoreError> {
    let mut shards = Shards::default();
    let mut files: BTreeMap<&str, Vec<(String, PathBuf)>> = BTreeMap::new();
    for (name, path) in found {
        let mut ends = name.rsplit('/').map(str::to_lowercase);
        let (own, folder) = (ends.next().unwrap_or_default(), ends.next().unwrap_or_default());
        if let Some(split) = split_of(&own, splits) {
            files.entry(split).or_default().push((own, path));
        } else if let Some(split) = split_of(&folder, splits) {
            files.entry(split).or_default().push((format!("{folder}/{own}"), path));
        } else {
            shards.others.push(path);
        }
    }
    if let Some(path) = shards.others.first().filter(|_| files.is_empty()) {
        let stems: Vec<&str> = splits.iter().map(|split| stem(split)).collect();
        let reason =
            format!("its name says not which part of the set it is: it must begin with {}", stems.join(" or "));
        return Err(StoreError::Parquet { path: path.clone(), reason });
    }
    for (split, mut files) in files.into_iter().filter(|(split, _)| wanted(split)) {
        files.sort();
        check(&files).map_err(|reason| StoreError::Shards { split: stem(split).to_owned(), reason })?;
        shards.splits.insert(split.to_owned(), files.into_iter().map(|(_, path)| path).collect());
    }
    Ok(shards)
}

fn stem(split: &str) -> &str {
    split.split('.').next().unwrap_or_default()
}

/// The split with whose name this one begins.
fn split_of<'a>(name: &str, splits: &[&'a str]) -> Option<&'a str> {
    let begins =
        |split: &&&str| name.starts_with(stem(split)) || stem(split).starts_with("valid") && name.starts_with("valid");
    splits.iter().find(begins).copied()
}

/// Whether these files, by name, are a whole split. `Err` says in words why not.
fn check(files: &[(String, PathBuf)]) -> Result<(), String> {
    let twice = files.windows(2).find(|pair| pair[0].0 == pair[1].0);
    if let Some([(name, first), (_, second)]) = twice {
        return Err(format!(
            "{name} is there twice, as {} and {}; name one of them",
            first.display(),
            second.display()
        ));
    }
    let numbers: Vec<Option<(u32, u32)>> = files.iter().map(|(name, _)| numbered(name)).collect();
    let Some((first, (_, of))) = files.iter().zip(&numbers).find_map(|(file, number)| Some((file, (*number)?))) else {
        return Ok(());
    };
    let mut there: BTreeMap<u32, &Path> = BTreeMap::new();
    for ((_, path), number) in files.iter().zip(&numbers) {
        match number {
            Some((index, total)) if *total == of && *index < of => {
                if let Some(other) = there.insert(*index, path) {
                    let (path, other) = (path.display(), other.display());
                    return Err(format!("{other} and {path} are both number {index} of {of}; name one of them"));
                }
            }
            _ => {
                let (path, first) = (path.display(), first.1.display());
                return Err(format!("{path} is none of the {of} files, from 0 on, of which {first} is one"));
            }
        }
    }
    // However many a name may claim: every one that is there is one of them.
    let count = of as usize - there.len();
    if count == 0 {
        return Ok(());
    }
    let missing = (0..of).filter(|index| !there.contains_key(index)).take(NAMED);
    let mut names: Vec<String> = missing.map(|index| format!("{index:05}-of-{of:05}")).collect();
    names.extend((count > NAMED).then(|| format!("{} more", count - NAMED)));
    let names = names.join(", ");
    Err(format!("{count} of its {of} files are not there: {names} (beside {})", first.1.display()))
}

/// The number of a file and of how many it is one: of `train-00001-of-00004-2d5a1467.parquet` 1 and 4.
fn numbered(name: &str) -> Option<(u32, u32)> {
    let (before, after) = name.split_once("-of-")?;
    let index = before.rsplit('-').next()?.parse().ok()?;
    Some((index, after.split(['-', '.']).next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLITS: [&str; 2] = ["train.txt", "validation.txt"];

    fn split(names: &[&str]) -> Result<Shards, String> {
        let found = names.iter().map(|name| ((*name).to_owned(), PathBuf::from(name))).collect();
        by_split(found, &SPLITS, |_| true).map_err(|error| error.to_string())
    }

    #[test]
    fn files_are_of_the_split_that_their_names_or_folders_begin_with() {
        let shards = split(&[
            "data/train-00001-of-00002-2d5a1467.parquet",
            "data/train-00000-of-00002-aa5a1467.parquet",
            "data/valid.parquet",
            "data/test-00000-of-00001.parquet",
        ])
        .unwrap();
        let train = ["data/train-00000-of-00002-aa5a1467.parquet", "data/train-00001-of-00002-2d5a1467.parquet"];
        assert_eq!(shards.splits["train.txt"], train.map(PathBuf::from));
        assert_eq!(shards.splits["validation.txt"], [PathBuf::from("data/valid.parquet")]);
        assert_eq!(shards.others, [PathBuf::from("data/test-00000-of-00001.parquet")]);
        // As the hub's own conversion has them.
        let shards = split(&["default/train/0000.parquet", "default/train/0001.parquet"]).unwrap();
        assert_eq!(shards.splits["train.txt"].len(), 2);
        insta::assert_snapshot!(split(&["stories.parquet"]).unwrap_err(), @"stories.parquet cannot be read as Parquet: its name says not which part of the set it is: it must begin with train or validation");
    }

    #[test]
    fn a_split_that_is_not_whole_is_refused() {
        let error = |names: &[&str]| split(names).unwrap_err();
        insta::assert_snapshot!(error(&["d/train-00001-of-00004.parquet", "d/train-00003-of-00004.parquet"]), @"the Parquet files of train are no whole set: 2 of its 4 files are not there: 00000-of-00004, 00002-of-00004 (beside d/train-00001-of-00004.parquet)");
        insta::assert_snapshot!(error(&["d/train-00000-of-00009.parquet"]), @"the Parquet files of train are no whole set: 8 of its 9 files are not there: 00001-of-00009, 00002-of-00009, 00003-of-00009, 5 more (beside d/train-00000-of-00009.parquet)");
        assert!(
            error(&["train-00000-of-4294967295.parquet"])
                .contains("4294967294 of its 4294967295 files are not there: 00001-of-")
        );
        insta::assert_snapshot!(error(&["a/train-00000-of-00001.parquet", "b/train-00000-of-00001.parquet"]), @"the Parquet files of train are no whole set: train-00000-of-00001.parquet is there twice, as a/train-00000-of-00001.parquet and b/train-00000-of-00001.parquet; name one of them");
        insta::assert_snapshot!(error(&["train-00000-of-00001-aa.parquet", "train-00000-of-00001-bb.parquet"]), @"the Parquet files of train are no whole set: train-00000-of-00001-aa.parquet and train-00000-of-00001-bb.parquet are both number 0 of 1; name one of them");
        insta::assert_snapshot!(error(&["train-00000-of-00001.parquet", "train-00001-of-00002.parquet"]), @"the Parquet files of train are no whole set: train-00001-of-00002.parquet is none of the 1 files, from 0 on, of which train-00000-of-00001.parquet is one");
        insta::assert_snapshot!(error(&["train-00000-of-00001.parquet", "train.parquet"]), @"the Parquet files of train are no whole set: train.parquet is none of the 1 files, from 0 on, of which train-00000-of-00001.parquet is one");
        insta::assert_snapshot!(error(&["a/valid.parquet", "b/valid.parquet"]), @"the Parquet files of validation are no whole set: valid.parquet is there twice, as a/valid.parquet and b/valid.parquet; name one of them");
    }
}
