//! RoBERTa (Liu et al. 2019, arXiv:1907.11692), as `RobertaForMaskedLM` of transformers computes it.
//!
//! x = norm(token + type + position); in each block x = norm(x + attention(x)), then x = norm(x + feed-forward(x));
//! logits by the tied token table of norm(gelu(dense(x))), and a bias. Row 0 of the token and position tables belongs
//! to padding: it starts at zero and looking it up gives it no gradient. Positions follow from the ids, see
//! [`position_rows`]: they start at row 1.

use native::stopwatch::Phase;
use native::{PackedMap, Rows};
use spec::model::ModelSpec;
use tch::{Device, Kind, Tensor};

use super::attention::{Attention, Masks, Projections, Sight, projections};
use super::declare::Declarations;
use super::embedding::sum_of_rows;
use super::head::Decoder;
use super::linear::{Linear, Weights};
use super::masked::MaskedCopies;
use super::network::enter;
use super::norm::{Addend, LayerNorm, Normalised};
use super::packed::Packed;
use super::position_rows::position_rows;
use super::reading::Reading;
use super::rectangle::Rectangle;
use crate::feed_forward::{self, FeedForward};
use crate::streams::Dropout;

const TOKENS: &str = "roberta.embeddings.word_embeddings";
const POSITIONS: &str = "roberta.embeddings.position_embeddings";
const TYPES: &str = "roberta.embeddings.token_type_embeddings";
const EMBEDDING_NORM: &str = "roberta.embeddings.LayerNorm";
const HEAD_DENSE: &str = "lm_head.dense";
const HEAD_NORM: &str = "lm_head.layer_norm";
const HEAD_BIAS: &str = "lm_head.bias";

/// The padding id, and the row of the tables that is kept for it.
const PADDING: i64 = 0;

/// Token types; only the first is ever used, as in the published models.
const TYPE_COUNT: u32 = 2;

fn block_name(index: u32) -> String {
    format!("roberta.encoder.layer.{index}")
}

fn projection_names(block: &str) -> [String; 3] {
    ["query", "key", "value"].map(|name| format!("{block}.attention.self.{name}"))
}

fn feed_forward_names(block: &str) -> feed_forward::Names {
    feed_forward::Names {
        input: format!("{block}.intermediate.dense"),
        gated: format!("{block}.intermediate.gated"),
        output: format!("{block}.output.dense"),
        activation: format!("{block}.intermediate.intermediate_act_fn"),
        entry_activation: format!("{block}.intermediate.act_in"),
        kan: format!("{block}.kan"),
        delft_first: format!("{block}.intermediate.c_fc"),
        // Not in the study, whose encoder has a linear map there.
        delft_second: format!("{block}.output.c_proj"),
    }
}

/// The name of the table of tokens.
pub fn token_table() -> String {
    format!("{TOKENS}.weight")
}

/// Declares the parameters of a RoBERTa.
pub fn declare(spec: &ModelSpec, declarations: &mut Declarations) {
    let hidden = spec.hidden_size;
    declarations.embedding(TOKENS, spec.vocabulary, hidden, Some(PADDING));
    declarations.embedding(POSITIONS, spec.positions(), hidden, Some(PADDING));
    declarations.embedding(TYPES, TYPE_COUNT, hidden, None);
    declarations.norm(EMBEDDING_NORM, hidden);
    for index in 0..spec.layers {
        let block = block_name(index);
        for name in projection_names(&block) {
            declarations.linear(&name, hidden, hidden);
        }
        declarations.linear(&format!("{block}.attention.output.dense"), hidden, hidden);
        declarations.norm(&format!("{block}.attention.output.LayerNorm"), hidden);
        feed_forward::declare(spec, &feed_forward_names(&block), declarations);
        declarations.norm(&format!("{block}.output.LayerNorm"), hidden);
    }
    declarations.linear(HEAD_DENSE, hidden, hidden);
    declarations.norm(HEAD_NORM, hidden);
    declarations.constant(HEAD_BIAS, &[spec.vocabulary], 0.0);
}

