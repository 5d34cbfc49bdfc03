// Loops over plain memory, compiled once for each set of vector instructions and chosen when the program starts.
//
// The files that define them include nothing of libtorch or of the standard library: an inline function compiled for AVX-512
// could otherwise be the one that the linker keeps for all.
#pragma once

#include <cstdint>

namespace seedbed {

// A bfloat16 by its bits: the upper half of a float32.
using Half = uint16_t;

// Which entries of a row dropout keeps: those whose hash of key and place is at least `threshold`; they are scaled.
struct RowDropout {
  uint32_t key;
  uint32_t threshold;  // 0: all are kept
  float scale;
};

// A row of a sum and its layer normalisation.
struct NormRow {
  const float* x;
  const Half* delta;  // null: the sum is x
  RowDropout dropout;
  int64_t count;
  const float *weight, *bias;
  float epsilon;
  float* sum;          // x + dropout(delta), if there is a delta
  float* wide_normal;  // null: not wanted
  Half* normal;
};

// The way back: gradients of what NormRow gives, each null where there is none, and those of what it takes.
struct NormRowBack {
  const float* sum;
  float mean, inverse;
  const float* weight;
  const Half* normal;
  const float *wide_normal, *passing;
  RowDropout dropout;
  int64_t count;
  float* back;
  Half* delta_back;                 // null: not wanted
  float *weight_sums, *bias_sums;  // added to
};

// Parameters of a function of a channel, at most, and the number of such functions.
constexpr int64_t kMostParameters = 4;
constexpr int kChannelFunctions = 12;

// A row to which a function is applied; each channel has a number for each parameter, of no meaning for one that there is not.
struct ChannelRow {
  const Half* x;
  const float* parameters[kMostParameters];
  int64_t count;
  Half* y;
};

// The way back.
struct ChannelRowBack {
  const Half *x, *gradient;
  const float* parameters[kMostParameters];
  int64_t count;
  Half* back;
  float* sums[kMostParameters];  // added to
};

// Coefficients of a quotient of polynomials: those of the numerator from the constant on, and those of the denominator from the
// first power on.
constexpr int64_t kNumerator = 6;
constexpr int64_t kDenominator = 4;

// Anchors evenly spaced on [-reach, reach].
struct AnchorGrid {
  float reach, cells_per_unit;
  int64_t anchors;
};

// The B-splines of a uniform grid. On cell c, from the first knot on, basis function c - order + j is the j-th piece, for j from
// 0 to order: the polynomial of the place u within the cell whose coefficients are pieces[j · (order + 1)], lowest power first.
struct SplineGrid {
  float low, cells_per_unit;
  int64_t order, bases;
  const float* pieces;
  // The same by power, kPieces numbers each, and then those of the slopes; null where there are more pieces than that.
  const float* by_power;
  const float* slopes_by_power;
};

// Pieces of which vector registers hold one number each.
constexpr int64_t kPieces = 16;

// Rows of a tile of the left factor, or columns of the right one, and how deep both are.
constexpr int64_t kTileRows = 16;
constexpr int64_t kTileDepth = 32;

// A product by the processor's tiles: 16 rows of 32 numbers of the left factor, 32 numbers of 16 columns of the right one.
//
// The left factor is cut into panels of 16 rows, and these into groups of 32 columns; the right one into strips of 16 columns,
// in pairs of rows. Panels and strips come in twos, the last filled up with anything; the last group is filled up with zeros.
struct TileProduct {
  const Half* left;
  int64_t left_panel, left_group, left_row;  // from one to the next
  const Half* right;
  int64_t right_strip;  // from one to the next
  int64_t rows, columns, groups;
};

struct Kernels {
  // target = source, rounded to nearest, ties to even. Where the processor rounds, a subnormal may become zero.
  void (*narrow)(const float* source, Half* target, int64_t count);
  // target = source.
  void (*widen)(const Half* source, float* target, int64_t count);

  // target[row] = source[row] + bias, rounded; bias may be null.
  void (*narrow_rows)(
      const float* source, int64_t source_stride, const float* bias, Half* target, int64_t target_stride, int64_t rows,
      int64_t columns);

  // The right factor of a product: strips of columns, `strip_size` apart, and in each the pairs of rows side by side,
  // target[column / strip][row / 2][column % strip][row % 2]. An odd last row is paired with zeros; what the last of the
  // `strips` have no columns for is zero.
  void (*interleave)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t strip, int64_t strip_size,
      int64_t strips);

