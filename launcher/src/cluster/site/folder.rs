//! The folder of profiles: one TOML file for each site.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spec::setting::closest;

use super::{Site, SiteError};
use crate::cluster::ClusterError;
use crate::files::{create_directory, create_new};

/// The site that needs no file: the Slurm of this machine, with its defaults.
pub const HERE: &str = "here";

/// The variable that names the folder of site files.
pub(super) const FOLDER: &str = "SEEDBED_SITES";

/// A site by its name: what its profile says, or what is wrong with it.
#[derive(Debug)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// The profile; `here` may have none.
    pub file: Option<PathBuf>,
    /// What it says.
    pub site: Result<Site, SiteError>,
}

impl Site {
    /// The site called `name`; `here` needs no file, but may have one.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn load(name: &str) -> Result<Self, SiteError> {
        match text(name)? {
            Some((file, text)) => Self::parse(&text, &file),
            None => Ok(Self::default()),
        }
    }
}

/// The profile of the site called `name` as it stands in its file; none where `here` has no file.
///
/// # Errors
/// [`SiteError`].
pub(super) fn text(name: &str) -> Result<Option<(PathBuf, String)>, SiteError> {
    let file = match file(name) {
        Err(SiteError::NoFolder) if name == HERE => return Ok(None),
        file => file?,
    };
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some((file, text))),
        Err(error) if error.kind() == ErrorKind::NotFound && name == HERE => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let names = file.parent().map(names).unwrap_or_default();
            let near = closest(name, names.iter().map(String::as_str).chain([HERE])).map(str::to_owned);
            Err(SiteError::Unknown { name: name.to_owned(), near, file })
        }
        Err(source) => Err(SiteError::Read { file, source }),
    }
}

/// Every site that has a profile, and `here`, which comes first.
///
/// # Errors
/// There is nowhere to look.
pub fn all() -> Result<Vec<Listed>, SiteError> {
    let mut names = names(&folder().ok_or(SiteError::NoFolder)?);
    names.retain(|name| name != HERE);
    names.insert(0, HERE.to_owned());
    let listed = |name: String| {
        let file = file(&name).ok().filter(|file| file.exists());
        Listed { site: Site::load(&name), file, name }
    };
    Ok(names.into_iter().map(listed).collect())
}

/// Where the profile of the site called `name` lies, or would lie.
///
/// # Errors
/// The name cannot be that of a file, or there is no folder.
pub fn file(name: &str) -> Result<PathBuf, SiteError> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(SiteError::Name(name.to_owned()));
    }
    Ok(folder().ok_or(SiteError::NoFolder)?.join(format!("{name}.toml")))
}

/// Writes the profile of a new site, whole and on disk, and returns where it lies. One that is there is left alone.
///
/// # Errors
/// [`ClusterError::Site`], [`ClusterError::File`].
pub fn create(name: &str, text: &str) -> Result<PathBuf, ClusterError> {
    let file = file(name)?;
    create_directory(file.parent().unwrap_or(Path::new("/")))?;
    if create_new(&file, text.as_bytes())? {
        Ok(file)
    } else {
        Err(SiteError::Exists { name: name.to_owned(), file }.into())
    }
}

/// Names of the profiles in `folder`, also those that no site can have; a folder that cannot be read has none.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.strip_suffix(".toml").filter(|stem| !stem.starts_with('.')).map(str::to_owned)
    };
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort();
    names
}

fn folder() -> Option<PathBuf> {
    let named = |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    named(FOLDER)
        .or_else(|| named("XDG_CONFIG_HOME").map(|folder| folder.join("seedbed/sites")))
        .or_else(|| named("HOME").map(|folder| folder.join(".config/seedbed/sites")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_other_folder() {
        assert!(matches!(Site::load("../x").unwrap_err(), SiteError::Name(_)));
        assert!(matches!(Site::load("").unwrap_err(), SiteError::Name(_)));
    }

    #[test]
    fn hidden_and_other_files_are_no_profiles() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.toml", "a.toml", ".writing-x.toml", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(names(&folder.path().join("none")), Vec::<String>::new());
    }
}
