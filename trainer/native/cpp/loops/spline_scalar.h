// The terms of spline edges, entry by entry.
#pragma once

#include "numbers.h"

namespace {

using seedbed::SplineGrid;

inline float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

// The cell of x and the place within it; cell -1 for what lies off the knots or is not a number.
inline int32_t cell_of(float x, const SplineGrid& grid, float* within) {
  const float place = (x - grid.low) * grid.cells_per_unit + static_cast<float>(grid.order);
  // A comparison with what is no number fails.
  if (!(place >= 0.0f && place < static_cast<float>(grid.bases + grid.order))) return -1;
  const int32_t cell = static_cast<int32_t>(place);
  *within = place - static_cast<float>(cell);
  return cell;
}

inline float basis(int32_t cell, float u, int64_t m, const SplineGrid& grid) {
  const int64_t piece = grid.order + m - cell;
  if (cell < 0 || piece < 0 || piece > grid.order) return 0.0f;
  const float* const c = grid.pieces + piece * (grid.order + 1);
  float value = c[grid.order];
  for (int64_t power = grid.order - 1; power >= 0; --power) value = value * u + c[power];
  return value;
}

inline float basis_slope(int32_t cell, float u, int64_t m, const SplineGrid& grid) {
  const int64_t piece = grid.order + m - cell;
  if (cell < 0 || piece < 0 || piece > grid.order) return 0.0f;
  const float* const c = grid.pieces + piece * (grid.order + 1);
  float slope = static_cast<float>(grid.order) * c[grid.order];
  for (int64_t power = grid.order - 1; power >= 1; --power) slope = slope * u + static_cast<float>(power) * c[power];
  return slope * grid.cells_per_unit;
}

// Entries `from` to `inputs`, one after the other.
template <typename Number>
inline void some_terms(
    const Number* x, int64_t from, int64_t inputs, int64_t width, const SplineGrid& grid, Number* target) {
  for (int64_t i = from; i < inputs; ++i) {
    const float entry = wide(x[i]);
    float u = 0;
    const int32_t cell = cell_of(entry, grid, &u);
    put(entry * logistic(entry), target[i]);
    for (int64_t m = 0; m < grid.bases; ++m) put(basis(cell, u, m, grid), target[(1 + m) * width + i]);
  }
}

template <typename Number>
inline void some_terms_back(
    const Number* x, const float* gradient, int64_t stride, int64_t from, int64_t inputs, const SplineGrid& grid, float* back) {
  for (int64_t i = from; i < inputs; ++i) {
    const float entry = wide(x[i]), gate = logistic(entry);
    float u = 0;
    const int32_t cell = cell_of(entry, grid, &u);
    float sum = gradient[i] * (gate + entry * gate * (1.0f - gate));
    for (int64_t m = 0; m < grid.bases; ++m) sum += gradient[(1 + m) * stride + i] * basis_slope(cell, u, m, grid);
    back[i] = sum;
  }
}

}  // namespace
