// A layer of B-spline edges in float32: what spline.cpp does, with libtorch's products.

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "pieces.h"
#include "spline_edges.h"

namespace seedbed {
namespace {

// Rows whose terms are held: of 512 inputs and (3, 3), 7.3 MB.
constexpr int64_t kChunk = 512;
// Rows that a thread takes at once.
constexpr int64_t kSome = 16;

// The weights as they are multiplied: [outputs, terms · inputs].
at::Tensor packed(const Edges& edges, int64_t bases) {
  const int64_t inputs = edges.inputs(), depth = (1 + bases) * inputs;
  const at::Tensor weights = at::empty({edges.outputs(), depth}, at::kFloat);
  share_ranges(edges.outputs(), kSome, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      float* const row = weights.data_ptr<float>() + output * depth;
      const float* const base = edges.base.data_ptr<float>() + output * inputs;
      std::copy(base, base + inputs, row);
      for (int64_t m = 0; m < bases; ++m) edges.term(output, m, row + (1 + m) * inputs);
    }
  });
  return weights;
}

// Calls `work(first, terms)` for some rows at a time, which begin with `first`.
template <typename Work>
void each_chunk(const at::Tensor& rows, const SplineGrid& grid, const Work& work) {
  const int64_t inputs = rows.size(1), depth = (1 + grid.bases) * inputs;
  const at::Tensor room = at::empty({std::min(kChunk, rows.size(0)), depth}, rows.options());
  for (int64_t first = 0; first < rows.size(0); first += kChunk) {
    const at::Tensor terms = room.narrow(0, 0, std::min(kChunk, rows.size(0) - first));
    share_ranges(terms.size(0), kSome, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        kernels().spline_terms_wide(
            rows.data_ptr<float>() + (first + row) * inputs, inputs, inputs, grid, terms.data_ptr<float>() + row * depth);
    });
    work(first, terms);
  }
}

// back = the gradient of some rows, from that of their terms.
void through_terms(const at::Tensor& gradients, const at::Tensor& rows, const SplineGrid& grid, const at::Tensor& back) {
  const int64_t inputs = rows.size(1), depth = gradients.size(1);
  share_ranges(rows.size(0), kSome, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      kernels().spline_terms_back_wide(
          rows.data_ptr<float>() + row * inputs, gradients.data_ptr<float>() + row * depth, inputs, inputs, grid,
          back.data_ptr<float>() + row * inputs);
  });
}

struct SplineBackward : torch::autograd::Node {
  std::shared_ptr<OwnedGrid> grid;
  Kept entries;
  at::Tensor weights;
  Edges edges;
  std::vector<Kept> leaves;  // those of the edges

  variable_list apply(variable_list&& gradients) override {
    variable_list results(1 + edges.all().size());
    if (!gradients[0].defined()) return results;
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].contiguous();
    const SplineGrid splines = grid->grid();
    std::vector<Gradient> places;
    for (const Kept& leaf : leaves) {
      const at::Tensor& weight = leaf.get();
      places.emplace_back(task_should_compute_output(1 + places.size()) ? weight : at::Tensor());
      results[places.size()] = places.back().returned;
    }
    const at::Tensor& rows = entries.get();
    at::Tensor sums = at::zeros(weights.sizes(), weights.options());
    const bool back_is_wanted = task_should_compute_output(0);
    if (back_is_wanted) results[0] = at::empty(rows.sizes(), rows.options());
    each_chunk(rows, splines, [&](int64_t first, const at::Tensor& terms) {
      const at::Tensor some = arriving.narrow(0, first, terms.size(0));
      sums.addmm_(some.t(), terms);
      if (!back_is_wanted) return;
      // In the place of the terms, which are of no more use.
      at::Tensor term_gradients = terms;
      at::mm_out(term_gradients, some, weights);
      through_terms(
          term_gradients, rows.narrow(0, first, terms.size(0)), splines, results[0].narrow(0, first, terms.size(0)));
    });
    edges.share_gradient(sums, splines.bases, edges.inputs(), places);
    return results;
  }
};

}  // namespace

at::Tensor spline_layer_in_float32(const at::Tensor& x, const Edges& edges, const std::shared_ptr<OwnedGrid>& owned) {
  TORCH_CHECK(
      x.dim() == 2 && x.scalar_type() == at::kFloat && x.device().is_cpu(), "entries are ", x.scalar_type(), x.sizes(), " on ",
      x.device(), ", not float32 rows on cpu");
  const SplineGrid grid = owned->grid();
  edges.check(grid.bases);
  TORCH_CHECK(x.size(1) == edges.inputs(), "the input is ", x.sizes(), ", not of ", edges.inputs(), " columns");
  const auto node = node_for<SplineBackward>(x, edges.all());
  // Detached where it is recorded, it tells when the other is changed in place.
  const at::Tensor rows = x.detach().contiguous();
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor weights = packed(edges, grid.bases);
    result = at::empty({x.size(0), edges.outputs()}, rows.options());
    each_chunk(rows, grid, [&](int64_t first, const at::Tensor& terms) {
      at::Tensor part = result.narrow(0, first, terms.size(0));
      at::mm_out(part, terms, weights.t());
    });
    if (node != nullptr) {
      node->grid = owned;
      node->entries = Kept(rows);
      node->weights = weights;
      node->edges = edges;
      for (const at::Tensor& leaf : edges.all()) node->leaves.emplace_back(leaf);
    }
  }
  record(result, node);
  return result;
}

}  // namespace seedbed
