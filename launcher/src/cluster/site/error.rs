use std::io;
use std::path::PathBuf;

use super::folder::FOLDER;
use crate::sweep::Diagnosis;

/// Why a site cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// There is no profile of that name.
    #[error("there is no site `{name}`: {} is not there{}", file.display(), meant(near.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// A site whose name is much like it.
        near: Option<String>,
        /// Where its profile would be.
        file: PathBuf,
    },
    /// The name cannot be that of a file.
    #[error("`{0}` is not the name of a site: use letters, digits, `-` and `_`")]
    Name(String),
    /// The profile cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The profile.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The profile is wrong.
    #[error("{0}")]
    Invalid(Diagnosis),
    /// The profile is wrong in a way that has no words of ours.
    #[error("{} is not a site's profile", file.display())]
    Unread {
        /// The profile.
        file: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Two keys of the profile do not go together.
    #[error("{} is not a site's profile: {said}", file.display())]
    Contradiction {
        /// The profile.
        file: PathBuf,
        /// What is wrong, and what would be right.
        said: String,
    },
    /// There is a profile of that name already.
    #[error("there is a site `{name}` already: {}", file.display())]
    Exists {
        /// The name.
        name: String,
        /// Its profile.
        file: PathBuf,
    },
    /// The cluster has nothing of that name.
    #[error("the cluster has no {what} `{name}` {place}; {}{}", known(known_names), meant(near.as_deref()))]
    NotThere {
        /// What was named.
        what: &'static str,
        /// The name.
        name: String,
        /// For whom or where, in words.
        place: String,
        /// What there is.
        known_names: Vec<String>,
        /// What may have been meant.
        near: Option<String>,
    },
    /// No partition was named, and none is the default.
    #[error("no partition of the cluster is the default; it has {}", known_names.join(", "))]
    NoDefault {
        /// The partitions.
        known_names: Vec<String>,
    },
    /// There is nowhere to look.
    #[error("there is no folder of sites: neither {FOLDER} nor HOME is set")]
    NoFolder,
}

fn meant(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

fn known(names: &[String]) -> String {
    if names.is_empty() { "there is none".to_owned() } else { format!("there is {}", names.join(", ")) }
}
