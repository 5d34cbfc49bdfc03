//! GPT-Neo and RoBERTa as in Hugging Face's transformers, on packed batches.
//!
//! Read [`packed`] (what a network sees), [`attention`] (the one operation that is not row by row), [`gpt_neo`] and
//! [`roberta`] (the two networks, a page each), then [`network`] (the loss over either). [`reading`] is for heads that
//! look at a few tokens of a story; [`tree`] and [`masked`] are what evaluation asks: stories that begin alike, and
//! copies of stories with gaps. [`embedding`] is what both begin with. [`position_rows`] says which row of its table a
//! token of an encoder takes, and [`declare`] which parameters there are; the layer in the feed-forward place is a room
//! of its own, [`crate::feed_forward`].
//!
//! # Invariants
//! - A token's output depends on its own story alone: whatever else is in the batch changes rounding at most.
//! - Parameters carry the names of Hugging Face's state dict, so a checkpoint is theirs without renaming; tied weights
//!   have one name.
//! - A network holds the leaf tensors it was given, never copies, so that an optimiser's update in place is seen at
//!   once.
//! - In bf16 a matrix product rounds its inputs and its output, as under PyTorch's autocast; what follows it
//!   elementwise (an activation, a gate) starts from that output. Residual stream, normalisations, softmax, loss and
//!   parameters are in fp32.

pub mod attention;
pub mod declare;
pub mod embedding;
pub mod gpt_neo;
pub mod head;
pub mod layout;
pub mod linear;
pub mod masked;
pub mod network;
pub mod norm;
pub mod packed;
pub mod position_rows;
pub mod reading;
pub mod rectangle;
pub mod roberta;
#[cfg(test)]
pub(crate) mod sample;
pub mod tree;

pub use declare::{declarations, declarations_with_padding};
pub use masked::MaskedCopies;
pub use network::Model;
pub use packed::{Packed, Stories};
pub use reading::Reading;
pub use tree::Tree;
