//! `seedbed-trainer data`: benchmark data is listed, downloaded, taken in and checked.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use spec::setting::closest;
use spec::store::{SetRecord, StoredFile};
use spec::{ExitCode, Failure};

use super::catalogue;
use super::check;
use super::described;
use super::download::Patience;
use super::error::StoreError;
use super::fill::{self, Source};
use super::mirror::{HUB_VARIABLE, Mirrors};
use super::set::{Set, SetFile};
use super::shelf::Store;
use crate::failure::as_failure;
use crate::logbook;

/// What is to be done with benchmark data.
#[derive(Debug, Args)]
pub struct Request {
    #[command(subcommand)]
    action: Action,
    /// The folder of data, shared by all sweeps and safe to share between machines
    /// [default: $SEEDBED_DATA, or ~/.cache/seedbed/data]
    #[arg(long, global = true)]
    store: Option<PathBuf>,
    /// A TOML file that describes sets of your own, under names that no known set has: pairs, which `evaluate --tasks
    /// NAME` then measures, or labelled examples, which are checked and kept (no task is tuned on them). The README
    /// says more
    #[arg(long, global = true)]
    sets: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the sets that are known, and which are there: name, file, examples, path
    List {
        /// Only these [default: all]
        names: Vec<String>,
    },
    /// Download sets from where their authors publish them
    Get {
        /// `blimp`, `babylm`, `superglue` …; `data list` names all
        #[arg(required = true)]
        names: Vec<String>,
        /// Another server in place of a known one, each with its `https://`
        /// [HF_ENDPOINT names another hub]
        #[arg(long, value_name = "FROM=TO")]
        mirror: Vec<String>,
    },
    /// Take a set in from files, folders or archives (zip, tar, and tar packed with gzip or zstd); stories from
    /// Parquet, too
    Import {
        /// The set, or `superglue` for all of its tasks that are there; `data list` names all
        name: String,
        /// Where its files lie, under the names that their authors gave them: RTE/train.jsonl …
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Look whether what is there is whole and what it should be
    Check {
        /// Only these [default: all that are there]
        names: Vec<String>,
    },
}

/// Carries out `data`.
///
/// # Errors
/// When a name is unknown, or what it stands for cannot be had.
pub fn carry_out(request: &Request) -> Result<ExitCode, Failure> {
    let store = Store::open(request.store.as_deref()).map_err(as_failure)?;
    let mut known = catalogue::sets();
    if let Some(path) = &request.sets {
        known.extend(described::read(path).map_err(as_failure)?);
    }
    let desk = Desk { store, known };
    match &request.action {
        Action::List { names } => desk.list(names),
        Action::Get { names, mirror } => desk.get(names, mirror),
        Action::Import { name, paths } => desk.import(name, paths),
        Action::Check { names } => desk.check(names),
    }
}

struct Desk {
    store: Store,
    known: Vec<Set>,
}

impl Desk {
    /// The sets of these names; a group's name stands for all of its sets.
    fn chosen(&self, names: &[String]) -> Result<Vec<&Set>, Failure> {
        let find = |name: &str| {
            self.known.iter().find(|set| set.name == name).ok_or_else(|| {
                let groups = catalogue::GROUPS.iter().map(|(group, _)| *group);
                let nearest = closest(name, self.known.iter().map(|set| set.name.as_str()).chain(groups));
                let error = StoreError::Unknown { name: name.to_owned(), nearest: nearest.map(str::to_owned) };
                let hint = "a set of your own is described in a TOML file: --sets FILE";
                Failure::new(ExitCode::Usage, error).hint(hint)
            })
        };
        let mut chosen = Vec::new();
        for name in names {
            match catalogue::GROUPS.iter().find(|(group, _)| group == name) {
                Some((_, members)) => {
                    chosen.extend(members.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?);
                }
                None => chosen.push(find(name)?),
            }
        }
        Ok(chosen)
    }

    fn list(&self, names: &[String]) -> Result<ExitCode, Failure> {
        let sets = if names.is_empty() { self.known.iter().collect() } else { self.chosen(names)? };
        let mut text = String::new();
        for set in sets {
            let _ = writeln!(text, "{}", format!("{}  {}", set.name, set.meaning).trim_end());
            text += &self.state(&set.name, &set.files);
        }
        if names.is_empty() {
            let stored = self.store.names().map_err(as_failure)?;
            for name in stored.iter().filter(|name| self.known.iter().all(|set| set.name != **name)) {
                let _ = writeln!(text, "{name}  a set of your own; --sets FILE names what describes it");
                text += &self.state(name, &[]);
            }
        }
        print(&text);
        Ok(ExitCode::Done)
    }

    /// What is in the store of a set that is made of `files`.
    fn state(&self, name: &str, files: &[SetFile]) -> String {
        match self.store.record(name) {
            Ok(Some(record)) if !record.files.is_empty() => self.there(files, &record),
            Ok(None) if matches!(self.store.written(name), Ok(Some(_))) => {
                "    damaged: `data check` says what is\n".to_owned()
            }
            Ok(_) => "    not there\n".to_owned(),
            Err(error) => format!("    {error}\n"),
        }
    }

    fn there(&self, files: &[SetFile], record: &SetRecord) -> String {
        let line = |(name, stored): (&String, &StoredFile)| {
            let known = files.iter().find(|file| file.name == *name);
            // That it is as it should be is what everybody expects.
            let other = known.map_or("", |file| check::published(file, stored)).trim_start_matches(", as published");
            let path = self.store.layout().content(stored.content);
            format!("    {name}  {} examples{other}  {}\n", stored.examples, path.display())
        };
        record.files.iter().map(line).collect()
    }

