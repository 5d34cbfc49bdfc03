//! What is said where files of a set are not in what was given.

use super::error::StoreError;
use super::set::{Form, Set, SetFile};

/// Nothing is there of a set: said of the file that it is of no use without, else of its first, by what its parts may
/// be called.
pub(super) fn not_there(set: &Set, origin: &[String]) -> StoreError {
    let needed = set.files.iter().find(|file| file.needed);
    let file = needed.unwrap_or(&set.files[0]);
    let mut wanted = first_names(file, &(0..file.parts.len()).collect::<Vec<_>>());
    if file.form == Form::Stories {
        wanted += " or, in Parquet, train….parquet and valid….parquet";
    }
    if needed.is_none() && set.files.len() > 1 {
        wanted = format!("{wanted} and of {} other files", set.files.len() - 1);
    }
    StoreError::NotThere { origin: origin.join(", "), set: set.name.clone(), wanted }
}

/// Of a file that has these parts not, and others.
pub(super) fn incomplete(set: &Set, file: &SetFile, origin: &[String], lacking: &[usize]) -> StoreError {
    let of = file.parts.len();
    StoreError::Incomplete {
        origin: origin.join(", "),
        set: set.name.clone(),
        found: of - lacking.len(),
        of,
        lacking: first_names(file, lacking),
    }
}

/// The names of the first of these parts of a file, and how many more there are.
fn first_names(file: &SetFile, parts: &[usize]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = parts.iter().take(SHOWN).map(|part| file.parts[*part].join(" or ")).collect();
    let names = names.join(", ");
    match parts.len().saturating_sub(SHOWN) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
