// The loops of kernels.h for one set of vector instructions: SEEDBED_ISA names it, the compiler's flags choose it.

#include "kernels.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#define SEEDBED_JOIN_(a, b) a##b
#define SEEDBED_JOIN(a, b) SEEDBED_JOIN_(a, b)

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

void narrow(const float* source, Half* target, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) target[i] = half(source[i]);
}

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
#pragma omp simd
      for (int64_t i = 0; i < columns; ++i) target[i] = half(source[i] + bias[i]);
    }
  }
}

void interleave(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_columns) {
  uint32_t* pairs = reinterpret_cast<uint32_t*>(target);
  for (int64_t row = 0; row < rows; row += 2, pairs += target_columns) {
    const Half* first = source + row * stride;
    const bool has_second = row + 1 < rows;
    const Half* second = has_second ? first + stride : first;
    const uint32_t keep = has_second ? 0xffffffffu : 0xffffu;
#pragma omp simd
    for (int64_t i = 0; i < columns; ++i) pairs[i] = (first[i] | static_cast<uint32_t>(second[i]) << 16) & keep;
    for (int64_t i = columns; i < target_columns; ++i) pairs[i] = 0;
  }
}

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

void transpose(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_stride) {
  // Two rows side by side are words; the words' transpose is what is wanted.
  constexpr int64_t kRows = 32, kColumns = 64;
  uint32_t pairs[kRows / 2 * kColumns];
  uint32_t* words = reinterpret_cast<uint32_t*>(target);
  const int64_t words_stride = target_stride / 2;
  for (int64_t row = 0; row < rows; row += kRows) {
    const int64_t some_rows = rows - row < kRows ? rows - row : kRows;
    for (int64_t column = 0; column < columns; column += kColumns) {
      const int64_t some_columns = columns - column < kColumns ? columns - column : kColumns;
      interleave(source + row * stride + column, stride, some_rows, some_columns, reinterpret_cast<Half*>(pairs), kColumns);
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

void add_row_sums(const Half* source, int64_t stride, int64_t rows, int64_t columns, float* sums) {
  for (int64_t row = 0; row < rows; ++row) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < columns; ++i) sum += wide(source[row * stride + i]);
    sums[row] += sum;
  }
}

float cross_entropy(Half* logits, int64_t count, int64_t target, float* room) {
  float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) {
    const float logit = wide(logits[i]);
    room[i] = logit;
    largest = logit > largest ? logit : largest;
  }
  const float at_target = room[target];
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) {
    const float part = exponential(room[i] - largest);
    room[i] = part;
    sum += part;
  }
  const float scale = 1.0f / sum;
  const float probability = room[target] * scale;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) logits[i] = half(room[i] * scale);
  logits[target] = half(probability - 1.0f);
  return largest - at_target + __builtin_logf(sum);
}

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
  float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
  for (int64_t i = begin; i < end; ++i) {
    const float score = scores[i] * scale;
    scores[i] = score;
    largest = score > largest ? score : largest;
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = begin; i < end; ++i) {
    const float part = exponential(scores[i] - largest);
    scores[i] = part;
    sum += part;
  }
  const float factor = 1.0f / sum;
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

// The cell of x, as a number, and the place within it.
inline float cell_of(float x, const seedbed::SplineGrid& grid, float* within) {
  const float place = (x - grid.low) * grid.cells_per_unit + static_cast<float>(grid.order);
  const float last = static_cast<float>(grid.bases + grid.order);
  // A comparison with what is no number fails, and such an entry goes below the knots.
  const float bounded = place >= 0.0f ? (place < last ? place : last) : -1.0f;
  const float cell = static_cast<float>(static_cast<int32_t>(bounded));
  *within = bounded - cell;
  return cell;
}

void spline_row(const float* x, int64_t inputs, const seedbed::SplineGrid& grid, float* room, Half* target) {
  const int64_t order = grid.order, bases = grid.bases;
  float* const cells = room;
#pragma omp simd
  for (int64_t i = 0; i < inputs; ++i) {
    float within;
    cells[i] = cell_of(x[i], grid, &within);
    room[inputs + i] = within;
  }
  for (int64_t piece = order; piece >= 0; --piece) {
    const float* const c = grid.pieces + piece * (order + 1);
    // The places are read last where the first piece is written over them.
    float* const values = room + (piece + 1) * inputs;
    const float* const places = room + inputs;
#pragma omp simd
    for (int64_t i = 0; i < inputs; ++i) {
      const float u = places[i];
      float value = c[order];
      for (int64_t power = order - 1; power >= 0; --power) value = value * u + c[power];
      values[i] = value;
    }
  }
  __builtin_memset(target, 0, inputs * bases * sizeof(Half));
  for (int64_t piece = 0; piece <= order; ++piece) {
    const float* const values = room + (piece + 1) * inputs;
    for (int64_t i = 0; i < inputs; ++i) {
      const int64_t m = static_cast<int64_t>(cells[i]) - order + piece;
      if (cells[i] >= 0.0f && m >= 0 && m < bases) target[i * bases + m] = half(values[i]);
    }
  }
}

void spline_row_back(
    const float* x, const Half* gradient, int64_t inputs, const seedbed::SplineGrid& grid, float* room, float* back) {
  const int64_t order = grid.order, bases = grid.bases;
  float *const cells = room, *const places = room + inputs, *const arriving = room + 2 * inputs;
#pragma omp simd
  for (int64_t i = 0; i < inputs; ++i) {
    float within;
    cells[i] = cell_of(x[i], grid, &within);
    places[i] = within;
    back[i] = 0;
  }
  for (int64_t piece = 0; piece <= order; ++piece) {
    const float* const c = grid.pieces + piece * (order + 1);
    for (int64_t i = 0; i < inputs; ++i) {
      const int64_t m = static_cast<int64_t>(cells[i]) - order + piece;
      const bool is_there = cells[i] >= 0.0f && m >= 0 && m < bases;
      arriving[i] = is_there ? wide(gradient[i * bases + m]) : 0.0f;
    }
#pragma omp simd
    for (int64_t i = 0; i < inputs; ++i) {
      const float u = places[i];
      float slope = static_cast<float>(order) * c[order];
      for (int64_t power = order - 1; power >= 1; --power) slope = slope * u + static_cast<float>(power) * c[power];
      back[i] += arriving[i] * slope * grid.cells_per_unit;
    }
  }
}

float dot(const Half* left, const Half* right, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += wide(left[i]) * wide(right[i]);
  return sum;
}

}  // namespace

namespace seedbed {

extern const Kernels SEEDBED_JOIN(kernels_, SEEDBED_ISA) = {
    narrow, widen, narrow_rows, interleave, transpose, transpose_pairs, add_row_sums, cross_entropy,
    attend, attend_back, spline_row, spline_row_back, dot};

}  // namespace seedbed
