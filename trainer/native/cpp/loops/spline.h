// The terms of layers with spline edges, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

using seedbed::SplineGrid;

inline float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

// The cell of x and the place within it; cell -1 for what lies off the knots or is not a number.
inline int32_t cell_of(float x, const SplineGrid& grid, float* within) {
  const float place = (x - grid.low) * grid.cells_per_unit + static_cast<float>(grid.order);
  // A comparison with what is no number fails.
  if (!(place >= 0.0f && place < static_cast<float>(grid.bases + grid.order))) return -1;
  const int32_t cell = static_cast<int32_t>(place);
  *within = place - static_cast<float>(cell);
  return cell;
}

inline float basis(int32_t cell, float u, int64_t m, const SplineGrid& grid) {
  const int64_t piece = grid.order + m - cell;
  if (cell < 0 || piece < 0 || piece > grid.order) return 0.0f;
  const float* const c = grid.pieces + piece * (grid.order + 1);
  float value = c[grid.order];
  for (int64_t power = grid.order - 1; power >= 0; --power) value = value * u + c[power];
  return value;
}

inline float basis_slope(int32_t cell, float u, int64_t m, const SplineGrid& grid) {
  const int64_t piece = grid.order + m - cell;
  if (cell < 0 || piece < 0 || piece > grid.order) return 0.0f;
  const float* const c = grid.pieces + piece * (grid.order + 1);
  float slope = static_cast<float>(grid.order) * c[grid.order];
  for (int64_t power = grid.order - 1; power >= 1; --power) slope = slope * u + static_cast<float>(power) * c[power];
  return slope * grid.cells_per_unit;
}

// Entries `from` to `inputs`, one after the other.
template <typename Number>
inline void some_terms(
    const Number* x, int64_t from, int64_t inputs, int64_t width, const SplineGrid& grid, Number* target) {
  for (int64_t i = from; i < inputs; ++i) {
    const float entry = wide(x[i]);
    float u = 0;
    const int32_t cell = cell_of(entry, grid, &u);
    put(entry * logistic(entry), target[i]);
    for (int64_t m = 0; m < grid.bases; ++m) put(basis(cell, u, m, grid), target[(1 + m) * width + i]);
  }
}

template <typename Number>
inline void some_terms_back(
    const Number* x, const float* gradient, int64_t stride, int64_t from, int64_t inputs, const SplineGrid& grid, float* back) {
  for (int64_t i = from; i < inputs; ++i) {
    const float entry = wide(x[i]), gate = logistic(entry);
    float u = 0;
    const int32_t cell = cell_of(entry, grid, &u);
    float sum = gradient[i] * (gate + entry * gate * (1.0f - gate));
    for (int64_t m = 0; m < grid.bases; ++m) sum += gradient[(1 + m) * stride + i] * basis_slope(cell, u, m, grid);
    back[i] = sum;
  }
}

#if defined(__AVX512F__)

inline __m512 load_numbers(const float* source) { return _mm512_loadu_ps(source); }

inline __m512 load_numbers(const Half* source) {
  const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(source)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

inline void store_numbers(__m512 values, float* target) { _mm512_storeu_ps(target, values); }

// As half(), 16 numbers at once.
inline void store_numbers(__m512 values, Half* target) {
  const __m512i bits = _mm512_castps_si512(values);
  const __m512i last = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), last);
  const __m512i rounded = _mm512_mask_mov_epi32(
      _mm512_srli_epi32(sum, 16), _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q), _mm512_set1_epi32(0x7fc0));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), _mm512_cvtepi32_epi16(rounded));
}

// 16 entries: what cell_of finds, and their logistic function.
struct Entries {
  __m512 x, gate, u;
  __m512i first;  // the piece of B_0
  __mmask16 is_on_knots;

  template <typename Number>
  Entries(const Number* source, const SplineGrid& grid) {
    x = load_numbers(source);
    alignas(64) float lanes[16];
    _mm512_store_ps(lanes, x);
#pragma omp simd
    for (int i = 0; i < 16; ++i) lanes[i] = logistic(lanes[i]);
    gate = _mm512_load_ps(lanes);
    const __m512 order = _mm512_set1_ps(static_cast<float>(grid.order));
    const __m512 place = _mm512_fmadd_ps(
        _mm512_sub_ps(x, _mm512_set1_ps(grid.low)), _mm512_set1_ps(grid.cells_per_unit), order);
    const __m512 last = _mm512_set1_ps(static_cast<float>(grid.bases + grid.order));
    is_on_knots = _mm512_cmp_ps_mask(place, _mm512_setzero_ps(), _CMP_GE_OQ) & _mm512_cmp_ps_mask(place, last, _CMP_LT_OQ);
    const __m512i cell = _mm512_cvttps_epi32(place);
    u = _mm512_sub_ps(place, _mm512_cvtepi32_ps(cell));
    first = _mm512_sub_epi32(_mm512_set1_epi32(static_cast<int>(grid.order)), cell);
  }

  // Which entries B_m is a piece of, and which piece.
  __mmask16 pieces(int64_t m, const SplineGrid& grid, __m512i* piece) const {
    *piece = _mm512_add_epi32(first, _mm512_set1_epi32(static_cast<int>(m)));
    return is_on_knots & _mm512_cmple_epu32_mask(*piece, _mm512_set1_epi32(static_cast<int>(grid.order)));
  }

