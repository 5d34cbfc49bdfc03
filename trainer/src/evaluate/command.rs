//! `seedbed-trainer evaluate`: a trained model is measured.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use native::cuda::Availability;
use spec::identity::Digest;
use spec::model::Architecture;
use spec::train::Precision;
use spec::{ExitCode, Failure};

use super::folder::{self, Of};
use super::minimal_pairs::{Changed, Judgement, PairTask};
use super::protocol::Protocol;
use super::sentences::Scorer;
use super::sources::{self, Source};
use crate::ask::{Asked, Ready};
use crate::data::MinimalPair;
use crate::data::pairs::{self, PairFile};
use crate::failure::{as_failure, write_failure};
use crate::logbook;
use crate::signal::StopRequest;
use crate::store::Store;
use crate::trained::Origin;
use crate::whole_number::from_one;

/// What is to be measured.
#[derive(Debug, Args)]
pub struct Request {
    #[command(flatten)]
    asked: Asked,
    /// What the store has by these names: blimp, babylm, and pairs of your own that `seedbed-trainer data --sets` took
    /// in
    #[arg(long, value_delimiter = ',', required_unless_present = "pairs")]
    tasks: Vec<String>,
    /// The folder of data [default: $SEEDBED_DATA, or ~/.cache/seedbed/data]
    #[arg(long)]
    store: Option<PathBuf>,
    /// Minimal pairs: a JSON Lines file, or a folder of them, such as `data` of BLiMP's archive. NAME is blimp, babylm
    /// or minimal-pairs, which stands for any others
    #[arg(long, value_name = "NAME=PATH", value_parser = sources::named_path)]
    pairs: Vec<(&'static str, PathBuf)>,
    /// A folder for what is found: a folder for each task, with results.csv and items.csv (every choice); what is there
    /// of the same model and pairs is not made again
    #[arg(long)]
    to: Option<PathBuf>,
    /// Write the score of every sentence too: scores.csv beside items.csv
    #[arg(long, requires = "to")]
    scores: bool,
    /// Put a space before each sentence, as the public harness does (lm-eval's `blimp`): another first token in most
    /// tokenizers
    #[arg(long)]
    space: bool,
    /// Score by this protocol only [default: both of the model's architecture]
    #[arg(long, value_enum)]
    protocol: Vec<Protocol>,
    /// The precision of matrix products
    #[arg(long, value_enum, default_value_t = Products::Fp32)]
    precision: Products,
    /// Most tokens in one forward pass
    #[arg(long, default_value_t = DEFAULT_TOKENS, value_parser = from_one::<u64>, allow_negative_numbers = true)]
    batch_tokens: u64,
}

/// A batch of so many tokens is large enough for fast products, and no tensor of the study's network is larger than
/// what the allocator keeps.
pub const DEFAULT_TOKENS: u64 = 3072;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Products {
    /// As exact as the scores that others publish
    Fp32,
    /// Faster where the machine has it; some choices change, and how many is counted on every tenth pair (`…-changed`)
    Bf16,
}

/// Carries out `evaluate`: rows of results on standard output, and files if a folder is given.
///
/// # Errors
/// When there is no model, the pairs are not what they should be, or a file cannot be written.
pub fn carry_out(request: &Request, cuda: &Availability) -> Result<ExitCode, Failure> {
    native::settings::keep_freed_memory();
    sources::refuse_twice(request.tasks.iter().map(String::as_str).chain(request.pairs.iter().map(|(name, _)| *name)))?;
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
    let protocols = protocols(&request.protocol, architecture)?;
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let mut all = Vec::new();
    let sources = sources(request)?;
    if let Some(folder) = &request.to {
        sources::begin(folder, &sources)?;
    }
    for source in &sources {
        let (pairs, contents) = read(request, source, &ready)?;
        if let Some(other) = source.unlike_published(pairs.len(), &contents) {
            logbook::say(&other);
        }
        let task = PairTask { name: &source.name, split: "test", pairs: &pairs, protocols: &protocols };
        let mut of = Of::new(&task, model_in_words(&ready, request.asked.directory())?, contents);
        of.how.extend(request.space.then(|| "a space before each sentence".to_owned()));
        of.how.extend((request.precision == Products::Bf16).then(|| "products in bf16".to_owned()));
        let folder = request.to.as_ref().map(|folder| folder.join(&source.name));
        if let Some(rows) = folder.as_ref().filter(|_| !request.scores).and_then(|folder| folder::read(folder, &of)) {
            logbook::say(&format!("{}: is there already", task.name));
            all.extend(rows);
            continue;
        }
        let judgements = judge(&task, &scorer, &stop).and_then(|mut judgements| {
            if request.precision == Products::Bf16 {
                compare(&task, &mut judgements, &Scorer { model: &ready.model, ..scorer }, &stop)?;
            }
            Some(judgements)
        });
        let Some(judgements) = judgements else {
            logbook::say(&format!("stopped in {}; what was finished before is kept", task.name));
            return Ok(ExitCode::Resume);
        };
        all.extend(match folder {
            Some(folder) => folder::write(&folder, &of, &task, &judgements, request.scores).map_err(write_failure)?,
            None => task.rows(&judgements),
        });
    }
    // A reader that has gone away (`| head`) is not an error of ours.
    let _ = folder::write_rows(io::stdout().lock(), &all);
    Ok(ExitCode::Done)
}

/// Where the pairs of each task lie.
fn sources(request: &Request) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    if !request.tasks.is_empty() {
        let store = Store::open(request.store.as_deref()).map_err(as_failure)?;
        sources = request.tasks.iter().map(|name| Source::of_store(&store, name)).collect::<Result<_, _>>()?;
    }
    for (name, path) in &request.pairs {
        sources.push(Source::given(name, path)?);
    }
    Ok(sources)
}

