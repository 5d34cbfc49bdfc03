//! `README.md`: the model card.

use std::fmt::Write as _;

use spec::budget::ParameterCount;
use spec::data::{TokenizerSpec, Validation};
use spec::model::{Architecture, ModelSpec};
use spec::train::{Averaging, Batch, Precision, Schedule, ScheduleShape, TrainSpec};

use super::form::Form;
use crate::trained::Origin;
use crate::trained::origin::{ImportOrigin, RunOrigin};

/// The card of a model.
pub fn write(spec: &ModelSpec, origin: &Origin, form: &Form) -> String {
    let (pipeline, class) = match spec.architecture {
        Architecture::GptNeo => ("text-generation", "AutoModelForCausalLM"),
        Architecture::Roberta => ("fill-mask", "AutoModelForMaskedLM"),
    };
    let mut card = format!("---\nlibrary_name: transformers\npipeline_tag: {pipeline}\ntags:\n- seedbed\n---\n\n");
    let _ = writeln!(card, "# {}\n", title(spec, origin));
    card.push_str(&match origin {
        Origin::Run(run) => of_run(run),
        Origin::Import(import) => of_import(import),
    });
    let _ = write!(card, "\n## Network\n\n{}", table(&network(spec)));
    let _ = write!(card, "\n## Use\n\n```python\nfrom transformers import {class}, AutoTokenizer\n\n");
    let trust = match form {
        Form::Stock(_) => "",
        Form::Shipped { .. } => ", trust_remote_code=True",
    };
    let _ = writeln!(card, "tokenizer = AutoTokenizer.from_pretrained(\"FOLDER\"{trust})");
    let _ = writeln!(card, "model = {class}.from_pretrained(\"FOLDER\"{trust})\n```\n");
    card.push_str(match form {
        Form::Stock(_) => "transformers knows this model by name; versions 4.40 and newer load it.\n",
        Form::Shipped { .. } => {
            "transformers does not know this feed-forward layer: the Python files beside the weights build it, for versions \
             4.40 and newer. They are loaded only with `trust_remote_code=True`.\n"
        }
    });
    card.push_str(
        "`seedbed.json` holds the same facts for Seedbed: `seedbed-trainer score --dir FOLDER` asks the model.\n",
    );
    card
}

fn title(spec: &ModelSpec, origin: &Origin) -> String {
    match origin {
        Origin::Run(run) => {
            let levels: Vec<String> = run.levels.values().map(ToString::to_string).collect();
            format!("{}: {} seed {}", run.sweep, levels.join(" "), run.seed)
        }
        Origin::Import(_) => format!("A {} taken over from elsewhere", spec.architecture.name()),
    }
}

fn of_run(run: &RunOrigin) -> String {
    let mut text = String::from("Trained by Seedbed: one run of a sweep of factors and seeds.\n\n## Provenance\n\n");
    let mut rows = vec![("sweep", run.sweep.clone()), ("run", run.run.to_string())];
    let levels: Vec<(String, String)> =
        run.levels.iter().map(|(factor, level)| (factor.clone(), level.to_string())).collect();
    rows.extend(levels.iter().map(|(factor, level)| (factor.as_str(), level.clone())));
    rows.push(("seed", run.seed.to_string()));
    let of = run.steps.map(|steps| format!(" of {steps}")).unwrap_or_default();
    rows.push(("optimiser steps", format!("{}{of}", run.step)));
    // Not `training-tokens` of facts.json, which are those of the set.
    rows.push(("tokens seen in training", run.tokens.to_string()));
    let corpus: Vec<String> = run.data.corpus.iter().map(ToString::to_string).collect();
    rows.push(("corpus (blake3)", corpus.join(", ")));
    rows.push((
        "held out",
        match &run.data.validation {
            Validation::Fraction(part) => format!("{part} of the corpus"),
            Validation::Files(files) => files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        },
    ));
    rows.push((
        "tokenizer",
        match run.data.tokenizer {
            TokenizerSpec::Train => "byte-level BPE of the training stories".to_owned(),
            TokenizerSpec::File(content) => format!("given: {content}"),
        },
    ));
    rows.extend(run.device.iter().map(|device| ("device", device.clone())));
    rows.extend(run.versions.iter().map(|(component, version)| (component.as_str(), version.clone())));
    text.push_str(&table(&rows));
    let _ = write!(text, "\n## Training\n\n{}", table(&training(&run.train)));
    let _ = write!(text, "\n## Results\n\n{}", table(&results(run)));
    text
}

