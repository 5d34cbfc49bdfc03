// The two factors of a product of bfloat16 matrices with sums in float32, as the processor wants them.
//
// Where it has tiles, the loops of loops/tiles.h multiply; else oneDNN's block kernels, as libtorch hands them on. Each wants
// the factors laid out in its own way: who forms a product need not know which.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels.h"

namespace seedbed {

// Columns of a factor that are laid out at once.
constexpr int64_t kColumns = 64;

inline Half* halves(const at::Tensor& tensor) { return reinterpret_cast<Half*>(tensor.data_ptr()); }

inline int64_t blocks(int64_t size, int64_t block) { return (size + block - 1) / block; }

inline int64_t rounded_up(int64_t size, int64_t block) { return blocks(size, block) * block; }

// Whether this processor multiplies bfloat16 in hardware, by one way or the other.
bool has_products();

// Depth to which factors that are read where they lie are filled up with zeros.
int64_t whole_depth(int64_t depth);

// The right factor of a product, [depth, columns]: strips of columns, and in each the rows in pairs.
class RightFactor {
 public:
  int64_t depth = 0;
  int64_t columns = 0;

  // Another matrix is to follow, of this shape.
  void resize(int64_t new_depth, int64_t new_columns);

  // Some rows from `row` on, a multiple of 32.
  void set_rows(int64_t row, const Half* source, int64_t stride, int64_t rows);

  // The kColumns columns from `column` on in whole: `source` has them as rows.
  void set_columns(int64_t column, const Half* source, int64_t stride);

  // All rows of `source`, by all threads.
  void set(const Half* source, int64_t stride);

  // Where the pairs of a strip begin, from `row` (even) on; `column` is the first of the strip.
  Half* at(int64_t row, int64_t column) const { return halves(memory_) + column * whole_depth_ + row * strip(); }

  // Columns of a strip.
  static int64_t strip();

  // From one strip to the next.
  int64_t strip_size() const { return whole_depth_ * strip(); }

 private:
  at::Tensor memory_;
  int64_t whole_depth_ = 0;
};

// Some rows of the left factor of a product, which one thread multiplies.
class LeftRows {
 public:
  // Read where they lie: whole blocks of 32 rows can be read, and `depth` is a whole depth, which zeros fill up.
  void lie(const Half* source, int64_t stride, int64_t rows, int64_t depth);

  // Laid out anew, if need be, else read when it is multiplied; an odd depth needs room for one column more.
  void take(const Half* source, int64_t stride, int64_t rows, int64_t depth);

  // The columns of `source` as rows: [depth, rows] turned.
  void take_turned(const Half* source, int64_t stride, int64_t depth, int64_t rows);

  // result = or, with `add`, += left · `columns` columns of right from `column` on, and of its rows those from `row` on that the
  // left factor is deep. Row and column are multiples of kColumns.
  void multiply(
      const RightFactor& right, int64_t row, int64_t column, int64_t columns, float* result, int64_t stride, bool add) const;

  // result = left · right of the same depth, rounded, with a bias for each column or null.
  void multiply_narrow(const RightFactor& right, const float* bias, Half* result, int64_t stride) const;

 private:
  // Room for panels of tiles, which are multiplied next.
  Half* panels(int64_t rows, int64_t depth);
  TileProduct product(const RightFactor& right, int64_t row, int64_t column, int64_t columns) const;

  at::Tensor memory_;
  const Half* left_ = nullptr;
  int64_t rows_ = 0, depth_ = 0;              // the depth is a whole one
  int64_t row_ = 0, panel_ = 0, group_ = 0;  // from one to the next
};

// What a thread is to call after its last product.
void release_blocks();

}  // namespace seedbed
