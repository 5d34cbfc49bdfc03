// Products of bfloat16 matrices with sums in float32, by oneDNN's block kernels as libtorch hands them on.
//
// What a library's general product does on every call is done here once: weights are packed once a step, for both directions;
// results are rounded, or added to where a gradient lies, while they are still in the cache.
#pragma once

#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "kernels.h"

namespace seedbed {

// Columns of the right factor that lie side by side.
constexpr int64_t kColumns = 64;

inline Half* halves(const at::Tensor& tensor) { return reinterpret_cast<Half*>(tensor.data_ptr()); }

inline int64_t blocks(int64_t size, int64_t block) { return (size + block - 1) / block; }

// The right factor of a product, [depth, columns]: blocks of `kColumns` columns, and in each the rows in pairs.
struct Packed {
  int64_t depth = 0;
  int64_t columns = 0;
  at::Tensor memory;

  void resize(int64_t new_depth, int64_t new_columns);
  int64_t pairs() const { return (depth + 1) / 2; }
  // Where row `row` (even) of column block `block` begins.
  Half* at(int64_t block, int64_t row) const { return halves(memory) + (block * pairs() * 2 + row) * kColumns; }
};

// Whether this processor multiplies bfloat16 in hardware, and libtorch hands the kernels on.
bool has_products();

// tile = (or +=, with `add`) left · the rows from `row` on of a block of columns; `depth` rows are summed.
void multiply_block(
    int64_t rows, int64_t depth, const Half* left, int64_t left_stride, const Half* right, float* tile,
    int64_t tile_stride, int64_t columns, bool add);

// What a thread is to call after its last multiply_block.
void release_blocks();

// The rows of `source` as a right factor: packed = source.
void pack_rows(const Half* source, int64_t stride, Packed& packed);

// Rows of the left factor whose results are formed together, at most.
constexpr int64_t kRows = 128;

// result = left · right of at most kRows rows, on this thread; the left factor has an even number of columns.
void multiply_rows(
    const Half* left, int64_t left_stride, int64_t rows, const Packed& right, const float* bias, Half* result,
    int64_t result_stride);

// result = left · right, rounded, with a bias for each column or none. Left is [rows, depth].
void multiply(
    const Half* left, int64_t left_stride, int64_t rows, const Packed& right, const float* bias, Half* result,
    int64_t result_stride);

// sum[columns of left, columns of right] += leftᵀ · right, and sums of the columns of left, if a place for them is given.
// `targets` says for each column of left where its row of the sum lies.
struct SumTarget {
  int64_t first;  // column of left
  int64_t count;
  float* rows;    // [count, columns of right]
  float* sums;    // [count], or null
};
void add_transposed_product(
    const Half* left, int64_t left_stride, const Packed& right, const std::vector<SumTarget>& targets);

// Some linear maps of the same input, one below the other: packed anew when a weight has changed.
class PackedMap {
 public:
  // Packs the weights, each [outputs, inputs] in float32, if they are others than last time or have changed since.
  void refresh(const std::vector<at::Tensor>& weights);
  // Whether these are the weights of the last time, unchanged; they are remembered for the next.
  bool is_fresh(const std::vector<at::Tensor>& weights);
  int64_t inputs = 0, outputs = 0;
  // [inputs, outputs]: for the way forward; [outputs, inputs]: for the way back.
  Packed forward, backward;

 private:
  std::vector<std::pair<const void*, int64_t>> seen_;
};

// Where the gradient of a weight lies, if it can be added to in place; else a tensor of zeros that is to be returned.
struct Gradient {
  explicit Gradient(const at::Tensor& parameter);
  at::Tensor sum;
  // What the backward function returns.
  at::Tensor returned;
};

}  // namespace seedbed
