//! GPT-Neo (Black et al. 2021), as `GPTNeoForCausalLM` of transformers computes it.
//!
//! x = token + position; in each block x += attention(norm(x)), then x += feed-forward(norm(x)); a last norm; logits by
//! the tied token table. Scores are not divided by √d. Layers 1, 3, … see a window only.

use native::stopwatch::Phase;
use native::{PackedMap, Rows};
use spec::model::ModelSpec;
use tch::{Kind, Tensor};

use super::attention::{Attention, Masks, Projections, Sight, projections};
use super::declare::Declarations;
use super::embedding::sum_of_rows;
use super::head::Decoder;
use super::linear::{Linear, Weights};
use super::network::enter;
use super::norm::{Addend, LayerNorm, Normalised};
use super::packed::Packed;
use super::reading::Reading;
use crate::feed_forward::{self, FeedForward};
use crate::streams::Dropout;

const TOKENS: &str = "transformer.wte";
const POSITIONS: &str = "transformer.wpe";
const LAST_NORM: &str = "transformer.ln_f";

fn block_name(index: u32) -> String {
    format!("transformer.h.{index}")
}

fn projection_names(block: &str) -> [String; 3] {
    ["q_proj", "k_proj", "v_proj"].map(|name| format!("{block}.attn.attention.{name}"))
}

fn output_name(block: &str) -> String {
    format!("{block}.attn.attention.out_proj")
}

fn feed_forward_names(block: &str) -> feed_forward::Names {
    feed_forward::Names {
        input: format!("{block}.mlp.c_fc"),
        gated: format!("{block}.mlp.c_gated"),
        output: format!("{block}.mlp.c_proj"),
        activation: format!("{block}.mlp.act"),
        entry_activation: format!("{block}.mlp.act_in"),
        kan: format!("{block}.mlp.kan"),
        delft_first: format!("{block}.mlp.c_fc"),
        delft_second: format!("{block}.mlp.c_proj"),
    }
}

/// Declares the parameters of a GPT-Neo.
pub fn declare(spec: &ModelSpec, declarations: &mut Declarations) {
    let hidden = spec.hidden_size;
    declarations.embedding(TOKENS, spec.vocabulary, hidden, None);
    declarations.embedding(POSITIONS, spec.positions(), hidden, None);
    for index in 0..spec.layers {
        let block = block_name(index);
        declarations.norm(&format!("{block}.ln_1"), hidden);
        for name in projection_names(&block) {
            declarations.linear_without_bias(&name, hidden, hidden);
        }
        declarations.linear(&output_name(&block), hidden, hidden);
        declarations.norm(&format!("{block}.ln_2"), hidden);
        feed_forward::declare(spec, &feed_forward_names(&block), declarations);
    }
    declarations.norm(LAST_NORM, hidden);
}

/// The network.
#[derive(Debug)]
pub struct GptNeo {
    tokens: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    last_norm: LayerNorm,
    /// How far local layers look back.
    window: Option<i64>,
    heads: i64,
    dropout: f64,
    attention_dropout: f64,
    kind: Kind,
    head: PackedMap,
}

#[derive(Debug)]
struct Block {
    attention_norm: LayerNorm,
    projections: Projections,
    output: Linear,
    feed_forward_norm: LayerNorm,
    feed_forward: FeedForward,
    is_local: bool,
}

/// `[T, hidden]` between two halves of blocks, the last sum not yet formed: the next norm does that on its way.
#[derive(Debug)]
struct Stream {
    x: Tensor,
    added: Option<Addend>,
}

impl Stream {
    fn sum(self) -> Tensor {
        match self.added {
            Some(added) => added.add_to(&self.x),
            None => self.x,
        }
    }
}

impl GptNeo {
    /// The network over these weights.
    pub fn new(spec: &ModelSpec, weights: &mut Weights<'_>) -> Self {
        Self {
            tokens: weights.get(&format!("{TOKENS}.weight")),
            positions: weights.get(&format!("{POSITIONS}.weight")),
            blocks: (0..spec.layers).map(|index| Block::new(spec, index, weights)).collect(),
            last_norm: LayerNorm::new(LAST_NORM, spec.layer_norm_epsilon, weights),
            window: spec.window.map(i64::from),
            heads: i64::from(spec.heads),
            dropout: spec.dropout,
            attention_dropout: spec.attention_dropout,
            kind: weights.kind(),
            head: PackedMap::default(),
        }
    }

    /// `[T, hidden]` after the last norm, as the head is given it.
    pub fn hidden(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        let Stream { x, added } = self.through(&self.blocks, batch, dropout);
        self.last_norm.of_sum(enter(Phase::Head, x), added).normal
    }

