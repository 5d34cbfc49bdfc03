// Loops over plain memory, compiled once for each set of vector instructions and chosen when the program starts.
//
// The files that define them include nothing of libtorch or of the standard library: an inline function compiled for AVX-512
// could otherwise be the one that the linker keeps for all.
#pragma once

#include <cstdint>

namespace seedbed {

// A bfloat16 by its bits: the upper half of a float32.
using Half = uint16_t;

struct Kernels {
  // target = source, rounded to nearest, ties to even.
  void (*narrow)(const float* source, Half* target, int64_t count);
  // target = source.
  void (*widen)(const Half* source, float* target, int64_t count);

  // target[row] = source[row] + bias, rounded; bias may be null.
  void (*narrow_rows)(
      const float* source, int64_t source_stride, const float* bias, Half* target, int64_t target_stride, int64_t rows,
      int64_t columns);

  // Pairs of rows side by side, as products of bfloat16 want their right factor: target[row / 2][column][row % 2]. An odd last
  // row is paired with zeros.
  void (*interleave)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_columns);

  // target[column][row] = source[row][column], for an even number of rows of the target; a missing last row is zero.
  void (*transpose)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_stride);

  // target[column / 2][row][column % 2] = source[row][column], the right factor of a product with the transpose.
  void (*transpose_pairs)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_rows);

  // sums[row] += sum of the row.
  void (*add_row_sums)(const Half* source, int64_t stride, int64_t rows, int64_t columns, float* sums);

  // Logits become the gradient of -ln softmax(logits)[target]; returns that loss. `room` holds `count` numbers.
  float (*cross_entropy)(Half* logits, int64_t count, int64_t target, float* room);
};

// The loops for this processor, as libtorch's own setting ATEN_CPU_CAPABILITY has it.
const Kernels& kernels();

}  // namespace seedbed