/// The network.
#[derive(Debug)]
pub struct Roberta {
    tokens: Tensor,
    /// The id whose vector no token that is looked up moves, and which has no position.
    padding: i64,
    positions: Tensor,
    types: Tensor,
    embedding_norm: LayerNorm,
    blocks: Vec<Block>,
    head_dense: Linear,
    head_norm: LayerNorm,
    head_bias: Tensor,
    heads: i64,
    head_size: i64,
    dropout: f64,
    attention_dropout: f64,
    kind: Kind,
    head: PackedMap,
}

#[derive(Debug)]
struct Block {
    projections: Projections,
    output: Linear,
    attention_norm: LayerNorm,
    feed_forward: FeedForward,
    feed_forward_norm: LayerNorm,
}

impl Roberta {
    /// The network over these weights.
    pub fn new(spec: &ModelSpec, weights: &mut Weights<'_>) -> Self {
        let epsilon = spec.layer_norm_epsilon;
        Self {
            tokens: weights.get(&token_table()),
            padding: PADDING,
            positions: weights.get(&format!("{POSITIONS}.weight")),
            types: weights.get(&format!("{TYPES}.weight")),
            embedding_norm: LayerNorm::new(EMBEDDING_NORM, epsilon, weights),
            blocks: (0..spec.layers).map(|index| Block::new(spec, index, weights)).collect(),
            head_dense: weights.linear(HEAD_DENSE),
            head_norm: LayerNorm::new(HEAD_NORM, epsilon, weights),
            head_bias: weights.get(HEAD_BIAS),
            heads: i64::from(spec.heads),
            head_size: i64::from(spec.head_size()),
            dropout: spec.dropout,
            attention_dropout: spec.attention_dropout,
            kind: weights.kind(),
            head: PackedMap::default(),
        }
    }

    /// The same network for a tokenizer with this padding id.
    #[must_use]
    pub fn with_padding(self, id: u16) -> Self {
        Self { padding: i64::from(id), ..self }
    }

    /// `[T, hidden]` after the last block.
    pub fn hidden(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        enter(Phase::Head, self.through(&self.blocks, batch, dropout))
    }

    /// `[R, hidden]` after the last block, at the tokens of `reading`.
    pub fn read(&self, batch: &Packed, reading: &Reading, dropout: Dropout) -> Tensor {
        let (last, before) = self.blocks.split_last().expect("invariant: there is a block");
        let x = self.through(before, batch, dropout);
        let no_masks = Masks::default();
        let attention = self.attention(batch, &no_masks, dropout);
        last.read(&x, &attention, reading, &format!("layer.{}", before.len()), self.dropout)
    }

    /// `[T, hidden]` after the first of these blocks to the last of them.
    fn through(&self, blocks: &[Block], batch: &Packed, dropout: Dropout) -> Tensor {
        let masks = Masks::default();
        let attention = self.attention(batch, &masks, dropout);
        let x = dropout.apply("embeddings", self.embed(&batch.tokens, &batch.positions), self.dropout);
        let mut x = Normalised { normal: x.shallow_clone(), going: x };
        for (index, block) in blocks.iter().enumerate() {
            x = block.forward(x, &attention, &format!("layer.{index}"), self.dropout);
        }
        x.going
    }

    fn attention<'a>(&self, batch: &'a Packed, masks: &'a Masks, dropout: Dropout) -> Attention<'a> {
        Attention {
            layout: &batch.attention,
            sight: Sight::Whole,
            masks,
            heads: self.heads,
            scale: (self.head_size as f64).sqrt().recip(),
            score_kind: self.kind,
            dropout,
            probability: self.attention_dropout,
        }
    }

