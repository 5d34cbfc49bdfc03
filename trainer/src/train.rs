//! The training loop, on one page.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use spec::layout::RunLayout;
use spec::model::ModelSpec;
use spec::rows::{MetricRow, TimingRow};
use spec::train::TrainSpec;

use crate::checkpoint::{self, CheckpointError, Progress};
use crate::collective::CollectiveError;
use crate::curves::Curve;
use crate::data::StepSampler;
use crate::evaluate::examiner::Examiner;
use crate::evaluate::minimal_pairs::PairTask;
use crate::evaluate::protocol::Protocol;
use crate::feed::Feed;
use crate::files::WriteError;
use crate::optimizer::Optimizer;
use crate::schedule::learning_rate;
use crate::session::Pairs;
use crate::signal::StopRequest;
use crate::step::{Seen, StepError, Workbench};

/// How training ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All steps were taken.
    Finished,
    /// Somebody asked for a stop; a checkpoint was written.
    Stopped,
    /// The run diverged, as the words say.
    Diverged(String),
}

/// Why training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A step failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The system has no thread for the batches.
    #[error("cannot start the thread that makes batches")]
    Thread(#[from] std::io::Error),
    /// A curve could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A checkpoint could not be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Another rank is gone, or something is wrong between them.
    #[error(transparent)]
    Collective(#[from] CollectiveError),
}

/// A run in the middle of its training.
#[derive(Debug)]
pub struct Training<'a> {
    /// Model, parameters, data.
    pub workbench: Workbench<'a>,
    /// The network.
    pub model: &'a ModelSpec,
    /// The optimisation.
    pub spec: &'a TrainSpec,
    /// The optimiser and its moments.
    pub optimizer: Optimizer,
    /// Which stories come first.
    pub sampler: StepSampler,
    /// How far the run is.
    pub progress: Progress,
    /// How far it goes.
    pub steps: u64,
    /// The minimal pairs that it will be asked about.
    pub pairs: &'a Pairs,
    /// Bytes of text of every token id.
    pub token_bytes: &'a [u32],
    /// `metrics.csv`.
    pub metrics: Curve,
    /// `timing.csv`.
    pub timing: Curve,
    /// Which start of the trainer this is, counting those that logged a row.
    pub attempt: u32,
    /// Where things lie.
    pub layout: &'a RunLayout,
}

impl Training<'_> {
    /// Trains until the last step, a stop or a divergence.
    ///
    /// # Errors
    /// When the data is not what it says, or a file cannot be written; the checkpoints on disk stay good.
    pub fn train(&mut self, stop: &StopRequest) -> Result<Ending, TrainError> {
        let began = Instant::now();
        let between_checkpoints = Duration::from_secs(self.workbench.run.execution.checkpoint_every.get());
        let mut saved = Instant::now();
        let feed = Feed::start(self.workbench.packer(), self.sampler.clone())?;
        while self.progress.step < self.steps {
            // All ranks leave before the same step, whichever was asked.
            if self.workbench.team.any(stop.is_asked())? {
                self.save()?;
                return Ok(Ending::Stopped);
            }
            let step = self.progress.step;
            let rate = learning_rate(&self.spec.schedule, step, self.steps);
            let batches = feed.next_step();
            let leaks = &mut self.progress.leaks;
            let seen = self.workbench.step(&mut self.optimizer, leaks, &batches.means, step, rate)?;
            self.progress.step += 1;
            self.progress.tokens += seen.tokens;
            self.progress.cursor = batches.next;
            if let Some(reason) = self.progress.watch.see(seen.loss, seen.gradient_norm) {
                self.record(&seen, rate, began)?;
                return Ok(Ending::Diverged(reason));
            }
            if self.is_due(self.workbench.run.execution.log_every) {
                self.record(&seen, rate, began)?;
            }
            if self.is_due(self.validation_interval()) {
                self.validate()?;
            }
            if saved.elapsed() >= between_checkpoints {
                self.save()?;
                saved = Instant::now();
            }
        }
        self.save()?;
        Ok(Ending::Finished)
    }

    /// Whether something that happens every `interval` steps happens now; the last step is always one.
    fn is_due(&self, interval: u64) -> bool {
        self.progress.step.is_multiple_of(interval) || self.progress.step == self.steps
    }

    fn validation_interval(&self) -> u64 {
        self.workbench.run.execution.validate_every.unwrap_or_else(|| (self.steps / 10).max(1))
    }

    fn record(&mut self, seen: &Seen, rate: f64, began: Instant) -> Result<(), WriteError> {
        let values = [("train-loss", seen.loss), ("learning-rate", rate), ("gradient-norm", seen.gradient_norm)];
        for (metric, value) in values {
            self.write_metric(metric, value)?;
        }
        self.metrics.flush()?;
        self.timing.row(TimingRow {
            attempt: self.attempt,
            step: self.progress.step,
            tokens: self.progress.tokens,
            seconds: began.elapsed().as_secs_f64(),
        })?;
        self.timing.flush()
    }

    /// Who asks the model.
    pub fn examiner(&self) -> Examiner<'_> {
        let bench = &self.workbench;
        Examiner {
            model: &bench.model,
            objective: &bench.objective,
            device: bench.device,
            most_tokens: self.spec.micro_batch_tokens,
            token_bytes: self.token_bytes,
        }
    }

    fn validate(&mut self) -> Result<(), TrainError> {
        let bench = &self.workbench;
        let result = self.examiner().validate(&bench.data.validation, &bench.team)?;
        self.write_metric("validation-loss", result.loss())?;
        let [protocol, _] = Protocol::of(self.model.architecture);
        for (benchmark, pairs) in &self.pairs.curves {
            let task = PairTask { name: benchmark.name(), split: "test", pairs, protocols: &[protocol] };
            let judgements = self.judge(&task, &mut |_| ControlFlow::Continue(()))?;
            let accuracy = task.rows(&judgements.expect("invariant: nobody broke off"))[0].value;
            self.write_metric(&format!("{}-part", benchmark.name()), accuracy)?;
        }
        Ok(self.metrics.flush()?)
    }

    fn write_metric(&mut self, metric: &str, value: f64) -> Result<(), WriteError> {
        let (step, tokens) = (self.progress.step, self.progress.tokens);
        self.metrics.row(MetricRow { step, tokens, metric: metric.to_owned(), value })
    }

    /// Writes a checkpoint, which holds for all ranks: they have the same weights and moments.
    fn save(&mut self) -> Result<(), TrainError> {
        if !self.workbench.team.is_first() {
            return Ok(());
        }
        self.progress.metrics_bytes = self.metrics.sync()?;
        let folder = self.layout.checkpoints();
        checkpoint::save(&folder, &self.progress, &self.workbench.parameters, &self.optimizer)?;
        Ok(())
    }
}
