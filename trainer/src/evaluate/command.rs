//! `seedbed-trainer evaluate`: a trained model is measured.

use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use native::cuda::Availability;
use spec::rows::ResultRow;
use spec::train::Precision;
use spec::{ExitCode, Failure};

use super::items;
use super::minimal_pairs::{Judgement, PairTask};
use super::protocol::Protocol;
use super::sentences::Scorer;
use crate::ask::{Asked, Ready};
use crate::data::MinimalPair;
use crate::data::pairs::{self, PairFile, Same};
use crate::failure::{as_failure, write_failure};
use crate::files::{WriteError, write_atomically};
use crate::logbook;

/// What is to be measured.
#[derive(Debug, Args)]
pub struct Request {
    #[command(flatten)]
    asked: Asked,
    /// Minimal pairs: a JSON Lines file, or a folder of them, such as `data` of BLiMP's archive
    #[arg(long, value_name = "NAME=PATH", required = true, value_parser = named_path)]
    pairs: Vec<(PairName, PathBuf)>,
    /// A folder for what is found: a folder for each task, with results.csv and items.csv (every choice)
    #[arg(long)]
    to: Option<PathBuf>,
    /// Write the score of every sentence too: scores.csv beside items.csv
    #[arg(long, requires = "to")]
    scores: bool,
    /// Put a space before each sentence, as the public harness does (lm-eval's `blimp`): another first token in most tokenizers
    #[arg(long)]
    space: bool,
    /// The precision of matrix products
    #[arg(long, value_enum, default_value_t = Products::Fp32)]
    precision: Products,
    /// Most tokens in one forward pass
    #[arg(long, default_value_t = DEFAULT_TOKENS, value_parser = clap::value_parser!(u64).range(1..))]
    batch_tokens: u64,
}

/// A batch of so many tokens is large enough for fast products, and its activations take some hundred megabytes at most.
pub const DEFAULT_TOKENS: u64 = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Products {
    /// As exact as the scores that others publish
    Fp32,
    /// Faster where the machine has it; some choices change
    Bf16,
}

/// A set of pairs that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PairName {
    /// BLiMP
    Blimp,
    /// BabyLM's filtered BLiMP with its supplement
    Babylm,
    /// Any others
    MinimalPairs,
}

impl PairName {
    fn name(self) -> &'static str {
        match self {
            Self::Blimp => "blimp",
            Self::Babylm => "babylm",
            Self::MinimalPairs => "minimal-pairs",
        }
    }

    fn same(self) -> Same {
        if self == Self::MinimalPairs { Same::Refused } else { Same::Kept }
    }
}

fn named_path(text: &str) -> Result<(PairName, PathBuf), String> {
    let expected = "expected blimp=PATH, babylm=PATH or minimal-pairs=PATH";
    let (name, path) = text.split_once('=').ok_or(expected)?;
    let name = PairName::from_str(name, false).map_err(|_| format!("`{name}` is no set of pairs: {expected}"))?;
    Ok((name, PathBuf::from(path)))
}

/// Carries out `evaluate`: rows of results on standard output, and files if a folder is given.
///
/// # Errors
/// When there is no model, the pairs are not what they should be, or a file cannot be written.
pub fn carry_out(request: &Request, cuda: &Availability) -> Result<ExitCode, Failure> {
    let ready = request.asked.open(cuda)?;
    let precision = match request.precision {
        Products::Fp32 => Precision::Fp32,
        Products::Bf16 => Precision::Bf16,
    };
    let model = ready.trained.model_in(ready.device, precision);
    let architecture = ready.trained.spec.architecture;
    let scorer = Scorer {
        model: &model,
        architecture,
        specials: ready.trained.tokenizer.specials(),
        device: ready.device,
        most_tokens: request.batch_tokens as usize,
    };
    let protocols = Protocol::of(architecture);
    let mut all = Vec::new();
    for (name, path) in &request.pairs {
        let pairs = read(request, *name, path, &ready)?;
        let task = PairTask { name: name.name(), split: "test", pairs: &pairs, protocols: &protocols };
        let judgements = judge(&task, &scorer);
        let rows = task.rows(&judgements);
        if let Some(folder) = &request.to {
            write(&folder.join(name.name()), &task, &judgements, request.scores).map_err(write_failure)?;
        }
        all.extend(rows);
    }
    // A reader that has gone away (`| head`) is not an error of ours.
    let _ = write_rows(io::stdout().lock(), &all);
    Ok(ExitCode::Done)
}

fn judge(task: &PairTask<'_>, scorer: &Scorer<'_>) -> Vec<Judgement> {
    let (began, mut told) = (Instant::now(), Instant::now());
    let judgements = task.judge(scorer, &mut |part| {
        if told.elapsed().as_secs() >= 10 {
            told = Instant::now();
            logbook::say(&format!("{}: {:.0} %", task.name, 100.0 * part));
        }
        ControlFlow::Continue(())
    });
    let judgements = judgements.expect("invariant: nobody broke off");
    let sentences = 2 * task.pairs.len() * task.protocols.len();
    let seconds = began.elapsed().as_secs_f64();
    logbook::say(&format!(
        "{}: {sentences} scores of sentences in {seconds:.1} s, {:.0} a second",
        task.name,
        sentences as f64 / seconds
    ));
    judgements
}

fn read(request: &Request, name: PairName, path: &Path, ready: &Ready) -> Result<Vec<MinimalPair>, Failure> {
    let room = pairs::room(&ready.trained.spec);
    let mut all = Vec::new();
    for path in files(path)? {
        let file = PairFile { path: &path, content: None, room, same: name.same(), space: request.space };
        all.extend(pairs::read(&file, &ready.trained.tokenizer).map_err(as_failure)?);
    }
    Ok(all)
}

/// A file, or the JSON Lines files of a folder by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = |error: io::Error| Failure::new(ExitCode::BadData, format!("cannot read {}: {error}", path.display()));
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(cannot)?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort_unstable();
    if files.is_empty() {
        return Err(Failure::new(ExitCode::BadData, format!("{} holds no file NAME.jsonl", path.display())));
    }
    Ok(files)
}

fn write(folder: &Path, task: &PairTask<'_>, judgements: &[Judgement], scores: bool) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
    write_atomically(&folder.join("items.csv"), |file| items::write(file, task, judgements))?;
    if scores {
        write_atomically(&folder.join("scores.csv"), |file| items::write_scores(file, task, judgements))?;
    }
    write_atomically(&folder.join("results.csv"), |file| write_rows(file, &task.rows(judgements)))
}

/// Writes rows of results with their header line.
///
/// # Errors
/// When they cannot be written.
pub fn write_rows(output: impl Write, rows: &[ResultRow]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    for row in rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