    /// `[copies, hidden]` after the last block, at the cell of each copy that is asked for.
    ///
    /// The copies share most of their tokens, so the first block forms queries, keys and values of distinct ones only;
    /// of the last block only keys and values are needed beyond the asked cells.
    pub(super) fn asked_rows(&self, copies: &MaskedCopies<'_>, device: Device) -> Tensor {
        let copies = copies.pack(device);
        let scale = (self.head_size as f64).sqrt().recip();
        let rectangle = Rectangle { copies: copies.copies, length: copies.length, heads: self.heads, scale };
        let distinct = self.embed(&copies.tokens, &copies.positions);
        let mut x = Tensor::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let (is_first, is_last) = (index == 0, index + 1 == self.blocks.len());
            let projected = match (is_first, is_last) {
                (true, _) => block.projections.forward(&distinct).index_select(0, &copies.cells),
                (false, true) => block.projections.keys_and_values(&x),
                (false, false) => block.projections.forward(&x),
            };
            if is_first {
                x = distinct.index_select(0, &copies.cells);
            }
            let attended = if is_last {
                x = x.index_select(0, &copies.asked);
                let (queries, rest) = if is_first {
                    let width = projected.size()[1] / 3;
                    (
                        projected.narrow(1, 0, width).index_select(0, &copies.asked),
                        projected.narrow(1, width, 2 * width),
                    )
                } else {
                    (block.projections.queries(&x), projected)
                };
                rectangle.attend_at(&queries, &rest)
            } else {
                rectangle.attend(&projected)
            };
            x = block.after_attention(&x, &attended);
        }
        x
    }

    fn embed(&self, tokens: &Tensor, positions: &Tensor) -> Tensor {
        let rows = position_rows(tokens, positions, self.padding);
        let tokens = Rows { table: &self.tokens, ids: tokens, padding: Some(self.padding) };
        let positions = Rows { table: &self.positions, ids: &rows, padding: Some(PADDING) };
        self.embedding_norm.forward(&(sum_of_rows(&[tokens, positions]) + self.types.select(0, 0)))
    }

    /// What the head does to scored rows before the tied table. Its gelu is part of the architecture, not of the study.
    pub fn transform(&self, rows: &Tensor) -> Tensor {
        self.head_norm.forward(&self.head_dense.forward(rows).gelu("none"))
    }

    /// The tied head.
    pub fn decoder(&self) -> Decoder<'_> {
        Decoder { table: &self.tokens, bias: Some(&self.head_bias), kind: self.kind, packed: &self.head }
    }
}

impl Block {
    fn new(spec: &ModelSpec, index: u32, weights: &mut Weights<'_>) -> Self {
        let block = block_name(index);
        let epsilon = spec.layer_norm_epsilon;
        Self {
            projections: projections(&projection_names(&block), true, weights),
            output: weights.linear(&format!("{block}.attention.output.dense")),
            attention_norm: LayerNorm::new(&format!("{block}.attention.output.LayerNorm"), epsilon, weights),
            feed_forward: FeedForward::new(spec, &feed_forward_names(&block), weights),
            feed_forward_norm: LayerNorm::new(&format!("{block}.output.LayerNorm"), epsilon, weights),
        }
    }

    /// The block from its attention's sum on, without dropout, for any rows `x` of its input.
    fn after_attention(&self, x: &Tensor, attended: &Tensor) -> Tensor {
        let x = self.attention_norm.forward(&(self.output.forward(attended) + x));
        self.feed_forward_norm.forward(&(self.feed_forward.forward(&x) + x))
    }

    fn forward(&self, x: Normalised, attention: &Attention<'_>, place: &str, probability: f64) -> Normalised {
        let going = enter(Phase::Attention, x.going);
        let attended = attention.forward(&self.projections.forward(&x.normal), &format!("{place}.attention"));
        self.feed(&going, &attended, attention.dropout, place, probability)
    }

    /// As [`Self::forward`], of the tokens of `reading` alone.
    fn read(&self, x: &Tensor, attention: &Attention<'_>, reading: &Reading, place: &str, probability: f64) -> Tensor {
        let read = x.index_select(0, &reading.tokens);
        let parts = [&self.projections.queries(&read), &self.projections.keys_and_values(x)];
        let attended = reading.attend(attention, parts, &format!("{place}.attention"));
        self.feed(&read, &attended, attention.dropout, place, probability).going
    }

    fn feed(&self, x: &Tensor, attended: &Tensor, dropout: Dropout, place: &str, probability: f64) -> Normalised {
        let added = |rows: Tensor, part: &str| Addend { rows, dropout, place: format!("{place}.{part}"), probability };
        let attended = added(self.output.forward(attended), "attention.output");
        let Normalised { going, normal } = self.attention_norm.after_sum(x, attended);
        let going = enter(Phase::FeedForward, going);
        self.feed_forward_norm.after_sum(&going, added(self.feed_forward.forward(&normal), "feed-forward"))
    }
}
