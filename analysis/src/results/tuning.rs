//! How scores were made, and whether those of fine-tuning that are compared were made alike: `results.csv` names the
//! protocol, with whatever was changed of it, the split, the number of items and the fine-tuning seeds.

use std::collections::{BTreeMap, BTreeSet};

use spec::metric;

/// How a score was made, as `results.csv` tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Making {
    /// The task.
    pub task: String,
    /// The protocol, with whatever was changed of it.
    pub protocol: String,
    /// The splits of the task's data; empty where nothing is said.
    pub splits: BTreeSet<String>,
    /// The numbers of items: one, unless the rows differ in it; none where it has no meaning.
    pub items: BTreeSet<u64>,
    /// The fine-tuning seeds that the score is a mean over; empty where the model was not tuned.
    pub seeds: BTreeSet<u64>,
}

impl Making {
    /// The protocol and the fine-tuning seeds.
    fn setting(&self) -> String {
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        format!("{} with fine-tuning seeds {}", self.protocol, seeds.join(", "))
    }
}

/// How a metric was made, in all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Makings {
    /// The metric.
    pub metric: String,
    /// The ways, and in how many runs the value was made so.
    pub ways: Vec<(Making, usize)>,
}

/// How a score of a run was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    metric: String,
    making: Making,
    /// Whether the score that came of it is the run's value.
    is_used: bool,
}

/// A score that was made in several ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MixedTuning {
    /// The metric.
    pub metric: String,
    /// The ways, and in how many runs each is that of the value.
    pub used: Vec<(String, usize)>,
    /// Ways that are of no value, because the run had one already; and in how many runs.
    pub passed_over: Vec<(String, usize)>,
}

/// Adds the ways of the scores in a table of results to those of the run, of which the earlier stand.
pub(super) fn add(content: &[u8], ways: &mut Vec<Way>) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let Ok(headers) = reader.headers().cloned() else { return };
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (Some(metric), Some(protocol), Some(seed)) = (column("metric"), column("protocol"), column("fine-tuning-seed"))
    else {
        return;
    };
    let (task, split, items) = (column("task"), column("split"), column("n"));
    let mut found: BTreeMap<(String, String), Making> = BTreeMap::new();
    // A table that cannot be read to its end is told elsewhere.
    for record in reader.records().map_while(Result::ok) {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let optional = |column: Option<usize>| column.map(cell).unwrap_or_default();
        let seed: Option<u64> = cell(seed).parse().ok();
        // Without a seed, what has no protocol was made in the only way there is.
        if !is_score(cell(metric)) || seed.is_none() && cell(protocol).is_empty() {
            continue;
        }
        let making = found.entry((cell(metric).to_owned(), cell(protocol).to_owned())).or_insert_with(|| Making {
            task: optional(task).to_owned(),
            protocol: cell(protocol).to_owned(),
            splits: BTreeSet::new(),
            items: BTreeSet::new(),
            seeds: BTreeSet::new(),
        });
        making.seeds.extend(seed);
        making.splits.extend(Some(optional(split)).filter(|split| !split.is_empty()).map(str::to_owned));
        making.items.extend(optional(items).parse().ok().filter(|items: &u64| *items > 0));
    }
    for ((metric, _), making) in found {
        let earlier = ways.iter().find(|way| way.metric == metric && way.is_used);
        if earlier.is_none_or(|earlier| earlier.making.setting() != making.setting()) {
            let is_used = earlier.is_none();
            ways.push(Way { metric, making, is_used });
        }
    }
}

/// Whether a metric is a score of its own: no part of one, no mean of its parts, and nothing that is told beside it.
fn is_score(name: &str) -> bool {
    let is_beside = metric::find(name).is_some_and(|known| known.direction.is_none());
    let endings = ["-majority", "-random", "-fields"];
    !name.is_empty() && !name.contains('/') && !is_beside && !endings.iter().any(|ending| name.ends_with(ending))
}

/// How the scores of all runs were made, in the order in which metrics are shown.
pub(super) fn made(ways: &[Way]) -> Vec<Makings> {
    let mut counts: BTreeMap<(usize, &str), BTreeMap<&Making, usize>> = BTreeMap::new();
    for way in ways.iter().filter(|way| way.is_used) {
        let of_metric = counts.entry((metric::place(&way.metric), &way.metric)).or_default();
        *of_metric.entry(&way.making).or_default() += 1;
    }
    let makings = |((_, metric), ways): ((usize, &str), BTreeMap<&Making, usize>)| Makings {
        metric: metric.to_owned(),
        ways: ways.into_iter().map(|(making, runs)| (making.clone(), runs)).collect(),
    };
    counts.into_iter().map(makings).collect()
}

