//! A network whose steps are timed.

use std::time::Instant;

use native::stopwatch::{self, Phase};
use tch::Device;

use super::measure::{BenchError, Course};
use super::peak::synchronize;
use super::plan::Plan;
use crate::collective::{GradientSums, Team};
use crate::data::{LeakCheck, Prepared, StepSampler};
use crate::evaluate::objective::Objective;
use crate::feed::Feed;
use crate::model::{self, Model};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;
use crate::schedule::learning_rate;
use crate::step::Workbench;

/// What one timed step was like.
pub(super) struct Step {
    pub(super) seconds: f64,
    pub(super) tokens: f64,
    pub(super) phases: [f64; Phase::ALL.len()],
}

/// A network in training.
pub(super) struct Trainee<'a> {
    /// What it was made of.
    pub(super) plan: &'a Plan,
    course: Course,
    workbench: Workbench<'a>,
    optimizer: Optimizer,
    leaks: LeakCheck,
    feed: Feed,
    next_step: u64,
    /// The timed steps.
    pub(super) steps: Vec<Step>,
    /// Loss of the last step, in nats per token.
    pub(super) last_loss: f64,
    /// Over the stories of the timed steps, the sum of their lengths' squares.
    squares: f64,
}

impl<'a> Trainee<'a> {
    /// The network of `plan` before its first step.
    pub(super) fn new(plan: &'a Plan, data: &'a Prepared, device: Device, course: Course) -> Result<Self, BenchError> {
        let train = &plan.study.train;
        let parameters = Parameters::new(model::declarations(&plan.study.model), plan.run.seed, device)?;
        let optimizer = Optimizer::new(train, &parameters);
        let sampler = StepSampler::new(&data.training, train.batch, plan.run.seed)?;
        let workbench = Workbench {
            run: &plan.run,
            micro_batch_tokens: train.micro_batch_tokens,
            averaging: train.averaging,
            objective: Objective::of(&plan.study, &data.tokenizer),
            device,
            model: Model::new(&plan.study.model, &mut |name| parameters.leaf(name), train.precision),
            parameters,
            data,
            team: Team::alone(),
            sums: GradientSums::unwatched(),
        };
        let feed = Feed::start(workbench.packer(), sampler)?;
        let (leaks, steps) = (LeakCheck::default(), Vec::new());
        Ok(Self {
            plan,
            course,
            workbench,
            optimizer,
            leaks,
            feed,
            next_step: 0,
            steps,
            last_loss: f64::NAN,
            squares: 0.0,
        })
    }

    /// Takes the next step, timed if those to warm up are done.
    pub(super) fn step(&mut self) -> Result<(), BenchError> {
        let index = self.next_step;
        let began = Instant::now();
        stopwatch::start();
        let batches = self.feed.next_step();
        let rate = learning_rate(&self.plan.study.train.schedule, index, self.course.total());
        let seen = self.workbench.step(&mut self.optimizer, &mut self.leaks, &batches.means, index, rate)?;
        synchronize(self.workbench.device);
        let (phases, seconds) = (stopwatch::stop(), began.elapsed().as_secs_f64());
        self.last_loss = seen.loss;
        if index >= u64::from(self.course.warm_up) {
            self.steps.push(Step { seconds, tokens: seen.tokens as f64, phases });
            let bounds = batches.means.iter().flatten().flat_map(|batch| batch.bounds.windows(2));
            self.squares += bounds.map(|bound| ((bound[1] - bound[0]) as f64).powi(2)).sum::<f64>();
        }
        self.next_step += 1;
        Ok(())
    }

    /// Tokens a second of each timed step.
    pub(super) fn rates(&self) -> Vec<f64> {
        self.steps.iter().map(|step| step.tokens / step.seconds).collect()
    }

    /// Mean length of the story that a token of a timed step stands in.
    pub(super) fn mean_story(&self) -> f64 {
        self.squares / self.steps.iter().map(|step| step.tokens).sum::<f64>()
    }
}
