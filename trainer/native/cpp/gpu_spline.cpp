// The B-splines of a uniform grid on a GPU, as `spline.cpp` has them on a processor.

#include <ATen/ops/empty.h>

#include "gpu.h"
#include "guard.h"
#include "node.h"

namespace seedbed {
namespace {

// As `gpu/spline.cu` has them.
constexpr int kMostPieces = 13;
struct GpuSplineGrid {
  float low, cells_per_unit;
  int order, bases;
  float pieces[kMostPieces * kMostPieces];
};

// What a block may have of shared memory without asking.
constexpr int64_t kRoom = 48 << 10;

gpu::Shape shape_for(int64_t entries, const GpuSplineGrid& grid) {
  int64_t threads = 128;
  while (threads * grid.bases * 2 > kRoom) threads /= 2;
  return {(entries + threads - 1) / threads, threads, threads * grid.bases * 2};
}

struct GpuSplineBackward : torch::autograd::Node {
  GpuSplineGrid grid{};
  at::Tensor x;
  at::ScalarType kind = at::kFloat;

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].to(at::kBFloat16).contiguous(), back = at::empty_like(x);
    gpu::run(
        "spline_basis_back", x, shape_for(x.numel(), grid), static_cast<const void*>(x.data_ptr()),
        static_cast<const void*>(arriving.data_ptr()), static_cast<long long>(x.numel()), grid, back.data_ptr());
    return {back.to(kind)};
  }
};

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_gpu_spline_basis(
    const at::Tensor* x, double low, double high, int64_t intervals, int64_t order, const float* pieces, at::Tensor** out) {
  return seedbed::guarded([&] {
    using namespace seedbed;
    TORCH_CHECK(x->dim() == 2, "entries are ", x->sizes(), ", not rows");
    TORCH_CHECK(
        intervals > 0 && order > 0 && order < kMostPieces && low < high, "a grid of ", intervals, " intervals, order ",
        order, ", is none");
    const auto node = node_for<GpuSplineBackward>(*x);
    GpuSplineGrid grid{};
    grid.low = static_cast<float>(low);
    grid.cells_per_unit = static_cast<float>(intervals / (high - low));
    grid.order = static_cast<int>(order);
    grid.bases = static_cast<int>(intervals + order);
    std::copy(pieces, pieces + (order + 1) * (order + 1), grid.pieces);
    at::Tensor result;
    {
      const Unrecorded unrecorded;
      const at::Tensor entries = x->to(at::kFloat).contiguous().detach();
      result = at::empty({x->size(0), x->size(1) * grid.bases}, entries.options().dtype(at::kBFloat16));
      gpu::run(
          "spline_basis", entries, shape_for(entries.numel(), grid), static_cast<const void*>(entries.data_ptr()),
          static_cast<long long>(entries.numel()), grid, result.data_ptr());
      if (node != nullptr) {
        node->x = entries;
        node->kind = x->scalar_type();
        node->grid = grid;
      }
    }
    record(result, node);
    *out = new at::Tensor(result);
  });
}
