//! Scores of many sentences at once, in whatever order computes them fastest.

use std::ops::ControlFlow;

use spec::model::Architecture;
use tch::{Device, Kind, Tensor};

use super::gaps::Gaps;
use super::prefix_tree::PrefixTree;
use super::protocol::Protocol;
use crate::data::{Sentence, SpecialIds};
use crate::model::Model;

/// Who scores sentences.
#[derive(Debug, Clone, Copy)]
pub struct Scorer<'a> {
    /// The model, in fp32 unless somebody asked otherwise.
    pub model: &'a Model,
    /// What it is.
    pub architecture: Architecture,
    /// Its special tokens.
    pub specials: SpecialIds,
    /// Where it computes.
    pub device: Device,
    /// Most tokens in one forward pass.
    pub most_tokens: usize,
}

/// Heard after every forward pass: which part in [0, 1] is done. It may break off.
pub type Watch<'a> = dyn FnMut(f64) -> ControlFlow<()> + 'a;

impl Scorer<'_> {
    /// The score of every sentence by each of `protocols`, in their order; nothing if `watch` broke off. Sentences of
    /// the same tokens get the same number.
    pub fn scores(
        &self,
        sentences: &[&Sentence],
        protocols: &[Protocol],
        watch: &mut Watch<'_>,
    ) -> Option<Vec<Vec<f64>>> {
        match self.architecture {
            Architecture::GptNeo => {
                let share = 1.0 / protocols.len() as f64;
                let by = |(index, protocol): (usize, &Protocol)| {
                    self.decoder(sentences, *protocol, &mut |part| watch((index as f64 + part) * share))
                };
                protocols.iter().enumerate().map(by).collect()
            }
            Architecture::Roberta => self.encoder(sentences, protocols, watch),
        }
    }

    fn decoder(&self, sentences: &[&Sentence], protocol: Protocol, watch: &mut Watch<'_>) -> Option<Vec<f64>> {
        let first = if protocol == Protocol::Eos { self.specials.end } else { self.specials.start };
        let (order, distinct) = distinct(sentences, |sentence| &sentence.ids);
        let mut sums = Vec::with_capacity(distinct.len());
        while sums.len() < distinct.len() {
            let rest = distinct[sums.len()..].iter().map(|sentence| sentence.ids.as_slice());
            let tree = PrefixTree::grow(first, rest, self.most_tokens);
            sums.extend(tree.sums(|tree| numbers(&self.model.tree_log_probabilities(tree, self.device))));
            if watch(sums.len() as f64 / distinct.len() as f64).is_break() {
                return None;
            }
        }
        Some(order.into_iter().map(|place| sums[place]).collect())
    }

    fn encoder(&self, sentences: &[&Sentence], protocols: &[Protocol], watch: &mut Watch<'_>) -> Option<Vec<Vec<f64>>> {
        // Those of the same length stand together; words are part of the key, since a protocol may look at them.
        let (order, distinct) = distinct(sentences, |sentence| (sentence.ids.len(), &sentence.ids, &sentence.words));
        // Of a sentence of n tokens there are about n copies of n tokens.
        let work = |sentence: &&Sentence| (sentence.ids.len() * (sentence.ids.len() + 2)) as f64;
        let all: f64 = distinct.iter().map(work).sum();
        let mut done = 0.0;
        let mut scores = vec![Vec::with_capacity(distinct.len()); protocols.len()];
        for group in distinct.chunk_by(|one, other| one.ids.len() == other.ids.len()) {
            // Small enough that a stop is heard soon.
            for part in group.chunks(64) {
                let found =
                    Gaps::new(part, protocols, self.specials).scores(protocols, self.most_tokens, |copies| {
                        Some(numbers(&self.model.masked_log_probabilities(copies, self.device)))
                    })?;
                for (scores, found) in scores.iter_mut().zip(found) {
                    scores.extend(found);
                }
                done += part.iter().map(work).sum::<f64>();
                if watch(done / all).is_break() {
                    return None;
                }
            }
        }
        Some(scores.iter().map(|scores| order.iter().map(|place| scores[*place]).collect()).collect())
    }
}

