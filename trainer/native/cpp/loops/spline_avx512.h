// The terms of spline edges for 16 entries at once by AVX-512, which finds coefficients in registers.
#pragma once

#include "numbers.h"
#include "spline_scalar.h"

namespace {

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

}  // namespace
