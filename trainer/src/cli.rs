//! The command line of `seedbed-trainer`.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use native::cuda::Availability;
use spec::{ExitCode, Failure};

use crate::ask::{generate, score};
use crate::collective::trial::Trial;
use crate::collective::{leader, ranks, spread, task};
use crate::evaluate::command as evaluate;
use crate::finetune::command as finetune;
use crate::inspect::Machine;
use crate::store::command as data;
use crate::{bench, export, import, logbook, run, signal};

/// Trains and measures one run of a sweep, and asks or hands on the model that came of it.
///
/// `run` is usually started by `seedbed run` or on a cluster node; by hand for a closer look.
#[derive(Debug, Parser)]
#[command(name = "seedbed-trainer", version, after_help = exit_codes())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Carry out the run whose `run.json` lies in a directory, from its checkpoint if it has one
    Run {
        /// The run's directory
        #[arg(long)]
        dir: PathBuf,
        /// Where prepared tokens are shared between runs [default: `cache` in the sweep's directory]
        #[arg(long)]
        cache: Option<PathBuf>,
        /// How many processes share the run, each with a GPU of its own (on a machine without: with the processor)
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4_194_304))]
        ranks: u32,
        /// How many nodes of a Slurm job they are spread over, as many on each
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
        nodes: u32,
    },
    /// Become a program that is ended with the process that started this one
    #[command(hide = true)]
    Bound {
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        argv: Vec<std::ffi::OsString>,
    },
    /// Write the model of a run as one of Hugging Face's, which `transformers` loads
    Export(export::Request),
    /// Take over a GPT-Neo or RoBERTa of `transformers`, or a checkpoint of the published study
    Import(import::Request),
    /// Print log-probabilities of texts, token by token; of an encoder, pseudo-log-likelihoods
    Score(score::Request),
    /// Measure a model on benchmarks of minimal pairs: BLiMP, BabyLM's, or your own
    Evaluate(evaluate::Request),
    /// Fine-tune a model on the tasks of SuperGLUE and score it there
    Finetune(finetune::Command),
    /// List, download, take in or check benchmark data: BLiMP, SuperGLUE, BabyLM's, TinyStories, your own
    Data(data::Request),
    /// Let a decoder go on with a text
    Generate(generate::Request),
    /// Time the training of a model on given stories: tokens a second, phases, share of the peak, memory
    Bench(bench::Request),
    /// Print versions, libraries with their paths, devices and threads
    Inspect {
        /// Also try whether NCCL works on the GPUs here
        #[arg(long)]
        collective: bool,
        /// The file of NCCL, where libtorch has not loaded one [default: `SEEDBED_NCCL`, or beside libtorch]
        #[arg(long, requires = "collective")]
        nccl: Option<PathBuf>,
    },
}

fn exit_codes() -> String {
    let rows: Vec<String> =
        ExitCode::ALL.iter().map(|exit| format!("  {:>2}  {}", exit.code(), exit.meaning())).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}

/// libtorch's errors in the middle of a step arrive as panics: whatever it was, nothing half-done is on disk.
fn guarded(command: impl FnOnce() -> Result<ExitCode, Failure>) -> Result<ExitCode, Failure> {
    catch_unwind(AssertUnwindSafe(command))
        .unwrap_or_else(|_| Err(Failure::new(ExitCode::Bug, "the trainer panicked, as said above")))
}

