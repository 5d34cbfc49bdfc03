// The softmax of attention, forward and backward, for the loops of kernels.cpp.
#pragma once

#include "exponentials.h"
#include "numbers.h"

namespace {

// A mixing function of 32 bits without bias that is known of (Wellons 2018, "lowbias32").
inline uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

inline float kept(seedbed::RowDropout dropout, int64_t place) {
  const uint32_t drawn = mix(static_cast<uint32_t>(place) * 0x9e3779b9u + dropout.key);
  return drawn >= dropout.threshold ? dropout.scale : 0.0f;
}

float attend(
    float* scores, int64_t begin, int64_t end, int64_t count, float scale, seedbed::RowDropout dropout, Half* weights) {
  float sum;
  const float largest = exponentials(scores, begin, end, scale, &sum), factor = 1.0f / sum;
  for (int64_t i = 0; i < begin; ++i) weights[i] = 0;
  if (dropout.threshold == 0) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) weights[i] = half(scores[i] * factor);
  } else {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) weights[i] = half(scores[i] * factor * kept(dropout, i));
  }
  for (int64_t i = end; i < count; ++i) weights[i] = 0;
  return largest + __builtin_logf(sum);
}

void softmax_row(float* scores, int64_t begin, int64_t end, int64_t count, float scale) {
  float sum;
  exponentials(scores, begin, end, scale, &sum);
  const float factor = 1.0f / sum;
  for (int64_t i = 0; i < begin; ++i) scores[i] = 0;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) scores[i] *= factor;
  for (int64_t i = end; i < count; ++i) scores[i] = 0;
}

void attend_back(
    const float* scores, const float* weight_gradients, int64_t begin, int64_t end, int64_t count, float scale,
    float divisor, float inner, seedbed::RowDropout dropout, Half* weights, Half* score_gradients) {
  for (int64_t i = 0; i < begin; ++i) weights[i] = score_gradients[i] = 0;
  if (dropout.threshold == 0) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float weight = exponential(scores[i] * scale - divisor);
      weights[i] = half(weight);
      score_gradients[i] = half(weight * (weight_gradients[i] - inner) * scale);
    }
  } else {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float weight = exponential(scores[i] * scale - divisor), factor = kept(dropout, i);
      weights[i] = half(weight * factor);
      score_gradients[i] = half(weight * (weight_gradients[i] * factor - inner) * scale);
    }
  }
  for (int64_t i = end; i < count; ++i) weights[i] = score_gradients[i] = 0;
}

void softmax_back(const float* weights, int64_t count, float scale, float* gradients) {
  double sum = 0, total = 0;
#pragma omp simd reduction(+ : sum, total)
  for (int64_t i = 0; i < count; ++i) {
    const double weight = weights[i];
    sum += weight * gradients[i];
    total += weight;
  }
  const double mean = sum / total;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const double away = gradients[i] - mean;
    gradients[i] = static_cast<float>(weights[i] * away) * scale;
  }
}

}  // namespace
