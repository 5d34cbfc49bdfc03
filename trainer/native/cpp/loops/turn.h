// Transposes of words of 32 and of 16 bits, for the loops of kernels.cpp.
#pragma once

#include "numbers.h"

namespace {

// Columns that are turned at once, so that what is written stays in registers and lines are filled.
constexpr int64_t kTurn = 16;

#if defined(__AVX512F__)

// 16 rows of 16 words become 16 columns.
inline void turn_words(const uint32_t* source, int64_t stride, uint32_t* target, int64_t target_stride) {
  __m512i row[16], part[16];
  for (int i = 0; i < 16; ++i) row[i] = _mm512_loadu_si512(source + i * stride);
  for (int i = 0; i < 8; ++i) {
    part[2 * i] = _mm512_unpacklo_epi32(row[2 * i], row[2 * i + 1]);
    part[2 * i + 1] = _mm512_unpackhi_epi32(row[2 * i], row[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    row[4 * i] = _mm512_unpacklo_epi64(part[4 * i], part[4 * i + 2]);
    row[4 * i + 1] = _mm512_unpackhi_epi64(part[4 * i], part[4 * i + 2]);
    row[4 * i + 2] = _mm512_unpacklo_epi64(part[4 * i + 1], part[4 * i + 3]);
    row[4 * i + 3] = _mm512_unpackhi_epi64(part[4 * i + 1], part[4 * i + 3]);
  }
  // row[4g + j] holds column j (mod 4) of the four quarters, of rows 4g to 4g + 3.
  for (int j = 0; j < 4; ++j) {
    const __m512i low = _mm512_shuffle_i32x4(row[j], row[4 + j], 0x88);
    const __m512i low_odd = _mm512_shuffle_i32x4(row[j], row[4 + j], 0xdd);
    const __m512i high = _mm512_shuffle_i32x4(row[8 + j], row[12 + j], 0x88);
    const __m512i high_odd = _mm512_shuffle_i32x4(row[8 + j], row[12 + j], 0xdd);
    _mm512_storeu_si512(target + j * target_stride, _mm512_shuffle_i32x4(low, high, 0x88));
    _mm512_storeu_si512(target + (4 + j) * target_stride, _mm512_shuffle_i32x4(low_odd, high_odd, 0x88));
    _mm512_storeu_si512(target + (8 + j) * target_stride, _mm512_shuffle_i32x4(low, high, 0xdd));
    _mm512_storeu_si512(target + (12 + j) * target_stride, _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd));
  }
}
#else
inline void turn_words(const uint32_t* source, int64_t stride, uint32_t* target, int64_t target_stride) {
  for (int64_t column = 0; column < 16; ++column)
    for (int64_t row = 0; row < 16; ++row) target[column * target_stride + row] = source[row * stride + column];
}
#endif

// target[column][row] = source[row][column] of words.
void turn(const uint32_t* source, int64_t stride, int64_t rows, int64_t columns, uint32_t* target, int64_t target_stride) {
  const int64_t whole_rows = rows / kTurn * kTurn, whole_columns = columns / kTurn * kTurn;
  for (int64_t row = 0; row < whole_rows; row += kTurn)
    for (int64_t column = 0; column < whole_columns; column += kTurn)
      turn_words(source + row * stride + column, stride, target + column * target_stride + row, target_stride);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = row < whole_rows ? whole_columns : 0; column < columns; ++column)
      target[column * target_stride + row] = source[row * stride + column];
}

// Rows and columns of halves that are turned at once: each column then fills a line.
constexpr int64_t kTurnRows = 32;
constexpr int64_t kTurnColumns = 8;

#if defined(__AVX512BW__)
// Two rows of 32 halves side by side, as pairs of 16 columns and of the other 16.
inline void pair_halves(const Half* first, const Half* second, Half* target, Half* other) {
  const __m512i row = _mm512_loadu_si512(first), next = _mm512_loadu_si512(second);
  // By quarters of eight columns: the first four of each, and the last four.
  const __m512i low = _mm512_unpacklo_epi16(row, next), high = _mm512_unpackhi_epi16(row, next);
  const __m512i front = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), back = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  _mm512_storeu_si512(target, _mm512_permutex2var_epi64(low, front, high));
  _mm512_storeu_si512(other, _mm512_permutex2var_epi64(low, back, high));
}

// 32 rows of 8 halves become 8 columns. A register takes every eighth row, so that its quarters hold the rows of a column in
// their order once each has been turned by itself: the loads put them there, and nothing crosses the quarters after.
inline void turn_halves(const Half* source, int64_t stride, Half* target, int64_t target_stride) {
  __m512i row[8], part[8];
  for (int i = 0; i < 8; ++i) {
    const auto quarter = [&](int number) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + (8 * number + i) * stride));
    };
    row[i] = _mm512_castsi128_si512(quarter(0));
    row[i] = _mm512_mask_broadcast_i32x4(row[i], 0x00f0, quarter(1));
    row[i] = _mm512_mask_broadcast_i32x4(row[i], 0x0f00, quarter(2));
    row[i] = _mm512_mask_broadcast_i32x4(row[i], 0xf000, quarter(3));
  }
  for (int i = 0; i < 4; ++i) {
    part[i] = _mm512_unpacklo_epi16(row[2 * i], row[2 * i + 1]);      // of columns 0 to 3
    part[4 + i] = _mm512_unpackhi_epi16(row[2 * i], row[2 * i + 1]);  // of columns 4 to 7
  }
  for (int column = 0; column < 8; column += 4) {
    row[column] = _mm512_unpacklo_epi32(part[column], part[column + 1]);
    row[column + 1] = _mm512_unpackhi_epi32(part[column], part[column + 1]);
    row[column + 2] = _mm512_unpacklo_epi32(part[column + 2], part[column + 3]);
    row[column + 3] = _mm512_unpackhi_epi32(part[column + 2], part[column + 3]);
    for (int pair = 0; pair < 2; ++pair) {
      const __m512i upper = row[column + pair], lower = row[column + 2 + pair];
      Half* const to = target + (column + 2 * pair) * target_stride;
      _mm512_storeu_si512(to, _mm512_unpacklo_epi64(upper, lower));
      _mm512_storeu_si512(to + target_stride, _mm512_unpackhi_epi64(upper, lower));
    }
  }
}
#endif

}  // namespace