/// Parses the command line, carries the command out, and says what went wrong.
pub fn main(cuda: &Availability) -> std::process::ExitCode {
    // Where the system refuses, a file that is too large ends the process as it would have anyway.
    let _ = signal::survive_large_files();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Run { dir, cache, ranks, nodes } => guarded(|| carry_out(&dir, cache, (ranks, nodes), cuda)),
        Command::Bound { argv } => Err(spread::become_bound(&argv)),
        Command::Export(request) => guarded(|| export::carry_out(&request)),
        Command::Import(request) => guarded(|| import::carry_out(&request)),
        Command::Score(request) => guarded(|| score::carry_out(&request, cuda)),
        Command::Evaluate(request) => guarded(|| evaluate::carry_out(&request, cuda)),
        Command::Finetune(command) => guarded(|| finetune::carry_out(&command, cuda)),
        Command::Data(request) => guarded(|| data::carry_out(&request)),
        Command::Generate(request) => guarded(|| generate::carry_out(&request, cuda)),
        Command::Bench(request) => guarded(|| bench::carry_out(&request, cuda)),
        Command::Inspect { collective, nccl } => guarded(|| inspect(collective, nccl.as_deref(), cuda)),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            logbook::say(failure.render().trim_end());
            failure.exit().into()
        }
    }
}

/// The most ranks of one machine.
const MOST_RANKS: u32 = 1024;

/// Carries out a run alone, with so many ranks on so many nodes, or as one of those ranks.
fn carry_out(
    directory: &Path,
    cache: Option<PathBuf>,
    (world, nodes): (u32, u32),
    cuda: &Availability,
) -> Result<ExitCode, Failure> {
    if world / nodes > MOST_RANKS {
        let words = format!("{world} ranks (--ranks) on {nodes} nodes (--nodes) are more than {MOST_RANKS} on each");
        return Err(Failure::new(ExitCode::Usage, words));
    }
    match (world, nodes) {
        (1, 1) => match ranks::call()? {
            Some(call) if call.is_task => task::carry_out(directory, cache.as_deref(), &call),
            call => run::carry_out(directory, cache, call.as_ref(), cuda),
        },
        (_, 1) => leader::carry_out(directory, cache.as_deref(), world),
        _ => spread::carry_out(directory, cache.as_deref(), (world, nodes)),
    }
}

fn inspect(collective: bool, nccl: Option<&Path>, cuda: &Availability) -> Result<ExitCode, Failure> {
    // A reader that has gone away (`| head`) is not an error of ours.
    let say = |text: String| drop(std::io::stdout().write_all(text.as_bytes()));
    say(Machine::look(cuda).to_string());
    if collective {
        let trial = Trial::carry_out(cuda, nccl);
        say(trial.map_err(|error| Failure::new(ExitCode::Unavailable, error))?.to_string());
    }
    Ok(ExitCode::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_below_zero_is_answered_with_the_range() {
        for (arguments, expected) in [
            (
                "generate --dir model --seed -1",
                "invalid value '-1' for '--seed <SEED>': expected a whole number of 0 or more",
            ),
            (
                "generate --dir model --max-tokens -1",
                "'--max-tokens <MAX_TOKENS>': expected a whole number of 0 or more",
            ),
            ("generate --dir model --samples 0", "'--samples <SAMPLES>': expected a whole number of 1 or more"),
            ("generate --dir model --top-k -5", "'--top-k <TOP_K>': expected a whole number of 1 or more"),
            (
                "score --dir model --batch-tokens -1",
                "'--batch-tokens <BATCH_TOKENS>': expected a whole number of 1 or more",
            ),
            ("evaluate --dir model --tasks blimp --batch-tokens 0", "expected a whole number of 1 or more"),
            ("finetune --dir model --data d --to t --seeds -1", "'-1' is no seed: expected a whole number"),
            ("finetune --dir model --data d --to t --seeds 7,7", "7 is named twice"),
            ("finetune --dir model --data d --to t --epochs -1", "expected a whole number of 1 or more"),
            ("finetune --dir model --data d --to t --items -1", "-1 is not in 10"),
            ("bench stories.txt --seed -1", "expected a whole number of 0 or more"),
            ("bench stories.txt --tokens -1", "-1 is not in 0"),
        ] {
            let words = std::iter::once("seedbed-trainer").chain(arguments.split(' '));
            let said = Arguments::try_parse_from(words).unwrap_err().to_string();
            assert!(said.contains(expected), "{arguments}: {said}");
        }
    }
}
