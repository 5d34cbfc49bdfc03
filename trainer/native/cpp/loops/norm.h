// A sum and its layer normalisation, forward and backward, for the loops of kernels.cpp.
#pragma once

#include "attention.h"
#include "narrow.h"
#include "numbers.h"

namespace {

using seedbed::NormRow;
using seedbed::NormRowBack;
using seedbed::RowDropout;

inline float mean_of(const float* entries, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += entries[i];
  return sum / static_cast<float>(count);
}

// sum = x + what dropout keeps of delta.
inline void add_kept(const float* x, const Half* delta, RowDropout dropout, int64_t count, float* sum) {
  if (dropout.threshold == 0) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) sum[i] = x[i] + wide(delta[i]);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) sum[i] = x[i] + wide(delta[i]) * kept(dropout, i);
  }
}

void norm_row(const NormRow& row, float* mean, float* inverse) {
  const int64_t count = row.count;
  const float* sum = row.x;
  if (row.delta != nullptr) {
    add_kept(row.x, row.delta, row.dropout, count, row.sum);
    sum = row.sum;
  }
  const float middle = mean_of(sum, count);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < count; ++i) squares += (sum[i] - middle) * (sum[i] - middle);
  const float scale = 1.0f / __builtin_sqrtf(squares / static_cast<float>(count) + row.epsilon);
  *mean = middle;
  *inverse = scale;
  if (row.wide_normal != nullptr) {
    for (int64_t i = 0; i < count; ++i) row.wide_normal[i] = (sum[i] - middle) * scale * row.weight[i] + row.bias[i];
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) row.normal[i] = half((sum[i] - middle) * scale * row.weight[i] + row.bias[i]);
}

// The gradient of the normal rows, from either place or both, as `arriving`.
inline void gather_arriving(const NormRowBack& row, float* arriving) {
  const int64_t count = row.count;
  if (row.normal == nullptr) {
    for (int64_t i = 0; i < count; ++i) arriving[i] = 0;
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) arriving[i] = wide(row.normal[i]);
  }
  if (row.wide_normal == nullptr) return;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) arriving[i] += row.wide_normal[i];
}

// The row after this one, if it lies there, is on its way while this one is worked on: five places are read and written, each
// anew on every page.
inline void ask_for_next(const NormRowBack& row) {
  constexpr int64_t kLine = 16, kHalfLine = 32;
  for (int64_t i = row.count; i < 2 * row.count; i += kLine) {
    __builtin_prefetch(row.sum + i);
    if (row.passing != nullptr) __builtin_prefetch(row.passing + i);
    if (row.wide_normal != nullptr) __builtin_prefetch(row.wide_normal + i);
    __builtin_prefetch(row.back + i, /*to write*/ 1);
  }
  for (int64_t i = row.count; i < 2 * row.count; i += kHalfLine) {
    if (row.normal != nullptr) __builtin_prefetch(row.normal + i);
    if (row.delta_back != nullptr) __builtin_prefetch(row.delta_back + i, /*to write*/ 1);
  }
}

void norm_row_back(const NormRowBack& row, float* room) {
  const int64_t count = row.count;
  ask_for_next(row);
  float* const arriving = room;
  gather_arriving(row, arriving);
  const float mean = row.mean, scale = row.inverse;
  float plain = 0, along = 0;
#pragma omp simd reduction(+ : plain, along)
  for (int64_t i = 0; i < count; ++i) {
    const float place = (row.sum[i] - mean) * scale, weighted = arriving[i] * row.weight[i];
    plain += weighted;
    along += weighted * place;
  }
  plain /= static_cast<float>(count);
  along /= static_cast<float>(count);
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float place = (row.sum[i] - mean) * scale;
    row.weight_sums[i] += arriving[i] * place;
    row.bias_sums[i] += arriving[i];
    row.back[i] = scale * (arriving[i] * row.weight[i] - plain - place * along);
  }
  if (row.passing != nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) row.back[i] += row.passing[i];
  }
  if (row.delta_back == nullptr) return;
  if (row.dropout.threshold == 0) {
    narrow(row.back, row.delta_back, count);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) row.delta_back[i] = half(row.back[i] * kept(row.dropout, i));
  }
}

void drop(const float* source, RowDropout dropout, int64_t count, float* target) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) target[i] = source[i] * kept(dropout, i);
}

void drop_halves(const Half* source, RowDropout dropout, int64_t count, Half* target) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) target[i] = half(wide(source[i]) * kept(dropout, i));
}

}  // namespace