fn training(train: &TrainSpec) -> Vec<(&'static str, String)> {
    let optimizer = &train.optimizer;
    vec![
        (
            "optimiser",
            format!(
                "AdamW, betas {} and {}, epsilon {}, weight decay {}",
                optimizer.beta1, optimizer.beta2, optimizer.epsilon, optimizer.weight_decay
            ),
        ),
        ("learning rate", {
            let Schedule { peak, warmup_steps, shape, final_fraction } = train.schedule;
            let then = match shape {
                ScheduleShape::Linear => format!("linear to {final_fraction} of it"),
                ScheduleShape::Cosine => format!("cosine to {final_fraction} of it"),
                ScheduleShape::Constant => "constant".to_owned(),
            };
            format!("{peak} at its peak, {warmup_steps} steps of warm-up, then {then}")
        }),
        (
            "a step",
            match train.batch {
                Batch::Tokens(tokens) => format!("whole stories of at most {tokens} tokens"),
                Batch::Stories(stories) => format!("{stories} stories"),
            },
        ),
        (
            "loss of a step",
            match train.averaging {
                Averaging::Tokens => "mean over its scored tokens".to_owned(),
                Averaging::MicroBatches { stories } => format!("mean of the means of {stories} stories each"),
            },
        ),
        ("gradient clipping", train.clip.map_or_else(|| "none".to_owned(), |clip| format!("norm {clip}"))),
        (
            "precision",
            match train.precision {
                Precision::Fp32 => "fp32".to_owned(),
                Precision::Bf16 => "bf16 products over fp32 weights".to_owned(),
            },
        ),
    ]
}

fn results(run: &RunOrigin) -> Vec<(&str, String)> {
    let mut rows: Vec<(&str, String)> =
        run.results.iter().map(|row| (row.metric.as_str(), format!("{} (n = {})", row.value, row.n))).collect();
    rows.extend(run.train_loss.map(|loss| ("last training loss", loss.to_string())));
    if run.results.is_empty() {
        rows.extend(run.validation_loss.map(|loss| ("last validation loss", loss.to_string())));
        rows.push(("note", "the run has not ended: these are weights on the way".to_owned()));
    }
    rows
}

fn of_import(import: &ImportOrigin) -> String {
    let mut text = format!("Taken over from `{}` (`{}`).\n", import.from, import.model_type);
    for change in &import.changes {
        let _ = writeln!(text, "\n- {change}");
    }
    text
}

fn network(spec: &ModelSpec) -> Vec<(&'static str, String)> {
    let count = ParameterCount::of(spec);
    let layer = serde_json::to_string(&spec.feed_forward).expect("invariant: a spec has text keys only");
    let mut rows = vec![
        ("architecture", spec.architecture.name().to_owned()),
        ("hidden size", spec.hidden_size.to_string()),
        ("layers, heads", format!("{}, {}", spec.layers, spec.heads)),
        ("feed-forward layer", format!("`{layer}`")),
        ("context", spec.context.to_string()),
        ("window of local layers", spec.window.map_or_else(|| "none".to_owned(), |window| window.to_string())),
        ("vocabulary", spec.vocabulary.to_string()),
        ("dropout", format!("{}, of attention {}", spec.dropout, spec.attention_dropout)),
        ("parameters, of which", count.total().to_string()),
    ];
    rows.extend(count.by_component().map(|(component, number)| (component, number.to_string())));
    rows
}

fn table(rows: &[(&str, String)]) -> String {
    let mut text = String::from("| | |\n| --- | --- |\n");
    for (name, value) in rows {
        let _ = writeln!(text, "| {} | {} |", name.replace('|', "\\|"), value.replace('|', "\\|"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spec::RunId;
    use spec::setting::{self, Settings};
    use spec::value::Value;

    use super::*;
    use crate::data::testing::Desk;

    fn train(schedule: &str) -> TrainSpec {
        let mut settings = Settings::new();
        settings.give(setting::find("train.schedule").unwrap(), &Value::from(schedule)).unwrap();
        TrainSpec::from_settings(&settings, Architecture::GptNeo).unwrap()
    }

    #[test]
    fn the_learning_rate_is_told_in_words() {
        let told = |schedule: &str| training(&train(schedule)).remove(1).1;
        assert!(told("linear").ends_with("steps of warm-up, then linear to 0 of it"), "{}", told("linear"));
        assert!(told("cosine").ends_with("steps of warm-up, then cosine to 0 of it"), "{}", told("cosine"));
        assert!(told("constant").ends_with("steps of warm-up, then constant"), "{}", told("constant"));
    }

    #[test]
    fn tokens_that_were_seen_are_not_called_as_those_of_the_set() {
        let card = of_run(&RunOrigin {
            run: RunId::of_parts([b"a run".as_slice()]),
            sweep: "small".to_owned(),
            levels: BTreeMap::new(),
            seed: 0,
            data: Desk::new(&[&["Once."]]).data,
            train: train("linear"),
            step: 10,
            steps: Some(10),
            tokens: 12_345,
            device: None,
            versions: BTreeMap::new(),
            train_loss: None,
            validation_loss: None,
            results: Vec::new(),
        });
        assert!(card.contains("| tokens seen in training | 12345 |") && !card.contains("training tokens"), "{card}");
    }
}
