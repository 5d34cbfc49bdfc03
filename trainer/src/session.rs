//! A run made ready: data prepared, network built, checkpoint found.

use std::fs;
use std::io;
use std::path::Path;

use spec::benchmark::{Asked, Benchmark};
use spec::identity::Digest;
use spec::layout::RunLayout;
use spec::minimal_pairs::Same;
use spec::{Failure, RunSpec, SCHEMA, Study};
use tch::Device;

use crate::checkpoint::{self, Checkpoint, CheckpointError, Progress};
use crate::collective::{GradientSums, Team};
use crate::curves::Curve;
use crate::data::pairs::{self, PairFile};
use crate::data::{self, Cursor, DataError, LeakCheck, MinimalPair, Prepared, StepSampler, Tokenizer};
use crate::device;
use crate::divergence::DivergenceWatch;
use crate::evaluate::objective::Objective;
use crate::failure::{as_failure, write_failure};
use crate::files::WriteError;
use crate::finetune::data::TaskData;
use crate::logbook;
use crate::model::{self, Model};
use crate::optimizer::Optimizer;
use crate::parameters::{ParameterError, Parameters};
use crate::signal::StopRequest;
use crate::step::Workbench;
use crate::train::Training;

/// The parts of a run that outlive its training loop.
#[derive(Debug)]
pub struct Session<'a> {
    run: &'a RunSpec,
    study: &'a Study,
    data: Prepared,
    pairs: Pairs,
    token_bytes: Vec<u32>,
    device: Device,
    team: Team,
}

impl<'a> Session<'a> {
    /// Prepares the text of `run`, or finds it prepared in `cache`. The ranks of `team` share the run.
    ///
    /// # Errors
    /// When the text is missing, damaged or too small, or the cache cannot be written.
    pub fn open(
        run: &'a RunSpec,
        study: &'a Study,
        layout: &RunLayout,
        cache: &Path,
        (device, team): (Device, Team),
        stop: &StopRequest,
    ) -> Result<Self, Failure> {
        if team.is_first() {
            remove_temporaries(layout.directory());
            remove_temporaries(&layout.checkpoints());
        }
        let data = data::prepare(&mut data::Request {
            data: &study.data,
            files: &run.files,
            vocabulary: study.model.vocabulary,
            context: study.model.context,
            cache,
            note: &mut |note: &str| logbook::say(note),
            stop: &|| stop.is_asked(),
        })
        .map_err(as_failure)?;
        let pairs = Pairs::read(run, study, &data.tokenizer)?;
        for task in run.benchmarks.fine_tuning.iter().flat_map(|asked| &asked.tasks).filter(|_| team.is_first()) {
            TaskData::of_run(run, task).map_err(as_failure)?.verify().map_err(as_failure)?;
        }
        let token_bytes = data.tokenizer.byte_lengths();
        Ok(Self { run, study, data, pairs, token_bytes, device, team })
    }