    /// `[R, hidden]` after the last norm, at the tokens of `reading`.
    pub fn read(&self, batch: &Packed, reading: &Reading, dropout: Dropout) -> Tensor {
        let (last, before) = self.blocks.split_last().expect("invariant: there is a block");
        let x = self.through(before, batch, dropout).sum();
        let no_masks = Masks::default();
        let sight = if last.is_local { self.window() } else { Sight::Back };
        let attention = self.attention(batch, sight, &no_masks, dropout);
        let x = last.read(&x, &attention, reading, &format!("h.{}", before.len()), self.dropout);
        self.last_norm.forward(&x)
    }

    /// What stands after the first of these blocks to the last of them.
    fn through(&self, blocks: &[Block], batch: &Packed, dropout: Dropout) -> Stream {
        // No row of these tables is kept for padding.
        let tokens = Rows { table: &self.tokens, ids: &batch.tokens, padding: None };
        let positions = Rows { table: &self.positions, ids: &batch.positions, padding: None };
        let x = dropout.apply("embeddings", sum_of_rows(&[tokens, positions]), self.dropout);
        let mut stream = Stream { x, added: None };
        let (global, local) = (Masks::default(), Masks::default());
        let window = self.window();
        for (index, block) in blocks.iter().enumerate() {
            let (sight, masks) = if block.is_local { (window, &local) } else { (Sight::Back, &global) };
            let attention = self.attention(batch, sight, masks, dropout);
            stream = block.forward(stream, &attention, &format!("h.{index}"), self.dropout);
        }
        stream
    }

    /// What a token of a local layer sees.
    fn window(&self) -> Sight {
        self.window.map_or(Sight::Back, Sight::Window)
    }

    fn attention<'a>(&self, batch: &'a Packed, sight: Sight, masks: &'a Masks, dropout: Dropout) -> Attention<'a> {
        Attention {
            layout: &batch.attention,
            sight,
            masks,
            heads: self.heads,
            scale: 1.0,
            // Without 1/√d scores grow large, so transformers forms them in fp32.
            score_kind: Kind::Float,
            dropout,
            probability: self.attention_dropout,
        }
    }

    /// The tied head.
    pub fn decoder(&self) -> Decoder<'_> {
        Decoder { table: &self.tokens, bias: None, kind: self.kind, packed: &self.head }
    }
}

impl Block {
    fn new(spec: &ModelSpec, index: u32, weights: &mut Weights<'_>) -> Self {
        let block = block_name(index);
        let epsilon = spec.layer_norm_epsilon;
        Self {
            attention_norm: LayerNorm::new(&format!("{block}.ln_1"), epsilon, weights),
            projections: projections(&projection_names(&block), false, weights),
            output: weights.linear(&output_name(&block)),
            feed_forward_norm: LayerNorm::new(&format!("{block}.ln_2"), epsilon, weights),
            feed_forward: FeedForward::new(spec, &feed_forward_names(&block), weights),
            is_local: spec.window_of_layer(index).is_some(),
        }
    }

    fn forward(&self, stream: Stream, attention: &Attention<'_>, place: &str, probability: f64) -> Stream {
        let Normalised { going, normal } = self.attention_norm.of_sum(enter(Phase::Attention, stream.x), stream.added);
        let projected = self.projections.forward(&normal);
        let rows = self.output.forward(&attention.forward(&projected, &format!("{place}.attention")));
        let place_of_output = format!("{place}.attention.output");
        let attended = Addend { rows, dropout: attention.dropout, place: place_of_output, probability };
        self.feed(Stream { x: going, added: Some(attended) }, attention.dropout, place, probability)
    }

    /// As [`Self::forward`], of the tokens of `reading` alone.
    fn read(&self, x: &Tensor, attention: &Attention<'_>, reading: &Reading, place: &str, probability: f64) -> Tensor {
        let normal = self.attention_norm.forward(x);
        let queries = self.projections.queries(&normal.index_select(0, &reading.tokens));
        let parts = [&queries, &self.projections.keys_and_values(&normal)];
        let attended = reading.attend(attention, parts, &format!("{place}.attention"));
        let attended = self.output.forward(&attended);
        let dropout = attention.dropout;
        let attended = dropout.apply(&format!("{place}.attention.output"), attended, probability);
        let stream = Stream { x: x.index_select(0, &reading.tokens) + attended, added: None };
        self.feed(stream, dropout, place, probability).sum()
    }

    fn feed(&self, stream: Stream, dropout: Dropout, place: &str, probability: f64) -> Stream {
        let Normalised { going, normal } =
            self.feed_forward_norm.of_sum(enter(Phase::FeedForward, stream.x), stream.added);
        let rows = self.feed_forward.forward(&normal);
        Stream { x: going, added: Some(Addend { rows, dropout, place: format!("{place}.feed-forward"), probability }) }
    }
}
