//! Where the nodes of a site find a sweep: under the paths of this machine, or below a folder of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slurm::client::Client;
use slurm::script::AbsolutePath;
use slurm::transport::files;
use spec::layout::SweepLayout;
use spec::{Program, RunSpec};

use super::error::ClusterError;
use crate::evaluation::Element;
use crate::files::FileError;

/// The folders of a cluster that shares no file system with this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FarPlace {
    /// Where the directories of sweeps lie there.
    pub root: AbsolutePath,
    /// This program there.
    pub seedbed: AbsolutePath,
    /// The built-in trainer there; beside `seedbed`, if it is left out.
    pub trainer: Option<AbsolutePath>,
    /// Folders of this machine, and where their content lies there.
    #[serde(default)]
    pub paths: BTreeMap<PathBuf, AbsolutePath>,
}

/// Where the nodes find the files of a sweep.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a>(Option<&'a FarPlace>);

impl<'a> Place<'a> {
    /// The nodes see what this machine sees, unless there is a place of their own.
    pub(super) fn new(far: Option<&'a FarPlace>) -> Self {
        Self(far)
    }

    /// The folders of their own, if they have some.
    pub fn far(self) -> Option<&'a FarPlace> {
        self.0
    }

    /// The directory, as the nodes name it, of the sweep that is `local` here.
    pub(super) fn sweep(self, local: &SweepLayout) -> SweepLayout {
        match (self.0, local.directory().file_name()) {
            (Some(far), Some(name)) => SweepLayout::new(Path::new(far.root.as_str()).join(name)),
            _ => local.clone(),
        }
    }

    /// This program, as the nodes name it.
    pub(super) fn program(self, here: &'a Path) -> &'a Path {
        self.0.map_or(here, |far| Path::new(far.seedbed.as_str()))
    }

    /// The trainer that was named for the nodes.
    pub(super) fn trainer(self, here: Option<&'a str>) -> Option<&'a str> {
        match self.0 {
            Some(far) => far.trainer.as_ref().map(AbsolutePath::as_str),
            None => here,
        }
    }

    /// `run` with every path as the nodes name it. Its id stays: paths are no part of it.
    pub(super) fn translate(self, run: &RunSpec) -> Cow<'_, RunSpec> {
        let Some(far) = self.0 else { return Cow::Borrowed(run) };
        let mut run = run.clone();
        for path in run.files.values_mut() {
            *path = far.path(path);
        }
        if let Program::Command(command) = &mut run.program {
            for argument in &mut command.argv {
                *argument = far.argument(argument);
            }
        }
        Cow::Owned(run)
    }

    /// `element` with its folder of data as the nodes name it.
    pub(super) fn translate_element(self, element: &Element) -> Cow<'_, Element> {
        let Some((far, store)) = self.0.zip(element.store.as_ref()) else { return Cow::Borrowed(element) };
        Cow::Owned(Element { store: Some(far.path(store)), ..element.clone() })
    }

    /// Refuses `runs` that name files which are not there.
    pub(super) fn check_files<'r>(
        self,
        client: &Client,
        runs: impl Iterator<Item = &'r RunSpec>,
    ) -> Result<(), ClusterError> {
        let Some(far) = self.0 else { return Ok(()) };
        let wanted: BTreeMap<String, PathBuf> = runs
            .flat_map(|run| run.files.values())
            .map(|path| (far.path(path).to_string_lossy().into_owned(), path.clone()))
            .collect();
        let mut names: Vec<&str> = wanted.keys().map(String::as_str).collect();
        names.push(far.seedbed.as_str());
        names.extend(far.trainer.as_ref().map(AbsolutePath::as_str));
        match files::unreadable(client.transport(), &names)?.into_iter().next() {
            Some(missing) => Err(ClusterError::NotThere {
                here: wanted.get(&missing).cloned(),
                path: missing,
                place: client.place(),
            }),
            None => Ok(()),
        }
    }

    /// Makes the folders of the sweep there.
    pub(super) fn make_folders(self, client: &Client, local: &SweepLayout) -> Result<(), ClusterError> {
        let Some(_) = self.0 else { return Ok(()) };
        let there = self.sweep(local);
        let folders = [there.arrays(), there.runs(), there.job_logs()].map(|folder| text(&folder));
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        Ok(files::make_folders(client.transport(), &folders)?)
    }

    /// Puts files of the sweep where the nodes find them; their own names stay.
    pub(super) fn deliver(
        self,
        client: &Client,
        local: &SweepLayout,
        delivered: &[PathBuf],
    ) -> Result<(), ClusterError> {
        let Some(_) = self.0 else { return Ok(()) };
        let there = self.sweep(local);
        for file in delivered {
            let Ok(below) = file.strip_prefix(local.directory()) else { continue };
            let content = std::fs::read_to_string(file).map_err(|error| FileError::read(file, error))?;
            files::put(client.transport(), &text(&there.directory().join(below)), &content)?;
        }
        Ok(())
    }
}

impl FarPlace {
    /// `path` by the longest of the folders that it lies in; as it is, if it lies in none.
    fn path(&self, path: &Path) -> PathBuf {
        let fits = |(here, _): &(&PathBuf, _)| path.starts_with(here);
        let deepest = self.paths.iter().filter(fits).max_by_key(|(here, _)| here.components().count());
        let Some((here, there)) = deepest else { return path.to_owned() };
        match path.strip_prefix(here) {
            Ok(rest) if !rest.as_os_str().is_empty() => Path::new(there.as_str()).join(rest),
            _ => PathBuf::from(there.as_str()),
        }
    }

    /// An argument that is an absolute path, or ends in one after its first `=`.
    fn argument(&self, argument: &str) -> String {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (&argument[..=option.len()], value),
            None => ("", argument),
        };
        if value.starts_with('/') {
            format!("{option}{}", text(&self.path(Path::new(value))))
        } else {
            argument.to_owned()
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far() -> FarPlace {
        toml::from_str(
            "root = '/scratch/me'\nseedbed = '/opt/seedbed'\n\
             [paths]\n'/home/me' = '/nethome/me'\n'/home/me/data' = '/scratch/data'\n",
        )
        .unwrap()
    }

    #[test]
    fn the_longest_folder_counts_and_only_whole_names() {
        let path = |path: &str| far().path(Path::new(path)).display().to_string();
        assert_eq!(path("/home/me/data/a.txt"), "/scratch/data/a.txt");
        assert_eq!(path("/home/me/data"), "/scratch/data");
        assert_eq!(path("/home/me/database/a.txt"), "/nethome/me/database/a.txt");
        assert_eq!(path("/elsewhere/a.txt"), "/elsewhere/a.txt");
        assert_eq!(far().argument("--data=/home/me/data/x"), "--data=/scratch/data/x");
        assert_eq!(far().argument("--rate=1/2"), "--rate=1/2");
    }

    #[test]
    fn a_sweep_keeps_its_name() {
        let local = SweepLayout::new("/work/sweeps/activations");
        let far = far();
        assert_eq!(Place::new(Some(&far)).sweep(&local).directory(), Path::new("/scratch/me/activations"));
        assert_eq!(Place::new(None).sweep(&local).directory(), local.directory());
    }
}
