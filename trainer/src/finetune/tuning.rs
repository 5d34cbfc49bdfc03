//! The training loop of fine-tuning, on one page.

use std::time::Instant;

use rand_chacha::rand_core::Rng;
use spec::train::{AdamW, Averaging, Batch, Length, Precision, Schedule, ScheduleShape, TrainSpec};
use tch::Tensor;

use super::answers::Respondent;
use super::encoding::EncodedQuestion;
use super::halfway::{self, Halfway, Position};
use super::measure::{Measure, Score};
use super::network;
use super::packing::{self, Pack};
use super::protocol::{Looks, Protocol, Selection};
use super::question::Question;
use crate::files::WriteError;
use crate::optimizer::Optimizer;
use crate::schedule::learning_rate;
use crate::streams::{self, Dropout};

/// What a network is tuned with.
#[derive(Debug, Clone, Copy)]
pub struct Tuning<'a> {
    /// The network, and how it is asked.
    pub respondent: Respondent<'a>,
    /// How.
    pub protocol: &'a Protocol,
    /// What is learned from.
    pub training: &'a [EncodedQuestion],
    /// What is chosen by, in ids.
    pub selection: &'a [EncodedQuestion],
    /// What is chosen by.
    pub selection_questions: &'a [Question],
    /// The task's metrics.
    pub measure: Measure,
    /// The key of all random streams: of fine-tuning seed and task.
    pub key: u64,
}

/// A look at a network on its way.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Look {
    /// Optimiser steps taken.
    pub step: u64,
    /// What is chosen by: higher is better.
    pub value: f64,
    /// Mean loss over the selection set.
    pub loss: f64,
}

/// How tuning ended. The network holds the chosen weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The step whose weights were chosen.
    pub chosen: u64,
    /// Optimiser steps taken.
    pub steps: u64,
    /// All looks.
    pub looks: Vec<Look>,
    /// Mean loss over the last steps that were taken, at most 50.
    pub training_loss: f64,
    /// Whether the loss ceased to be a number; the network is then what it was at the best look.
    pub diverged: bool,
}

/// The best look so far, with the weights of that moment.
pub(super) struct Best {
    /// The look.
    pub(super) look: Look,
    /// All parameters, flat.
    pub(super) weights: Tensor,
}

