// A sum and its layer normalisation in one pass on a GPU, as `norm.cpp` has them on a processor.

#include <ATen/ops/empty.h>

#include "gpu.h"
#include "guard.h"
#include "node.h"
#include "norm.h"
#include "products.h"

namespace seedbed {
namespace {

// As `gpu/add_norm.cu` has them.
constexpr int64_t kMostColumns = 8;
struct GpuDropout {
  uint64_t key;
  uint32_t threshold;
  float scale;
};

GpuDropout dropout_of(const NormHow& how) {
  if (how.dropout == 0) return {0, 0, 1};
  return {how.key, static_cast<uint32_t>(how.dropout * 4294967296.0), static_cast<float>(1.0 / (1.0 - how.dropout))};
}

int64_t threads_for(int64_t columns) {
  int64_t threads = 128;
  while (threads * kMostColumns < columns) threads *= 2;
  TORCH_CHECK(threads <= 1024, "rows of ", columns, " columns are too wide for a block of threads");
  return threads;
}

void* place(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr() : nullptr; }

struct GpuNormBackward : torch::autograd::Node {
  NormHow how;
  bool has_delta = false;
  at::Tensor sum, moments, weight, bias;
  at::ScalarType delta_kind = at::kBFloat16;

  // Gradients of what goes on, in float32, and of the normal rows in bfloat16.
  variable_list apply(variable_list&& gradients) override {
    variable_list results(has_delta ? 4 : 3);
    if (!gradients[0].defined() && !gradients[1].defined()) return results;
    const at::NoGradGuard unrecorded;
    const at::Tensor going = arriving_as(gradients[0], at::kFloat), normal = arriving_as(gradients[1], at::kBFloat16);
    const int64_t rows = sum.size(0), columns = sum.size(1);
    // As many blocks as the device holds at once: each keeps its sums of columns until its last row.
    const int64_t blocks = std::min(rows, 8 * gpu::multiprocessors());
    const at::Tensor back = at::empty_like(sum), sums = at::empty({blocks, 2, columns}, sum.options());
    const at::Tensor delta = has_delta ? at::empty(sum.sizes(), sum.options().dtype(at::kBFloat16)) : at::Tensor();
    gpu::run(
        "add_norm_back", sum, {blocks, threads_for(columns)}, place(normal), how.is_after ? place(going) : nullptr,
        how.is_after ? nullptr : place(going), place(sum), place(moments), dropout_of(how), place(weight),
        static_cast<long long>(rows), static_cast<int>(columns), place(back), place(delta), place(sums));
    const at::Tensor whole = sums.sum(0);
    const Gradient weight_place(weight), bias_place(bias);
    if (weight_place.sum.defined()) weight_place.sum.add_(whole.select(0, 0));
    if (bias_place.sum.defined()) bias_place.sum.add_(whole.select(0, 1));
    results[0] = back;
    results[1] = weight_place.returned;
    results[2] = bias_place.returned;
    if (has_delta) results[3] = delta.to(delta_kind);
    return results;
  }
};

}  // namespace

NormResults add_norm_on_gpu(
    const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, const at::Tensor& bias, NormHow how) {
  const bool has_delta = delta.defined();
  const auto node =
      has_delta ? node_for<GpuNormBackward>(x, weight, bias, delta) : node_for<GpuNormBackward>(x, weight, bias);
  NormResults results;
  {
    const Unrecorded unrecorded;
    const int64_t rows = x.size(0), columns = x.size(1);
    const at::Tensor from = x.contiguous().detach();
    const at::Tensor added = has_delta ? delta.to(at::kBFloat16).contiguous() : delta;
    const at::Tensor sum = has_delta ? at::empty(x.sizes(), from.options()) : from;
    const at::Tensor moments = at::empty({rows, 2}, from.options());
    results.normal = at::empty(x.sizes(), from.options().dtype(at::kBFloat16));
    if (how.is_after) results.going = at::empty(x.sizes(), from.options());
    gpu::run(
        "add_norm", from, {rows, threads_for(columns)}, place(from), place(added), dropout_of(how), place(weight),
        place(bias), how.epsilon, static_cast<int>(columns), place(sum), place(results.going), place(results.normal),
        place(moments));
    if (node != nullptr) {
      node->how = how;
      node->has_delta = has_delta;
      if (has_delta) node->delta_kind = delta.scalar_type();
      node->sum = sum.detach();
      node->moments = moments;
      node->weight = weight;
      node->bias = bias;
    }
    if (!how.is_after && has_delta) results.going = sum;
  }
  if (node != nullptr) {
    // In this order: the first is the gradient of what goes on, even where nothing does.
    if (results.going.defined())
      torch::autograd::set_history(results.going, node);
    else
      node->add_input_metadata(torch::autograd::Node::undefined_input());
    torch::autograd::set_history(results.normal, node);
  }
  return results;
}

}  // namespace seedbed
