//! The run that is timed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spec::benchmark::Benchmarks;
use spec::execution::ExecutionSpec;
use spec::identity::Digest;
use spec::resources::ResourcesSpec;
use spec::setting::{self, Settings};
use spec::{ExitCode, Failure, Program, RunSpec, SCHEMA, Study, Value};

use super::Request;
use crate::failure::as_failure;

/// A run as a sweep would make it, and its study.
#[derive(Debug)]
pub struct Plan {
    /// The run.
    pub run: RunSpec,
    /// What it trains.
    pub study: Study,
    /// The level of `activation`.
    pub activation: String,
}

impl Plan {
    /// The run that `request` asks for, with this level of `activation`.
    ///
    /// # Errors
    /// When a setting is unknown or wrong, or a file cannot be read.
    pub(super) fn of(request: &Request, activation: &str) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let stories = content(&request.stories, &mut files)?;
        let mut given = vec![
            ("architecture".to_owned(), Value::from(request.architecture.as_str())),
            ("activation".to_owned(), Value::from(activation)),
            ("train.precision".to_owned(), Value::from(precision(request))),
            ("train.tokens-per-step".to_owned(), Value::Integer(i64::from(request.tokens))),
            ("train.micro-batch-tokens".to_owned(), Value::Integer(i64::from(request.tokens))),
            ("execution.device".to_owned(), Value::from(request.device.as_str())),
            ("data.corpus".to_owned(), Value::List(vec![Value::from(stories.to_string().as_str())])),
        ];
        if let Some(path) = &request.tokenizer {
            let tokenizer = content(path, &mut files)?;
            given.push(("data.tokenizer".to_owned(), Value::from(tokenizer.to_string().as_str())));
        }
        for setting in &request.settings {
            let (key, value) = split(setting)?;
            refuse_option(&key)?;
            given.push((key, value));
        }
        let mut settings = Settings::new();
        for (key, value) in &given {
            let setting = setting::find(key).ok_or_else(|| unknown(key))?;
            settings.give(setting, value).map_err(as_failure)?;
        }
        // Files are named by their content already.
        let study = Study::from_settings(&settings, &|text| text.parse().ok()).map_err(as_failure)?;
        let mut execution = ExecutionSpec::from_settings(&settings);
        execution.threads = request.threads;
        let program = Program::Builtin(Arc::new(study.clone()));
        let run = RunSpec {
            schema: SCHEMA,
            id: spec::run::identify(&program, request.seed),
            sweep: "bench".to_owned(),
            seed: request.seed,
            levels: Arc::default(),
            program,
            execution,
            resources: ResourcesSpec::from_settings(&settings).map_err(as_failure)?,
            files,
            benchmarks: Benchmarks::default(),
            network: None,
        };
        Ok(Self { run, study, activation: activation.to_owned() })
    }
}

/// Settings that have an option here, by which what was trained is named afterwards.
const OPTIONS: [(&str, &str); 4] = [
    ("model.activation", "--activation"),
    ("model.architecture", "--architecture"),
    ("train.precision", "--precision"),
    ("execution.device", "--device"),
];

/// Refuses a setting that is an option.
fn refuse_option(key: &str) -> Result<(), Failure> {
    let setting = setting::find(key).map(|setting| setting.key);
    let option = OPTIONS.into_iter().find(|(key, _)| setting == setting::find(key).map(|setting| setting.key));
    match option.filter(|_| setting.is_some()) {
        None => Ok(()),
        Some((_, option)) => {
            let error = Failure::new(ExitCode::Usage, format!("`--set {key}=…` is an option of its own here"));
            Err(error.hint(format!("use {option}")))
        }
    }
}

fn precision(request: &Request) -> &str {
    request.precision.as_deref().unwrap_or_else(|| {
        let has_bf16 = native::processor::has_bfloat16().unwrap_or(false);
        if has_bf16 || request.device == "cuda" { "bf16" } else { "fp32" }
    })
}

/// The digest of a file, which is entered with its place.
fn content(path: &Path, files: &mut BTreeMap<Digest, PathBuf>) -> Result<Digest, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(ExitCode::BadData, format!("cannot read {}: {error}", path.display())))?;
    let digest = Digest::of(&bytes);
    files.insert(digest, path.to_owned());
    Ok(digest)
}

/// `key=value`, the value as TOML would read it, bare words as text.
fn split(setting: &str) -> Result<(String, Value), Failure> {
    let Some((key, text)) = setting.split_once('=') else {
        return Err(Failure::new(ExitCode::Usage, format!("`--set {setting}` is not KEY=VALUE")));
    };
    let value = if let Ok(number) = text.parse::<i64>() {
        Value::Integer(number)
    } else if let Ok(number) = text.parse::<f64>() {
        Value::Float(number)
    } else if let Ok(flag) = text.parse::<bool>() {
        Value::Boolean(flag)
    } else {
        Value::from(text.trim_matches('"'))
    };
    Ok((key.to_owned(), value))
}

fn unknown(key: &str) -> Failure {
    let failure = Failure::new(ExitCode::Usage, format!("there is no setting `{key}`"));
    match setting::nearest(key) {
        Some(near) => failure.hint(format!("`{near}` comes nearest")),
        None => failure.hint("`seedbed new` lists all settings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_names_what_is_timed_is_given_by_its_option() {
        for key in ["model.activation", "activation", "architecture", "train.precision", "execution.device"] {
            let refused = refuse_option(key).unwrap_err();
            assert_eq!(refused.exit(), ExitCode::Usage);
            assert!(refused.render().contains("use --"), "{}", refused.render());
        }
        for key in ["model.ffn-size", "train.tokens-per-step", "no-setting"] {
            assert!(refuse_option(key).is_ok(), "{key}");
        }
    }
}
