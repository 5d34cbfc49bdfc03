//! Runs that cannot be measured where somebody wants it, because their checkpoints are elsewhere.

use std::collections::BTreeMap;

use spec::RunId;

use crate::cluster::Whereabouts;
use crate::output::counted;

/// How many runs are named at a place.
const NAMED: usize = 8;

/// Runs, with where their checkpoints are.
#[derive(Debug, Default)]
pub(super) struct Away(pub(super) BTreeMap<RunId, Whereabouts>);

impl Away {
    /// Whether this run is among them.
    pub(super) fn has(&self, run: RunId) -> bool {
        self.0.contains_key(&run)
    }

    /// What a person should know, a line for each place, of a command that measures at the site called `name`, or here.
    pub(super) fn in_words(&self, name: Option<&str>) -> Vec<String> {
        let mut places: BTreeMap<&Whereabouts, Vec<RunId>> = BTreeMap::new();
        for (run, place) in &self.0 {
            places.entry(place).or_default().push(*run);
        }
        let wanted = name.map_or("on this machine".to_owned(), |name| format!("at `{name}`"));
        let line = |(place, runs): (&Whereabouts, Vec<RunId>)| {
            let more = runs.len().saturating_sub(NAMED);
            let mut names: Vec<String> = runs.iter().take(NAMED).map(RunId::to_string).collect();
            names.extend((more > 0).then(|| format!("{more} more")));
            let (runs, names) = (counted(runs.len(), "run"), names.join(", "));
            match place {
                Whereabouts::Here => format!(
                    "{runs} cannot be measured {wanted}: the checkpoint is on the file system of this machine, where `seedbed \
                     evaluate` without --site, or with a site that shares it, measures: {names}"
                ),
                Whereabouts::At(site) => format!(
                    "{runs} cannot be measured {wanted}: last submitted to `{site}`, where --site {site} would measure: {names}"
                ),
                Whereabouts::Unknown(site) => format!(
                    "{runs} cannot be measured {wanted}: last submitted to `{site}`, whose profile cannot be read: {names}"
                ),
                Whereabouts::Nowhere => {
                    format!("{runs} cannot be measured {wanted}: no checkpoint is left there: {names}")
                }
            }
        };
        places.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_of_each_place_are_named_with_what_to_do() {
        let at = |site: &str| Whereabouts::At(site.to_owned());
        let mut away = Away::default();
        away.0.extend((0..10).map(|run| (RunId::of(&[run]), at("far"))));
        away.0.insert(RunId::of(b"ours"), Whereabouts::Here);
        away.0.insert(RunId::of(b"lost"), Whereabouts::Nowhere);
        assert!(away.has(RunId::of(b"lost")) && !away.has(RunId::of(b"other")));
        insta::assert_snapshot!(away.in_words(Some("hpc")).join("\n"), @r"
        1 run cannot be measured at `hpc`: the checkpoint is on the file system of this machine, where `seedbed evaluate` without --site, or with a site that shares it, measures: cd9488de804d1cf4
        10 runs cannot be measured at `hpc`: last submitted to `far`, where --site far would measure: 0c389a743e34fda4, 1c310b6bdadd6999, 2d3adedff11b61f1, 2ef3e0dda5293bda, 448bd8dd9624154a, 48fc721fbbc172e0, 7219aa1099ced744, 84cb40e74f0e856b, 2 more
        1 run cannot be measured at `hpc`: no checkpoint is left there: 60cab5f9ced81f58
        ");
        insta::assert_snapshot!(away.in_words(None)[2], @"1 run cannot be measured on this machine: no checkpoint is left there: 60cab5f9ced81f58");
    }
}
