// One update of AdamW, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

using seedbed::AdamWUpdate;

void adamw(const AdamWUpdate& update, float* parameters, float* gradients, float* first, float* second, int64_t count) {
  if (update.divisor != 1.0f) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) gradients[i] /= update.divisor;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float gradient = gradients[i];
    const float mean = update.beta1 * first[i] + update.rest1 * gradient;
    const float square = update.beta2 * second[i] + update.rest2 * gradient * gradient;
    first[i] = mean;
    second[i] = square;
    const float root = __builtin_sqrtf(square) * update.root_scale + update.epsilon;
    // 1 - ηλ would round what a small ηλ takes away.
    parameters[i] -= update.decay * parameters[i] + update.length * mean / root;
  }
}

}  // namespace
