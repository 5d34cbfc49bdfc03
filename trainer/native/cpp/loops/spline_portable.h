// The terms of spline edges for 16 entries at once, for any processor.
#pragma once

#include "numbers.h"
#include "spline_scalar.h"

namespace {

// 16 entries in loops that a compiler makes vectors of, whatever they hold.
struct Entries {
  alignas(64) float x[16], gate[16], u[16];
  alignas(64) int32_t first[16];  // the piece of B_0; beyond the last of any where the entry is off the knots

  template <typename Number>
  Entries(const Number* source, const SplineGrid& grid) {
    const float order = static_cast<float>(grid.order), end = static_cast<float>(grid.bases + grid.order);
#pragma omp simd
    for (int i = 0; i < 16; ++i) {
      const float entry = wide(source[i]), place = (entry - grid.low) * grid.cells_per_unit + order;
      // A comparison with what is no number fails.
      const bool is_on_knots = place >= 0.0f && place < end;
      const float inside = is_on_knots ? place : 0.0f;
      const int32_t cell = static_cast<int32_t>(inside);
      x[i] = entry;
      gate[i] = logistic(entry);
      u[i] = inside - static_cast<float>(cell);
      first[i] = is_on_knots ? static_cast<int32_t>(grid.order) - cell : static_cast<int32_t>(grid.order) + 1;
    }
  }

  // The polynomials of u of the highest power `power`, of the pieces that B_m is, and zero where it is none.
  void polynomial(const float* by_power, int64_t power, int64_t m, const SplineGrid& grid, float* value) const {
    alignas(64) int32_t piece[16];
    alignas(64) float is_there[16];
    const int32_t last = static_cast<int32_t>(grid.order);
#pragma omp simd
    for (int i = 0; i < 16; ++i) {
      const int32_t wanted = first[i] + static_cast<int32_t>(m);
      const bool is_piece = wanted >= 0 && wanted <= last;
      piece[i] = is_piece ? wanted : 0;
      is_there[i] = is_piece ? 1.0f : 0.0f;
      value[i] = 0.0f;
    }
    for (; power >= 0; --power) {
      const float* const coefficients = by_power + power * seedbed::kPieces;
#pragma omp simd
      for (int i = 0; i < 16; ++i) value[i] = value[i] * u[i] + coefficients[piece[i]];
    }
#pragma omp simd
    for (int i = 0; i < 16; ++i) value[i] *= is_there[i];
  }
};

// The terms of 16 entries, `width` numbers from one to the next.
template <typename Number>
inline void sixteen_terms(const Number* x, int64_t width, const SplineGrid& grid, Number* target) {
  const Entries entries(x, grid);
  for (int i = 0; i < 16; ++i) put(entries.x[i] * entries.gate[i], target[i]);
  for (int64_t m = 0; m < grid.bases; ++m) {
    alignas(64) float value[16];
    entries.polynomial(grid.by_power, grid.order, m, grid, value);
    for (int i = 0; i < 16; ++i) put(value[i], target[(1 + m) * width + i]);
  }
}

template <typename Number>
inline void sixteen_terms_back(
    const Number* x, const float* gradient, int64_t stride, const SplineGrid& grid, float* back) {
  const Entries entries(x, grid);
  alignas(64) float sum[16];
#pragma omp simd
  for (int i = 0; i < 16; ++i) {
    const float gate = entries.gate[i];
    sum[i] = gradient[i] * (gate + entries.x[i] * gate * (1.0f - gate));
  }
  for (int64_t m = 0; m < grid.bases; ++m) {
    alignas(64) float slope[16];
    entries.polynomial(grid.slopes_by_power, grid.order - 1, m, grid, slope);
#pragma omp simd
    for (int i = 0; i < 16; ++i) sum[i] += gradient[(1 + m) * stride + i] * slope[i];
  }
  __builtin_memcpy(back, sum, sizeof(sum));
}

}  // namespace
