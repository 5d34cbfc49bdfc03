// A layer of B-spline edges on a uniform grid, as one product in bfloat16.
//
// A row of the left factor has a part for each term: silu(x) first, then each basis function at every entry. A block of rows
// is formed where it is multiplied, and formed again for the gradient of the weights: all terms of all rows, several times the
// layer's input, are never held. The gradient of the input is summed over the terms while those of the terms lie in the cache.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "guard.h"
#include "linear.h"
#include "node.h"
#include "pieces.h"
#include "spline_edges.h"

namespace seedbed {
namespace {

// Rows of the left factor that are formed for the gradient of the weights at once, and by a thread at once.
constexpr int64_t kPiece = 1024;
constexpr int64_t kStrip = 32;
// Rows whose terms a thread forms at once on the way forward, at most.
constexpr int64_t kMostRows = 128;
// Bytes of terms that a thread keeps before it multiplies them: a part of the second cache.
constexpr int64_t kTermBytes = 1 << 19;

// Columns of a term: whole blocks, so that no block has columns of two.
int64_t padded(int64_t inputs) { return blocks(inputs, kColumns) * kColumns; }

// The weights as they are multiplied: [outputs, terms · padded].
void pack(const Edges& edges, int64_t bases, PackedMap& map) {
  const int64_t inputs = edges.inputs(), outputs = edges.outputs(), width = padded(inputs), depth = (1 + bases) * width;
  const float* const base = edges.base.data_ptr<float>();
  map.inputs = depth;
  map.outputs = outputs;
  map.forward.resize(depth, outputs);
  map.backward.resize(outputs, depth);
  share(blocks(outputs, kColumns), [&](Pieces& pieces) {
    std::vector<Half> narrow(kColumns * depth, 0);
    std::vector<float> term(inputs);
    for (int64_t block; pieces.take(block);) {
      const int64_t first = block * kColumns, some = std::min(kColumns, outputs - first);
      for (int64_t row = 0; row < some; ++row) {
        kernels().narrow(base + (first + row) * inputs, narrow.data() + row * depth, inputs);
        for (int64_t m = 0; m < bases; ++m) {
          edges.term(first + row, m, term.data());
          kernels().narrow(term.data(), narrow.data() + row * depth + (1 + m) * width, inputs);
        }
      }
      map.forward.set_columns(first, narrow.data(), depth);
      map.backward.set_rows(first, narrow.data(), depth, some);
    }
  });
}

// Packs the weights if they are others than last time or have changed since.
void refresh(const Edges& edges, int64_t bases, PackedMap& map) {
  map.keep(edges.all(), [&] { pack(edges, bases, map); });
}

void forward(const at::Tensor& rows, const SplineGrid& grid, const PackedMap& map, at::Tensor& result) {
  const int64_t inputs = rows.size(1), depth = map.inputs, width = padded(inputs);
  const int64_t some = std::max<int64_t>(16, std::min(kMostRows, kTermBytes / (depth * 2) / 16 * 16));
  share(blocks(rows.size(0), some), [&](Pieces& pieces) {
    std::vector<Half> terms(some * depth);
    RowsProduct product;
    for (int64_t part; pieces.take(part);) {
      const int64_t first = part * some, count = std::min(some, rows.size(0) - first);
      for (int64_t row = 0; row < count; ++row)
        kernels().spline_terms(halves(rows) + (first + row) * inputs, inputs, width, grid, terms.data() + row * depth);
      product.multiply(
          terms.data(), depth, count, map.forward, nullptr, halves(result) + first * map.outputs, map.outputs);
    }
    release_blocks();
  });
}

// back = the gradient of the rows, from that of the result.
void backward(
    const at::Tensor& arriving, const at::Tensor& rows, const SplineGrid& grid, const PackedMap& map, at::Tensor& back) {
  constexpr int64_t kSome = 64;
  const int64_t inputs = rows.size(1), across = padded(inputs) / kColumns, terms = 1 + grid.bases;
  share(blocks(rows.size(0), kSome), [&](Pieces& pieces) {
    std::vector<float> tiles(kSome * terms * kColumns);
    alignas(64) float sums[kColumns];
    LeftRows left;
    for (int64_t part; pieces.take(part);) {
      const int64_t first = part * kSome, count = std::min(kSome, rows.size(0) - first);
      left.take(halves(arriving) + first * arriving.size(1), arriving.size(1), count, map.outputs);
      for (int64_t block = 0; block < across; ++block) {
        const int64_t columns = std::min(kColumns, inputs - block * kColumns);
        for (int64_t term = 0; term < terms; ++term)
          left.multiply(
              map.backward, 0, (term * across + block) * kColumns, kColumns, tiles.data() + term * kColumns,
              terms * kColumns, /*add=*/false);
        for (int64_t row = 0; row < count; ++row) {
          const int64_t place = (first + row) * inputs + block * kColumns;
          kernels().spline_terms_back(
              halves(rows) + place, tiles.data() + row * terms * kColumns, kColumns, columns, grid, sums);
          kernels().narrow(sums, halves(back) + place, columns);
        }
      }
    }
    release_blocks();
  });
}

// sums[outputs, terms · padded] += arrivingᵀ · terms.
void add_weight_gradient(const at::Tensor& arriving, const at::Tensor& rows, const SplineGrid& grid, at::Tensor& sums) {
  const int64_t inputs = rows.size(1), width = padded(inputs), depth = sums.size(1);
  RightFactor right;
  for (int64_t start = 0; start < rows.size(0); start += kPiece) {
    right.resize(std::min(kPiece, rows.size(0) - start), depth);
    share(blocks(right.depth, kStrip), [&](Pieces& pieces) {
      std::vector<Half> terms(kStrip * depth);
      for (int64_t strip; pieces.take(strip);) {
        const int64_t first = strip * kStrip, count = std::min(kStrip, right.depth - first);
        for (int64_t row = 0; row < count; ++row)
          kernels().spline_terms(
              halves(rows) + (start + first + row) * inputs, inputs, width, grid, terms.data() + row * depth);
        right.set_rows(first, terms.data(), depth, count);
      }
    });
    transposed_product(
        halves(arriving) + start * arriving.size(1), arriving.size(1), right,
        {{0, sums.size(0), sums.data_ptr<float>(), nullptr}}, /*add=*/true);
  }
}

struct SplineBackward : torch::autograd::Node {
  std::shared_ptr<OwnedGrid> grid;
  at::Tensor rows;
  at::ScalarType kind = at::kFloat;
  Edges edges;
  std::vector<Kept> leaves;  // those of the edges
  std::shared_ptr<PackedMap> map;
  int64_t packing = 0;

