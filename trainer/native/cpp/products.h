// Products of bfloat16 matrices with sums in float32, by all threads.
//
// What a library's general product does on every call is done here once: weights are laid out once a step, for both directions;
// results are rounded, or added to where a gradient lies, while they are still in the cache.
#pragma once

#include <vector>

#include "factors.h"

namespace seedbed {

// Rows of a result that a thread forms together.
constexpr int64_t kRows = 64;

// What a thread needs to form rows of products one after the other.
class RowsProduct {
 public:
  // result = left · right, rounded, with a bias for each column or null. Left is [rows, depth]; an odd depth needs room for one
  // column more.
  void multiply(
      const Half* left, int64_t left_stride, int64_t rows, const RightFactor& right, const float* bias, Half* result,
      int64_t result_stride);

 private:
  LeftRows left_;
  std::vector<float> sums_;
};

// The same of any number of rows, by all threads.
void multiply(
    const Half* left, int64_t left_stride, int64_t rows, const RightFactor& right, const float* bias, Half* result,
    int64_t result_stride);

// sum[columns of left, columns of right] = or, with `add`, += leftᵀ · right, of one row at least; and sums of the columns of left are
// added to, if a place for them is given. `targets` says for each column of left where its row of the sum lies.
struct SumTarget {
  int64_t first;  // column of left
  int64_t count;
  float* rows;    // [count, columns of right], or null: the columns' sums alone are wanted
  float* sums;    // [count], or null
};
void transposed_product(
    const Half* left, int64_t left_stride, const RightFactor& right, const std::vector<SumTarget>& targets, bool add);

// Where the gradient of a weight lies, if it can be added to in place; else a tensor of zeros that is to be returned.
struct Gradient {
  explicit Gradient(const at::Tensor& parameter);
  at::Tensor sum;
  // What the backward function returns.
  at::Tensor returned;
};

}  // namespace seedbed
