//! What a person sees while runs go on: bars on a terminal, a line a run elsewhere, or nothing.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use spec::layout::RunLayout;

use super::pulse;
use crate::output::{duration, talk};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A bar for every run that goes on and one for the sweep.
    Bars,
    /// A line for every run that ended.
    Lines,
    /// Only what went wrong.
    Quiet,
}

/// What a person sees.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    bars: MultiProgress,
    sweep: ProgressBar,
    ended: usize,
    total: usize,
}

/// The bar of one run.
#[derive(Debug)]
pub(super) struct RunBar {
    bar: ProgressBar,
    layout: RunLayout,
}

impl RunBar {
    /// Takes the bar away: the run will begin again.
    pub(super) fn remove(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress {
    /// Progress of `total` runs.
    pub fn new(style: Style, total: usize) -> Self {
        let bars = MultiProgress::new();
        let sweep = match style {
            Style::Bars => bars.add(ProgressBar::new(total as u64)),
            Style::Lines | Style::Quiet => ProgressBar::hidden(),
        };
        sweep.set_style(template("{bar:30.green/dim} {pos}/{len} runs  {elapsed}  {msg}"));
        Self { style, bars, sweep, ended: 0, total }
    }

    /// A run begins.
    pub(super) fn begin(&self, label: &str, layout: RunLayout) -> RunBar {
        let bar = match self.style {
            Style::Bars => self.bars.insert_before(&self.sweep, ProgressBar::new(0)),
            Style::Lines | Style::Quiet => ProgressBar::hidden(),
        };
        bar.set_style(template("{bar:30.cyan/dim} {prefix}  {msg}"));
        bar.set_prefix(label.to_owned());
        RunBar { bar, layout }
    }

    /// Looks at the run again.
    pub(super) fn look(&self, run: &RunBar) {
        if self.style != Style::Bars {
            return;
        }
        let pulse = pulse::take(&run.layout);
        // A length that is not known is endless: the bar stays empty, and the words count.
        run.bar.update(|state| {
            state.set_len(pulse.steps.unwrap_or(u64::MAX));
            state.set_pos(pulse.step.unwrap_or(0));
        });
        run.bar.set_message(pulse.to_string());
    }

    /// A run ended: `word` says how, `time` how long it took.
    pub(super) fn end(&mut self, run: &RunBar, label: &str, word: &str, time: Duration) {
        run.remove();
        self.ended += 1;
        self.sweep.inc(1);
        if self.style == Style::Lines {
            talk(&format!("[{}/{}] {label}: {word} in {}", self.ended, self.total, duration(time.as_secs_f64())));
        }
    }

    /// Keeps the clock of the sweep's bar going.
    pub(super) fn tick(&self) {
        self.sweep.tick();
    }

    /// Says something that a person should not miss, above the bars.
    pub(super) fn say(&self, line: &str) {
        if self.style == Style::Bars {
            let _ = self.bars.println(line);
        } else {
            talk(line);
        }
    }

    /// Takes everything away.
    pub(super) fn close(&self) {
        self.sweep.finish_and_clear();
    }
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).expect("invariant: the template is right").progress_chars("━╸━")
}
