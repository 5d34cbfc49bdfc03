//! Whether the scores of fine-tuning that are compared were made alike: `results.csv` names the protocol, with whatever was changed of
//! it, and the fine-tuning seeds.

use std::collections::{BTreeMap, BTreeSet};

/// How the model of a run was tuned for a score.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    metric: String,
    /// The protocol and the fine-tuning seeds, in words.
    words: String,
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
    let mut found: BTreeMap<(String, String), BTreeSet<u64>> = BTreeMap::new();
    // A table that cannot be read to its end is told elsewhere.
    for record in reader.records().map_while(Result::ok) {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let is_score =
            !cell(metric).contains('/') && !["-majority", "-random"].iter().any(|end| cell(metric).ends_with(end));
        if let (true, Ok(seed)) = (is_score, cell(seed).parse()) {
            found.entry((cell(metric).to_owned(), cell(protocol).to_owned())).or_default().insert(seed);
        }
    }
    for ((metric, protocol), seeds) in found {
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        let words = format!("{protocol} with fine-tuning seeds {}", seeds.join(", "));
        let earlier = ways.iter().find(|way| way.metric == metric && way.is_used);
        if earlier.is_none_or(|earlier| earlier.words != words) {
            let is_used = earlier.is_none();
            ways.push(Way { metric, words, is_used });
        }
    }
}

/// The scores of all runs that were not made alike.
pub(super) fn mixed(ways: impl IntoIterator<Item = Way>) -> Vec<MixedTuning> {
    let mut counts: BTreeMap<String, [BTreeMap<String, usize>; 2]> = BTreeMap::new();
    for Way { metric, words, is_used } in ways {
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
