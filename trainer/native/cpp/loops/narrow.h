// Rows rounded to bfloat16, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

#if defined(__AVX512BF16__)
// 32 numbers at once; what is too small for a normal float32 becomes zero.
inline __m512i rounded(__m512 first, __m512 second) {
  const __m512bh both = _mm512_cvtne2ps_pbh(second, first);
  __m512i bits;
  __builtin_memcpy(&bits, &both, sizeof(bits));
  return bits;
}
#endif

void narrow(const float* source, Half* target, int64_t count) {
  int64_t i = 0;
#if defined(__AVX512BF16__)
  for (; i + 32 <= count; i += 32)
    _mm512_storeu_si512(target + i, rounded(_mm512_loadu_ps(source + i), _mm512_loadu_ps(source + i + 16)));
#endif
#pragma omp simd
  for (int64_t rest = i; rest < count; ++rest) target[rest] = half(source[rest]);
}

void narrow_scaled(const float* source, float scale, Half* target, int64_t count) {
  int64_t i = 0;
#if defined(__AVX512BF16__)
  const __m512 all = _mm512_set1_ps(scale);
  for (; i + 32 <= count; i += 32)
    _mm512_storeu_si512(
        target + i,
        rounded(_mm512_mul_ps(_mm512_loadu_ps(source + i), all), _mm512_mul_ps(_mm512_loadu_ps(source + i + 16), all)));
#endif
#pragma omp simd
  for (int64_t rest = i; rest < count; ++rest) target[rest] = half(source[rest] * scale);
}

void narrow_sums(const float* source, const float* bias, Half* target, int64_t count) {
  int64_t i = 0;
#if defined(__AVX512BF16__)
  for (; i + 32 <= count; i += 32)
    _mm512_storeu_si512(
        target + i, rounded(
                        _mm512_add_ps(_mm512_loadu_ps(source + i), _mm512_loadu_ps(bias + i)),
                        _mm512_add_ps(_mm512_loadu_ps(source + i + 16), _mm512_loadu_ps(bias + i + 16))));
#endif
#pragma omp simd
  for (int64_t rest = i; rest < count; ++rest) target[rest] = half(source[rest] + bias[rest]);
}

}  // namespace
