// Activations whose channels have parameters of their own, forward and backward, for the loops of kernels.cpp.
//
// A function has a value and its slopes, by x and by up to three parameters, each written so that a loop over channels needs no
// branch. Parameters come as one number a channel; a function reads as many as it has. The last of them, poly_norm.h's, is of the
// whole row.
#pragma once

#include "numbers.h"
#include "poly_norm.h"

namespace {

using seedbed::ChannelRow;
using seedbed::ChannelRowBack;

struct Slopes {
  float x, first, second, third;
};

inline float gate_of(float x) { return 1.0f / (1.0f + exponential(-x)); }

// tanh x = 2σ(2x) - 1; near 0, where that loses digits, x less x³/3 and a term more.
inline float hyperbolic_tangent(float x) {
  const float square = x * x;
  const float near = x * (1.0f - square * (0.33333333f - square * (0.13333333f - square * 0.053968254f)));
  const float far = 2.0f * gate_of(2.0f * x) - 1.0f;
  return square < 0.04f ? near : far;
}

// Φ(z) by the complementary error function, within 1.2·10⁻⁷ of itself (Press et al. 1992, Numerical Recipes, section 6.2), and
// its density.
inline float normal_distribution(float z, float* density) {
  constexpr float kRootHalf = 0.70710678f;
  const float x = z < 0.0f ? -z * kRootHalf : z * kRootHalf;
  const float t = 1.0f / (1.0f + 0.5f * x);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const float half_tail = 0.5f * t * exponential(p - x * x);
  *density = 0.39894228f * exponential(-x * x);
  return z < 0.0f ? half_tail : z >= 0.0f ? 1.0f - half_tail : z;
}

// sin y and cos y for |y| up to some thousands: y = nπ/2 + r by a product in three parts, then Taylor series on |r| ≤ π/4.
inline void circle(float y, float* sine, float* cosine) {
  const float shifted = y * 0.63661977f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = ((y - n * 1.5703125f) - n * 4.8351288e-4f) - n * 3.1385942e-7f;
  const float square = r * r;
  const float s = r * (1.0f - square * (0.16666667f - square * (8.3333333e-3f - square * 1.9841270e-4f)));
  const float c = 1.0f - square * (0.5f - square * (4.1666667e-2f - square * (1.3888889e-3f - square * 2.4801587e-5f)));
  const uint32_t quarter = to_bits(shifted) & 3u;
  const float turned_sine = (quarter & 1u) != 0 ? c : s, turned_cosine = (quarter & 1u) != 0 ? s : c;
  *sine = (quarter & 2u) != 0 ? -turned_sine : turned_sine;
  *cosine = ((quarter + 1u) & 2u) != 0 ? -turned_cosine : turned_cosine;
}

struct Prelu {  // max(0, x) + a·min(0, x)
  static float value(float x, float a, float, float) { return x > 0.0f ? x : a * x; }
  static Slopes slopes(float x, float a, float, float) { return {x > 0.0f ? 1.0f : a, x > 0.0f ? 0.0f : x, 0, 0}; }
};

struct Dyt {  // γ·tanh(αx) + β
  static float value(float x, float alpha, float gamma, float beta) { return gamma * hyperbolic_tangent(alpha * x) + beta; }
  static Slopes slopes(float x, float alpha, float gamma, float) {
    const float t = hyperbolic_tangent(alpha * x), rest = gamma * (1.0f - t * t);
    return {rest * alpha, rest * x, t, 1.0f};
  }
};

struct Snake {  // x + sin²(αx)/α; at α = 0 it is x
  static float frequency(float alpha) { return alpha > -1e-9f && alpha < 1e-9f ? 1e-9f : alpha; }
  static float value(float x, float alpha, float, float) {
    const float a = frequency(alpha);
    float sine, cosine;
    circle(a * x, &sine, &cosine);
    return x + sine * sine / a;
  }
  static Slopes slopes(float x, float alpha, float, float) {
    const float a = frequency(alpha);
    float sine, cosine;
    circle(a * x, &sine, &cosine);
    const float twice = 2.0f * sine * cosine;
    return {1.0f + twice, a == alpha ? (x * twice - sine * sine / a) / a : 0.0f, 0, 0};
  }
};

struct Swish {  // x·σ(βx)
  static float value(float x, float beta, float, float) { return x * gate_of(beta * x); }
  static Slopes slopes(float x, float beta, float, float) {
    const float gate = gate_of(beta * x), rest = x * gate * (1.0f - gate);
    return {gate + beta * rest, x * rest, 0, 0};
  }
};

struct DelftSwish {  // x·βx·σ(βx)
  static float value(float x, float beta, float, float) { return x * (beta * x) * gate_of(beta * x); }
  static Slopes slopes(float x, float beta, float, float) {
    const float z = beta * x, gate = gate_of(z), silu = z * gate, slope = gate * (1.0f + z * (1.0f - gate));
    return {silu + z * slope, x * x * slope, 0, 0};
  }
};

struct AconC {  // x·(p₁·σ(z) + p₂·σ(-z)), z = β(p₁ - p₂)x
  static float value(float x, float one, float two, float beta) {
    const float z = x * (one - two) * beta;
    return x * (gate_of(z) * one + gate_of(-z) * two);
  }
  static Slopes slopes(float x, float one, float two, float beta) {
    const float apart = one - two, z = x * apart * beta, gate = gate_of(z), other = gate_of(-z);
    // Of x·(…) by z, through which all but the p beside the gates go.
    const float by_z = x * apart * gate * other;
    return {gate * one + other * two + by_z * apart * beta, x * gate + by_z * x * beta, x * other - by_z * x * beta,
            by_z * x * apart};
  }
};

struct ScaledGelu {  // α·x·Φ(x)
  static float value(float x, float alpha, float, float) {
    float density;
    return alpha * (x * normal_distribution(x, &density));
  }
  static Slopes slopes(float x, float alpha, float, float) {
    float density;
    const float gate = normal_distribution(x, &density);
    return {alpha * (gate + x * density), x * gate, 0, 0};
  }
};

struct ScaledGeluTanh {  // α·x·(1 + tanh(√(2/π)(x + 0.044715x³)))/2, and (1 + tanh z)/2 is σ(2z)
  static float gate(float x) { return gate_of(1.5957691f * (x + 0.044715f * x * x * x)); }
  static float value(float x, float alpha, float, float) { return alpha * (x * gate(x)); }
  static Slopes slopes(float x, float alpha, float, float) {
    const float g = gate(x), slope = 1.5957691f * (1.0f + 0.134145f * x * x);
    return {alpha * (g + x * g * (1.0f - g) * slope), x * g, 0, 0};
  }
};

struct ShiftedGelu {  // x·Φ(β(x - µ))
  static float value(float x, float beta, float mu, float) {
    float density;
    return x * normal_distribution(beta * (x - mu), &density);
  }
  static Slopes slopes(float x, float beta, float mu, float) {
    float density;
    const float gate = normal_distribution(beta * (x - mu), &density), rest = x * density;
    return {gate + rest * beta, rest * (x - mu), -rest * beta, 0};
  }
};

struct LearnableGelu {  // x·Φ(βx)
  static float value(float x, float beta, float, float) { return ShiftedGelu::value(x, beta, 0, 0); }
  static Slopes slopes(float x, float beta, float, float) {
    const Slopes slopes = ShiftedGelu::slopes(x, beta, 0, 0);
    return {slopes.x, slopes.first, 0, 0};
  }
};

struct ScaledLearnableGelu {  // α·x·Φ(βx)
  static float value(float x, float alpha, float beta, float) { return alpha * ShiftedGelu::value(x, beta, 0, 0); }
  static Slopes slopes(float x, float alpha, float beta, float) {
    const Slopes slopes = ShiftedGelu::slopes(x, beta, 0, 0);
    return {alpha * slopes.x, ShiftedGelu::value(x, beta, 0, 0), alpha * slopes.first, 0};
  }
};

template <typename Function>
void channels(const ChannelRow& row) {
  const float *const a = row.parameters[0], *const b = row.parameters[1], *const c = row.parameters[2];
#pragma omp simd
  for (int64_t i = 0; i < row.count; ++i) row.y[i] = half(Function::value(wide(row.x[i]), a[i], b[i], c[i]));
}

template <typename Function>
void channels_back(const ChannelRowBack& row) {
  const float *const a = row.parameters[0], *const b = row.parameters[1], *const c = row.parameters[2];
  float *const by_a = row.sums[0], *const by_b = row.sums[1], *const by_c = row.sums[2];
#pragma omp simd
  for (int64_t i = 0; i < row.count; ++i) {
    const float arriving = wide(row.gradient[i]);
    const Slopes slopes = Function::slopes(wide(row.x[i]), a[i], b[i], c[i]);
    row.back[i] = half(arriving * slopes.x);
    by_a[i] += arriving * slopes.first;
    by_b[i] += arriving * slopes.second;
    by_c[i] += arriving * slopes.third;
  }
}

void channel_row(int function, const ChannelRow& row) {
  static void (*const all[])(const ChannelRow&) = {
      channels<Prelu>,      channels<Dyt>,            channels<Snake>,       channels<Swish>,
      channels<DelftSwish>, channels<AconC>,          channels<ScaledGelu>,  channels<ScaledGeluTanh>,
      channels<ShiftedGelu>, channels<LearnableGelu>, channels<ScaledLearnableGelu>, poly_norm};
  all[function](row);
}

void channel_row_back(int function, const ChannelRowBack& row) {
  static void (*const all[])(const ChannelRowBack&) = {
      channels_back<Prelu>,      channels_back<Dyt>,            channels_back<Snake>,      channels_back<Swish>,
      channels_back<DelftSwish>, channels_back<AconC>,          channels_back<ScaledGelu>, channels_back<ScaledGeluTanh>,
      channels_back<ShiftedGelu>, channels_back<LearnableGelu>, channels_back<ScaledLearnableGelu>,
      poly_norm_back};
  all[function](row);
}

}  // namespace
