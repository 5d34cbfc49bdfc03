//! `seedbed-trainer generate`: a decoder goes on with a text.

use std::io::Write;

use clap::Args;
use native::cuda::Availability;
use rand_chacha::rand_core::Rng;
use serde_json::json;
use spec::model::Architecture;
use spec::{ExitCode, Failure};
use tch::{Device, Kind};

use super::sampling::Sampling;
use super::{Asked, Ready, no_numbers};
use crate::failure::as_failure;
use crate::model::{Packed, Stories};
use crate::streams;
use crate::trained::TrainedError;
use crate::whole_number::{from_one, from_zero};

/// What is to be gone on with.
#[derive(Debug, Args)]
pub struct Request {
    #[command(flatten)]
    asked: Asked,
    /// How the text begins
    #[arg(long, default_value = "")]
    prompt: String,
    /// Most tokens that are added
    #[arg(long, default_value_t = 100, value_parser = from_zero::<usize>, allow_negative_numbers = true)]
    max_tokens: usize,
    /// 0 takes the most probable token; below 1 the probable gets likelier, above 1 less likely
    #[arg(long, default_value_t = 1.0, value_parser = temperature, allow_negative_numbers = true)]
    temperature: f64,
    /// Draw from so many of the most probable tokens [default: all]
    #[arg(long, value_parser = from_one::<usize>, allow_negative_numbers = true)]
    top_k: Option<usize>,
    /// Draw from the fewest tokens that have this probability together
    #[arg(long, default_value_t = 1.0, value_parser = probability, allow_negative_numbers = true)]
    top_p: f64,
    /// The same seed gives the same text
    #[arg(long, default_value_t = 0, value_parser = from_zero::<u64>, allow_negative_numbers = true)]
    seed: u64,
    /// How many texts
    #[arg(long, default_value_t = 1, value_parser = from_one::<u64>, allow_negative_numbers = true)]
    samples: u64,
    /// Print a line of JSON for each text: prompt, continuation, ids, and why it ends
    #[arg(long)]
    json: bool,
}

fn temperature(text: &str) -> Result<f64, String> {
    number(text).filter(|value| *value >= 0.0).ok_or_else(|| "expected a number of 0 or more".to_owned())
}

fn probability(text: &str) -> Result<f64, String> {
    let valid = |value: &f64| *value > 0.0 && *value <= 1.0;
    number(text).filter(valid).ok_or_else(|| "expected a number above 0 and up to 1".to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Carries out `generate`.
///
/// # Errors
/// When there is no model, it is an encoder, or the prompt does not fit its context.
pub fn carry_out(request: &Request, cuda: &Availability) -> Result<ExitCode, Failure> {
    let ready = request.asked.open(cuda)?;
    let found = ready.trained.spec.architecture;
    if found != Architecture::GptNeo {
        let error = TrainedError::NotADecoder { what: "generate", found };
        return Err(as_failure(error).hint("`seedbed-trainer score` asks an encoder"));
    }
    let tokenizer = &ready.trained.tokenizer;
    let prompt = tokenizer.encode_bare(vec![&request.prompt]).map_err(as_failure)?.remove(0);
    let context = ready.trained.spec.context as usize;
    if prompt.len() + 1 > context {
        let reason = format!("the prompt has {} tokens, more than the context of {context} holds", prompt.len());
        return Err(Failure::new(ExitCode::Usage, reason));
    }
    let mut output = std::io::stdout().lock();
    for sample in 0..request.samples {
        let (ids, end) = go_on(&ready, &prompt, request, sample)?;
        let whole: Vec<u16> = prompt.iter().chain(&ids).copied().collect();
        let text = if request.json {
            let continuation = tokenizer.decode(&ids).map_err(as_failure)?;
            json!({ "prompt": request.prompt, "continuation": continuation, "ids": ids, "end": end }).to_string()
        } else {
            tokenizer.decode(&whole).map_err(as_failure)?
        };
        // A reader that has gone away (`| head`) is not an error of ours.
        if writeln!(output, "{text}").is_err() {
            break;
        }
    }
    Ok(ExitCode::Done)
}

/// The ids that follow the prompt, and why there are no more: `end` (the model closed the text), `length` or `context`.
fn go_on(ready: &Ready, prompt: &[u16], request: &Request, sample: u64) -> Result<(Vec<u16>, &'static str), Failure> {
    let specials = ready.trained.tokenizer.specials();
    let sampling = Sampling { temperature: request.temperature, top_k: request.top_k, top_p: request.top_p };
    let mut generator = streams::generator(request.seed, "generate", &[sample]);
    let mut story: Vec<i64> = std::iter::once(specials.start).chain(prompt.iter().copied()).map(i64::from).collect();
    let mut ids = Vec::new();
    while ids.len() < request.max_tokens {
        if story.len() > ready.trained.spec.context as usize {
            return Ok((ids, "context"));
        }
        let uniform = streams::unit(generator.next_u64());
        let id = sampling.choose(&next_logits(ready, &story), uniform).ok_or_else(no_numbers)? as u16;
        if id == specials.end {
            return Ok((ids, "end"));
        }
        ids.push(id);
        story.push(i64::from(id));
    }
    Ok((ids, "length"))
}

/// The logits of the token that follows `story`.
fn next_logits(ready: &Ready, story: &[i64]) -> Vec<f64> {
    let positions: Vec<i64> = (0..story.len() as i64).collect();
    let stories = Stories {
        tokens: story,
        positions: &positions,
        bounds: &[0, story.len()],
        scored: &[story.len() as i64 - 1],
        targets: &[0],
    };
    let logits = ready.model.logits(&Packed::new(&stories, ready.device));
    let logits = logits.to_device(Device::Cpu).to_kind(Kind::Double).flatten(0, -1);
    Vec::try_from(logits).expect("invariant: one row of logits")
}
