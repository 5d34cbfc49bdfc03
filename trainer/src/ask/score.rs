//! `seedbed-trainer score`: log-probabilities of texts.
//!
//! A decoder's are ln p(token | `<s>` and the tokens before it), for every token of the text. An encoder's are
//! pseudo-log-likelihoods: ln p of each token where it alone is hidden by `<mask>`, between `<s>` and `</s>` (Salazar
//! et al. 2020, arXiv:1910.14659). The special tokens are not scored. Their sums are what [`crate::evaluate`] compares.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::Args;
use native::cuda::Availability;
use serde_json::{Map, Value, json};
use spec::model::Architecture;
use spec::{ExitCode, Failure};
use tch::{Device, Kind};

use super::texts::{Text, TextError, Texts};
use super::{Asked, Ready, no_numbers};
use crate::data::PackedBatch;
use crate::failure::as_failure;
use crate::model::Packed;
use crate::whole_number::from_one;

/// What is to be scored.
#[derive(Debug, Args)]
pub struct Request {
    #[command(flatten)]
    asked: Asked,
    /// A file of JSON lines: {"text": "…"}, or {"ids": […]} without special tokens [default: standard input]. They are
    /// read and scored one after the other: a line that is no text ends it when those before it are printed
    #[arg(long)]
    texts: Option<PathBuf>,
    /// Cut texts that are longer than the context, rather than refuse them
    #[arg(long)]
    truncate: bool,
    /// Most tokens in one forward pass
    #[arg(long, default_value_t = 8192, value_parser = from_one::<u64>, allow_negative_numbers = true)]
    batch_tokens: u64,
}

/// Carries out `score`: a line of JSON on standard output for every text, in their order.
///
/// # Errors
/// When there is no model, a line is no text, or what the model says is no number; the lines before have been scored.
pub fn carry_out(request: &Request, cuda: &Availability) -> Result<ExitCode, Failure> {
    let ready = request.asked.open(cuda)?;
    let (name, source): (String, Box<dyn BufRead>) = match &request.texts {
        None => ("standard input".to_owned(), Box::new(io::stdin().lock())),
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|source| as_failure(TextError::Read { name: name.clone(), source }))?;
            (name, Box::new(BufReader::new(file)))
        }
    };
    let texts = Texts {
        source,
        name,
        tokenizer: &ready.trained.tokenizer,
        spec: &ready.trained.spec,
        truncate: request.truncate,
        read: 0,
    };
    let mut scorer = Scorer::new(&ready, request.batch_tokens as usize);
    let mut output = io::stdout().lock();
    for text in texts {
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                scorer.finish(&mut output).map_err(Unscored::failure)?;
                return Err(as_failure(error));
            }
        };
        match scorer.add(text, &mut output) {
            Err(error) if error.is_gone() => return Ok(ExitCode::Done),
            other => other.map_err(Unscored::failure)?,
        }
    }
    match scorer.finish(&mut output) {
        Err(error) if !error.is_gone() => Err(error.failure()),
        _ => Ok(ExitCode::Done),
    }
}