/// Why tuning ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// Somebody asked for a stop.
    #[error("fine-tuning was asked to stop")]
    Stopped,
    /// libtorch refused an update.
    #[error("cannot update the weights")]
    Update(#[from] native::TorchError),
    /// libtorch refused to hand out or to take in what is kept halfway.
    #[error("cannot move the tensors of a fine-tuning")]
    Tensors(#[from] tch::TchError),
    /// How far it is could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Tuning<'_> {
    /// Tunes the network and leaves it with the chosen weights. It goes on where `halfway` says that it was, and writes
    /// there now and then, and before it stops.
    ///
    /// # Errors
    /// When `stop` says so, an update fails, or `halfway` cannot be written.
    pub(super) fn tune(&self, halfway: &Halfway, stop: &dyn Fn() -> bool) -> Result<Tuned, TuneError> {
        let steps_an_epoch = self.training.len().div_ceil(self.protocol.batch) as u64;
        let steps = steps_an_epoch * self.protocol.epochs;
        let spec = self.train_spec(steps);
        let parameters = &self.respondent.network.parameters;
        let mut optimizer = Optimizer::new(&spec, parameters);
        let beginning = Position { steps: 0, without_gain: 0, losses: Vec::new(), looks: Vec::new(), best: None };
        let mut at = halfway.read(parameters, &optimizer)?.unwrap_or(beginning);
        let (mut order, mut diverged, mut written) = (Vec::new(), false, Instant::now());
        while at.steps < steps && at.without_gain < self.protocol.patience {
            if stop() {
                halfway.write(&at, parameters, &optimizer)?;
                return Err(TuneError::Stopped);
            }
            let step = at.steps;
            if step % steps_an_epoch == 0 || order.is_empty() {
                order = self.order(step / steps_an_epoch);
            }
            let begin = (step % steps_an_epoch) as usize * self.protocol.batch;
            let items = order[begin..(begin + self.protocol.batch).min(order.len())].to_vec();
            let loss = self.step(&mut optimizer, items, step, learning_rate(&spec.schedule, step, steps))?;
            at.took(loss);
            if !loss.is_finite() {
                diverged = true;
                break;
            }
            if self.is_due(at.steps, steps_an_epoch) {
                let look = self.look(at.steps, stop)?;
                self.weigh(look, &mut at);
            }
            if written.elapsed() >= halfway::INTERVAL {
                halfway.write(&at, parameters, &optimizer)?;
                written = Instant::now();
            }
        }
        let training_loss = at.losses.iter().sum::<f64>() / at.losses.len() as f64;
        let chosen = at.best.as_ref().map_or(at.steps, |best| best.look.step);
        if let Some(best) = &at.best {
            parameters.weights().shallow_clone().copy_(&best.weights);
        }
        Ok(Tuned { chosen, steps: at.steps, looks: at.looks, training_loss, diverged })
    }

    /// Takes a look into account.
    fn weigh(&self, look: Look, at: &mut Position) {
        let gained = at.best.as_ref().is_none_or(|best| self.is_gain(&look, &best.look));
        at.without_gain = if gained { 0 } else { at.without_gain + 1 };
        at.looks.push(look.clone());
        if at.best.as_ref().is_none_or(|best| self.is_better(&look, &best.look)) {
            at.best = Some(Best { look, weights: self.respondent.network.parameters.weights().copy() });
        }
    }

    /// One optimiser step; gives the mean loss of its items.
    fn step(&self, optimizer: &mut Optimizer, items: Vec<usize>, step: u64, rate: f64) -> Result<f64, TuneError> {
        let Respondent { network, form, architecture, most_tokens } = self.respondent;
        let count = items.len() as f64;
        network.parameters.clear_gradients();
        let mut total = 0.0;
        let items = packing::longest_first(self.training, items);
        for (index, part) in packing::parts(self.training, &items, most_tokens).into_iter().enumerate() {
            let asked: Vec<&EncodedQuestion> = part.iter().map(|item| &self.training[*item]).collect();
            let pack = Pack::new(&asked, form, architecture, network.device);
            let said = network.say(&pack, Dropout::at(self.key, step, index as u64));
            let loss = network::loss(&said, &pack);
            (&loss / count).backward();
            total += loss.double_value(&[]);
        }
        optimizer.step(&network.parameters, rate, step)?;
        Ok(total / count)
    }

    fn look(&self, step: u64, stop: &dyn Fn() -> bool) -> Result<Look, TuneError> {
        let answers = self.respondent.answer(self.selection, stop).ok_or(TuneError::Stopped)?;
        let scores = self.measure.scores(self.respondent.form, self.selection_questions, &answers.choices());
        Ok(Look { step, value: self.value(&scores), loss: answers.loss })
    }

    /// What is chosen by.
    fn value(&self, scores: &[Score]) -> f64 {
        match self.protocol.selection {
            Selection::HeldOut => Measure::mean(scores),
            // The pipeline's: F1 where there are two classes.
            Selection::Reported => scores.iter().find(|score| score.metric == "f1").unwrap_or(&scores[0]).value,
        }
    }

    /// Whether `look` is worth more patience.
    fn is_gain(&self, look: &Look, best: &Look) -> bool {
        match self.protocol.selection {
            Selection::HeldOut => self.is_better(look, best),
            Selection::Reported => look.value > best.value && look.value - best.value > self.protocol.threshold,
        }
    }

    /// Whether `look` is the one to choose. On a small held-out set many looks are equal; the lower loss then decides.
    fn is_better(&self, look: &Look, best: &Look) -> bool {
        look.value > best.value
            || self.protocol.selection == Selection::HeldOut
                && look.value.total_cmp(&best.value).is_eq()
                && look.loss < best.loss
    }

    fn is_due(&self, step: u64, steps_an_epoch: u64) -> bool {
        match self.protocol.looks {
            Looks::EveryEpoch => step.is_multiple_of(steps_an_epoch),
            Looks::EverySteps(interval) => step.is_multiple_of(interval),
        }
    }

    /// The order of the items in an epoch (Fisher and Yates).
    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut stream = streams::generator(self.key, "fine-tuning/order", &[epoch]);
        let mut order: Vec<usize> = (0..self.training.len()).collect();
        for last in (1..order.len()).rev() {
            // The bias of a remainder is below 2⁻⁴⁰ here.
            order.swap(last, (stream.next_u64() % (last as u64 + 1)) as usize);
        }
        order
    }

    fn train_spec(&self, steps: u64) -> TrainSpec {
        let Protocol { learning_rate: peak, batch, warmup, weight_decay, .. } = *self.protocol;
        TrainSpec {
            length: Length::Steps(steps),
            batch: Batch::Stories(batch as u64),
            micro_batch_tokens: self.respondent.most_tokens as u64,
            averaging: Averaging::Tokens,
            schedule: Schedule {
                peak,
                warmup_steps: (warmup * steps as f64).ceil() as u64,
                shape: ScheduleShape::Linear,
                final_fraction: 0.0,
            },
            optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay },
            clip: Some(1.0),
            precision: Precision::Fp32,
            mask_probability: None,
        }
    }
}
