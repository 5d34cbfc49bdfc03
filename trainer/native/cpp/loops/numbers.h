// Numbers of 16 and 32 bits, for the loops of kernels.cpp.
#pragma once

#include "../kernels.h"

namespace {

using seedbed::Half;

inline float from_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t to_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}

inline float wide(Half half) { return from_bits(static_cast<uint32_t>(half) << 16); }

// To nearest, ties to even; a NaN stays one.
inline Half half(float value) {
  const uint32_t bits = to_bits(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return static_cast<Half>(value == value ? rounded : 0x7fc0);
}

// A number of either kind as float32, and from it.
inline float wide(float value) { return value; }
inline void put(float value, Half& to) { to = half(value); }
inline void put(float value, float& to) { to = value; }

// eˣ within 2 units of the last place: x = n·ln 2 + r, |r| ≤ ½ ln 2, and a polynomial (the Taylor series to r⁷) for eʳ.
inline float exponential(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9841270e-4f;
  p = p * r + 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * from_bits((to_bits(shifted) << 23) + 0x3f800000u);
}

}  // namespace
