// The loss of a language model in float32: what head.cpp does, with libtorch's products.

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include "guard.h"
#include "head.h"
#include "kernels.h"
#include "pieces.h"

namespace seedbed {
namespace {

// Rows whose logits are held: 1,024 × 10,000 are 41 MB. Of fewer the gradient of the table would be read and written more often.
constexpr int64_t kChunk = 1024;

void check(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias) {
  TORCH_CHECK(
      x.scalar_type() == at::kFloat && x.device().is_cpu(), "rows are ", x.scalar_type(), " on ", x.device(),
      ", not float32 on cpu");
  TORCH_CHECK(
      table.dim() == 2 && table.scalar_type() == at::kFloat && table.is_contiguous() && table.is_cpu(), "the table is ",
      table.scalar_type(), table.sizes(), " on ", table.device(), ", no contiguous float32 matrix on cpu");
  TORCH_CHECK(
      !bias.defined() ||
          (bias.dim() == 1 && bias.size(0) == table.size(0) && bias.scalar_type() == at::kFloat && bias.is_cpu()),
      "the bias is not one number in float32 on cpu for each of ", table.size(0), " ids");
}

// The losses of some rows; the logits are left as their gradients.
void pass(const at::Tensor& logits, const int64_t* targets, float* losses) {
  const int64_t vocabulary = logits.size(1);
  float* const numbers = logits.data_ptr<float>();
  share_ranges(logits.size(0), 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      losses[row] = kernels().cross_entropy_wide(numbers + row * vocabulary, vocabulary, targets[row]);
  });
}

at::Tensor head_loss(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias, const at::Tensor& targets) {
  check(x, table, bias);
  const auto node = node_for<HeadBackward>(x, table, bias);
  at::Tensor loss;
  {
    const Unrecorded unrecorded;
    const at::Tensor ids = checked_targets(x, table, targets), rows = x.contiguous();
    const int64_t count = rows.size(0);
    const at::Tensor room = at::empty({std::min(kChunk, count), table.size(0)}, rows.options());
    const at::Tensor losses = at::empty({count}, rows.options());
    if (node != nullptr) node->prepare(rows, table, bias, at::kFloat);
    for (int64_t row = 0; row < count; row += kChunk) {
      const int64_t some = std::min(kChunk, count - row);
      const at::Tensor part = rows.narrow(0, row, some);
      at::Tensor logits = room.narrow(0, 0, some);
      if (bias.defined()) {
        at::addmm_out(logits, bias, part, table.t());
      } else {
        at::mm_out(logits, part, table.t());
      }
      pass(logits, ids.data_ptr<int64_t>() + row, losses.data_ptr<float>() + row);
      if (node == nullptr) continue;
      at::Tensor rows_gradient = node->rows_gradient.narrow(0, row, some);
      at::mm_out(rows_gradient, logits, table);
      at::addmm_out(node->table_gradient, node->table_gradient, logits.t(), part, /*beta=*/row > 0 ? 1 : 0);
      if (bias.defined()) node->bias_gradient.add_(logits.sum(0));
    }
    loss = losses.sum(at::kDouble).to(at::kFloat);
  }
  record(loss, node);
  return loss;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_head_loss_in_float32(
    const at::Tensor* x, const at::Tensor* table, const at::Tensor* bias, const at::Tensor* targets, at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(seedbed::head_loss(*x, *table, bias == nullptr ? at::Tensor() : *bias, *targets));
  });
}