  // target[column][row] = source[row][column], for an even number of rows of the target; a missing last row is zero.
  void (*transpose)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_stride);

  // target[column / 2][row][column % 2] = source[row][column], the right factor of a product with the transpose.
  void (*transpose_pairs)(
      const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t target_rows);

  // A left factor for tiles: panels of 16 rows, `panel` apart, and in each the groups of 32 columns one after the other. What
  // the last group has not is zero.
  void (*cut)(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t panel);

  // The same of the transpose.
  void (*cut_turned)(const Half* source, int64_t stride, int64_t rows, int64_t columns, Half* target, int64_t panel);

  // sums[column] += sum of the column.
  void (*add_column_sums)(const Half* source, int64_t stride, int64_t rows, int64_t columns, float* sums);

  // result = the product, rounded, with a bias for each column or null. Null where the processor has no tiles.
  void (*multiply_narrow)(const TileProduct& product, const float* bias, Half* result, int64_t stride);

  // result = or, with `add`, += the product. Null where the processor has no tiles.
  void (*multiply_wide)(const TileProduct& product, float* result, int64_t stride, bool add);

  // Logits become the gradient of -ln softmax(logits)[target]; returns that loss. `room` holds `count` numbers.
  float (*cross_entropy)(Half* logits, int64_t count, int64_t target, float* room);

  // The same in float32.
  float (*cross_entropy_wide)(float* logits, int64_t count, int64_t target);

  // weights = dropout(softmax(scale · scores)) over begin..end, and zeros in the rest of 0..count; returns the logarithm of the
  // softmax's divisor. The scores are overwritten.
  float (*attend)(
      float* scores, int64_t begin, int64_t end, int64_t count, float scale, RowDropout dropout, Half* weights);

  // The weights again, and the gradients of the unscaled scores, from the gradients of the weights and `inner`, the sum over
  // the row of weight times gradient.
  void (*attend_back)(
      const float* scores, const float* weight_gradients, int64_t begin, int64_t end, int64_t count, float scale,
      float divisor, float inner, RowDropout dropout, Half* weights, Half* score_gradients);

  // Scores become softmax(scale · scores) over begin..end, and zeros in the rest of 0..count.
  void (*softmax_row)(float* scores, int64_t begin, int64_t end, int64_t count, float scale);

  // gradients[i] = scale · weights[i] · (gradients[i] − mean), the mean being that of the gradients by these weights, formed in
  // float64: the way back through a softmax that gave the weights of scale · scores.
  void (*softmax_back)(const float* weights, int64_t count, float scale, float* gradients);

  // The terms of a layer of spline edges: target[i] = silu(x[i]), and target[(1 + m) · width + i] = B_m(x[i]), all zero for what
  // lies off the knots or is not a number; zeros for i from `inputs` to `width`.
  void (*spline_terms)(const Half* x, int64_t inputs, int64_t width, const SplineGrid& grid, Half* target);

  // back[i] = sum over the terms t of gradient[t · stride + i] times the slope of term t at x[i].
  void (*spline_terms_back)(
      const Half* x, const float* gradient, int64_t stride, int64_t inputs, const SplineGrid& grid, float* back);

  // The same of float32.
  void (*spline_terms_wide)(const float* x, int64_t inputs, int64_t width, const SplineGrid& grid, float* target);
  void (*spline_terms_back_wide)(
      const float* x, const float* gradient, int64_t stride, int64_t inputs, const SplineGrid& grid, float* back);

  // Gives also the mean of the sum, and one by its standard deviation.
  void (*norm_row)(const NormRow& row, float* mean, float* inverse);

  // `room` holds `count` numbers.
  void (*norm_row_back)(const NormRowBack& row, float* room);

  // The functions of loops/activation.h, in its order.
  void (*channel_row)(int function, const ChannelRow& row);
  void (*channel_row_back)(int function, const ChannelRowBack& row);

  // y[i] = numerator(x[i]) / (1 + |denominator(x[i])|), of which channel i has coefficients[c · count + i].
  void (*rational_row)(const float* x, int64_t count, const float* coefficients, float* y);
  // The sums, for the coefficients, are added to.
  void (*rational_row_back)(
      const float* x, const float* gradient, int64_t count, const float* coefficients, float* back, float* sums);

  // Straight lines between values at the anchors, those of channel i from values[i · apart] on.
  void (*anchored_row)(
      const float* x, int64_t count, const AnchorGrid& grid, const float* values, int64_t apart, float* y);
  // What is due to the values is added to the sums, [lanes, anchors], for channel i in lane i % lanes.
  void (*anchored_row_back)(
      const float* x, const float* gradient, int64_t count, const AnchorGrid& grid, const float* values, int64_t apart,
      float* back, float* sums, int64_t lanes);

  // What dropout keeps of a row.
  void (*drop)(const float* source, RowDropout dropout, int64_t count, float* target);
  void (*drop_halves)(const Half* source, RowDropout dropout, int64_t count, Half* target);

  // Sum of products.
  float (*dot)(const Half* left, const Half* right, int64_t count);
};

// The loops for this processor, as libtorch's own setting ATEN_CPU_CAPABILITY has it.
const Kernels& kernels();

// Whether these multiply by tiles.
bool has_tiles();

}  // namespace seedbed