    fn get(&self, names: &[String], mirror: &[String]) -> Result<ExitCode, Failure> {
        let mirrors = Mirrors::new(mirror, std::env::var(HUB_VARIABLE).ok())
            .map_err(|reason| Failure::new(ExitCode::Usage, reason))?;
        for set in self.chosen(names)? {
            let note = &mut |note: &str| logbook::say(note);
            let record = fill::get(&self.store, set, &mirrors.downloads(set), Patience::default(), note);
            let record = record.map_err(|error| without_network(error, &set.name))?;
            print(&format!("{}\n{}", set.name, self.there(&set.files, &record)));
        }
        Ok(ExitCode::Done)
    }

    fn import(&self, name: &str, paths: &[PathBuf]) -> Result<ExitCode, Failure> {
        let sets = self.chosen(&[name.to_owned()])?;
        let is_group = sets.len() > 1;
        let sources: Vec<Source> = paths.iter().map(|path| Source { path: path.clone(), name: None }).collect();
        let origin: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let mut taken = 0;
        for set in sets {
            match fill::import(&self.store, set, &sources, origin.clone(), &mut |note| logbook::say(note)) {
                Ok(record) => {
                    taken += 1;
                    print(&format!("{}\n{}", set.name, self.there(&set.files, &record)));
                }
                // Of a group that what is there is taken.
                Err(error @ StoreError::NotThere { .. }) if is_group => logbook::say(&error.to_string()),
                Err(error) => return Err(as_failure(error)),
            }
        }
        if taken > 0 {
            return Ok(ExitCode::Done);
        }
        Err(Failure::new(ExitCode::BadData, format!("nothing of {name} was found in {}", origin.join(", "))))
    }

    fn check(&self, names: &[String]) -> Result<ExitCode, Failure> {
        let all = names.is_empty();
        let sets = if all { self.known.iter().collect() } else { self.chosen(names)? };
        let mut bad = 0;
        for set in sets {
            let record = match self.store.written(&set.name) {
                Ok(None) if all => continue,
                Ok(None) => {
                    bad += 1;
                    print(&format!("{}: not there\n", set.name));
                    continue;
                }
                Ok(Some(record)) => record,
                Err(error) => {
                    bad += 1;
                    print(&format!("{}: {error}\n", set.name));
                    continue;
                }
            };
            if set.files.iter().all(|file| !record.files.contains_key(&file.name)) {
                bad += 1;
                print(&format!("{}: none of its {} files is there\n", set.name, set.files.len()));
                continue;
            }
            for file in &set.files {
                let said = match check::file(&self.store, &record, file) {
                    Ok(said) => said,
                    Err(error) => {
                        bad += 1;
                        error.to_string()
                    }
                };
                print(&format!("{} {}: {said}\n", set.name, file.name));
            }
        }
        Ok(if bad == 0 { ExitCode::Done } else { ExitCode::BadData })
    }
}

/// What to do where there is no network, as on the nodes of a cluster.
fn without_network(error: StoreError, set: &str) -> Failure {
    if matches!(error, StoreError::Checksum { .. } | StoreError::Sent { .. }) {
        return as_failure(error).hint(format!(
            "what came was thrown away: a proxy or a mirror may have answered with something else; try another address \
             (--mirror FROM=TO), or give a copy to `seedbed-trainer data import {set} PATH`"
        ));
    }
    let is_network = matches!(error, StoreError::Network { .. } | StoreError::Status { .. });
    let failure = as_failure(error);
    if !is_network {
        return failure;
    }
    failure
        .hint(format!(
            "without a network: download it elsewhere and give it to `seedbed-trainer data import {set} PATH`, or copy the folder \
             of data of a machine that has it and name it with --store or SEEDBED_DATA"
        ))
        .hint("a mirror is named with --mirror FROM=TO, another hub with HF_ENDPOINT")
}

fn print(text: &str) {
    // A reader that has gone away (`| head`) is not an error of ours.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn damage_is_found_whatever_became_of_the_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("RTE");
        std::fs::create_dir(&path).unwrap();
        let line = "{\"premise\": \"A\", \"hypothesis\": \"B\", \"label\": \"entailment\", \"idx\": 0}\n";
        for name in ["train.jsonl", "val.jsonl"] {
            std::fs::write(path.join(name), line).unwrap();
        }
        let store = Store::open(Some(&folder.path().join("store"))).unwrap();
        let desk = Desk { store, known: catalogue::sets() };
        desk.import("rte", &[path]).unwrap();
        let check = || desk.check(&[]).unwrap();
        assert_eq!(check(), ExitCode::Done);
        let record = desk.store.record("rte").unwrap().unwrap();
        let content = desk.store.layout().content(record.files["train.jsonl"].content);
        for damaged in [line.replace('A', "C"), format!("{line}\n")] {
            std::fs::write(&content, damaged).unwrap();
            assert_eq!(check(), ExitCode::BadData);
        }
        // A record that names nothing.
        let empty = SetRecord { set: "cb".to_owned(), files: BTreeMap::new(), ..record };
        desk.store.write(&empty).unwrap();
        assert_eq!(desk.check(&["cb".to_owned()]).unwrap(), ExitCode::BadData);
        assert_eq!(desk.state("cb", &[]), "    not there\n");
        // Of another length it is as if it were not there: `get` has it anew.
        assert_eq!(desk.store.record("rte").unwrap(), None);
        std::fs::remove_file(&content).unwrap();
        assert_eq!(check(), ExitCode::BadData);
    }
}