/// Why there are no more scores.
#[derive(Debug, thiserror::Error)]
enum Unscored {
    /// They cannot be written.
    #[error("cannot write the scores")]
    Unprinted(#[from] io::Error),
    /// The model has none.
    #[error("a log-probability is not a number")]
    NoNumber,
}

impl Unscored {
    /// Whether the reader has gone away (`| head`): it wants no more.
    fn is_gone(&self) -> bool {
        matches!(self, Self::Unprinted(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn failure(self) -> Failure {
        match self {
            Self::NoNumber => no_numbers(),
            error @ Self::Unprinted(_) => Failure::new(ExitCode::CannotWrite, error),
        }
    }
}

/// Scores texts many at a time, and gives them back in their order.
struct Scorer<'a> {
    ready: &'a Ready,
    most_tokens: usize,
    /// The texts that are not written yet, oldest first.
    waiting: VecDeque<Scored>,
    /// What the next forward pass sees.
    batch: PackedBatch,
    /// How many positions of the batch belong to each text, by its place in `waiting`.
    shares: Vec<(usize, usize)>,
}

struct Scored {
    text: Text,
    log_probabilities: Vec<f64>,
}

impl<'a> Scorer<'a> {
    fn new(ready: &'a Ready, most_tokens: usize) -> Self {
        let (waiting, batch) = (VecDeque::new(), PackedBatch::default());
        Self { ready, most_tokens, waiting, batch, shares: Vec::new() }
    }

    fn add(&mut self, text: Text, output: &mut impl Write) -> Result<(), Unscored> {
        let parts = self.parts(&text.ids);
        self.waiting.push_back(Scored { text, log_probabilities: Vec::new() });
        for part in parts {
            if !self.batch.is_empty() && self.batch.len() + part.len() > self.most_tokens {
                self.pass()?;
                self.write(output, self.waiting.len() - 1)?;
            }
            self.shares.push((self.waiting.len() - 1, part.scored.len()));
            self.batch.append(&part);
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut impl Write) -> Result<(), Unscored> {
        self.pass()?;
        Ok(self.write(output, self.waiting.len())?)
    }

    /// What must pass through the network for a text, in parts that fit a pass.
    fn parts(&self, ids: &[u16]) -> Vec<PackedBatch> {
        let specials = self.ready.trained.tokenizer.specials();
        let start = std::iter::once(specials.start);
        match self.ready.trained.spec.architecture {
            Architecture::GptNeo => {
                let story: Vec<u16> = start.chain(ids.iter().copied()).collect();
                vec![PackedBatch::next_token([story.as_slice()])]
            }
            Architecture::Roberta => {
                let story: Vec<u16> = start.chain(ids.iter().copied()).chain([specials.end]).collect();
                let at_once = (self.most_tokens / story.len()).max(1);
                let places = (1..=ids.len()).step_by(at_once);
                places
                    .map(|first| {
                        let last = (first + at_once).min(ids.len() + 1);
                        PackedBatch::masked_at(&story, specials.mask, first..last)
                    })
                    .collect()
            }
        }
    }

    /// Runs the network on the batch and hands its numbers out.
    fn pass(&mut self) -> Result<(), Unscored> {
        let batch = std::mem::take(&mut self.batch);
        if batch.scored.is_empty() {
            self.shares.clear();
            return Ok(());
        }
        let packed = Packed::new(&batch.view(), self.ready.device);
        let found = self.ready.model.log_probabilities(&packed).to_device(Device::Cpu).to_kind(Kind::Double);
        let found = Vec::<f64>::try_from(found).expect("invariant: one number for each scored position");
        if !found.iter().all(|value| value.is_finite()) {
            return Err(Unscored::NoNumber);
        }
        let mut found = found.into_iter();
        for (text, count) in self.shares.drain(..) {
            self.waiting[text].log_probabilities.extend(found.by_ref().take(count));
        }
        Ok(())
    }

    /// Writes the `count` oldest texts, which are all scored. Their places are free then.
    fn write(&mut self, output: &mut impl Write, count: usize) -> io::Result<()> {
        for scored in self.waiting.drain(..count) {
            serde_json::to_writer(&mut *output, &row(&scored, self.ready))?;
            output.write_all(b"\n")?;
        }
        output.flush()
    }
}

/// The fields of the line, and what was found.
fn row(scored: &Scored, ready: &Ready) -> Map<String, Value> {
    let Scored { text, log_probabilities } = scored;
    let mut row = text.fields.clone();
    row.insert("ids".to_owned(), json!(text.ids));
    row.insert("tokens".to_owned(), json!(ready.trained.tokenizer.spellings(&text.ids)));
    row.insert("log-probabilities".to_owned(), json!(log_probabilities));
    row.insert("log-probability".to_owned(), json!(log_probabilities.iter().fold(0.0, |sum, one| sum + one)));
    row
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spec::model::Architecture;
    use tch::Tensor;

    use super::*;
    use crate::data::testing::tokenizer;
    use crate::model::sample;
    use crate::trained::origin::ImportOrigin;
    use crate::trained::{Origin, TrainedModel};

    fn ready(architecture: Architecture, change: impl Fn(&mut BTreeMap<String, Tensor>)) -> Ready {
        let spec = sample::spec(architecture, &[]);
        let mut weights = sample::weights(&spec).into_iter().map(|(name, one)| (name, one.detach())).collect();
        change(&mut weights);
        let origin = ImportOrigin { from: String::new(), model_type: String::new(), changes: vec![] };
        let trained = TrainedModel { spec, weights, tokenizer: tokenizer(), origin: Origin::Import(origin) };
        let model = trained.model(Device::Cpu);
        Ready { trained, model, device: Device::Cpu }
    }

    fn scored(ready: &Ready) -> Result<String, Unscored> {
        let (mut scorer, mut output) = (Scorer::new(ready, 64), Vec::new());
        for ids in [vec![5, 9, 7], vec![4; 12]] {
            scorer.add(Text { fields: Map::new(), ids }, &mut output)?;
        }
        scorer.finish(&mut output)?;
        Ok(String::from_utf8(output).expect("invariant: JSON is UTF-8"))
    }

    #[test]
    fn what_is_no_number_is_an_error_and_never_a_score() {
        for architecture in [Architecture::GptNeo, Architecture::Roberta] {
            let found = scored(&ready(architecture, |_| ())).unwrap();
            assert_eq!(found.lines().count(), 2);
            let broken = ready(architecture, |weights| {
                let tables = ["transformer.wte.weight", "roberta.embeddings.word_embeddings.weight"];
                let table = *tables.iter().find(|name| weights.contains_key(**name)).unwrap();
                let _ = weights.get_mut(table).unwrap().fill_(f64::NAN);
            });
            let failure = scored(&broken).unwrap_err().failure();
            assert_eq!(failure.exit(), ExitCode::BadData);
            assert!(failure.render().contains("its training diverged"), "{}", failure.render());
        }
    }
}
