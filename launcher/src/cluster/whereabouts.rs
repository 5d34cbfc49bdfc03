//! Where the checkpoints of a run are: what measures it needs one, and they stay where it was trained.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use slurm::client::Client;
use slurm::transport::files;
use spec::RunId;
use spec::layout::{CHECKPOINTS, RunLayout, SweepLayout};

use super::error::ClusterError;
use super::site::Site;
use super::submissions::{self, Submission};

/// How many files are looked for at once at a site elsewhere: their names make one command line there.
const AT_ONCE: usize = 500;

/// Where a run can be measured, of which there is no checkpoint where somebody wants it measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// On the file system of this machine.
    Here,
    /// Perhaps at the site that it was last submitted to, which shares no file system with this machine. It was not
    /// asked.
    At(String),
    /// Perhaps at the site that it was last submitted to, whose profile cannot be read.
    Unknown(String),
    /// Nobody knows: none is where it is wanted, and no site elsewhere had it last.
    Nowhere,
}

/// Whether there is a checkpoint of the run in this directory.
pub fn has_checkpoint(run: &RunLayout) -> bool {
    checkpoints(run).iter().any(|path| path.exists())
}

fn checkpoints(run: &RunLayout) -> [PathBuf; 2] {
    CHECKPOINTS.map(|name| run.checkpoints().join(name))
}

/// Those of `runs` of which no checkpoint is at `site`, with where they are; a site elsewhere is asked through
/// `client`.
///
/// # Errors
/// The site cannot be asked, or the array file of a submission not be read.
pub fn without_checkpoints(
    site: &Site,
    client: &Client,
    (layout, submissions): (&SweepLayout, &[Submission]),
    runs: &BTreeSet<RunId>,
) -> Result<BTreeMap<RunId, Whereabouts>, ClusterError> {
    let place = site.place();
    let lacking: Vec<RunId> = match place.far() {
        None => runs.iter().copied().filter(|run| !has_checkpoint(&layout.run(*run))).collect(),
        Some(_) => lacking_there(client, &place.sweep(layout), runs)?,
    };
    if lacking.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sites = submissions::last_sites(layout, submissions)?;
    let whereabouts = |run: RunId| {
        if place.far().is_some() && has_checkpoint(&layout.run(run)) {
            return Ok((run, Whereabouts::Here));
        }
        let Some(name) = sites.get(&run) else { return Ok((run, Whereabouts::Nowhere)) };
        let Ok(trained_at) = Site::load(name) else { return Ok((run, Whereabouts::Unknown((*name).to_owned()))) };
        // Under another name it may be the very place that was looked into.
        let root = |site: &Site| site.place().far().map(|far| far.root.clone());
        let is_elsewhere =
            root(&trained_at).is_some() && (root(&trained_at), &trained_at.ssh) != (root(site), &site.ssh);
        Ok((run, if is_elsewhere { Whereabouts::At((*name).to_owned()) } else { Whereabouts::Nowhere }))
    };
    lacking.into_iter().map(whereabouts).collect()
}

/// Those of `runs` of which no checkpoint is at a site elsewhere, where the sweep lies in `there`.
fn lacking_there(client: &Client, there: &SweepLayout, runs: &BTreeSet<RunId>) -> Result<Vec<RunId>, ClusterError> {
    let mut lacking: Vec<RunId> = runs.iter().copied().collect();
    for place in 0..CHECKPOINTS.len() {
        let mut still = Vec::new();
        for some in lacking.chunks(AT_ONCE) {
            let name = |run: &RunId| checkpoints(&there.run(*run))[place].to_string_lossy().into_owned();
            let names: Vec<String> = some.iter().map(name).collect();
            let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
            let missing: BTreeSet<String> = files::unreadable(client.transport(), &wanted)?.into_iter().collect();
            still.extend(some.iter().zip(&names).filter(|(_, name)| missing.contains(*name)).map(|(run, _)| *run));
        }
        lacking = still;
    }
    Ok(lacking)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cluster::place::FarPlace;

    #[test]
    fn what_was_trained_elsewhere_is_found_to_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let layout = SweepLayout::new(folder.path().join("here/s"));
        let far = FarPlace {
            root: folder.path().join("there").to_string_lossy().parse().unwrap(),
            seedbed: "/seedbed".parse().unwrap(),
            trainer: None,
            paths: BTreeMap::new(),
        };
        let elsewhere = Site { place: Some(far), ..Site::default() };
        let there = elsewhere.place().sweep(&layout);
        let [ours, theirs, old, gone] = [b"a", b"b", b"c", b"d"].map(|run| RunId::of(run));
        for (layout, run, name) in [(&layout, ours, 0), (&there, theirs, 0), (&there, old, 1)] {
            let path = &checkpoints(&layout.run(run))[name];
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let runs: BTreeSet<RunId> = [ours, theirs, old, gone].into();
        let lacking = |site: &Site| {
            let found = without_checkpoints(site, &site.client(), (&layout, &[]), &runs).unwrap();
            found.into_iter().collect::<BTreeMap<_, _>>()
        };
        let nowhere = |run| (run, Whereabouts::Nowhere);
        assert_eq!(lacking(&elsewhere), [(ours, Whereabouts::Here), nowhere(gone)].into());
        assert_eq!(lacking(&Site::default()), [theirs, old, gone].map(nowhere).into());
    }
}