  // The polynomial of u of the highest power `power`, of these pieces.
  __m512 polynomial(const float* by_power, int64_t power, __m512i piece) const {
    __m512 value = _mm512_permutexvar_ps(piece, _mm512_loadu_ps(by_power + power * seedbed::kPieces));
    while (--power >= 0)
      value = _mm512_fmadd_ps(value, u, _mm512_permutexvar_ps(piece, _mm512_loadu_ps(by_power + power * seedbed::kPieces)));
    return value;
  }
};

// The terms of 16 entries, `width` numbers from one to the next.
template <typename Number>
inline void sixteen_terms(const Number* x, int64_t width, const SplineGrid& grid, Number* target) {
  const Entries entries(x, grid);
  store_numbers(_mm512_mul_ps(entries.x, entries.gate), target);
  for (int64_t m = 0; m < grid.bases; ++m) {
    __m512i piece;
    const __mmask16 is_there = entries.pieces(m, grid, &piece);
    store_numbers(
        _mm512_maskz_mov_ps(is_there, entries.polynomial(grid.by_power, grid.order, piece)), target + (1 + m) * width);
  }
}

template <typename Number>
inline void sixteen_terms_back(
    const Number* x, const float* gradient, int64_t stride, const SplineGrid& grid, float* back) {
  const Entries entries(x, grid);
  // The slope of x·gate.
  const __m512 one = _mm512_set1_ps(1.0f), rest = _mm512_sub_ps(one, entries.gate);
  const __m512 slope = _mm512_mul_ps(entries.gate, _mm512_fmadd_ps(entries.x, rest, one));
  __m512 sum = _mm512_mul_ps(_mm512_loadu_ps(gradient), slope);
  for (int64_t m = 0; m < grid.bases; ++m) {
    __m512i piece;
    const __mmask16 is_there = entries.pieces(m, grid, &piece);
    const __m512 basis_slope = entries.polynomial(grid.slopes_by_power, grid.order - 1, piece);
    sum = _mm512_mask3_fmadd_ps(_mm512_loadu_ps(gradient + (1 + m) * stride), basis_slope, sum, is_there);
  }
  _mm512_storeu_ps(back, sum);
}

#else

// 16 entries in loops that a compiler makes vectors of, whatever they hold.
struct Entries {
  alignas(64) float x[16], gate[16], u[16];
  alignas(64) int32_t first[16];  // the piece of B_0; beyond the last of any where the entry is off the knots

  template <typename Number>
  Entries(const Number* source, const SplineGrid& grid) {
    const float order = static_cast<float>(grid.order), end = static_cast<float>(grid.bases + grid.order);
#pragma omp simd
    for (int i = 0; i < 16; ++i) {
      const float entry = wide(source[i]), place = (entry - grid.low) * grid.cells_per_unit + order;
      // A comparison with what is no number fails.
      const bool is_on_knots = place >= 0.0f && place < end;
      const float inside = is_on_knots ? place : 0.0f;
      const int32_t cell = static_cast<int32_t>(inside);
      x[i] = entry;
      gate[i] = logistic(entry);
      u[i] = inside - static_cast<float>(cell);
      first[i] = is_on_knots ? static_cast<int32_t>(grid.order) - cell : static_cast<int32_t>(grid.order) + 1;
    }
  }

  // The polynomials of u of the highest power `power`, of the pieces that B_m is, and zero where it is none.
  void polynomial(const float* by_power, int64_t power, int64_t m, const SplineGrid& grid, float* value) const {
    alignas(64) int32_t piece[16];
    alignas(64) float is_there[16];
    const int32_t last = static_cast<int32_t>(grid.order);
#pragma omp simd
    for (int i = 0; i < 16; ++i) {
      const int32_t wanted = first[i] + static_cast<int32_t>(m);
      const bool is_piece = wanted >= 0 && wanted <= last;
      piece[i] = is_piece ? wanted : 0;
      is_there[i] = is_piece ? 1.0f : 0.0f;
      value[i] = 0.0f;
    }
    for (; power >= 0; --power) {
      const float* const coefficients = by_power + power * seedbed::kPieces;
#pragma omp simd
      for (int i = 0; i < 16; ++i) value[i] = value[i] * u[i] + coefficients[piece[i]];
    }
#pragma omp simd
    for (int i = 0; i < 16; ++i) value[i] *= is_there[i];
  }
};

// The terms of 16 entries, `width` numbers from one to the next.
template <typename Number>
inline void sixteen_terms(const Number* x, int64_t width, const SplineGrid& grid, Number* target) {
  const Entries entries(x, grid);
  for (int i = 0; i < 16; ++i) put(entries.x[i] * entries.gate[i], target[i]);
  for (int64_t m = 0; m < grid.bases; ++m) {
    alignas(64) float value[16];
    entries.polynomial(grid.by_power, grid.order, m, grid, value);
    for (int i = 0; i < 16; ++i) put(value[i], target[(1 + m) * width + i]);
  }
}

template <typename Number>
inline void sixteen_terms_back(
    const Number* x, const float* gradient, int64_t stride, const SplineGrid& grid, float* back) {
  const Entries entries(x, grid);
  alignas(64) float sum[16];
#pragma omp simd
  for (int i = 0; i < 16; ++i) {
    const float gate = entries.gate[i];
    sum[i] = gradient[i] * (gate + entries.x[i] * gate * (1.0f - gate));
  }
  for (int64_t m = 0; m < grid.bases; ++m) {
    alignas(64) float slope[16];
    entries.polynomial(grid.slopes_by_power, grid.order - 1, m, grid, slope);
#pragma omp simd
    for (int i = 0; i < 16; ++i) sum[i] += gradient[(1 + m) * stride + i] * slope[i];
  }
  __builtin_memcpy(back, sum, sizeof(sum));
}

#endif

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
