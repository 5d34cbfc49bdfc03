//! `seedbed-trainer export`: a model that others can load.
//!
//! [`form`] says how transformers is told which feed-forward layer a model has: a name that it knows, or the Python
//! files here, which are shipped with the weights. [`config`], [`tokenizer`], [`weights`] and [`card`] make the files,
//! and [`publish`] puts them in their place, all or none.

pub mod card;
pub mod config;
pub mod error;
pub mod form;
pub mod publish;
#[cfg(test)]
mod round_trip_tests;
pub mod tokenizer;
pub mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use spec::model::Architecture;
use spec::{Digest, ExitCode, Failure, SCHEMA};

pub use error::ExportError;
use form::Form;

use crate::failure::as_failure;
use crate::logbook;
use crate::trained::folder::{RECORD, Record, TOKENIZER};
use crate::trained::tensors::SINGLE;
use crate::trained::{TrainedError, TrainedModel, portable};

/// What is to be exported.
#[derive(Debug, Args)]
pub struct Request {
    /// A run's directory, or a folder that `export` or `import` wrote
    #[arg(long)]
    dir: PathBuf,
    /// The folder to be written; an earlier export there is replaced, anything else is left alone
    #[arg(long)]
    to: PathBuf,
    /// Where the run's tokenizer lies [default: `cache` in the sweep's directory]
    #[arg(long)]
    cache: Option<PathBuf>,
}

/// Carries out `export`.
///
/// # Errors
/// When the model cannot be read, has a layer for which there is no Python, or the folder cannot be written.
pub fn carry_out(request: &Request) -> Result<ExitCode, Failure> {
    crate::device::ready(None, false)?;
    publish::check(&request.to).map_err(as_failure)?;
    let note = &mut |note: &str| logbook::say(note);
    let model = TrainedModel::open(&request.dir, request.cache.as_deref(), note).map_err(as_failure)?;
    let form = write(&model, &request.to).map_err(as_failure)?;
    let trust = match form {
        Form::Stock(name) => format!("transformers knows it (activation `{name}`)"),
        Form::Shipped { .. } => "load it with trust_remote_code=True".to_owned(),
    };
    logbook::say(&format!("wrote {}: {trust}", request.to.display()));
    Ok(ExitCode::Done)
}

/// Writes `model` as a model folder.
///
/// # Errors
/// As [`carry_out`].
pub fn write(model: &TrainedModel, folder: &Path) -> Result<Form, ExportError> {
    let form = form::of(&model.spec)?;
    publish::write(folder, &files(model, &form)?)?;
    Ok(form)
}

fn files(model: &TrainedModel, form: &Form) -> Result<BTreeMap<&'static str, Vec<u8>>, ExportError> {
    let TrainedModel { spec, weights, tokenizer, origin } = model;
    let specials = tokenizer.specials();
    let portable = portable::to_portable(weights, specials.pad).map_err(TrainedError::from)?;
    let named = tokenizer::files(tokenizer, spec.architecture, spec.context)?;
    let json_of_tokenizer = json(&named.tokenizer);
    let record = Record {
        schema: SCHEMA,
        model: spec.clone(),
        specials,
        tokenizer: Some(Digest::of(&json_of_tokenizer)),
        origin: origin.clone(),
    };
    let mut files = BTreeMap::from([
        ("config.json", json(&config::model(spec, specials, form))),
        (SINGLE, weights::serialize(&portable).map_err(|source| ExportError::write(Path::new(SINGLE), source))?),
        (TOKENIZER, json_of_tokenizer),
        ("tokenizer_config.json", json(&named.config)),
        ("special_tokens_map.json", json(&named.special_tokens)),
        ("README.md", card::write(spec, origin, form).into_bytes()),
        (RECORD, json(&record)),
    ]);
    if spec.architecture == Architecture::GptNeo {
        files.insert("generation_config.json", json(&config::generation(specials)));
    }
    if let Form::Shipped { .. } = form {
        files.insert("modeling_seedbed.py", form::MODELING.as_bytes().to_vec());
        files.insert("feed_forward_seedbed.py", form::LAYERS.as_bytes().to_vec());
        files.insert("kan_seedbed.py", form::KAN_LAYERS.as_bytes().to_vec());
    }
    Ok(files)
}

/// Indented, with a last line end.
fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("invariant: records have text keys only");
    text.push(b'\n');
    text
}
