//! `seedbed doctor`: whether a site can carry out a sweep.

use clap::Args;
use spec::ExitCode;

use crate::cluster::{self, ClusterError, HERE, Site, Verdict};
use crate::error::CliError;
use crate::output::{Table, print};

/// Arguments of `seedbed doctor`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The cluster: the name of a profile; `here` is the Slurm of this machine
    #[arg(long, value_name = "NAME", default_value = HERE)]
    site: String,
}

/// Looks at what a submission needs, and says what to do where something is amiss.
///
/// # Errors
/// When the site's profile cannot be read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let site = Site::load(&arguments.site).map_err(ClusterError::from)?;
    let findings = cluster::examine(&site, &site.client());
    let mut table = Table::new(["", "", ""]);
    for finding in &findings {
        let word = match finding.verdict {
            Verdict::Good => "good",
            Verdict::Doubtful => "doubtful",
            Verdict::Bad => "bad",
        };
        table.row([word.to_owned(), finding.what.to_owned(), finding.words.clone()]);
    }
    print(table.render().trim_start_matches('\n'))?;
    let worst = findings.iter().map(|finding| finding.verdict).max();
    Ok(if worst == Some(Verdict::Bad) { ExitCode::Unavailable } else { ExitCode::Done })
}
