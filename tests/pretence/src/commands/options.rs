//! Options of a command line, as getopt reads them.

use std::collections::BTreeMap;

use super::Answer;
use crate::version::{Version, Word, knows};

/// Options with their values; flags have none.
pub(super) type Options = BTreeMap<String, Option<String>>;

/// Reads long options; what the release does not know it refuses.
pub(super) fn read(command: &str, words: &[Word], version: Version, arguments: &[String]) -> Result<Options, Answer> {
    let mut options = Options::new();
    for argument in arguments {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        match name.strip_prefix("--").filter(|name| knows(words, name, version)) {
            Some(name) => options.insert(name.to_owned(), value),
            None => {
                return Err(Answer::fail(format!(
                    "{command}: unrecognized option '{name}'\nTry \"{command} --help\" for more information\n"
                )));
            }
        };
    }
    Ok(options)
}

/// The value of an option.
pub(super) fn value<'a>(options: &'a Options, name: &str) -> Option<&'a str> {
    options.get(name)?.as_deref()
}

/// Whether `word` is in the list that an option has; without the option everything is.
pub(super) fn lists(options: &Options, name: &str, word: &str) -> bool {
    value(options, name).is_none_or(|list| list.split(',').any(|listed| listed == word))
}
