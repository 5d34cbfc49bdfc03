// Products of bfloat16 matrices by the processor's tiles (AMX), for the loops of kernels.cpp.
//
// A tile register holds 16 rows of 64 bytes. Four of the eight hold 32 × 32 sums, the other four 32 rows of the left factor and
// 32 columns of the right one, 32 numbers deep: four loads for four products. Loads are the limit, so factors lie as they are
// loaded, one tile after the other.
#pragma once

#include "numbers.h"

#if defined(__AMX_BF16__)

namespace {

using seedbed::kTileDepth;
using seedbed::kTileRows;

// Rows and columns of the sums that are formed at once.
constexpr int64_t kSums = 2 * kTileRows;
// How far ahead the right factor is asked for: two tiles.
constexpr int64_t kAhead = 2 * kTileRows * kTileDepth;

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes_of_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Tiles are this thread's while one lives; the state is dropped after, since it makes every switch of threads dearer.
class Tiles {
 public:
  Tiles() {
    const TileShapes shapes;
    // GCC 12's intrinsics do not tell that memory is read: this one's shapes would not be written. Factors are, elsewhere.
    asm volatile("ldtilecfg %0" ::"m"(shapes));
  }
  ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

// sums[32, 32] = the product of 32 rows and 32 columns; rows of the sums are `stride` apart.
inline void sum_tiles(const seedbed::TileProduct& product, const Half* left, const Half* right, float* sums, int64_t stride) {
  const int64_t row_bytes = product.left_row * 2, sums_bytes = stride * 4;
  const Half *const lower = left + product.left_panel, *const beside = right + product.right_strip;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t group = 0; group < product.groups; ++group) {
    const int64_t at = group * product.left_group, tile = group * kTileRows * kTileDepth;
    // The left rows stay in the first cache, the right columns come by: the processor foresees no loads of tiles.
    for (int64_t number = 0; number < kTileRows * kTileDepth; number += kTileDepth) {
      __builtin_prefetch(right + tile + kAhead + number);
      __builtin_prefetch(beside + tile + kAhead + number);
    }
    _tile_loadd(6, right + tile, 64);
    _tile_loadd(4, left + at, row_bytes);
    _tile_loadd(7, beside + tile, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, lower + at, row_bytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums, sums_bytes);
  _tile_stored(1, sums + kTileRows, sums_bytes);
  _tile_stored(2, sums + kTileRows * stride, sums_bytes);
  _tile_stored(3, sums + kTileRows * stride + kTileRows, sums_bytes);
}

// A block of sums, 32 × 32 or, at the edges, less of it.
struct Sums {
  int64_t row, column, rows, columns;
  bool is_whole() const { return rows == kSums && columns == kSums; }
};

// Forms the product in blocks. `place(block)` says where the sums of one are to lie, rows `stride` apart, or null for this
// function's room; there `take(block, sums)` finds them, rows kSums apart.
template <typename Place, typename Take>
inline void each_sums(const seedbed::TileProduct& product, int64_t stride, const Place& place, const Take& take) {
  alignas(64) float room[kSums * kSums];
  const Tiles tiles;
  for (int64_t row = 0; row < product.rows; row += kSums) {
    const int64_t rows = product.rows - row < kSums ? product.rows - row : kSums;
    const Half* const left = product.left + row / kTileRows * product.left_panel;
    for (int64_t column = 0; column < product.columns; column += kSums) {
      const Sums block{row, column, rows, product.columns - column < kSums ? product.columns - column : kSums};
      const Half* const right = product.right + column / kTileRows * product.right_strip;
      float* const target = place(block);
      if (target != nullptr) {
        sum_tiles(product, left, right, target, stride);
      } else {
        sum_tiles(product, left, right, room, kSums);
        take(block, room);
      }
    }
  }
}

}  // namespace
#endif
