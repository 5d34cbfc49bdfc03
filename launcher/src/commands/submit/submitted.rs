//! What came of a submission, and how it is told.

use std::fmt::Write as _;

use spec::layout::SweepLayout;
use spec::{ExitCode, RunId};

use crate::cluster::{Handed, Reporting};
use crate::error::CliError;
use crate::output::{counted, print, talk};
use crate::survey::Counts;

/// What came of a submission.
#[derive(Debug, Default)]
pub(in crate::commands) struct Submitted {
    pub(super) handed: Handed,
    /// How the runs stood before.
    pub(in crate::commands) counts: Counts,
    /// What a person should know, a line each.
    pub(in crate::commands) news: Vec<String>,
    /// Runs that are on their way already.
    pub(in crate::commands) in_flight: usize,
    /// Runs that ended as often as the sweep's policy allows.
    pub(in crate::commands) given_up: usize,
    /// Submissions without a clear answer, from earlier commands.
    pub(super) open: usize,
    /// Runs that failed and were not asked for again.
    pub(super) failed: usize,
}

impl Submitted {
    /// Takes over what handing over has to say.
    pub(super) fn take_news_of_the_handed(&mut self) {
        self.news.append(&mut self.handed.news);
        let refused = self.handed.rejected.iter();
        self.news.extend(refused.map(|(runs, said)| format!("Slurm refused {}: {said}", counted(runs.len(), "run"))));
    }

    /// Whether no run was meant that could be handed over.
    pub(in crate::commands) fn is_nothing_meant(&self) -> bool {
        let Handed { runs, waiting, rejected, .. } = &self.handed;
        runs.is_empty() && *waiting == 0 && rejected.is_empty() && self.given_up == 0
    }

    /// Runs that were handed over.
    pub(in crate::commands) fn submitted(&self) -> u32 {
        self.handed.jobs.iter().map(|(_, runs)| runs).sum()
    }

    /// Whether there is something to wait for.
    pub(in crate::commands) fn goes_on(&self) -> bool {
        self.in_flight + self.handed.waiting + self.open > 0 || self.handed.open > 0 || !self.handed.jobs.is_empty()
    }

    /// Runs that Slurm will never take as they are asked for.
    pub(in crate::commands) fn refused(&self) -> impl Iterator<Item = RunId> + '_ {
        self.handed.rejected.iter().flat_map(|(runs, _)| runs.iter().copied())
    }

    /// Whether Slurm was asked for more than it has room for.
    pub(in crate::commands) fn was_full(&self) -> bool {
        self.handed.no_room.is_some()
    }

    /// Runs for which there is no room yet.
    pub(in crate::commands) fn waiting(&self) -> usize {
        self.handed.waiting
    }

    /// Says what came of it.
    pub(in crate::commands) fn tell(&self, layout: &SweepLayout) -> Result<ExitCode, CliError> {
        self.news.iter().for_each(|line| talk(line));
        print(&self.text(layout))?;
        Ok(self.exit())
    }

    fn text(&self, layout: &SweepLayout) -> String {
        let mut text = String::new();
        for (job, runs) in &self.handed.jobs {
            let _ = writeln!(text, "job {job}: {}", counted(*runs as usize, "run"));
        }
        if let Some(message) = &self.handed.no_room {
            let waiting = counted(self.handed.waiting, "run");
            talk(&format!("{waiting} not submitted yet: {message}; `seedbed submit` goes on when there is room"));
        }
        if self.in_flight > 0 {
            talk(&format!("{} in the queue or running already", counted(self.in_flight, "run")));
        }
        if self.open > 0 {
            let open = counted(self.open, "earlier submission");
            talk(&format!(
                "{open} still without an answer: its runs are left alone until it is found or too old to come"
            ));
        }
        if self.failed > 0 {
            talk(&format!(
                "{} left as before: `--retry failed` submits again what failed",
                counted(self.failed, "failed run")
            ));
        }
        if text.is_empty() && self.handed.rejected.is_empty() {
            text += "nothing to submit\n";
        }
        let _ = writeln!(text, "{}", layout.directory().display());
        text
    }

    fn exit(&self) -> ExitCode {
        if !self.handed.rejected.is_empty() {
            ExitCode::Incomplete
        } else if self.handed.waiting > 0 || self.handed.open > 0 || self.open > 0 {
            ExitCode::Resume
        } else {
            ExitCode::Done
        }
    }
}

/// What became of the wish for a report.
pub(super) fn in_words(reporting: Reporting) -> String {
    match reporting {
        Reporting::Queued(job) => format!("job {job} writes the report when all of it has ended"),
        Reporting::Already(job) => format!("job {job} waits already to write the report"),
        Reporting::Nothing => {
            "nothing is in the queue that a report could wait for: `seedbed report` writes it now".to_owned()
        }
        Reporting::Not(said) => format!("no report is queued: {said}"),
    }
}
