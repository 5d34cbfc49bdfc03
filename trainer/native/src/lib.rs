//! The only unsafe room: a C++ shim over libtorch, memory maps, and loading CUDA at run time.
//!
//! Everything here is safe to call and small. What needs it and where to read on:
//!
//! - [`cuda::load`] is the first thing a program calls: after libtorch has answered its first question, CUDA comes too
//!   late.
//! - [`version::check`] then refuses a libtorch other than the one this program was built against.
//! - [`settings`] are those of the whole process: threads, determinism, precision of matrix products.
//! - [`set_gradient`] and [`fused_adamw`] make training over flat buffers possible.
//! - [`sum_of_rows`] is an embedding.
//! - [`PackedMap`] is a linear map, or the head of a language model, in bfloat16 with a way back of its own.
//! - [`cross_entropy`] is the loss of a language model in float32.
//! - [`story_attention`] is attention within the stories of a packed batch.
//! - [`attention_product`] is attention in float32 whose gradients are as good as float32 can have them, as is
//!   [`softmax()`].
//! - [`add_norm`] is a residual sum with its layer normalisation, [`dropout`] one whose masks depend on a key alone.
//! - [`look_up`] and [`by_channel`] are activations in one pass each way in bfloat16, [`rational`] and [`anchored`] in
//!   float32.
//! - [`spline_layer`] is a layer of B-spline edges as one product, in bfloat16, [`spline_layer_in_float32`] in float32.
//! - [`gpu`] is an NVIDIA GPU: what it is, and the same operations on it, compiled where they run.
//! - [`stopwatch`] says where the time of a step goes.
//! - [`nccl`] adds up tensors over several GPUs, and [`GradientWatch`] tells when a gradient is ready to be added up.
//! - [`MappedTokens`] is a corpus that costs no memory.
//! - [`libraries`](fn@libraries), [`processor`] and [`version`] are what a run's log opens with.
//!
//! # Invariants
//!
//! - `unsafe` and C++ stand in this room and in no other; every block says why it holds.
//! - No C++ exception crosses into Rust (`cpp/guard.h`); it comes back as a [`TorchError`].
//! - The shim includes narrow headers only, never `<torch/torch.h>`, which takes a minute to compile.

#[cfg(target_endian = "big")]
compile_error!("token files are little-endian and mapped as they are");

mod activation;
mod adamw;
mod attention;
pub mod cuda;
mod curve;
mod embedding;
pub mod gpu;
mod gradient;
mod head;
mod libraries;
mod map;
pub mod nccl;
mod norm;
pub mod processor;
mod release;
pub mod settings;
mod shim;
mod softmax;
mod spline;
pub mod stopwatch;
#[cfg(test)]
mod testing;
mod tokens;
pub mod version;
mod watch;

pub use activation::{ChannelFunction, NUMBERS, by_channel, look_up};
pub use adamw::{AdamWBuffers, AdamWStep, fused_adamw};
pub use attention::{StoryAttention, story_attention};
pub use curve::{anchored, rational};
pub use embedding::{Rows, sum_of_rows};
pub use gradient::set_gradient;
pub use head::cross_entropy;
pub use libraries::{Library, libraries};
pub use map::PackedMap;
pub use norm::{AddNorm, Goes, Normalised, add_norm, dropout};
pub use shim::TorchError;
pub use softmax::{Sees, attention_product, softmax};
pub use spline::{SplineEdges, SplinePieces, spline_layer, spline_layer_in_float32};
pub use tokens::{MappedTokens, TokensError};
pub use watch::GradientWatch;
