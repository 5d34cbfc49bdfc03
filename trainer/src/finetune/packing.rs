//! Questions laid end to end for one forward pass, and which states the head reads.

use spec::model::Architecture;
use tch::{Device, Kind, Tensor};

use super::encoding::{EncodedInput, EncodedQuestion};
use super::question::Form;
use crate::model::{Packed, Reading, Stories};

/// Some questions on their way through the network.
#[derive(Debug)]
pub struct Pack {
    /// The texts.
    pub packed: Packed,
    /// The tokens whose states the head reads: one a text, then those of all spans.
    pub reading: Reading,
    /// For every span of an input: `[R']` which input each of its tokens belongs to, and its share of the mean.
    spans: Vec<(Tensor, Tensor)>,
    /// Number of texts.
    inputs: i64,
    /// `[questions]`: the right classes, unless texts are ranked.
    pub classes: Option<Tensor>,
    /// Texts of each question, where they are ranked.
    pub candidates: Vec<i64>,
    /// The right texts of each question, counted within it, where they are ranked.
    pub right: Vec<Tensor>,
}

impl Pack {
    /// The pack of `questions` for a network of this architecture.
    pub fn new(questions: &[&EncodedQuestion], form: Form, architecture: Architecture, device: Device) -> Self {
        let inputs: Vec<&EncodedInput> = questions.iter().flat_map(|question| &question.inputs).collect();
        let mut bounds = vec![0];
        let (mut tokens, mut positions) = (Vec::new(), Vec::new());
        for input in &inputs {
            tokens.extend(input.ids.iter().map(|id| i64::from(*id)));
            positions.extend(0..input.ids.len() as i64);
            bounds.push(tokens.len());
        }
        let summary = |bounds: &[usize]| match architecture {
            Architecture::GptNeo => bounds[1] as i64 - 1,
            Architecture::Roberta => bounds[0] as i64,
        };
        let mut read: Vec<i64> = bounds.windows(2).map(summary).collect();
        let span_count = inputs.first().map_or(0, |input| input.spans.len());
        let spans = (0..span_count).map(|span| spans(&inputs, &bounds, span, &mut read, device)).collect();
        let packed = Packed::new(
            &Stories { tokens: &tokens, positions: &positions, bounds: &bounds, scored: &[], targets: &[] },
            device,
        );
        let place = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        let indices = |right: &[usize]| right.iter().map(|index| *index as i64).collect::<Vec<_>>();
        let ranks = form == Form::Ranking;
        let first: Vec<i64> = questions.iter().map(|question| question.right[0] as i64).collect();
        Self {
            reading: Reading::new(&packed.attention, &read, device),
            packed,
            spans,
            inputs: inputs.len() as i64,
            classes: (!ranks).then(|| place(&first)),
            candidates: questions.iter().map(|question| question.inputs.len() as i64).collect(),
            right: questions.iter().filter(|_| ranks).map(|question| place(&indices(&question.right))).collect(),
        }
    }

    /// `[inputs, hidden · (1 + spans)]` of the states that were read, `[R, hidden]`.
    pub fn features(&self, states: &Tensor) -> Tensor {
        let summary = states.narrow(0, 0, self.inputs);
        let mut features = vec![summary];
        let mut begin = self.inputs;
        for (owners, shares) in &self.spans {
            let length = owners.size()[0];
            let weighted = states.narrow(0, begin, length) * shares;
            let zeros = Tensor::zeros([self.inputs, states.size()[1]], (Kind::Float, states.device()));
            features.push(zeros.index_add(0, owners, &weighted));
            begin += length;
        }
        if features.len() == 1 { features.remove(0) } else { Tensor::cat(&features, 1) }
    }
}

/// Adds the tokens of one span of every input to `read`; gives whose they are and their shares of the mean, `[R', 1]`.
fn spans(
    inputs: &[&EncodedInput],
    bounds: &[usize],
    span: usize,
    read: &mut Vec<i64>,
    device: Device,
) -> (Tensor, Tensor) {
    let (mut owners, mut shares) = (Vec::new(), Vec::new());
    for (owner, (input, start)) in inputs.iter().zip(bounds).enumerate() {
        let place = input.spans[span].clone();
        let share = 1.0 / place.len() as f32;
        for token in place {
            read.push((start + token) as i64);
            owners.push(owner as i64);
            shares.push(share);
        }
    }
    (Tensor::from_slice(&owners).to_device(device), Tensor::from_slice(&shares).view([-1, 1]).to_device(device))
}

/// `order` in parts of at most `most_tokens` tokens, whole questions in their order; a longer one is a part by itself.
pub fn parts<'a>(questions: &[EncodedQuestion], order: &'a [usize], most_tokens: usize) -> Vec<&'a [usize]> {
    let mut parts = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (index, question) in order.iter().enumerate() {
        let more = questions[*question].tokens();
        if index > start && tokens + more > most_tokens {
            parts.push(&order[start..index]);
            (start, tokens) = (index, 0);
        }
        tokens += more;
    }
    if start < order.len() {
        parts.push(&order[start..]);
    }
    parts
}

/// The places in `questions` that `chosen` names, longest first: texts of one length then share a rectangle of
/// attention.
pub fn longest_first(questions: &[EncodedQuestion], mut chosen: Vec<usize>) -> Vec<usize> {
    chosen.sort_by_key(|index| (std::cmp::Reverse(questions[*index].tokens()), *index));
    chosen
}