/// The distinct ones of `sentences` in the order of `key`, and the place of each of `sentences` among them.
fn distinct<'a, K: Ord>(
    sentences: &[&'a Sentence],
    key: impl Fn(&'a Sentence) -> K,
) -> (Vec<usize>, Vec<&'a Sentence>) {
    let mut sorted: Vec<usize> = (0..sentences.len()).collect();
    sorted.sort_by_cached_key(|index| key(sentences[*index]));
    let mut distinct: Vec<&Sentence> = Vec::new();
    let mut order = vec![0; sentences.len()];
    for index in sorted {
        if distinct.last().is_none_or(|last| key(last) != key(sentences[index])) {
            distinct.push(sentences[index]);
        }
        order[index] = distinct.len() - 1;
    }
    (order, distinct)
}

fn numbers(found: &Tensor) -> Vec<f64> {
    let found = found.to_device(Device::Cpu).to_kind(Kind::Double);
    Vec::try_from(found).expect("invariant: one number for each question")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spec::train::Precision;

    use super::*;
    use crate::data::PackedBatch;
    use crate::model::{Packed, sample};

    const SPECIALS: SpecialIds = SpecialIds { pad: 0, start: 1, end: 2, unknown: 3, mask: 299 };
    const LAYERS: [&str; 3] = ["1", "2", "3"];

    fn model(architecture: Architecture, layers: &str) -> Model {
        let layers = spec::value::Value::Integer(layers.parse().unwrap());
        let spec = sample::spec(architecture, &[("model.layers", layers)]);
        let weights = sample::weights(&spec);
        Model::new(&spec, &mut |name| weights[name].shallow_clone(), Precision::Fp32)
    }

    /// The scores one sentence at a time, by the passes that training and `score` use.
    fn plain(model: &Model, sentence: &Sentence, protocol: Protocol) -> f64 {
        let story = |first: u16| -> Vec<u16> {
            std::iter::once(first).chain(sentence.ids.iter().copied()).chain([SPECIALS.end]).collect()
        };
        let sum = |batch: &PackedBatch| {
            let found = model.log_probabilities(&Packed::new(&batch.view(), Device::Cpu));
            found.sum(Kind::Double).double_value(&[])
        };
        let masks = |later: &dyn Fn(usize) -> bool, asked: usize| {
            let mut story = story(SPECIALS.start);
            let target = story[asked + 1];
            for place in asked..sentence.ids.len() {
                if place == asked || later(place) {
                    story[place + 1] = SPECIALS.mask;
                }
            }
            let mut batch = PackedBatch::masked_at(&story, SPECIALS.mask, asked + 1..asked + 2);
            batch.targets = vec![i64::from(target)];
            sum(&batch)
        };
        match protocol {
            Protocol::Bos | Protocol::Eos => {
                let first = if protocol == Protocol::Bos { SPECIALS.start } else { SPECIALS.end };
                let mut batch = PackedBatch::next_token([story(first).as_slice()]);
                // The closing `</s>` is not scored.
                batch.scored.pop();
                batch.targets.pop();
                sum(&batch)
            }
            Protocol::Pll => (0..sentence.ids.len()).map(|asked| masks(&|_| false, asked)).sum(),
            Protocol::PllWord => (0..sentence.ids.len())
                .map(|asked| masks(&|later| sentence.words[later] == sentence.words[asked], asked))
                .sum(),
        }
    }

    fn sentence() -> impl Strategy<Value = Sentence> {
        prop::collection::vec((prop::sample::select(vec![5_u16, 6, 7, 150]), any::<bool>()), 1..13).prop_map(|tokens| {
            let mut word = 0;
            let words = tokens.iter().map(|(_, is_new)| {
                word += u32::from(*is_new);
                word
            });
            Sentence { words: words.collect(), ids: tokens.iter().map(|(id, _)| *id).collect(), is_cut: false }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn scores_are_those_of_one_sentence_at_a_time(
            sentences in prop::collection::vec(sentence(), 1..12),
            most_tokens in 1_usize..60,
            layers in prop::sample::select(&LAYERS[..]),
        ) {
            for architecture in [Architecture::GptNeo, Architecture::Roberta] {
                let model = model(architecture, layers);
                let protocols = Protocol::of(architecture);
                let scorer = Scorer { model: &model, architecture, specials: SPECIALS, device: Device::Cpu, most_tokens };
                let asked: Vec<&Sentence> = sentences.iter().collect();
                let mut part = 0.0;
                let scores = scorer.scores(&asked, &protocols, &mut |now| {
                    assert!(now > part && now <= 1.0 + 1e-9);
                    part = now;
                    ControlFlow::Continue(())
                });
                for (protocol, scores) in protocols.iter().zip(scores.unwrap()) {
                    for (sentence, score) in sentences.iter().zip(scores) {
                        let plain = plain(&model, sentence, *protocol);
                        prop_assert!((score / plain - 1.0).abs() < 2e-6, "{protocol:?} {sentence:?}: {score} {plain}");
                    }
                }
                prop_assert!(scorer.scores(&asked, &protocols, &mut |_| ControlFlow::Break(())).is_none());
            }
        }
    }
}
