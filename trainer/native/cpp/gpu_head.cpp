// The loss of a language model on a GPU, as `head.cpp` has it on a processor: the gradient of some rows of logits takes their
// place and is multiplied before the next rows' logits are formed.

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "gpu.h"
#include "guard.h"
#include "head.h"

namespace seedbed {
namespace {

// Rows whose logits are held: 16,384 × 10,000 in bfloat16 are 328 MB, which keeps any GPU busy.
constexpr int64_t kChunk = 16384;

// Threads of a row, of which each reads eight logits at a time: as few rounds as a block allows, and all threads busy in each.
int64_t threads_for(int64_t vocabulary) {
  const int64_t reads = (vocabulary + 7) / 8, rounds = (reads + 511) / 512;
  return ((reads + rounds - 1) / rounds + 31) / 32 * 32;
}

at::Tensor gpu_head_loss(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias, const at::Tensor& targets) {
  const int64_t count = x.size(0), width = table.size(1), vocabulary = table.size(0);
  TORCH_CHECK(x.dim() == 2 && x.size(1) == width, "rows are ", x.sizes(), ", not of ", width, " columns");
  TORCH_CHECK(
      targets.dim() == 1 && targets.size(0) == count && targets.scalar_type() == at::kLong, "targets are ",
      targets.scalar_type(), targets.sizes(), ", not int64 for ", count, " rows");
  // The kernel reads them where they lie; the products ask for themselves.
  TORCH_CHECK(targets.device() == x.device(), "targets are on ", targets.device(), ", the rows on ", x.device());
  const auto node = node_for<HeadBackward>(x, table, bias);
  at::Tensor loss;
  {
    const Unrecorded unrecorded;
    const at::Tensor rows = x.to(at::kBFloat16).contiguous(), factors = table.to(at::kBFloat16).contiguous();
    const at::Tensor ids = targets.contiguous();
    const at::Tensor shift = bias.defined() ? bias.to(at::kBFloat16) : at::Tensor();
    const at::Tensor room = at::empty({std::min(kChunk, count), vocabulary}, rows.options());
    const at::Tensor losses = at::empty({count}, rows.options().dtype(at::kFloat));
    if (node != nullptr) {
      node->rows_gradient = at::empty({count, width}, rows.options());
      node->table_gradient = at::zeros(table.sizes(), losses.options());
      if (bias.defined()) node->bias_gradient = at::zeros(bias.sizes(), losses.options());
      node->table = table;
      node->bias = bias;
      node->kind = x.scalar_type();
    }
    for (int64_t start = 0; start < count; start += kChunk) {
      const int64_t length = std::min(kChunk, count - start);
      at::Tensor logits = room.narrow(0, 0, length);
      const at::Tensor here = rows.narrow(0, start, length);
      if (shift.defined())
        at::addmm_out(logits, shift, here, factors.t());
      else
        at::mm_out(logits, here, factors.t());
      gpu::run(
          "cross_entropy", logits, {length, threads_for(vocabulary)}, logits.data_ptr(), static_cast<long long>(vocabulary),
          static_cast<const void*>(ids.data_ptr<int64_t>() + start),
          static_cast<void*>(losses.data_ptr<float>() + start), static_cast<int>(node != nullptr));
      if (node == nullptr) continue;
      at::Tensor back = node->rows_gradient.narrow(0, start, length);
      at::mm_out(back, logits, factors);
      // In float32 from the first product to the last.
      at::addmm_out(node->table_gradient, node->table_gradient, logits.t(), here, at::kFloat);
      if (bias.defined()) node->bias_gradient.add_(logits.sum({0}, /*keepdim=*/false, at::kFloat));
    }
    loss = losses.sum();
  }
  record(loss, node);
  return loss;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_gpu_head_loss(
    const at::Tensor* x, const at::Tensor* table, const at::Tensor* bias, const at::Tensor* targets,
    at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(seedbed::gpu_head_loss(*x, *table, bias == nullptr ? at::Tensor() : *bias, *targets));
  });
}
