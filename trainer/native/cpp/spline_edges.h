// A layer of B-spline edges on a uniform grid: its grid and its weights, for both kinds of numbers.
#pragma once

#include <vector>

#include "kernels.h"
#include "node.h"
#include "products.h"

namespace seedbed {

// The grid with the numbers that it points to.
class OwnedGrid {
 public:
  // `pieces` as SplineGrid has them.
  OwnedGrid(double low, double high, int64_t intervals, int64_t order, const float* pieces);

  SplineGrid grid() const;

 private:
  float low_, cells_per_unit_;
  int64_t order_, bases_;
  std::vector<float> pieces_, by_power_;
};

// W, C and, if edges have scales, S. A layer is one product whose left factor has a part for each term of a row: silu(x) first,
// then each basis function at every entry. The weights of the first part are W, those of a basis function S·C of that function.
struct Edges {
  at::Tensor base, coefficients, scales;

  int64_t inputs() const { return base.size(1); }
  int64_t outputs() const { return base.size(0); }
  variable_list all() const;
  void check(int64_t bases) const;

  // The weights of the basis function m on the edges to one output, into `term`.
  void term(int64_t output, int64_t m, float* term) const;

  // Hands the gradient of the product's weights, [outputs, terms · width], on to those that they are made of, where there is a
  // place for it.
  void share_gradient(const at::Tensor& sums, int64_t bases, int64_t width, const std::vector<Gradient>& places) const;
};

// The layer in float32.
at::Tensor spline_layer_in_float32(const at::Tensor& x, const Edges& edges, const std::shared_ptr<OwnedGrid>& owned);

}  // namespace seedbed
