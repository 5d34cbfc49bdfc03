//! `seedbed site list`.

use clap::Args;
use serde_json::json;
use spec::ExitCode;

use crate::cluster::{self, ClusterError, Listed, Site, SiteError};
use crate::commands::plan::Format;
use crate::error::CliError;
use crate::output::{Table, print};

/// Arguments of `seedbed site list`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sites = cluster::all_sites().map_err(ClusterError::from)?;
    match arguments.format {
        Format::Table => print(&table(&sites))?,
        Format::Json => {
            let entries: Vec<_> = sites.iter().map(entry).collect();
            print(&super::json(&entries))?;
        }
    }
    Ok(ExitCode::Done)
}

fn table(sites: &[Listed]) -> String {
    let mut table = Table::new(["site", "what it is", "profile"]);
    for listed in sites {
        let words = match &listed.site {
            Ok(site) => words(site),
            Err(error) => format!("wrong: {}", said(error)),
        };
        let file = listed.file.as_ref().map_or_else(|| "none: defaults".to_owned(), |file| file.display().to_string());
        table.row([listed.name.clone(), words, file]);
    }
    table.render()
}

fn entry(listed: &Listed) -> serde_json::Value {
    let (words, error) = match &listed.site {
        Ok(site) => (Some(words(site)), None),
        Err(error) => (None, Some(said(error))),
    };
    json!({ "site": listed.name, "file": listed.file, "what": words, "error": error })
}

fn words(site: &Site) -> String {
    let mut words = vec![match &site.ssh {
        Some(ssh) => format!("over ssh on {}", ssh.host),
        None => "the Slurm of this machine".to_owned(),
    }];
    let placement = &site.placement;
    words.extend(placement.partition.as_ref().map(|name| format!("partition {name}")));
    words.extend(placement.account.as_ref().map(|name| format!("account {name}")));
    words.extend(site.gpu_type.as_ref().map(|kind| format!("GPUs {kind}")));
    words.extend(site.place().far().map(|far| format!("sweeps in {}", far.root)));
    words.join(", ")
}

/// What is wrong, on one line: of several mistakes in a file the first, and how many there are.
fn said(error: &SiteError) -> String {
    match error {
        SiteError::Invalid(diagnosis) => diagnosis.on_one_line(),
        other => other.to_string(),
    }
}
