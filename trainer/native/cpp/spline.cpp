// The B-splines of a uniform grid at every entry, laid out as the left factor of a product in bfloat16.

#include <ATen/ops/empty.h>

#include "guard.h"
#include "linear.h"
#include "node.h"

namespace seedbed {
namespace {

// The grid with the pieces that it points to.
struct OwnedGrid {
  std::vector<float> pieces;
  float low, cells_per_unit;
  int64_t order, bases;
  SplineGrid grid() const { return {low, cells_per_unit, order, bases, pieces.data()}; }
};

// Rows for a thread to take at once.
constexpr int64_t kGrain = 16;

struct SplineBackward : torch::autograd::Node {
  OwnedGrid owned;
  at::Tensor x;
  at::ScalarType kind = at::kFloat;

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    const at::NoGradGuard unrecorded;
    const SplineGrid grid = owned.grid();
    const int64_t inputs = x.size(1);
    const at::Tensor arriving = gradients[0].to(at::kBFloat16).contiguous();
    at::Tensor back = at::empty(x.sizes(), x.options());
    at::parallel_for(0, x.size(0), kGrain, [&](int64_t begin, int64_t end) {
      std::vector<float> room(inputs * 3);
      for (int64_t row = begin; row < end; ++row)
        kernels().spline_row_back(
            x.data_ptr<float>() + row * inputs, halves(arriving) + row * inputs * grid.bases, inputs, grid, room.data(),
            back.data_ptr<float>() + row * inputs);
    });
    return {back.to(kind)};
  }
};

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_spline_basis(
    const at::Tensor* x, double low, double high, int64_t intervals, int64_t order, const float* pieces, at::Tensor** out) {
  return seedbed::guarded([&] {
    using namespace seedbed;
    TORCH_CHECK(x->dim() == 2 && x->device().is_cpu(), "entries are ", x->sizes(), " on ", x->device(), ", not rows on cpu");
    TORCH_CHECK(intervals > 0 && order > 0 && low < high, "a grid of ", intervals, " intervals, order ", order, ", is none");
    const auto node = node_for<SplineBackward>(*x);
    OwnedGrid owned;
    owned.pieces.assign(pieces, pieces + (order + 1) * (order + 1));
    owned.low = static_cast<float>(low);
    owned.cells_per_unit = static_cast<float>(intervals / (high - low));
    owned.order = order;
    owned.bases = intervals + order;
    at::Tensor result;
    {
      const Unrecorded unrecorded;
      const SplineGrid grid = owned.grid();
      const int64_t inputs = x->size(1);
      const at::Tensor entries = x->to(at::kFloat).contiguous().detach();
      result = at::empty({x->size(0), inputs * grid.bases}, entries.options().dtype(at::kBFloat16));
      at::parallel_for(0, x->size(0), kGrain, [&](int64_t begin, int64_t end) {
        std::vector<float> room(inputs * (order + 2));
        for (int64_t row = begin; row < end; ++row)
          kernels().spline_row(
              entries.data_ptr<float>() + row * inputs, inputs, grid, room.data(),
              halves(result) + row * inputs * grid.bases);
      });
      if (node != nullptr) {
        node->x = entries;
        node->kind = x->scalar_type();
        node->owned = std::move(owned);
      }
    }
    record(result, node);
    *out = new at::Tensor(result);
  });
}
