//! A value, a curve, and what became of a run.

use std::cmp::Ordering;

use serde::Serialize;
use spec::RunId;
use spec::budget::ParameterCount;
use spec::status::Facts;

use super::design::{Point, Seed};

/// Values beyond this are set aside like those that are not finite: the squares and fourth powers that tests compute of
/// them would not be finite either.
pub(crate) const LARGEST: f64 = 1e75;

/// Whether a value can be computed with: finite, and not beyond [`LARGEST`] in size.
pub fn is_usable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// One final value of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The metric's name.
    pub metric: String,
    /// The run's point of the design.
    pub point: Point,
    /// The run's seed.
    pub seed: Seed,
    /// The value, in the metric's unit.
    pub value: f64,
}

impl Observation {
    /// By metric, point and seed.
    pub(crate) fn order(a: &Self, b: &Self) -> Ordering {
        (a.metric.as_str(), &a.point, &a.seed).cmp(&(b.metric.as_str(), &b.point, &b.seed))
    }
}

/// One metric of one run over training.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The metric's name.
    pub metric: String,
    /// The run's point of the design.
    pub point: Point,
    /// The run's seed.
    pub seed: Seed,
    /// Whether the run diverged.
    pub diverged: bool,
    /// Optimiser steps, ascending, and the value there; finite values only.
    pub points: Vec<(u64, f64)>,
}

/// Where a run stands for the analysis. Only a done run counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It ended well and its results are those that its record names.
    Done,
    /// It diverged: a result, but not a number.
    Diverged,
    /// It ended in an error.
    Failed,
    /// It was stopped and can go on; in a table with steps: it ends before others do.
    Interrupted,
    /// It was at work when last heard of.
    Running,
    /// It says that it is done, but its results are not there, not readable or not those of its record.
    Incomplete,
    /// It never started.
    Missing,
}

impl RunState {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Diverged, Self::Failed, Self::Interrupted, Self::Running, Self::Incomplete, Self::Missing];

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Running => "running when last heard of",
            Self::Incomplete => "incomplete",
            Self::Missing => "missing",
        }
    }
}

/// What became of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunAccount {
    /// The run's id; absent in a table.
    pub id: Option<RunId>,
    /// Its point of the design.
    pub point: Point,
    /// Its seed.
    pub seed: Seed,
    /// Where it stands.
    pub state: RunState,
    /// Why it does not count, in words.
    pub cause: Option<String>,
    /// The node of its last attempt.
    pub host: Option<String>,
    /// The device in words.
    pub device: Option<String>,
    /// The models of the GPUs that its last attempt could see, where that was recorded.
    pub gpu: Option<String>,
    /// How many GPUs its last attempt had.
    pub gpus: Option<u32>,
    /// How many attempts it took.
    pub attempts: u32,
    /// Wall-clock seconds of all attempts.
    pub seconds: Option<f64>,
    /// Parameters of the network.
    pub parameters: Option<u64>,
    /// The network by component, where its trainer counted it.
    pub network: Option<Network>,
    /// Optimiser steps that it took, or will take.
    pub steps: Option<u64>,
    /// Files beside its results that are there and cannot be read.
    pub damage: Vec<Damage>,
}

/// A file beside a run's results that cannot be read, or not to its end. It costs the run no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file, by its name in the run's directory.
    pub file: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// A network as its trainer counted it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Network {
    /// Parameters of the tables.
    pub embeddings: u64,
    /// Parameters of attention.
    pub attention: u64,
    /// Parameters of the feed-forward layers.
    pub feed_forward: u64,
    /// Parameters of the normalisations.
    pub norms: u64,
    /// Parameters that the head adds.
    pub head: u64,
    /// Width of a feed-forward layer.
    pub width: u32,
    /// Floating-point operations of one trained token.
    pub flops_per_token: Option<f64>,
}

impl Network {
    pub(super) fn of(facts: &Facts) -> Self {
        let ParameterCount { embeddings, attention, feed_forward, norms, head } = facts.parameters;
        let (width, flops_per_token) = (facts.feed_forward_width, facts.flops_per_token);
        Self { embeddings, attention, feed_forward, norms, head, width, flops_per_token }
    }
}

impl RunAccount {
    /// A run of which nothing is known but that it should be.
    pub(crate) fn missing(id: Option<RunId>, point: Point, seed: Seed) -> Self {
        Self {
            id,
            point,
            seed,
            state: RunState::Missing,
            cause: Some("never started".to_owned()),
            host: None,
            device: None,
            gpu: None,
            gpus: None,
            attempts: 0,
            seconds: None,
            parameters: None,
            network: None,
            steps: None,
            damage: Vec::new(),
        }
    }
}
