#include "products.h"

#include <algorithm>

#include <ATen/ops/zeros.h>

#include "pieces.h"

namespace seedbed {
namespace {

// The depth that is summed at once.
constexpr int64_t kDepth = 1024;
// The same where the depth is the number of tokens, and how many columns of the left factor are turned for it: both fit into
// the second cache.
constexpr int64_t kTokens = 1024;
constexpr int64_t kTurnedRows = 64;

}  // namespace

void RowsProduct::multiply(
    const Half* left, int64_t left_stride, int64_t rows, const RightFactor& right, const float* bias, Half* result,
    int64_t result_stride) {
  const int64_t depth = right.depth, columns = right.columns;
  TORCH_CHECK(depth % 2 == 0 || left_stride > depth, "a left factor of odd depth needs room for one column more");
  if (depth <= kDepth) {
    left_.take(left, left_stride, rows, depth);
    left_.multiply_narrow(right, bias, result, result_stride);
    return;
  }
  // Rows that are no power of two apart do not fall on the same lines of the cache.
  const int64_t stride = rounded_up(columns, kColumns) + 16;
  sums_.resize(rows * stride);
  for (int64_t at = 0; at < depth; at += kDepth) {
    left_.take(left + at, left_stride, rows, std::min(kDepth, depth - at));
    left_.multiply(right, at, 0, columns, sums_.data(), stride, /*add=*/at > 0);
  }
  kernels().narrow_rows(sums_.data(), stride, bias, result, result_stride, rows, columns);
}

void multiply(
    const Half* left, int64_t left_stride, int64_t rows, const RightFactor& right, const float* bias, Half* result,
    int64_t result_stride) {
  share(blocks(rows, kRows), [&](Pieces& pieces) {
    RowsProduct product;
    for (int64_t piece; pieces.take(piece);) {
      const int64_t row = piece * kRows;
      product.multiply(
          left + row * left_stride, left_stride, std::min(kRows, rows - row), right, bias, result + row * result_stride,
          result_stride);
    }
    release_blocks();
  });
}

void transposed_product(
    const Half* left, int64_t left_stride, const RightFactor& right, const std::vector<SumTarget>& targets, bool add) {
  struct Part {
    int64_t first, count;
    float *rows, *sums;
  };
  std::vector<Part> parts;
  for (const SumTarget& target : targets) {
    for (int64_t at = 0; at < target.count; at += kTurnedRows) {
      parts.push_back(
          {target.first + at, std::min(kTurnedRows, target.count - at),
           target.rows == nullptr ? nullptr : target.rows + at * right.columns,
           target.sums == nullptr ? nullptr : target.sums + at});
    }
  }
  share(static_cast<int64_t>(parts.size()), [&](Pieces& pieces) {
    LeftRows turned;
    for (int64_t piece; pieces.take(piece);) {
      const Part& part = parts[piece];
      for (int64_t token = 0; token < right.depth; token += kTokens) {
        const int64_t some = std::min(kTokens, right.depth - token);
        const Half* const source = left + token * left_stride + part.first;
        if (part.sums != nullptr) kernels().add_column_sums(source, left_stride, some, part.count, part.sums);
        if (part.rows == nullptr) continue;
        turned.take_turned(source, left_stride, some, part.count);
        turned.multiply(right, token, 0, right.columns, part.rows, right.columns, add || token > 0);
      }
    }
    release_blocks();
  });
}

Gradient::Gradient(const at::Tensor& parameter) {
  if (!parameter.defined() || !parameter.requires_grad()) return;
  if (parameter.is_leaf()) {
    const at::Tensor& present = parameter.grad();
    if (present.defined() && present.scalar_type() == at::kFloat && present.is_contiguous()) {
      sum = present;
      return;
    }
  }
  sum = returned = at::zeros(parameter.sizes(), parameter.options().requires_grad(false));
}

}  // namespace seedbed
