//! Other servers in place of the known ones.

use super::set::{Download, Set};

/// The hub whose address [`HUB_VARIABLE`] replaces, as in Hugging Face's own tools.
const HUB: &str = "https://huggingface.co";
/// The variable that names another hub.
pub const HUB_VARIABLE: &str = "HF_ENDPOINT";

/// Beginnings of addresses and what stands in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    replacements: Vec<(String, String)>,
}

impl Mirrors {
    /// The mirrors that a person gave as `FROM=TO`, and the hub that the environment names.
    ///
    /// # Errors
    /// When one has no `=`, in words.
    pub fn new(given: &[String], hub: Option<String>) -> Result<Self, String> {
        let parse = |text: &String| {
            let (from, to) = text
                .split_once('=')
                .filter(|(from, to)| !from.is_empty() && !to.is_empty())
                .ok_or_else(|| format!("`{text}` is no mirror: expected https://known.server=https://other.server"))?;
            Ok((from.to_owned(), to.to_owned()))
        };
        let mut replacements = given.iter().map(parse).collect::<Result<Vec<_>, String>>()?;
        replacements.extend(hub.filter(|hub| !hub.is_empty()).map(|hub| (HUB.to_owned(), hub)));
        Ok(Self { replacements })
    }

    /// The address in place of `url`: the longest known beginning counts.
    pub fn replace(&self, url: &str) -> String {
        let fits = |(from, _): &&(String, String)| {
            let from = from.trim_end_matches('/');
            url.strip_prefix(from).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self.replacements.iter().filter(fits).max_by_key(|(from, _)| from.len()) {
            Some((from, to)) => {
                format!("{}{}", to.trim_end_matches('/'), &url[from.trim_end_matches('/').len()..])
            }
            None => url.to_owned(),
        }
    }

    /// The downloads of a set at their mirrors.
    pub fn downloads(&self, set: &Set) -> Vec<Download> {
        let mirrored = |download: &Download| Download { url: self.replace(&download.url), ..download.clone() };
        set.downloads.iter().map(mirrored).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_beginning_is_replaced() {
        let given = ["https://a.org=http://b/x/".to_owned(), "https://a.org/deep=http://c".to_owned()];
        let mirrors = Mirrors::new(&given, Some("https://hf.mirror".to_owned())).unwrap();
        assert_eq!(mirrors.replace("https://a.org/file"), "http://b/x/file");
        assert_eq!(mirrors.replace("https://a.org/deep/file"), "http://c/file");
        assert_eq!(mirrors.replace("https://a.org.evil/file"), "https://a.org.evil/file");
        assert_eq!(mirrors.replace("https://huggingface.co/datasets/d"), "https://hf.mirror/datasets/d");
        assert!(Mirrors::new(&["https://a.org".to_owned()], None).is_err());
    }
}
