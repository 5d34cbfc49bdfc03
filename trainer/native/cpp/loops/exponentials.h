// The first half of a softmax, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

// Entries become e^(scale · entry - largest), of which their sum is given.
inline float exponentials(float* entries, int64_t begin, int64_t end, float scale, float* sum) {
  float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
  for (int64_t i = begin; i < end; ++i) {
    const float entry = entries[i] * scale;
    entries[i] = entry;
    largest = entry > largest ? entry : largest;
  }
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = begin; i < end; ++i) {
    const float part = exponential(entries[i] - largest);
    entries[i] = part;
    total += part;
  }
  *sum = total;
  return largest;
}

}  // namespace
