// Layer normalisation of rows in float32 on a GPU, with a result in either kind.

#include <ATen/ops/empty.h>

#include "gpu.h"
#include "guard.h"
#include "node.h"

namespace seedbed {
namespace {

// As `gpu/layer_norm.cu` has it.
constexpr int64_t kMostColumns = 8;

int64_t threads_for(int64_t columns) {
  int64_t threads = 128;
  while (threads * kMostColumns < columns) threads *= 2;
  return threads;
}

struct GpuNormBackward : torch::autograd::Node {
  at::Tensor x, weight, moments;

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return variable_list(3);
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].contiguous();
    const int64_t rows = x.size(0), columns = x.size(1);
    const bool is_narrow = arriving.scalar_type() == at::kBFloat16;
    // As many blocks as fit on the device at once: each keeps its sums of columns until its last row.
    const int64_t blocks = std::min(rows, 8 * gpu::multiprocessors());
    const at::Tensor back = at::empty_like(x), sums = at::empty({blocks, 2, columns}, x.options());
    gpu::run(
        "layer_norm_back", x, {blocks, threads_for(columns)}, static_cast<const void*>(arriving.data_ptr()),
        static_cast<int>(is_narrow), static_cast<const void*>(x.data_ptr()), static_cast<const void*>(moments.data_ptr()),
        static_cast<const void*>(weight.data_ptr()), static_cast<long long>(rows), static_cast<int>(columns),
        back.data_ptr(), sums.data_ptr());
    const at::Tensor whole = sums.sum(0);
    return {back, whole.select(0, 0), whole.select(0, 1)};
  }
};

at::Tensor gpu_norm(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon, bool is_narrow) {
  TORCH_CHECK(x.dim() == 2 && x.scalar_type() == at::kFloat, "the input is ", x.scalar_type(), x.sizes(), ", not float32 rows");
  const int64_t rows = x.size(0), columns = x.size(1);
  TORCH_CHECK(
      weight.is_contiguous() && bias.is_contiguous() && weight.numel() == columns && bias.numel() == columns,
      "weight and bias are ", weight.sizes(), " and ", bias.sizes(), ", the rows ", x.sizes());
  const auto node = node_for<GpuNormBackward>(x, weight, bias);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor entries = x.contiguous().detach();
    result = at::empty(x.sizes(), x.options().dtype(is_narrow ? at::kBFloat16 : at::kFloat));
    const at::Tensor moments = at::empty({rows, 2}, x.options());
    gpu::run(
        "layer_norm", entries, {rows, threads_for(columns)}, static_cast<const void*>(entries.data_ptr()),
        static_cast<const void*>(weight.data_ptr()), static_cast<const void*>(bias.data_ptr()),
        static_cast<float>(epsilon), static_cast<int>(columns), static_cast<int>(is_narrow), result.data_ptr(),
        moments.data_ptr());
    if (node != nullptr) {
      node->x = entries;
      node->weight = weight.detach();
      node->moments = moments;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_gpu_layer_norm(
    const at::Tensor* x, const at::Tensor* weight, const at::Tensor* bias, double epsilon, bool is_narrow,
    at::Tensor** result) {
  return seedbed::guarded([&] { *result = new at::Tensor(seedbed::gpu_norm(*x, *weight, *bias, epsilon, is_narrow)); });
}
