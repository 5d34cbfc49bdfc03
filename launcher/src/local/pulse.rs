//! How far a run is, from what its trainer has written so far.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use spec::layout::RunLayout;
use spec::status::Facts;

use crate::files::read_optional_record;

const TAIL: u64 = 4 * 1024;

/// How far a run is. Everything may be unknown: another trainer need not say it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pulse {
    /// Optimiser steps taken.
    pub(super) step: Option<u64>,
    /// Optimiser steps in all.
    pub(super) steps: Option<u64>,
    /// The last training loss.
    pub(super) loss: Option<f64>,
}

impl fmt::Display for Pulse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.step, self.steps) {
            (Some(step), Some(steps)) => write!(formatter, "step {step}/{steps}")?,
            (Some(step), None) => write!(formatter, "step {step}")?,
            (None, _) => {}
        }
        match self.loss {
            Some(loss) => write!(formatter, "  loss {loss:.4}"),
            None => Ok(()),
        }
    }
}

/// The pulse of the run in `layout`. What cannot be read now is unknown now.
pub(super) fn take(layout: &RunLayout) -> Pulse {
    let steps = read_optional_record::<Facts>(&layout.facts()).ok().flatten().map(|facts| facts.steps);
    let (header, tail) = ends(&layout.metrics()).unwrap_or_default();
    Pulse { steps, ..last_row(&header, &tail) }
}

/// The first line and the last few kilobytes of a growing file.
fn ends(path: &Path) -> std::io::Result<(String, String)> {
    let mut file = File::open(path)?;
    let mut start = vec![0; 256];
    let length = file.read(&mut start)?;
    start.truncate(length);
    let whole = file.metadata()?.len();
    file.seek(SeekFrom::Start(whole.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let header = String::from_utf8_lossy(&start).lines().next().unwrap_or_default().to_owned();
    Ok((header, String::from_utf8_lossy(&tail).into_owned()))
}

/// Step and training loss of the last complete row of training loss. Metric names hold no commas, so rows are split
/// plainly.
fn last_row(header: &str, tail: &str) -> Pulse {
    let column = |name: &str| header.split(',').position(|heading| heading.trim() == name);
    let complete = tail.rfind('\n').map_or("", |end| &tail[..end]);
    let mut pulse = Pulse::default();
    for line in complete.lines().rev() {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| column(name).and_then(|index| cells.get(index)).copied();
        pulse.step = pulse.step.or_else(|| cell("step")?.parse().ok());
        if cell("metric") == Some("train-loss") {
            pulse.loss = cell("value").and_then(|value| value.parse().ok());
            break;
        }
    }
    pulse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complete_row_counts() {
        let header = "step,tokens,metric,value";
        let tail = "9,90,train-loss,2.5\n10,100,train-loss,2.25\n10,100,learning-rate,0.001\n11,110,tra";
        assert_eq!(last_row(header, tail), Pulse { step: Some(10), steps: None, loss: Some(2.25) });
        assert_eq!(last_row("metric,value", "train-loss,1\n"), Pulse { step: None, steps: None, loss: Some(1.0) });
        assert_eq!(last_row("", ""), Pulse::default());
    }

    #[test]
    fn only_what_is_known_is_shown() {
        let pulse = Pulse { step: Some(10), steps: Some(40), loss: Some(2.25) };
        assert_eq!(pulse.to_string(), "step 10/40  loss 2.2500");
        assert_eq!(Pulse { steps: None, loss: None, ..pulse }.to_string(), "step 10");
        assert_eq!(Pulse::default().to_string(), "");
    }
}
