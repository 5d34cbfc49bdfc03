// Polynomials of a row whose powers are normalised over the row, forward and backward, for the loops of kernels.cpp.
//
// y = bias + Σ wᵢ·rᵢ·xⁱ, i = 1, 2, 3, with rᵢ = 1/√(mean of x²ⁱ over the row + 10⁻⁶): for one row a polynomial, whose rᵢ hold
// what the entries have to do with each other. All is reckoned in x over the row's largest entry, so that no power is infinite;
// rᵢ takes that into account.
#pragma once

#include "numbers.h"

namespace {

using seedbed::ChannelRow;
using seedbed::ChannelRowBack;

// What a row is multiplied by before its powers are taken, and these after.
struct PowerScales {
  float entry, first, second, third;
};

inline PowerScales power_scales(const Half* x, int64_t count) {
  float largest = 1.0f;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) {
    const float size = __builtin_fabsf(wide(x[i]));
    largest = size > largest ? size : largest;
  }
  const float entry = 1.0f / largest;
  float first = 0, second = 0, third = 0;
#pragma omp simd reduction(+ : first, second, third)
  for (int64_t i = 0; i < count; ++i) {
    const float place = wide(x[i]) * entry, square = place * place;
    first += square;
    second += square * square;
    third += square * square * square;
  }
  const float inverse_count = 1.0f / static_cast<float>(count), shrunk = entry * entry;
  const auto scale = [&](float sum, float epsilon) { return 1.0f / __builtin_sqrtf(sum * inverse_count + epsilon); };
  return {
      entry, scale(first, 1e-6f * shrunk), scale(second, 1e-6f * shrunk * shrunk),
      scale(third, 1e-6f * shrunk * shrunk * shrunk)};
}

// Of three weights and a bias.
void poly_norm(const ChannelRow& row) {
  const PowerScales scales = power_scales(row.x, row.count);
  const float *const a = row.parameters[0], *const b = row.parameters[1], *const c = row.parameters[2];
  const float* const bias = row.parameters[3];
#pragma omp simd
  for (int64_t i = 0; i < row.count; ++i) {
    const float x = wide(row.x[i]) * scales.entry;
    row.y[i] = half(((c[i] * scales.third * x + b[i] * scales.second) * x + a[i] * scales.first) * x + bias[i]);
  }
}

// The slope of rᵢ by an entry is -rᵢ³·i·x²ⁱ⁻¹/count, and each entry's gradient times wᵢxⁱ arrives at it.
void poly_norm_back(const ChannelRowBack& row) {
  const PowerScales scales = power_scales(row.x, row.count);
  const float *const a = row.parameters[0], *const b = row.parameters[1], *const c = row.parameters[2];
  float first = 0, second = 0, third = 0;
#pragma omp simd reduction(+ : first, second, third)
  for (int64_t i = 0; i < row.count; ++i) {
    const float x = wide(row.x[i]) * scales.entry, along = wide(row.gradient[i]) * x;
    first += along * a[i];
    second += along * x * b[i];
    third += along * x * x * c[i];
  }
  const float inverse_count = 1.0f / static_cast<float>(row.count);
  first *= scales.first * scales.first * scales.first * inverse_count;
  second *= 2.0f * scales.second * scales.second * scales.second * inverse_count;
  third *= 3.0f * scales.third * scales.third * scales.third * inverse_count;
  float *const by_a = row.sums[0], *const by_b = row.sums[1], *const by_c = row.sums[2], *const by_bias = row.sums[3];
#pragma omp simd
  for (int64_t i = 0; i < row.count; ++i) {
    const float x = wide(row.x[i]) * scales.entry, arriving = wide(row.gradient[i]), square = x * x;
    const float slope = a[i] * scales.first + x * (2.0f * b[i] * scales.second + x * (3.0f * c[i] * scales.third));
    const float shared = x * (first + square * (second + square * third));
    row.back[i] = half((arriving * slope - shared) * scales.entry);
    by_a[i] += arriving * x * scales.first;
    by_b[i] += arriving * square * scales.second;
    by_c[i] += arriving * square * x * scales.third;
    by_bias[i] += arriving;
  }
}

}  // namespace
