//! One task with one seed: from the trained model to a record.

use rand_chacha::rand_core::Rng;
use spec::identity::Digest;
use spec::rows::ResultRow;
use tch::Device;

use super::answers::Respondent;
use super::error::FinetuneError;
use super::halfway::Halfway;
use super::measure::Score;
use super::network::{HeadShape, Network};
use super::prepared::{Prepared, Set};
use super::record::{Prediction, Record, SetFacts};
use super::tasks::DIAGNOSTICS;
use super::tuning::{TuneError, Tuned, Tuning};
use super::{Request, baseline};
use crate::streams;

/// A task with one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    /// What was asked for.
    pub request: &'a Request<'a>,
    /// The task's data.
    pub prepared: &'a Prepared,
    /// The seed of head, order and dropout.
    pub seed: u64,
    /// Digest of the model.
    pub model: Digest,
}

impl Unit<'_> {
    /// The digest of all that the result depends on: model, data, protocol, seed, and how passes are cut.
    pub(super) fn fingerprint(&self) -> Digest {
        let Request { protocol, batch_tokens, .. } = self.request;
        let protocol = serde_json::to_string(protocol).expect("invariant: a protocol is plain data");
        let task = self.prepared.task.name;
        // What was reported under another split is made again.
        let splits: Vec<&str> = self.prepared.reported.iter().map(|set| self.split(set)).collect();
        let splits = splits.join(" ");
        let text =
            format!("{} {} {task} {} {batch_tokens} {protocol} {splits}", self.model, self.prepared.digest, self.seed);
        Digest::of(text.as_bytes())
    }

    /// Tunes and scores; what was cut off goes on where `halfway` says. `None` if `stop` said so.
    pub(super) fn carry_out(
        &self,
        halfway: &Halfway,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<(Record, Vec<Prediction>)>, FinetuneError> {
        let Request { model, protocol, batch_tokens, device, .. } = *self.request;
        let prepared = self.prepared;
        let form = prepared.task.form;
        let spans = prepared.training.encoded[0].inputs[0].spans.len() as i64;
        let key = streams::generator(self.seed, "fine-tuning", &[]).next_u64();
        let network = Network::new(model, HeadShape { spans, outputs: form.outputs() }, key, device)?;
        let architecture = model.spec.architecture;
        let respondent = Respondent { network: &network, form, architecture, most_tokens: batch_tokens };
        let selection = prepared.selection();
        let tuning = Tuning {
            respondent,
            protocol,
            training: &prepared.training.encoded,
            selection: &selection.encoded,
            selection_questions: &selection.questions,
            measure: prepared.task.measure,
            key,
        };
        let tuned = match tuning.tune(halfway, stop) {
            Err(TuneError::Stopped) => return Ok(None),
            other => other?,
        };
        let (mut rows, mut predictions) = (Vec::new(), Vec::new());
        let failed = tuned.diverged && tuned.looks.is_empty();
        for set in prepared.reported.iter().filter(|_| !failed) {
            let Some(answers) = respondent.answer(&set.encoded, stop) else { return Ok(None) };
            let choices = answers.choices();
            let mut add = |scores: &[Score], ending: &str| rows.extend(self.rows(set, scores, ending));
            add(&set.task.measure.scores(form, &set.questions, &choices), "");
            add(&baseline::majority(set.task.measure, form, &prepared.training.questions, &set.questions), "-majority");
            add(&baseline::random(set.task.measure, form, &set.questions), "-random");
            for (question, answer) in set.questions.iter().zip(&answers.answers) {
                let gold: Vec<&str> = question.right.iter().map(|right| form.name(question, *right)).collect();
                predictions.push(Prediction {
                    task: set.task.name.to_owned(),
                    split: self.split(set).to_owned(),
                    item: question.item.clone(),
                    gold: gold.join("|"),
                    predicted: form.name(question, answer.choice).to_owned(),
                    probability: answer.probability,
                });
            }
        }
        Ok(Some((self.record(tuned, rows, failed), predictions)))
    }

    /// A diagnostic has nothing but its test set, whose answers were published.
    fn split(&self, set: &Set) -> &'static str {
        if DIAGNOSTICS.contains(&set.task.name) { "test" } else { self.request.protocol.split() }
    }

    /// A task's score, and the metrics that it is made of.
    fn rows(&self, set: &Set, scores: &[Score], ending: &str) -> Vec<ResultRow> {
        let protocol = self.request.protocol;
        let whole = format!("{}{ending}", protocol.metric(set.task.name));
        let row = |metric: String, value: f64, n: u64| ResultRow {
            metric,
            value,
            n,
            task: set.task.name.to_owned(),
            protocol: protocol.name.clone(),
            split: self.split(set).to_owned(),
            fine_tuning_seed: Some(self.seed),
        };
        let score = set.task.measure.score(set.task.name, scores);
        let parts = scores.iter().map(|score| row(format!("{whole}/{}", score.metric), score.value, score.n));
        std::iter::once(row(whole.clone(), score, scores[0].n)).chain(parts).collect()
    }

    fn record(&self, tuned: Tuned, rows: Vec<ResultRow>, failed: bool) -> Record {
        let prepared = self.prepared;
        let sets = [Some(&prepared.training), prepared.held_out.as_ref()];
        let sets = sets.into_iter().flatten().chain(&prepared.reported);
        let facts = |set: &Set| SetFacts {
            name: set.name.clone(),
            file: set.file.clone(),
            items: set.questions.len() as u64,
            cut: set.cut(),
        };
        Record {
            model: self.model,
            fingerprint: self.fingerprint(),
            task: prepared.task.name.to_owned(),
            protocol: self.request.protocol.clone(),
            fine_tuning_seed: self.seed,
            sets: sets.map(facts).collect(),
            steps: tuned.steps,
            chosen: tuned.chosen,
            training_loss: if failed { 0.0 } else { tuned.training_loss },
            diverged: failed,
            looks: tuned.looks,
            rows,
        }
    }
}

/// The digest of a model: network, tokenizer and weights.
pub(super) fn digest(model: &crate::trained::TrainedModel) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(serde_json::to_string(&model.spec).expect("invariant: a spec is plain data").as_bytes());
    hasher.update(model.tokenizer.json());
    for (name, tensor) in &model.weights {
        hasher.update(name.as_bytes());
        let numbers =
            Vec::<f32>::try_from(tensor.to_device(Device::Cpu).flatten(0, -1)).expect("invariant: weights are fp32");
        for number in numbers {
            hasher.update(&number.to_le_bytes());
        }
    }
    Digest::from_hash(hasher.finalize())
}
