//! How a model is tuned and scored: the protocols by name.
//!
//! | | `superglue` | `babylm-2023` |
//! | --- | --- | --- |
//! | tasks | the eight of SuperGLUE, and its diagnostics by the model for RTE | the eleven of the pipeline |
//! | selection | on a part of the training set that is held out, the same for every model and seed | on the reported set |
//! | what is selected by | the mean of the task's metrics, then the loss | F1 of class 1; accuracy where there are more than two |
//! | longest text | the model's context | 128 tokens |
//! | peak learning rate | 1e-4, after a rise over the first 6 % of the steps | 5e-5, no rise |
//! | items a step, epochs | 32, up to 20 | 64, up to 10 |
//! | looked at | after every epoch | after every 200 steps |
//! | patience | 5 looks | 10 looks without a gain above 0.001 |
//! | weight decay | 0.01 | 0 |
//!
//! Both fall on a straight line to zero, clip the gradient's norm to 1 and use AdamW with β = (0.9, 0.999).
//! `babylm-2023` is that of `finetune_all_tasks.sh` and `finetune_classification.py` of babylm/evaluation-pipeline-2023
//! (at 17b3806); there the score is that of the best look at the reported set itself, which flatters, or of the last
//! step where training ends before the first look. It is offered for comparison with published numbers; `superglue`
//! reports a set that nothing was chosen by.

use serde::{Deserialize, Serialize};
use spec::fine_tuning::{Tuning, TuningProtocol};

use super::glue;
use super::tasks::{SUPERGLUE, Task};

/// When a model that is being tuned is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Looks {
    /// After every pass over the training set.
    EveryEpoch,
    /// After so many steps, and at no other time.
    EverySteps(u64),
}

/// What the best moment of training is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// A part of the training set.
    HeldOut,
    /// The set that is reported.
    Reported,
}

/// A way to tune and to score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Items an optimiser step.
    pub batch: usize,
    /// Most passes over the training set.
    pub epochs: u64,
    /// Part of the steps over which the learning rate rises.
    pub warmup: f64,
    /// Weight decay of matrices.
    pub weight_decay: f64,
    /// When the model is looked at.
    pub looks: Looks,
    /// Looks in a row without a gain after which training ends.
    pub patience: u32,
    /// What counts as a gain.
    pub threshold: f64,
    /// The longest text in tokens, if shorter than the model's context.
    pub longest: Option<usize>,
    /// What the best moment is chosen by.
    pub selection: Selection,
    /// Most items of a training set that are used, if not all.
    pub most_items: Option<usize>,
}

impl Protocol {
    /// The names of the protocols.
    pub const NAMES: [&'static str; 2] = TuningProtocol::NAMES;

    /// SuperGLUE with held-out selection.
    pub fn superglue() -> Self {
        Self {
            name: Self::NAMES[0].to_owned(),
            learning_rate: 1e-4,
            batch: 32,
            epochs: 20,
            warmup: 0.06,
            weight_decay: 0.01,
            looks: Looks::EveryEpoch,
            patience: 5,
            threshold: 0.0,
            longest: None,
            selection: Selection::HeldOut,
            most_items: None,
        }
    }

    /// The pipeline of the BabyLM challenge of 2023.
    pub fn babylm_2023() -> Self {
        Self {
            name: Self::NAMES[1].to_owned(),
            learning_rate: 5e-5,
            batch: 64,
            epochs: 10,
            warmup: 0.0,
            weight_decay: 0.0,
            looks: Looks::EverySteps(200),
            patience: 10,
            threshold: 0.001,
            longest: Some(128),
            selection: Selection::Reported,
            most_items: None,
        }
    }

    /// The protocol with the changes of `tuning`, which its name then tells: a changed protocol is another one.
    #[must_use]
    fn changed(mut self, tuning: &Tuning) -> Self {
        let mut told = Vec::new();
        change(&mut self.learning_rate, tuning.learning_rate, "learning-rate", &mut told);
        change(&mut self.batch, tuning.batch.map(|batch| batch as usize), "batch", &mut told);
        change(&mut self.epochs, tuning.epochs.map(u64::from), "epochs", &mut told);
        change(&mut self.patience, tuning.patience, "patience", &mut told);
        if let Some(most) = tuning.items {
            self.most_items = Some(most as usize);
            told.push(format!("items={most}"));
        }
        self.name = std::iter::once(self.name).chain(told).collect::<Vec<_>>().join("+");
        self
    }

    /// Its tasks.
    pub fn tasks(&self) -> &'static [Task] {
        match self.selection {
            Selection::HeldOut => &SUPERGLUE,
            Selection::Reported => &glue::BABYLM,
        }
    }

    /// The task of that name.
    pub fn task(&self, name: &str) -> Option<&'static Task> {
        self.tasks().iter().find(|task| task.name == name)
    }

    /// The name of the metric that is the score of a task; what stands beside it, or is part of it, begins so.
    pub fn metric(&self, task: &str) -> String {
        let protocol = match self.selection {
            Selection::HeldOut => TuningProtocol::Superglue,
            Selection::Reported => TuningProtocol::Babylm2023,
        };
        format!("{}{task}", protocol.prefix())
    }

    /// The protocol of `tuning`.
    pub fn of(tuning: &Tuning) -> Self {
        let protocol = match tuning.protocol {
            TuningProtocol::Superglue => Self::superglue(),
            TuningProtocol::Babylm2023 => Self::babylm_2023(),
        };
        protocol.changed(tuning)
    }

    /// What the reported set is called in results.
    pub fn split(&self) -> &'static str {
        match self.selection {
            Selection::HeldOut => "validation",
            Selection::Reported => "validation-selected-on",
        }
    }
}

fn change<T: PartialEq + std::fmt::Display>(setting: &mut T, wish: Option<T>, name: &str, told: &mut Vec<String>) {
    if let Some(wish) = wish.filter(|wish| wish != setting) {
        told.push(format!("{name}={wish}"));
        *setting = wish;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_protocol_says_so_in_its_name() {
        let tuning = Tuning { epochs: Some(3), batch: Some(32), items: Some(500), ..Tuning::default() };
        let changed = Protocol::of(&tuning);
        assert_eq!((changed.name.as_str(), changed.epochs), ("superglue+epochs=3+items=500", 3));
        let tuning = Tuning { protocol: TuningProtocol::Babylm2023, ..Tuning::default() };
        assert_eq!(Protocol::of(&tuning), Protocol::babylm_2023());
    }

    #[test]
    fn every_name_is_a_protocol_with_tasks_of_different_names() {
        for protocol in [TuningProtocol::Superglue, TuningProtocol::Babylm2023] {
            let (tasks, protocol) = (protocol.tasks(), Protocol::of(&Tuning { protocol, ..Tuning::default() }));
            assert!(tasks.iter().all(|task| protocol.task(task).is_some()));
            let names: std::collections::BTreeSet<_> = protocol.tasks().iter().map(|task| task.name).collect();
            assert_eq!(names.len(), protocol.tasks().len());
        }
    }
}