/// The scores of all runs that were not made alike.
pub(super) fn mixed(ways: impl IntoIterator<Item = Way>) -> Vec<MixedTuning> {
    let mut counts: BTreeMap<String, [BTreeMap<String, usize>; 2]> = BTreeMap::new();
    for Way { metric, making, is_used } in ways.into_iter().filter(|way| !way.making.seeds.is_empty()) {
        let words = making.setting();
        *counts.entry(metric).or_default()[usize::from(!is_used)].entry(words).or_default() += 1;
    }
    let tuning = |(metric, [used, passed_over]): (String, [BTreeMap<String, usize>; 2])| MixedTuning {
        metric,
        used: used.into_iter().collect(),
        passed_over: passed_over.into_iter().collect(),
    };
    let is_mixed = |tuning: &MixedTuning| tuning.used.len() > 1 || !tuning.passed_over.is_empty();
    counts.into_iter().map(tuning).filter(is_mixed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(protocol: &str, seeds: &[u64]) -> Vec<u8> {
        let row = |seed: &u64| {
            format!("rte,0.5,{protocol},{seed}\nrte/accuracy,0.5,{protocol},{seed}\nrte-random,0.5,{protocol},{seed}\n")
        };
        format!("metric,value,protocol,fine-tuning-seed\nloss,3,,\n{}", seeds.iter().map(row).collect::<String>())
            .into()
    }

    fn ways(tables: &[&[u8]]) -> Vec<Way> {
        let mut ways = Vec::new();
        for table in tables {
            add(table, &mut ways);
        }
        ways
    }

    #[test]
    fn scores_made_alike_are_nothing_to_tell() {
        let alike = table("superglue", &[0, 1]);
        // Twice the same in one run is what a run that measured itself leaves.
        let all = [ways(&[&alike, &alike]), ways(&[&alike])].concat();
        assert_eq!(mixed(all), []);
        assert_eq!(mixed(ways(&[b"metric,value\nrte,0.5\n"])), []);
    }

    #[test]
    fn every_score_says_how_it_was_made_and_nothing_beside_it_does() {
        let text = b"metric,value,n,task,protocol,split,fine-tuning-seed\nvalidation-loss,3,9,validation,,validation,\n\
            rte,0.5,277,rte,superglue+items=10,validation,0\nrte,0.6,277,rte,superglue+items=10,validation,1\n\
            rte-random,0.5,277,rte,superglue+items=10,validation,0\nblimp,0.5,67000,blimp,bos,test,\n\
            blimp-fields,0.5,67000,blimp,bos,test,\nblimp-ties,0,67000,blimp,bos,test,\nblimp/x,0.5,9,blimp,bos,test,\n";
        let found = made(&[ways(&[text]), ways(&[text, text])].concat());
        let said: Vec<_> = found
            .iter()
            .map(|one| {
                let (making, runs) = &one.ways[0];
                assert_eq!(one.ways.len(), 1);
                let Making { protocol, splits, items, seeds, .. } = making;
                format!("{} {protocol} {splits:?} {items:?} {seeds:?} {runs}", one.metric)
            })
            .collect();
        let expected =
            [r#"blimp bos {"test"} {67000} {} 2"#, r#"rte superglue+items=10 {"validation"} {277} {0, 1} 2"#];
        assert_eq!(said, expected);
        assert_eq!(mixed(ways(&[text])), []);
    }

    #[test]
    fn settings_and_seeds_that_differ_are_told() {
        let (usual, changed) = (table("superglue", &[0, 1]), table("superglue+epochs=3", &[0, 1]));
        let found = mixed([ways(&[&usual]), ways(&[&changed]), ways(&[&usual, &changed])].concat());
        let words = |text: &str| (text.to_owned(), 1);
        let changed = "superglue+epochs=3 with fine-tuning seeds 0, 1";
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].metric, "rte");
        assert_eq!(found[0].used, [("superglue with fine-tuning seeds 0, 1".to_owned(), 2), words(changed)]);
        assert_eq!(found[0].passed_over, [words(changed)]);
        let found = mixed([ways(&[&usual]), ways(&[&table("superglue", &[0])])].concat());
        assert_eq!(found[0].used.len(), 2);
    }
}
