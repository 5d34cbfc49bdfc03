// The loops of kernels.h for one set of vector instructions: SEEDBED_ISA names it, the compiler's flags choose it.

#include "kernels.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "loops/activation.h"
#include "loops/attention.h"
#include "loops/cross_entropy.h"
#include "loops/curve.h"
#include "loops/narrow.h"
#include "loops/norm.h"
#include "loops/numbers.h"
#include "loops/spline.h"
#include "loops/tiles.h"
#include "loops/turn.h"

#define SEEDBED_JOIN_(a, b) a##b
#define SEEDBED_JOIN(a, b) SEEDBED_JOIN_(a, b)

namespace {

using seedbed::kTileDepth;
using seedbed::kTileRows;

void widen(const Half* source, float* target, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) target[i] = wide(source[i]);
}

void narrow_rows(
    const float* source, int64_t source_stride, const float* bias, Half* target, int64_t target_stride, int64_t rows,
    int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, source += source_stride, target += target_stride) {
    if (bias == nullptr) {
      narrow(source, target, columns);
    } else {
      narrow_sums(source, bias, target, columns);
    }
  }
}

// Two rows side by side, the second of which may be null for zeros: of `width` pairs those beyond the columns are zero.
inline void pair_rows(const Half* first, const Half* second, int64_t columns, uint32_t* pairs, int64_t width) {
  const uint32_t keep = second != nullptr ? 0xffffffffu : 0xffffu;
  const Half* const other = second != nullptr ? second : first;
#pragma omp simd
  for (int64_t i = 0; i < columns; ++i) pairs[i] = (first[i] | static_cast<uint32_t>(other[i]) << 16) & keep;
  for (int64_t i = columns; i < width; ++i) pairs[i] = 0;
}

// Rows side by side, two and two.
void pair_up(const Half* source, int64_t stride, int64_t rows, int64_t columns, uint32_t* pairs, int64_t width) {
  for (int64_t row = 0; row < rows; row += 2, pairs += width) {
    const Half* const first = source + row * stride;
    pair_rows(first, row + 1 < rows ? first + stride : nullptr, columns, pairs, width);
  }
}

void interleave(
    const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t strip, int64_t strip_size,
    int64_t strips) {
  // Row after row, as memory brings them best: a line of a strip is written in whole at once.
  for (int64_t row = 0; row < rows; row += 2) {
    const Half* const first = source + row * stride;
    const Half* const second = row + 1 < rows ? first + stride : nullptr;
    Half* place = target + row * strip;
    int64_t column = 0;
#if defined(__AVX512BW__)
    if (strip == kTileRows && second != nullptr)
      for (; column + 2 * kTileRows <= columns; column += 2 * kTileRows, place += 2 * strip_size)
        pair_halves(first + column, second + column, place, place + strip_size);
#endif
    for (; column < strips * strip; column += strip, place += strip_size) {
      const int64_t left = columns > column ? columns - column : 0, some = left < strip ? left : strip;
      pair_rows(first + column, second == nullptr ? nullptr : second + column, some, reinterpret_cast<uint32_t*>(place), strip);
    }
  }
}

void transpose(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_stride) {
  // Two rows side by side are words; the words' transpose is what is wanted.
  constexpr int64_t kColumns = 64;
  uint32_t pairs[kTurnRows / 2 * kColumns];
  uint32_t* words = reinterpret_cast<uint32_t*>(target);
  const int64_t words_stride = target_stride / 2;
  for (int64_t row = 0; row < rows; row += kTurnRows) {
    const int64_t some_rows = rows - row < kTurnRows ? rows - row : kTurnRows;
    int64_t column = 0;
#if defined(__AVX512BW__)
    if (some_rows == kTurnRows)
      for (; column + kTurnColumns <= columns; column += kTurnColumns)
        turn_halves(source + row * stride + column, stride, target + column * target_stride + row, target_stride);
#endif
    for (; column < columns; column += kColumns) {
      const int64_t some_columns = columns - column < kColumns ? columns - column : kColumns;
      pair_up(source + row * stride + column, stride, some_rows, some_columns, pairs, kColumns);
      turn(pairs, kColumns, (some_rows + 1) / 2, some_columns, words + column * words_stride + row / 2, words_stride);
    }
  }
}

void transpose_pairs(
    const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_rows) {
  uint32_t* words = reinterpret_cast<uint32_t*>(target);
  const int64_t pairs = columns / 2;
  if (stride % 2 == 0) {
    turn(reinterpret_cast<const uint32_t*>(source), stride / 2, rows, pairs, words, target_rows);
  } else {
    for (int64_t pair = 0; pair < pairs; ++pair)
      for (int64_t row = 0; row < rows; ++row)
        words[pair * target_rows + row] =
            source[row * stride + 2 * pair] | static_cast<uint32_t>(source[row * stride + 2 * pair + 1]) << 16;
  }
  if (columns % 2 != 0)
    for (int64_t row = 0; row < rows; ++row) words[pairs * target_rows + row] = source[row * stride + columns - 1];
  for (int64_t pair = 0; pair < (columns + 1) / 2; ++pair)
    for (int64_t row = rows; row < target_rows; ++row) words[pair * target_rows + row] = 0;
}