    /// Builds the network and takes up the run where its newest whole checkpoint left it.
    ///
    /// # Errors
    /// When the network does not fit the device, the corpus does not fill one step, or a curve cannot be opened.
    pub fn training(&'a mut self, layout: &'a RunLayout) -> Result<Training<'a>, Failure> {
        let spec = &self.study.train;
        let padding = self.data.tokenizer.specials().pad;
        let declarations = model::declarations_with_padding(&self.study.model, padding);
        let seed = self.study.model.weights_seed(self.run.seed);
        let parameters = Parameters::new(declarations, seed, self.device).map_err(as_failure)?;
        let model = Model::new(&self.study.model, &mut |name| parameters.leaf(name), spec.precision);
        let model = model.with_padding(padding);
        let optimizer = Optimizer::new(spec, &parameters);
        let mut sampler = StepSampler::new(&self.data.training, spec.batch, self.run.seed).map_err(as_failure)?;
        let steps = sampler.steps_in(spec.length);
        let team = std::mem::replace(&mut self.team, Team::alone());
        let progress = self.take_up(layout, &parameters, &optimizer, &mut sampler, &team)?;
        if progress.step > 0 && team.is_first() {
            logbook::say(&format!("going on from step {} of {steps}", progress.step));
        }
        team.agree("as the step to go on from", progress.step).map_err(as_failure)?;
        let (metrics, timing, attempt) = if team.is_first() {
            let metrics = Curve::open(&layout.metrics(), "step,tokens,metric,value", progress.metrics_bytes);
            let (timing, attempt) = open_timing(layout)?;
            (metrics.map_err(write_failure)?, timing, attempt)
        } else {
            (Curve::of_another_rank(), Curve::of_another_rank(), 1)
        };
        let objective = Objective::of(self.study, &self.data.tokenizer);
        let sums = GradientSums::of(&parameters, &team).map_err(|error| as_failure(ParameterError::Watch(error)))?;
        let (run, device) = (self.run, self.device);
        let training = Training {
            workbench: Workbench {
                run,
                data: &self.data,
                micro_batch_tokens: spec.micro_batch_tokens,
                averaging: spec.averaging,
                objective,
                device,
                model,
                parameters,
                team,
                sums,
            },
            model: &self.study.model,
            spec,
            optimizer,
            sampler,
            progress,
            steps,
            pairs: &self.pairs,
            token_bytes: &self.token_bytes,
            metrics,
            timing,
            attempt,
            layout,
        };
        self.can_be_validated(&training)?;
        Ok(training)
    }

    /// The progress from which the run goes on, after weights, moments and stories were brought there.
    fn take_up(
        &self,
        layout: &RunLayout,
        parameters: &Parameters,
        optimizer: &Optimizer,
        sampler: &mut StepSampler,
        team: &Team,
    ) -> Result<Progress, Failure> {
        let mut progress = match self.checkpoint(layout, parameters.size(), team)? {
            Some(checkpoint) => {
                checkpoint.restore(parameters, optimizer).map_err(as_failure)?;
                sampler.resume(checkpoint.progress.cursor).map_err(as_failure)?;
                checkpoint.progress
            }
            None => self.beginning(),
        };
        let place = device::place(self.device, progress.step, team.world());
        let changes = progress.go_on_at(place);
        if let Some(words) = changes.filter(|_| team.is_first()) {
            logbook::say(&words);
        }
        Ok(progress)
    }

    fn can_be_validated(&self, training: &Training<'_>) -> Result<(), Failure> {
        if training.examiner().can_validate(&self.data.validation) {
            return Ok(());
        }
        let stories = self.data.validation.len() as u64;
        let reason = "none of their tokens is asked for; hold out more stories or raise train.mask-probability";
        Err(as_failure(DataError::NothingHeldOut { stories, reason }))
    }

    fn checkpoint(&self, layout: &RunLayout, size: i64, team: &Team) -> Result<Option<Checkpoint>, Failure> {
        let find = || -> Result<Option<Checkpoint>, CheckpointError> {
            let written = fs::metadata(layout.metrics()).map_or(0, |metadata| metadata.len());
            let usable = |progress: &Progress| progress.metrics_bytes <= written;
            checkpoint::newest(&layout.checkpoints(), self.run.id, size, usable, &mut |note| logbook::say(&note))
        };
        // The first rank sets aside what is damaged; the others look when it is done.
        let first = if team.is_first() { find().map_err(as_failure)? } else { None };
        team.any(false).map_err(as_failure)?;
        if team.is_first() { Ok(first) } else { find().map_err(as_failure) }
    }

    fn beginning(&self) -> Progress {
        Progress {
            schema: SCHEMA,
            run: self.run.id,
            step: 0,
            tokens: 0,
            cursor: Cursor::default(),
            watch: DivergenceWatch::new(self.study.model.vocabulary),
            metrics_bytes: 0,
            leaks: LeakCheck::default(),
            places: Vec::new(),
        }
    }
}

/// The minimal pairs that a run will be asked about.
#[derive(Debug)]
pub struct Pairs {
    /// Those of files that the sweep names.
    pub own: Vec<MinimalPair>,
    /// Those of benchmarks.
    pub benchmarks: Vec<(Asked, Vec<MinimalPair>)>,
    /// Those of benchmarks that are asked on the way, always the same.
    pub curves: Vec<(Benchmark, Vec<MinimalPair>)>,
}

impl Pairs {
    /// Reads them now, so that a damaged file is an error before training and not after it.
    fn read(run: &RunSpec, study: &Study, tokenizer: &Tokenizer) -> Result<Self, Failure> {
        let room = pairs::room(&study.model);
        let read = |content: Digest, same: Same| {
            let path = run.file(content).map_err(as_failure)?;
            let file = PairFile { path, content: Some(content), room, same, space: false };
            pairs::read(&file, tokenizer).map_err(as_failure)
        };
        let mut own = Vec::new();
        for content in &study.evaluate.minimal_pairs {
            own.extend(read(*content, Same::Refused)?);
        }
        let mut benchmarks = Vec::new();
        for asked in &run.benchmarks.asked {
            benchmarks.push((*asked, read(asked.content, Same::Kept)?));
        }
        let curve = |most: u64| {
            let some = |pairs: &[MinimalPair]| -> Vec<MinimalPair> {
                // From all parts of the file, which stands in the order of paradigms.
                pairs.iter().step_by(pairs.len().div_ceil(most as usize)).cloned().collect()
            };
            benchmarks.iter().map(|(asked, pairs)| (asked.benchmark, some(pairs))).collect()
        };
        let curves = run.benchmarks.curve_pairs.map(curve).unwrap_or_default();
        Ok(Self { own, benchmarks, curves })
    }
}

/// Opens `timing.csv` at its end, a torn last line cut off, and counts which start of the trainer this is.
fn open_timing(layout: &RunLayout) -> Result<(Curve, u32), Failure> {
    let path = layout.timing();
    let content = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|error| write_failure(WriteError::new(&path, error)))?,
    };
    let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(&content[..whole]);
    let last = text.lines().last().and_then(|line| line.split(',').next()?.parse::<u32>().ok());
    let curve = Curve::open(&path, "attempt,step,tokens,seconds", whole as u64).map_err(write_failure)?;
    Ok((curve, last.unwrap_or(0) + 1))
}

/// Removes the trainer's own temporary files of an attempt that was killed while it wrote one. The run's claim makes
/// this the only trainer in the folder; the supervisor beside it names its temporary files otherwise.
fn remove_temporaries(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}
