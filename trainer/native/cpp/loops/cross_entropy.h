// The loss of a row of logits and its gradient, for the loops of kernels.cpp.
#pragma once

#include "exponentials.h"
#include "narrow.h"
#include "numbers.h"

namespace {

// The largest of some bfloat16s by their bits: those of numbers below zero count backwards. Where one is a NaN it may be
// anything, since the sum of exponentials is a NaN then.
inline float largest_of(const Half* numbers, int64_t count) {
  int16_t largest = -0x8000;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) {
    const int16_t bits = static_cast<int16_t>(numbers[i]);
    const int16_t place = static_cast<int16_t>(bits ^ (bits < 0 ? 0x7fff : 0));
    largest = place > largest ? place : largest;
  }
  return wide(static_cast<Half>(largest ^ (largest < 0 ? 0x7fff : 0)));
}

float cross_entropy(Half* logits, int64_t count, int64_t target, float* room) {
  const float largest = largest_of(logits, count), at_target = wide(logits[target]);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) {
    const float part = exponential(wide(logits[i]) - largest);
    room[i] = part;
    sum += part;
  }
  const float scale = 1.0f / sum;
  narrow_scaled(room, scale, logits, count);
  logits[target] = half(room[target] * scale - 1.0f);
  return largest - at_target + __builtin_logf(sum);
}

float cross_entropy_wide(float* logits, int64_t count, int64_t target) {
  const float at_target = logits[target];
  float sum;
  const float largest = exponentials(logits, 0, count, 1.0f, &sum), factor = 1.0f / sum;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) logits[i] *= factor;
  logits[target] -= 1.0f;
  return largest - at_target + __builtin_logf(sum);
}

}  // namespace
