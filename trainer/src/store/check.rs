//! Whether a file of a set is whole and what it should be.

use spec::store::{SetRecord, StoredFile};

use super::error::StoreError;
use super::fill;
use super::pair::{Naming, PairForm, Pairs};
use super::set::{Form, SetFile};
use super::shelf::Store;

/// What is to be said of a file that is whole.
///
/// # Errors
/// It is not, or a line of it is not what it should be.
pub(super) fn file(store: &Store, record: &SetRecord, file: &SetFile) -> Result<String, StoreError> {
    let Some(stored) = record.files.get(&file.name) else { return Ok("missing".to_owned()) };
    if file.form == Form::Stories {
        let path = store.layout().content(stored.content);
        let found = Store::digest(&path)?;
        if found != stored.content {
            let what = path.display().to_string();
            return Err(StoreError::Checksum { what, expected: stored.content.to_string(), found: found.to_string() });
        }
    } else {
        let content = store.verified(stored)?;
        check_lines(file, &content)?;
    }
    Ok(format!("whole, {} examples{}", stored.examples, published(file, stored)))
}

/// How what is stored of a file is to what was published of it, as the end of a phrase.
pub(super) fn published(file: &SetFile, stored: &StoredFile) -> &'static str {
    match (file.content, file.published) {
        (Some(content), _) if content == stored.content => ", as published",
        (Some(_), _) => ", other than published",
        (None, Some(published)) if published != stored.examples => ", not all that were published",
        _ => "",
    }
}

fn check_lines(file: &SetFile, content: &[u8]) -> Result<(), StoreError> {
    match &file.form {
        Form::Pairs(_) => {
            let stored = PairForm {
                good: "sentence_good".to_owned(),
                bad: "sentence_bad".to_owned(),
                paradigm: Naming::Field("UID".to_owned()),
                field: None,
                ids: Vec::new(),
                keeps_same: true,
            };
            stored.add(&file.name, content, &mut Pairs::default())
        }
        Form::Examples(_) | Form::Task(_) => fill::labelled(&file.form, &file.name, content).map(drop),
        Form::Stories => Ok(()),
    }
}