/// The model in words that no other weights have.
fn model_in_words(ready: &Ready, directory: &Path) -> Result<String, Failure> {
    match &ready.trained.origin {
        Origin::Run(origin) => Ok(folder::model_of_run(origin.run, origin.step)),
        Origin::Import(_) => {
            let weights = directory.join("model.safetensors");
            let digest = Store::digest(&weights).map_err(as_failure)?;
            Ok(format!("weights {digest}"))
        }
    }
}

/// The protocols that are wanted, of those that an architecture has.
fn protocols(wanted: &[Protocol], architecture: Architecture) -> Result<Vec<Protocol>, Failure> {
    let known = Protocol::of(architecture);
    if let Some(foreign) = wanted.iter().find(|protocol| !known.contains(protocol)) {
        let [first, second] = known.map(Protocol::name);
        let name = architecture.name();
        let reason = format!("{name} is not scored by {}; its protocols are {first} and {second}", foreign.name());
        return Err(Failure::new(ExitCode::Usage, reason));
    }
    Ok(known.into_iter().filter(|protocol| wanted.is_empty() || wanted.contains(protocol)).collect())
}

/// Asks the model, and says how it goes; nothing if somebody asked for a stop.
fn judge(task: &PairTask<'_>, scorer: &Scorer<'_>, stop: &StopRequest) -> Option<Vec<Judgement>> {
    let (began, mut told) = (Instant::now(), Instant::now());
    let judgements = task.judge(scorer, &mut |part| {
        if told.elapsed().as_secs() >= 10 {
            told = Instant::now();
            logbook::say(&format!("{}: {:.0} %", task.name, 100.0 * part));
        }
        if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let sentences = 2 * task.pairs.len() * task.protocols.len();
    let seconds = began.elapsed().as_secs_f64();
    logbook::say(&format!(
        "{}: {sentences} scores of sentences in {seconds:.1} s, {:.0} a second",
        task.name,
        sentences as f64 / seconds
    ));
    Some(judgements)
}

/// Asks some pairs in fp32 too, and says how many choices are others; nothing if somebody asked for a stop.
fn compare(task: &PairTask<'_>, judgements: &mut [Judgement], exact: &Scorer<'_>, stop: &StopRequest) -> Option<()> {
    let go_on = || if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    task.compare(judgements, exact, &mut |_| go_on())?;
    for Judgement { protocol, changed, .. } in judgements {
        if let Some(Changed { choices, of }) = changed {
            let (task, protocol) = (task.name, protocol.name());
            logbook::say(&format!(
                "{task}, {protocol}: bf16 changes {choices} of {of} choices that were asked in fp32 too"
            ));
        }
    }
    Some(())
}

fn read(request: &Request, source: &Source, ready: &Ready) -> Result<(Vec<MinimalPair>, Vec<Digest>), Failure> {
    let room = pairs::room(&ready.trained.spec);
    let (mut all, mut contents) = (Vec::new(), Vec::new());
    for (path, known) in &source.files {
        let content = known.map_or_else(|| Store::digest(path), Ok).map_err(as_failure)?;
        contents.push(content);
        let file = PairFile { path, content: Some(content), room, same: source.same(), space: request.space };
        all.extend(pairs::read(&file, &ready.trained.tokenizer).map_err(as_failure)?);
    }
    Ok((all, contents))
}