  variable_list apply(variable_list&& gradients) override {
    const variable_list weights = edges.all();
    variable_list results(1 + weights.size());
    if (!gradients[0].defined()) return results;
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = even_rows(gradients[0]);
    const SplineGrid splines = grid->grid();
    for (const Kept& leaf : leaves) leaf.get();
    const std::lock_guard<std::mutex> alone(map->mutex);
    if (map->number != packing) refresh(edges, splines.bases, *map);
    std::vector<Gradient> places;
    for (size_t index = 0; index < weights.size(); ++index) {
      places.emplace_back(weights[index]);
      results[1 + index] = places[index].returned;
    }
    at::Tensor sums = at::zeros({edges.outputs(), map->inputs}, at::kFloat);
    add_weight_gradient(arriving, rows, splines, sums);
    edges.share_gradient(sums, splines.bases, padded(edges.inputs()), places);
    if (task_should_compute_output(0)) {
      at::Tensor back = at::empty(rows.sizes(), rows.options());
      backward(arriving, rows, splines, *map, back);
      results[0] = back.to(kind);
    }
    return results;
  }
};

at::Tensor apply_layer(
    const std::shared_ptr<PackedMap>& map, const at::Tensor& x, const Edges& edges, const std::shared_ptr<OwnedGrid>& owned) {
  TORCH_CHECK(x.dim() == 2 && x.device().is_cpu(), "entries are ", x.sizes(), " on ", x.device(), ", not rows on cpu");
  const SplineGrid grid = owned->grid();
  edges.check(grid.bases);
  TORCH_CHECK(x.size(1) == edges.inputs(), "the input is ", x.sizes(), ", not of ", edges.inputs(), " columns");
  const auto node = node_for<SplineBackward>(x, edges.all());
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const std::lock_guard<std::mutex> alone(map->mutex);
    refresh(edges, grid.bases, *map);
    const at::Tensor rows = x.to(at::kBFloat16).contiguous().detach();
    result = at::empty({x.size(0), edges.outputs()}, rows.options());
    forward(rows, grid, *map, result);
    if (node != nullptr) {
      node->grid = owned;
      node->rows = rows;
      node->kind = x.scalar_type();
      node->edges = edges;
      for (const at::Tensor& leaf : edges.all()) node->leaves.emplace_back(leaf);
      node->map = map;
      node->packing = map->number;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_spline_layer(
    void* map, const at::Tensor* x, const at::Tensor* base, const at::Tensor* coefficients, const at::Tensor* scales,
    double low, double high, int64_t intervals, int64_t order, const float* pieces, at::Tensor** result) {
  return seedbed::guarded([&] {
    using namespace seedbed;
    const Edges edges{*base, *coefficients, scales == nullptr ? at::Tensor() : *scales};
    const auto grid = std::make_shared<OwnedGrid>(low, high, intervals, order, pieces);
    *result = new at::Tensor(
        map == nullptr ? spline_layer_in_float32(*x, edges, grid)
                       : apply_layer(*static_cast<std::shared_ptr<PackedMap>*>(map), *x, edges, grid));
  });
}
