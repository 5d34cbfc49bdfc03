//! `seedbed watch`: submit, stay, and keep the sweep going until it is done.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use slurm::client::ClientError;
use slurm::transport::TransportError;
use spec::{ExitCode, RunId};

use super::submit::{self, Choice, Errand, Restraint, Submitted};
use crate::cluster::ClusterError;
use crate::error::CliError;
use crate::ledger::EndWord;
use crate::output::{counted, talk};
use crate::signals::Signals;

/// Arguments of `seedbed watch`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    submit: submit::Arguments,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

/// Looks again and again, hands over what there is room for and what the sweep's `[retry]` table allows to start again,
/// and returns when nothing is left to wait for. Stopped at any moment, it changes nothing: the jobs go on.
///
/// # Errors
/// When the sweep is wrong. That Slurm does not answer for a while is no error.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut errand = Errand::prepare(&arguments.submit)?;
    if arguments.submit.dry_run {
        return errand.dry_run();
    }
    if errand.wishes.retry.is_empty() {
        // The sweep's policy decides which of them.
        errand.wishes.retry.push(EndWord::FAILED);
    }
    // Where there is no Slurm at all there is nothing to wait for.
    if let Err(error @ ClientError::Transport(TransportError::NotInstalled { .. })) = errand.client.configuration() {
        return Err(ClusterError::from(error).into());
    }
    let signals = Signals::listen(&[SIGINT, SIGTERM]).map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    let pause = Duration::from_secs(arguments.every);
    // What is given up is found out with every look.
    let mut told = BTreeSet::new();
    let mut last = String::new();
    let mut patience = Patience::new(pause);
    loop {
        match look(&errand, patience.restraint()) {
            Ok(submitted) => {
                patience.learn(&submitted);
                submitted.news.iter().filter(|line| told.insert((*line).clone())).for_each(|line| talk(line));
                let line = summary(&submitted);
                if line != last {
                    talk(&line);
                    last = line;
                }
                if !submitted.goes_on() {
                    let counts = submitted.counts;
                    let complete = counts.finished() == counts.total();
                    if !complete {
                        talk(
                            "`seedbed status` lists what failed, `seedbed explain RUN` tells the whole story of a run",
                        );
                    }
                    return Ok(if complete { ExitCode::Done } else { ExitCode::Incomplete });
                }
            }
            // Another command is at work on the sweep, or Slurm is away: both pass.
            Err(error) if matches!(error.exit(), ExitCode::Busy | ExitCode::Unavailable) => {
                let line = error.render();
                if line != last {
                    talk(line.trim_end());
                    last = line;
                }
            }
            Err(error) => return Err(error),
        }
        if signals.next(pause).is_some() {
            talk("no longer watching; the jobs go on");
            return Ok(ExitCode::Resume);
        }
    }
}

/// What was asked for in vain, and when it may be asked for again.
struct Patience {
    refused: BTreeSet<RunId>,
    /// How many runs were in flight when there was no room, and until when that is believed.
    full: Option<(usize, Instant)>,
    /// Between two looks.
    shortest: Duration,
    /// How long the next refusal is believed.
    next: Duration,
}

/// How long a refusal is believed at most: room may also come from what others had in the queue.
const LONGEST: Duration = Duration::from_mins(10);

impl Patience {
    fn new(pause: Duration) -> Self {
        Self { refused: BTreeSet::new(), full: None, shortest: pause, next: pause }
    }

    fn restraint(&self) -> Restraint<'_> {
        let full_at = self.full.filter(|(_, until)| Instant::now() < *until).map(|(in_flight, _)| in_flight);
        Restraint { refused: &self.refused, full_at }
    }

    fn learn(&mut self, submitted: &Submitted) {
        self.refused.extend(submitted.refused());
        if submitted.was_full() {
            let in_flight = submitted.in_flight + submitted.submitted() as usize;
            // What was taken shows that there is room again and again.
            self.next = if submitted.submitted() > 0 { self.shortest } else { (2 * self.next).min(LONGEST) };
            self.full = Some((in_flight, Instant::now() + self.next));
        }
    }
}

/// One look: what there is to hand over is handed over, and when nothing is left to wait for, everything is brought
/// here.
fn look(errand: &Errand, restraint: Restraint<'_>) -> Result<Submitted, CliError> {
    let submitted = errand.submit(Choice::Policy(restraint))?;
    if !submitted.goes_on() {
        errand.fetch()?;
    }
    Ok(submitted)
}

fn summary(submitted: &Submitted) -> String {
    let counts = submitted.counts;
    let mut parts = counts.in_words();
    let extra = [
        (submitted.submitted() as usize, "submitted now"),
        (submitted.in_flight, "with Slurm"),
        (submitted.waiting(), "waiting for room"),
        (submitted.given_up, "given up"),
    ];
    parts.extend(extra.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    format!("{}: {}", counted(counts.total(), "run"), parts.join(", "))
}
