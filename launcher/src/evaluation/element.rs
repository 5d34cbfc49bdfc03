use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Deserializer, Serialize};
use spec::RunId;
use spec::benchmark::Benchmark;
use spec::fine_tuning::TuningProtocol;
use spec::fine_tuning_seeds::FineTuningSeeds;

/// One task of one run: a line of an array file of `seedbed evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Element {
    /// What it goes by where runs go by their ids: a name of the same form, made of the run and of what is measured.
    /// Two elements with the same id write into the same folder, so that only one of them may be on its way.
    pub id: RunId,
    /// The run.
    pub run: RunId,
    /// What is measured.
    pub measure: Measure,
    /// How the model is tuned; of no matter for minimal pairs.
    #[serde(default)]
    pub tuning: Tuning,
    /// The folder of data, where a person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<PathBuf>,
}

/// What is measured at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// A set of minimal pairs.
    Pairs(Benchmark),
    /// A task that the model is tuned on.
    Tuned(String),
}

impl Measure {
    /// Its name on the command line.
    pub fn name(&self) -> &str {
        match self {
            Self::Pairs(benchmark) => benchmark.name(),
            Self::Tuned(name) => name,
        }
    }
}

/// What a person wants of fine-tuning; what is left out is as the run says, else as the protocol has it.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Fine-tuning [default: as the run says, else as the protocol has it]")]
pub struct Tuning {
    /// How models are tuned and scored: superglue or babylm-2023
    #[arg(long = "fine-tuning-protocol", value_name = "NAME", value_parser = protocol)]
    pub protocol: Option<TuningProtocol>,
    /// Fine-tuning seeds themselves, such as 0,1,2, not how many; the report averages them within each run
    #[arg(long = "fine-tuning-seeds", value_name = "SEEDS", allow_negative_numbers = true)]
    #[serde(deserialize_with = "named_seeds")]
    pub seeds: Option<FineTuningSeeds>,
    /// Peak learning rate
    #[arg(long = "fine-tuning-learning-rate", value_name = "RATE", value_parser = rate)]
    pub learning_rate: Option<f64>,
    /// Items a step
    #[arg(long = "fine-tuning-batch", value_name = "ITEMS", value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    pub batch: Option<u32>,
    /// Most passes over a task's training set
    #[arg(long = "fine-tuning-epochs", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub epochs: Option<u32>,
    /// Looks without a gain after which tuning ends
    #[arg(long = "fine-tuning-patience", value_name = "LOOKS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub patience: Option<u32>,
    /// Most items of a task's training set, the same for every model
    #[arg(long = "fine-tuning-items", value_name = "ITEMS", value_parser = clap::value_parser!(u32).range(10..))]
    pub items: Option<u32>,
}

/// Records of earlier versions have an empty list where no seeds were named, and may name one twice: such an element
/// failed, and what is wanted of it now decides.
fn named_seeds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FineTuningSeeds>, D::Error> {
    let mut known = BTreeSet::new();
    let mut seeds = Option::<Vec<u64>>::deserialize(deserializer)?.unwrap_or_default();
    seeds.retain(|seed| known.insert(*seed));
    Ok(FineTuningSeeds::try_from(seeds).ok())
}

fn protocol(text: &str) -> Result<TuningProtocol, String> {
    TuningProtocol::from_name(text).ok_or_else(|| format!("expected one of {}", TuningProtocol::NAMES.join(", ")))
}

fn rate(text: &str) -> Result<f64, String> {
    let is_rate = |rate: &f64| *rate > 0.0 && *rate <= 1.0;
    text.parse().ok().filter(is_rate).ok_or_else(|| "expected a number above 0, and 1 at most".to_owned())
}

