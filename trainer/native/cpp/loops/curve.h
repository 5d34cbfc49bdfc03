// Activations with many coefficients, forward and backward in float32, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

using seedbed::AnchorGrid;
using seedbed::kDenominator;
using seedbed::kNumerator;

// The two polynomials of a quotient at x, and their slopes.
struct Quotient {
  float above, above_slope;
  float below, below_slope;  // without the 1 and the absolute value
};

// `coefficients` has one number of this channel every `width`.
inline Quotient quotient(float x, const float* coefficients, int64_t width) {
  Quotient found{coefficients[(kNumerator - 1) * width], 0, 0, 0};
#pragma GCC unroll 8
  for (int64_t power = kNumerator - 2; power >= 0; --power) {
    found.above_slope = found.above_slope * x + found.above;
    found.above = found.above * x + coefficients[power * width];
  }
#pragma GCC unroll 8
  for (int64_t power = kDenominator - 1; power >= 0; --power) {
    found.below_slope = found.below_slope * x + found.below;
    found.below = found.below * x + coefficients[(kNumerator + power) * width];
  }
  found.below_slope = found.below_slope * x + found.below;
  found.below *= x;
  return found;
}

void rational_row(const float* x, int64_t count, const float* coefficients, float* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const Quotient found = quotient(x[i], coefficients + i, count);
    y[i] = found.above / (1.0f + __builtin_fabsf(found.below));
  }
}

void rational_row_back(
    const float* x, const float* gradient, int64_t count, const float* coefficients, float* back, float* sums) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const Quotient found = quotient(x[i], coefficients + i, count);
    const float inverse = 1.0f / (1.0f + __builtin_fabsf(found.below));
    const float sign = found.below > 0.0f ? 1.0f : found.below < 0.0f ? -1.0f : 0.0f;
    const float by_below = -found.above * inverse * sign;
    float arriving = gradient[i] * inverse, arriving_below = arriving * by_below;
    back[i] = arriving * (found.above_slope + by_below * found.below_slope);
#pragma GCC unroll 8
    for (int64_t power = 0; power < kNumerator; ++power) {
      sums[power * count + i] += arriving;
      arriving *= x[i];
    }
#pragma GCC unroll 8
    for (int64_t power = 0; power < kDenominator; ++power) {
      arriving_below *= x[i];
      sums[(kNumerator + power) * count + i] += arriving_below;
    }
  }
}

// Where x lies among the anchors: how far from the first, in cells, held to what there is.
inline float place_of(float x, const AnchorGrid& grid) {
  const float place = (x + grid.reach) * grid.cells_per_unit, most = static_cast<float>(grid.anchors - 1);
  return place < 0.0f ? 0.0f : place > most ? most : place;
}

// The anchor on the left of a place; the first for what is not a number.
inline int32_t cell_of(float place, const AnchorGrid& grid) {
  const int32_t cell = place >= 0.0f ? static_cast<int32_t>(place) : 0, last = static_cast<int32_t>(grid.anchors) - 2;
  return cell < last ? cell : last;
}

void anchored_row(
    const float* x, int64_t count, const AnchorGrid& grid, const float* values, int64_t apart, float* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float place = place_of(x[i], grid);
    const int32_t cell = cell_of(place, grid);
    const float* const ends = values + i * apart + cell;
    y[i] = (ends[1] - ends[0]) * (place - static_cast<float>(cell)) + ends[0];
  }
}

void anchored_row_back(
    const float* x, const float* gradient, int64_t count, const AnchorGrid& grid, const float* values, int64_t apart,
    float* back, float* sums, int64_t lanes) {
  constexpr int64_t kSome = 256;
  float within[kSome];
  int32_t cells[kSome];
  const float most = static_cast<float>(grid.anchors - 1);
  for (int64_t begin = 0; begin < count; begin += kSome) {
    const int64_t some = count - begin < kSome ? count - begin : kSome;
#pragma omp simd
    for (int64_t i = 0; i < some; ++i) {
      const float entry = x[begin + i], place = place_of(entry, grid);
      const int32_t cell = cell_of(place, grid);
      const float* const ends = values + (begin + i) * apart + cell;
      const float free = (entry + grid.reach) * grid.cells_per_unit;
      const float slope = free >= 0.0f && free <= most ? (ends[1] - ends[0]) * grid.cells_per_unit : 0.0f;
      back[begin + i] = gradient[begin + i] * slope;
      within[i] = place - static_cast<float>(cell);
      cells[i] = cell;
    }
    for (int64_t i = 0; i < some; ++i) {
      const float arriving = gradient[begin + i], upper = arriving * within[i];
      float* const to = sums + (begin + i) % lanes * grid.anchors + cells[i];
      to[0] += arriving - upper;
      to[1] += upper;
    }
  }
}

}  // namespace
