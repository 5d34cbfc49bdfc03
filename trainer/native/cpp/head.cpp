// The loss of a language model from the rows that are scored: last map, softmax and cross-entropy, some rows at a time.
//
// The gradient of a row of logits is known as soon as its softmax is, so it takes the place of the logits, and is multiplied
// by the table and the rows before the next rows' logits are formed. All logits are never held.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "guard.h"
#include "head.h"
#include "linear.h"
#include "pieces.h"

namespace seedbed {
namespace {

// Rows whose logits are held: 1,024 × 10,000 in bfloat16 are 20 MB. More, where there are so many threads that some would wait.
constexpr int64_t kChunk = 1024;

int64_t chunk_of(int64_t count) {
  // A multiple of the tokens that products sum up at once, so that sums are formed in one order whatever the number of threads.
  return std::min(count, rounded_up(kRows * at::get_num_threads(), kChunk));
}

struct Chunk {
  const Half* rows;
  int64_t stride;
  const int64_t* targets;
  int64_t count;
  float* losses;        // one a row
  Half* rows_gradient;  // of the width of the rows; null: not wanted
};

// Losses of the rows of a chunk and their gradients; `logits` are left as their gradients.
void pass(const Chunk& chunk, const PackedMap& map, const float* bias, const at::Tensor& logits) {
  const int64_t stride = logits.size(1), width = map.inputs;
  share(blocks(chunk.count, kRows), [&](Pieces& pieces) {
    RowsProduct product;
    std::vector<float> room(map.outputs);
    for (int64_t piece; pieces.take(piece);) {
      const int64_t first = piece * kRows, rows = std::min(kRows, chunk.count - first);
      Half* const place = halves(logits) + first * stride;
      product.multiply(chunk.rows + first * chunk.stride, chunk.stride, rows, map.forward, bias, place, stride);
      for (int64_t row = 0; row < rows; ++row)
        chunk.losses[first + row] =
            kernels().cross_entropy(place + row * stride, map.outputs, chunk.targets[first + row], room.data());
      if (chunk.rows_gradient == nullptr) continue;
      product.multiply(place, stride, rows, map.backward, nullptr, chunk.rows_gradient + first * width, width);
    }
    release_blocks();
  });
}

at::Tensor head_loss(
    const std::shared_ptr<PackedMap>& map, const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias,
    const at::Tensor& targets) {
  const auto node = node_for<HeadBackward>(x, table, bias);
  at::Tensor loss;
  {
    const Unrecorded unrecorded;
    const std::lock_guard<std::mutex> alone(map->mutex);
    map->refresh({table});
    TORCH_CHECK(x.is_cpu(), "rows are on ", x.device(), ", not cpu");
    const int64_t count = x.size(0), width = map->inputs, vocabulary = map->outputs;
    const at::Tensor ids = checked_targets(x, table, targets), shift = checked_bias(bias, table), rows = even_rows(x);
    const int64_t most = chunk_of(count);
    // Rows that begin with a line of the cache are multiplied where they lie.
    at::Tensor logits = at::empty({most, rounded_up(vocabulary, kTileDepth)}, rows.options());
    // An odd depth is filled up with zeros.
    if (vocabulary % 2 != 0) logits.select(1, vocabulary).zero_();
    at::Tensor losses = at::empty({count}, at::kFloat);
    if (node != nullptr) node->prepare(rows, table, bias, x.scalar_type());
    RightFactor right;
    for (int64_t row = 0; row < count; row += most) {
      const Chunk chunk{
          halves(rows) + row * rows.size(1),
          rows.size(1),
          ids.data_ptr<int64_t>() + row,
          std::min(most, count - row),
          losses.data_ptr<float>() + row,
          node == nullptr ? nullptr : halves(node->rows_gradient) + row * width};
      pass(chunk, *map, shift.defined() ? shift.data_ptr<float>() : nullptr, logits);
      if (node == nullptr) continue;
      right.resize(chunk.count, width);
      right.set(chunk.rows, chunk.stride);
      float* const sums = bias.defined() ? node->bias_gradient.data_ptr<float>() : nullptr;
      transposed_product(
          halves(logits), logits.size(1), right, {{0, vocabulary, node->table_gradient.data_ptr<float>(), sums}},
          /*add=*/row > 0);
    }
    loss = losses.sum(at::kDouble).to(at::kFloat);
  }
  record(loss, node);
  return loss;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_head_loss(
    void* map, const at::Tensor* x, const at::Tensor* table, const at::Tensor* bias, const at::Tensor* targets,
    at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(seedbed::head_loss(
        *static_cast<std::shared_ptr<seedbed::PackedMap>*>(map), *x, *table, bias == nullptr ? at::Tensor() : *bias, *targets));
  });
}
