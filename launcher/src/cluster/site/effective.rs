//! What holds for a site: every key of a profile, with its value and where that comes from.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::keys::{KEYS, Key};
use super::{Site, SiteError, folder};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The profile says so.
    File,
    /// The profile says nothing.
    Default,
}

/// A key that holds for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The key with its table, as in `placement.account`.
    pub key: &'static str,
    /// Its value; nothing, where something else decides.
    pub value: Option<Value>,
    /// Where it comes from.
    pub from: Origin,
    /// What holds where there is no value.
    #[serde(skip)]
    pub otherwise: &'static str,
}

/// What holds for the site called `name`, and its profile, if it has one.
///
/// # Errors
/// [`SiteError`].
pub fn effective(name: &str) -> Result<(Option<PathBuf>, Vec<Effective>), SiteError> {
    let (file, text) = folder::text(name)?.unzip();
    let (text, place) = (text.unwrap_or_default(), file.clone().unwrap_or_default());
    let site = Site::parse(&text, &place)?;
    let written: toml::Table = toml::from_str(&text).expect("invariant: it was read before");
    Ok((file, of(&site, &written)))
}

fn of(site: &Site, written: &toml::Table) -> Vec<Effective> {
    let values = serde_json::to_value(site).expect("invariant: a profile is plain data");
    let one = |&Key { path: key, otherwise, .. }: &Key| {
        let value = key.split('.').try_fold(&values, |value, part| value.get(part));
        let value = value.filter(|value| !is_nothing(value)).cloned();
        let from = if is_written(written, key) { Origin::File } else { Origin::Default };
        Effective { key, value, from, otherwise }
    };
    KEYS.iter().map(one).collect()
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

fn is_written(table: &toml::Table, key: &str) -> bool {
    match key.split_once('.') {
        Some((section, rest)) => {
            table.get(section).and_then(toml::Value::as_table).is_some_and(|inner| is_written(inner, rest))
        }
        None => table.contains_key(key),
    }
}

impl Effective {
    /// The value, or what holds in its place, on one line.
    pub fn words(&self) -> String {
        self.value.as_ref().map_or_else(|| self.otherwise.to_owned(), plain)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(char::is_control, " "),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const FULL: &str = "gpu-type = 'a100'\nmax-running = 16\nmax-submitted = 100\npatience = 90\noptions = ['--gres-flags=enforce-binding']\n\
        [placement]\naccount = 'a'\npartition = 'p'\nqos = 'q'\nconstraint = 'c'\nreservation = 'r'\nexclude = 'n1'\n\
        [environment]\nsource = ['/s']\nmodules = ['m']\nscratch = '/local'\nvariables = { A = 'b', C = 'd' }\n\
        [container]\nruntime = 'pyxis'\nimage = 'i'\nbinds = ['/local']\n\
        [ssh]\nhost = 'h'\nclient = 'openssh'\nconfig = '/c'\n\
        [place]\nroot = '/r'\nseedbed = '/b'\ntrainer = '/t'\npaths = { '/x' = '/y' }\n";

    fn read(text: &str) -> Vec<Effective> {
        of(&Site::parse(text, Path::new("x.toml")).unwrap(), &toml::from_str(text).unwrap())
    }

    #[test]
    fn every_key_that_a_profile_can_have_is_shown() {
        for value in read(FULL) {
            assert!(value.from == Origin::File && value.value.is_some(), "{value:?}");
        }
        // And no key is missing: a profile takes no others than these.
        let site = serde_json::to_value(Site::parse(FULL, Path::new("x.toml")).unwrap()).unwrap();
        let leaves: usize =
            site.as_object().unwrap().values().map(|value| value.as_object().map_or(1, serde_json::Map::len)).sum();
        assert_eq!(leaves, KEYS.len());
    }

    #[test]
    fn a_default_is_told_from_what_was_written() {
        let values = read("[ssh]\nhost = 'login'\n[environment.variables]\nB = '1'\nA = '2'\n");
        let find = |key: &str| values.iter().find(|value| value.key == key).unwrap();
        assert_eq!((find("ssh.host").words(), find("ssh.host").from), ("login".to_owned(), Origin::File));
        assert_eq!((find("ssh.client").words(), find("ssh.client").from), ("built-in".to_owned(), Origin::Default));
        assert_eq!(find("environment.variables").words(), "A=2, B=1");
        assert_eq!(find("gpu-type").words(), "any GPU");
    }
}