void cut(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t panel) {
  for (int64_t row = 0; row < rows; ++row) {
    const Half* from = source + row * stride;
    Half* to = target + row / kTileRows * panel + row % kTileRows * kTileDepth;
    int64_t left = columns;
    for (; left >= kTileDepth; left -= kTileDepth, from += kTileDepth, to += kTileRows * kTileDepth)
      __builtin_memcpy(to, from, kTileDepth * sizeof(Half));
    if (left == 0) continue;
    for (int64_t i = 0; i < kTileDepth; ++i) to[i] = i < left ? from[i] : 0;
  }
}

// 32 rows of some columns, at most kTileRows, as one tile; rows and columns that there are not are zero.
void turn_edge(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* tile) {
  uint32_t pairs[kTileDepth / 2 * kTileRows] = {};
  pair_up(source, stride, rows, columns, pairs, kTileRows);
  turn_words(pairs, kTileRows, reinterpret_cast<uint32_t*>(tile), kTileDepth / 2);
}

void cut_turned(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t panel) {
  for (int64_t row = 0; row < rows; row += kTileDepth, target += kTileRows * kTileDepth) {
    const int64_t some_rows = rows - row < kTileDepth ? rows - row : kTileDepth;
    for (int64_t column = 0; column < columns; column += kTileRows) {
      const int64_t some_columns = columns - column < kTileRows ? columns - column : kTileRows;
      const Half* const from = source + row * stride + column;
      Half* const tile = target + column / kTileRows * panel;
#if defined(__AVX512BW__)
      if (some_rows == kTurnRows && some_columns == 2 * kTurnColumns) {
        turn_halves(from, stride, tile, kTileDepth);
        turn_halves(from + kTurnColumns, stride, tile + kTurnColumns * kTileDepth, kTileDepth);
        continue;
      }
#endif
      turn_edge(from, stride, some_rows, some_columns, tile);
    }
  }
}

void add_column_sums(const Half* source, int64_t stride, int64_t rows, int64_t columns, float* sums) {
  constexpr int64_t kSome = 64;
  for (int64_t first = 0; first < columns; first += kSome) {
    const int64_t some = columns - first < kSome ? columns - first : kSome;
    float parts[kSome] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const Half* const from = source + row * stride + first;
#pragma omp simd
      for (int64_t i = 0; i < some; ++i) parts[i] += wide(from[i]);
    }
    for (int64_t i = 0; i < some; ++i) sums[first + i] += parts[i];
  }
}

#if defined(__AMX_BF16__)
void multiply_narrow(const seedbed::TileProduct& product, const float* bias, Half* result, int64_t stride) {
  each_sums(
      product, 0, [](const Sums&) -> float* { return nullptr; },
      [&](const Sums& block, const float* sums) {
        narrow_rows(
            sums, kSums, bias == nullptr ? nullptr : bias + block.column, result + block.row * stride + block.column, stride,
            block.rows, block.columns);
      });
}

void set_product(const seedbed::TileProduct& product, float* result, int64_t stride) {
  each_sums(
      product, stride,
      [&](const Sums& block) { return block.is_whole() ? result + block.row * stride + block.column : nullptr; },
      [&](const Sums& block, const float* sums) {
        float* to = result + block.row * stride + block.column;
        for (int64_t row = 0; row < block.rows; ++row, to += stride, sums += kSums)
          __builtin_memcpy(to, sums, block.columns * sizeof(float));
      });
}

void add_product(const seedbed::TileProduct& product, float* result, int64_t stride) {
  each_sums(
      product, 0,
      [&](const Sums& block) -> float* {
        // What is added to lies in memory, mostly: it is on its way while the block is formed.
        const float* to = result + block.row * stride + block.column;
        for (int64_t row = 0; row < block.rows; ++row, to += stride) {
          __builtin_prefetch(to, /*to write*/ 1);
          __builtin_prefetch(to + kSums / 2, /*to write*/ 1);
        }
        return nullptr;
      },
      [&](const Sums& block, const float* sums) {
        float* to = result + block.row * stride + block.column;
        for (int64_t row = 0; row < block.rows; ++row, to += stride, sums += kSums) {
#pragma omp simd
          for (int64_t i = 0; i < block.columns; ++i) to[i] += sums[i];
        }
      });
}

void multiply_wide(const seedbed::TileProduct& product, float* result, int64_t stride, bool add) {
  if (add) {
    add_product(product, result, stride);
  } else {
    set_product(product, result, stride);
  }
}
#else
constexpr void (*multiply_narrow)(const seedbed::TileProduct&, const float*, Half*, int64_t) = nullptr;
constexpr void (*multiply_wide)(const seedbed::TileProduct&, float*, int64_t, bool) = nullptr;
#endif

float dot(const Half* left, const Half* right, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += wide(left[i]) * wide(right[i]);
  return sum;
}

}  // namespace

namespace seedbed {

extern const Kernels SEEDBED_JOIN(kernels_, SEEDBED_ISA) = {
    narrow, widen, narrow_rows, interleave, transpose, transpose_pairs, cut, cut_turned, add_column_sums,
    multiply_narrow, multiply_wide, cross_entropy, cross_entropy_wide,
    attend, attend_back, softmax_row, softmax_back, all_terms<Half>, all_terms_back<Half>,
    all_terms<float>, all_terms_back<float>, norm_row,
    norm_row_back, channel_row, channel_row_back, rational_row, rational_row_back, anchored_row, anchored_row_back, drop, drop_halves, dot};

}  // namespace seedbed
