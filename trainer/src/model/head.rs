//! From scored rows to log-probabilities, a chunk of rows at a time.

use native::{PackedMap, TorchError, gpu};
use tch::{Kind, Reduction, Tensor};

use super::linear::{is_float32, is_on_gpu, is_packed, linear};

/// Rows whose logits are held at once: 4,096 × 10,000 logits are 164 MB in fp32.
const ROWS_AT_ONCE: i64 = 4096;

/// Rows whose logits are held at once where there is no gradient: 768 × 10,000 logits are 31 MB in fp32, which are kept
/// for the next chunk (see `native::settings::keep_freed_memory`).
const ROWS_KEPT: i64 = 768;

/// No id of a vocabulary, so that no target is ignored.
const IGNORE_NOTHING: i64 = -100;

/// The last linear map of a language model: the tied token table and, in an encoder, a bias.
#[derive(Debug)]
pub struct Decoder<'a> {
    /// `[vocabulary, hidden]`, the token embeddings.
    pub table: &'a Tensor,
    /// `[vocabulary]`.
    pub bias: Option<&'a Tensor>,
    /// The kind in which matrices are multiplied.
    pub kind: Kind,
    /// The table as products want it.
    pub packed: &'a PackedMap,
}

impl Decoder<'_> {
    /// Sum over rows of −ln p(target), in nats: an fp32 scalar.
    pub fn loss(&self, rows: &Tensor, targets: &Tensor) -> Tensor {
        if let Some(loss) = self.loss_by_kernel(rows, targets) {
            return loss.unwrap_or_else(|error| panic!("invariant: scored rows fit the table: {error}"));
        }
        let mut sum = Tensor::zeros([], (Kind::Float, rows.device()));
        self.each_chunk(rows, targets, |logits, targets| {
            let chunk = logits.cross_entropy_loss::<&Tensor>(targets, None, Reduction::Sum, IGNORE_NOTHING, 0.0);
            sum = &sum + chunk;
        });
        sum
    }

    /// The same, where a kernel of ours forms it.
    fn loss_by_kernel(&self, rows: &Tensor, targets: &Tensor) -> Option<Result<Tensor, TorchError>> {
        if is_packed(self.kind, self.table) {
            return Some(self.packed.cross_entropy(rows, self.table, self.bias, targets));
        }
        if is_float32(self.kind, self.table) && rows.kind() == Kind::Float {
            return Some(native::cross_entropy(rows, self.table, self.bias, targets));
        }
        is_on_gpu(self.kind, self.table).then(|| gpu::kernels::cross_entropy(rows, self.table, self.bias, targets))
    }

    /// ln p(target) of every row: `[rows]` in fp32.
    pub fn log_probabilities(&self, rows: &Tensor, targets: &Tensor) -> Tensor {
        let mut chunks = Vec::new();
        self.each_chunk(rows, targets, |logits, targets| {
            let all = logits.log_softmax(-1, Kind::Float);
            chunks.push(all.gather(-1, &targets.unsqueeze(-1), false).squeeze_dim(-1));
        });
        if chunks.is_empty() { Tensor::zeros([0], (Kind::Float, rows.device())) } else { Tensor::cat(&chunks, 0) }
    }

    /// ln p(target) of every question, `[questions]` in fp32, where `asked[q]` is the row of question q: ascending, one
    /// row may be asked often, and its logits are made once.
    pub fn answers(&self, rows: &Tensor, asked: &[i64], targets: &Tensor) -> Tensor {
        let table = self.table.to_kind(self.kind);
        let count = rows.size()[0];
        let (mut chunks, mut answered) = (Vec::new(), 0);
        for start in (0..count).step_by(ROWS_KEPT as usize) {
            let length = ROWS_KEPT.min(count - start);
            let here = asked[answered..].partition_point(|row| *row < start + length);
            if here == 0 {
                continue;
            }
            let places: Vec<i64> = asked[answered..answered + here].iter().map(|row| row - start).collect();
            let targets = targets.narrow(0, answered as i64, here as i64);
            answered += here;
            let logits = linear(&rows.narrow(0, start, length), &table, self.bias, self.kind).to_kind(Kind::Float);
            let all = logits.log_softmax(-1, Kind::Float).flatten(0, 1);
            let vocabulary = logits.size()[1];
            let cells = Tensor::from_slice(&places).to_device(rows.device()) * vocabulary + targets;
            chunks.push(all.index_select(0, &cells));
        }
        if chunks.is_empty() { Tensor::zeros([0], (Kind::Float, rows.device())) } else { Tensor::cat(&chunks, 0) }
    }

    /// The logits of every row: `[rows, vocabulary]` in fp32.
    pub fn logits(&self, rows: &Tensor) -> Tensor {
        linear(rows, self.table, self.bias, self.kind).to_kind(Kind::Float)
    }

    /// Gives `visit` the fp32 logits and the targets of some thousand rows at a time.
    fn each_chunk(&self, rows: &Tensor, targets: &Tensor, mut visit: impl FnMut(&Tensor, &Tensor)) {
        // Cast once for all chunks: the table is the largest matrix of a small network.
        let table = self.table.to_kind(self.kind);
        let count = targets.size()[0];
        for start in (0..count).step_by(ROWS_AT_ONCE as usize) {
            let length = ROWS_AT_ONCE.min(count - start);
            let logits = linear(&rows.narrow(0, start, length), &table, self.bias, self.kind).to_kind(Kind::Float);
            visit(&logits, &targets.narrow(0, start, length));
        }
    }
}
