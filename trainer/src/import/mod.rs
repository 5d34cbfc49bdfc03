//! `seedbed-trainer import`: a GPT-Neo or RoBERTa of transformers becomes a model folder, which `score`, `generate` and
//! `export` read.
//!
//! [`config`] reads its `config.json` as a network, [`names`], [`study`] and [`study_kan`] its tensors, [`tokenizer`]
//! its tokenizer. What is missing, extra or of another shape is named all at once; [`claims`] holds what else its
//! `config.json` says against them, and [`study_signs`] sees a layer of the study that nobody has named. What is
//! written is an export, as of a run: see [`crate::trained`].

pub mod claims;
pub mod config;
pub mod error;
pub mod names;
pub mod study;
pub mod study_kan;
pub mod study_signs;
#[cfg(test)]
mod tests;
pub mod tokenizer;

use std::path::{Path, PathBuf};

use clap::Args;
use spec::model::Architecture;
use spec::{ExitCode, Failure, setting};

pub use error::ImportError;

use self::config::Config;
use self::study::StudyLayer;
use crate::failure::as_failure;
use crate::trained::folder::RECORD;
use crate::trained::origin::ImportOrigin;
use crate::trained::{Origin, TrainedError, TrainedModel, portable, tensors};
use crate::{export, logbook, model};

/// What is to be taken over.
#[derive(Debug, Args)]
pub struct Request {
    /// A folder with config.json, model.safetensors and tokenizer.json
    #[arg(long)]
    from: PathBuf,
    /// The folder to be written; an earlier import or export there is replaced, anything else is left alone
    #[arg(long)]
    to: PathBuf,
    /// Where tokenizer.json lies, if not with the model
    #[arg(long)]
    tokenizer: Option<PathBuf>,
    /// The layer of the study that the checkpoint has, where its config.json has no `custom_activation`
    #[arg(long, value_enum)]
    layer: Option<StudyLayer>,
}

/// Carries out `import`.
///
/// # Errors
/// When the checkpoint is of another kind, lacks something, or the folder cannot be written.
pub fn carry_out(request: &Request) -> Result<ExitCode, Failure> {
    crate::device::ready(None, false)?;
    export::publish::check(&request.to).map_err(as_failure)?;
    let tokenizer = request.tokenizer.as_deref().unwrap_or(&request.from);
    let model = read(&request.from, tokenizer, request.layer).map_err(|error| {
        let is_layer = match &error {
            ImportError::Model(TrainedError::Misfit { misfit, .. }) => {
                request.layer.is_none() && study_signs::are_in(misfit)
            }
            _ => false,
        };
        let failure = as_failure(error);
        if is_layer { failure.hint("if it is a checkpoint of the study, --layer names its layer") } else { failure }
    })?;
    export::write(&model, &request.to).map_err(as_failure)?;
    if let Origin::Import(origin) = &model.origin {
        for change in &origin.changes {
            logbook::say(change);
        }
    }
    logbook::say(&format!("wrote {}: `score`, `generate` and `export` read it", request.to.display()));
    Ok(ExitCode::Done)
}

/// The model in a folder of transformers, with the tokenizer of another folder or the same.
///
/// # Errors
/// As [`carry_out`].
pub fn read(folder: &Path, tokenizer: &Path, layer: Option<StudyLayer>) -> Result<TrainedModel, ImportError> {
    if folder.join(RECORD).exists() {
        return Err(ImportError::Already { path: folder.to_owned() });
    }
    let config = Config::read(&folder.join("config.json"))?;
    let architecture = config.architecture()?;
    let mut weights = tensors::read_folder(folder)?;
    let mut changes = Vec::new();
    claims::note_missing_head(&config, &weights, &mut changes);
    names::settle(architecture, &mut weights, &mut changes)?;
    if config.is_xielu() {
        names::without_constants(&mut weights)?;
        changes.push(claims::XIELU_PRECISION.to_owned());
    }
    let named = || config.custom_activation().map(|name| study_layer(name, &config)).transpose();
    let layer = match layer {
        Some(layer) => Some(layer),
        None => named()?.or_else(|| StudyLayer::from_tensors(&weights)),
    };
    if layer.is_none() && config.is_of_study() {
        return Err(config.unsupported(&format!(
            "the model type {:?} without `custom_activation`; name the layer of the study with --layer or, if it has none, \
             write the model type of transformers",
            config.model_type()
        )));
    }
    let layer = layer.map(|layer| study::take_over(layer, &config, &mut weights, &mut changes)).transpose()?;
    let spec = config.spec(layer)?;
    let padding = if architecture == Architecture::Roberta { config.padding()? } else { 0 };
    portable::from_portable(&mut weights, padding);
    changes.extend(config.left_out());
    tensors::check(&model::declarations(&spec), &weights)
        .map_err(|misfit| TrainedError::Misfit { path: folder.to_owned(), misfit })?;
    let tokenizer = tokenizer::read(tokenizer, &config, &spec, &mut changes)?;
    claims::check_tokens(&tokenizer, &mut changes)?;
    let origin =
        ImportOrigin { from: folder.display().to_string(), model_type: config.model_type().to_owned(), changes };
    Ok(TrainedModel { spec, weights, tokenizer, origin: Origin::Import(origin) })
}

/// A name that is not known must not pass for the activation that `config.json` names beside it.
fn study_layer(name: &str, config: &Config) -> Result<StudyLayer, ImportError> {
    StudyLayer::from_name(name).ok_or_else(|| {
        let nearest = setting::closest(name, study::NAMES).map(|name| format!(" (did you mean {name:?}?)"));
        let (nearest, names) = (nearest.unwrap_or_default(), study::NAMES.join(", "));
        config.unsupported(&format!(
            "custom_activation {name:?}{nearest}; expected one of {names}, or none of the study's"
        ))
    })
}