impl Element {
    /// What is measured of `run`, which is tuned by `protocol` where nothing else is wanted.
    pub fn new(
        run: RunId,
        measure: Measure,
        protocol: TuningProtocol,
        tuning: &Tuning,
        store: Option<PathBuf>,
    ) -> Self {
        let tuning = match measure {
            Measure::Pairs(_) => Tuning::default(),
            Measure::Tuned(_) => Tuning { protocol: Some(tuning.protocol.unwrap_or(protocol)), ..tuning.clone() },
        };
        let folder = folder(&measure, &tuning);
        Self { id: RunId::of(format!("evaluation {run} {folder}").as_bytes()), run, measure, tuning, store }
    }

    /// The folder of the run's evaluations that it fills: the name of the metric.
    pub fn folder(&self) -> String {
        folder(&self.measure, &self.tuning)
    }

    /// What the trainer is told, but for the run's directory and where its evaluations lie.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let name = self.measure.name();
        let mut words: Vec<OsString> = match self.measure {
            Measure::Pairs(_) => vec!["evaluate".into(), "--tasks".into(), name.into()],
            Measure::Tuned(_) => vec!["finetune".into(), "--benchmark".into(), "--tasks".into(), name.into()],
        };
        let Tuning { protocol, seeds, learning_rate, batch, epochs, patience, items } = &self.tuning;
        let mut add = |option: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [OsString::from(option), OsString::from(value)]));
        };
        add("--protocol", protocol.map(|protocol| protocol.name().to_owned()));
        add("--seeds", seeds.as_ref().map(FineTuningSeeds::to_string));
        add("--learning-rate", learning_rate.map(|rate| rate.to_string()));
        for (option, value) in [("--batch", batch), ("--epochs", epochs), ("--patience", patience), ("--items", items)]
        {
            add(option, value.map(|value| value.to_string()));
        }
        if let Some(store) = &self.store {
            words.extend(["--store".into(), store.clone().into_os_string()]);
        }
        words
    }
}

fn folder(measure: &Measure, tuning: &Tuning) -> String {
    match measure {
        Measure::Pairs(benchmark) => benchmark.name().to_owned(),
        Measure::Tuned(name) => format!("{}{name}", tuning.protocol.unwrap_or_default().prefix()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_known_by_its_run_and_folder_and_reads_back() {
        let run = RunId::of(b"run");
        let seeds = "3,4".parse().ok();
        let wanted = Tuning { seeds, learning_rate: Some(1e-3), batch: Some(8), ..Tuning::default() };
        let of = |name: &str, protocol, tuning: &Tuning| {
            Element::new(run, Measure::Tuned(name.to_owned()), protocol, tuning, None)
        };
        let rte = of("rte", TuningProtocol::Superglue, &wanted);
        assert_eq!(rte.folder(), "rte");
        // Other settings are the same folder, another protocol is not.
        assert_eq!(rte.id, of("rte", TuningProtocol::Superglue, &Tuning::default()).id);
        let babylm = of("rte", TuningProtocol::Babylm2023, &Tuning::default());
        assert_eq!((babylm.folder().as_str(), babylm.id == rte.id), ("babylm-rte", false));
        let words: Vec<String> = rte.arguments().iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let expected =
            "finetune --benchmark --tasks rte --protocol superglue --seeds 3,4 --learning-rate 0.001 --batch 8";
        assert_eq!(words.join(" "), expected);
        let blimp =
            Element::new(run, Measure::Pairs(Benchmark::Blimp), TuningProtocol::Superglue, &wanted, Some("/d".into()));
        assert_eq!(blimp.arguments(), ["evaluate", "--tasks", "blimp", "--store", "/d"]);
        for element in [rte, blimp] {
            let text = serde_json::to_string(&element).unwrap();
            assert_eq!(serde_json::from_str::<Element>(&text).unwrap(), element, "{text}");
        }
        let read = |seeds: &str| serde_json::from_str::<Tuning>(&format!(r#"{{"seeds":{seeds}}}"#));
        assert_eq!((read("[]").unwrap(), read("null").unwrap()), (Tuning::default(), Tuning::default()));
        assert_eq!(read("[1,0,1]").unwrap().seeds, "1,0".parse().ok());
    }
}
