// The terms of layers with spline edges, for the loops of kernels.cpp.
#pragma once

#if defined(__AVX512F__)
#include "spline_avx512.h"
#else
#include "spline_portable.h"
#endif
#include "spline_scalar.h"

namespace {

template <typename Number>
void all_terms(const Number* x, int64_t inputs, int64_t width, const SplineGrid& grid, Number* target) {
  int64_t done = 0;
  for (; grid.by_power != nullptr && done + 16 <= inputs; done += 16) sixteen_terms(x + done, width, grid, target + done);
  some_terms(x, done, inputs, width, grid, target);
  for (int64_t term = 0; term <= grid.bases; ++term)
    for (int64_t i = inputs; i < width; ++i) target[term * width + i] = 0;
}

template <typename Number>
void all_terms_back(
    const Number* x, const float* gradient, int64_t stride, int64_t inputs, const SplineGrid& grid, float* back) {
  int64_t done = 0;
  for (; grid.by_power != nullptr && done + 16 <= inputs; done += 16)
    sixteen_terms_back(x + done, gradient + done, stride, grid, back + done);
  some_terms_back(x, gradient, stride, done, inputs, grid, back);
}

}  // namespace
