//! `seedbed site show`.

use clap::Args;
use serde_json::json;
use spec::ExitCode;

use crate::cluster::{self, ClusterError, Origin};
use crate::commands::plan::Format;
use crate::error::CliError;
use crate::output::{Table, print};

/// Arguments of `seedbed site show`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The site
    name: String,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (file, values) = cluster::effective(&arguments.name).map_err(ClusterError::from)?;
    if arguments.format == Format::Json {
        print(&super::json(&json!({ "site": arguments.name, "file": file, "values": values })))?;
        return Ok(ExitCode::Done);
    }
    let mut table = Table::new(["key", "value", "from"]);
    for value in values {
        let from = match value.from {
            Origin::File => "file",
            Origin::Default => "default",
        };
        table.row([value.key.to_owned(), value.words(), from.to_owned()]);
    }
    let head = file.map_or_else(|| "no file: defaults".to_owned(), |file| file.display().to_string());
    print(&format!("{head}\n\n{}", table.render()))?;
    Ok(ExitCode::Done)
}
