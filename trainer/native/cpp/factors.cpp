#include "factors.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <vector>

#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>

#include "pieces.h"

namespace seedbed {
namespace {

// Rows that are laid out at once.
constexpr int64_t kSomeRows = 64;

// tile = (or +=, with `add`) left · a strip of the right factor.
void multiply_block(
    int64_t rows, int64_t depth, const Half* left, int64_t left_stride, const Half* right, float* tile, int64_t tile_stride,
    int64_t columns, bool add) {
  at::native::cpublas::brgemm(
      rows, columns, depth, left_stride, kColumns, tile_stride, add, reinterpret_cast<const at::BFloat16*>(left),
      reinterpret_cast<const at::BFloat16*>(right), tile, /*is_vnni=*/true);
}

// Whether rows can be loaded into tiles where they lie, a line for each row of a tile.
bool are_tiles(const Half* source, int64_t stride, int64_t rows, int64_t depth) {
  return rows % (2 * kTileRows) == 0 && depth % kTileDepth == 0 && stride % kTileDepth == 0 &&
         reinterpret_cast<uintptr_t>(source) % (kTileDepth * sizeof(Half)) == 0;
}

// Memory for so many numbers: that of before, if it suffices.
Half* grown(at::Tensor& memory, int64_t numbers) {
  if (!memory.defined() || memory.numel() < numbers) memory = at::empty({numbers}, at::kBFloat16);
  return halves(memory);
}

}  // namespace

bool has_products() {
  static const bool has = [] {
    if (has_tiles()) return true;
    try {
      std::vector<Half> left(2 * 2, 0), right(2 * 16, 0);
      float result[2 * 16];
      multiply_block(2, 2, left.data(), 2, right.data(), result, 16, 16, false);
      release_blocks();
      return at::get_cpu_capability() == "AVX512";
    } catch (const std::exception&) {
      return false;
    }
  }();
  return has;
}

void release_blocks() {
  if (!has_tiles()) at::native::cpublas::brgemm_release(true);
}

int64_t whole_depth(int64_t depth) { return rounded_up(depth, has_tiles() ? kTileDepth : 2); }

int64_t RightFactor::strip() { return has_tiles() ? kTileRows : kColumns; }

void RightFactor::resize(int64_t new_depth, int64_t new_columns) {
  if (new_depth == depth && new_columns == columns && memory_.defined()) return;
  const int64_t new_whole_depth = whole_depth(new_depth), all = rounded_up(new_columns, kColumns);
  grown(memory_, all * new_whole_depth);
  depth = new_depth;
  columns = new_columns;
  whole_depth_ = new_whole_depth;
  const int64_t set = rounded_up(depth, 2);
  for (int64_t column = 0; column < all; column += strip())
    std::memset(at(set, column), 0, (whole_depth_ - set) * strip() * sizeof(Half));
}

void RightFactor::set_rows(int64_t row, const Half* source, int64_t stride, int64_t rows) {
  kernels().interleave(
      source, stride, rows, columns, at(row, 0), strip(), strip_size(), rounded_up(columns, kColumns) / strip());
}

void RightFactor::set_columns(int64_t column, const Half* source, int64_t stride) {
  for (int64_t some = 0; some < kColumns; some += strip())
    kernels().transpose_pairs(
        source + some * stride, stride, std::clamp<int64_t>(columns - column - some, 0, strip()), depth,
        at(0, column + some), strip());
}

void RightFactor::set(const Half* source, int64_t stride) {
  share_ranges(depth, kSomeRows, [&](int64_t begin, int64_t end) {
    set_rows(begin, source + begin * stride, stride, end - begin);
  });
}

void LeftRows::lie(const Half* source, int64_t stride, int64_t rows, int64_t depth) {
  left_ = source;
  rows_ = rows;
  depth_ = depth;
  row_ = stride;
  panel_ = kTileRows * stride;
  group_ = kTileDepth;
}

Half* LeftRows::panels(int64_t rows, int64_t depth) {
  rows_ = rows;
  depth_ = whole_depth(depth);
  row_ = kTileDepth;
  panel_ = kTileRows * depth_;
  group_ = kTileRows * kTileDepth;
  Half* const target = grown(memory_, rounded_up(rows, 2 * kTileRows) * depth_);
  left_ = target;
  return target;
}

void LeftRows::take(const Half* source, int64_t stride, int64_t rows, int64_t depth) {
  if (has_tiles() && !are_tiles(source, stride, rows, depth)) {
    Half* const target = panels(rows, depth);
    kernels().cut(source, stride, rows, depth, target, panel_);
  } else {
    lie(source, stride, rows, whole_depth(depth));
  }
}

void LeftRows::take_turned(const Half* source, int64_t stride, int64_t depth, int64_t rows) {
  if (has_tiles()) {
    Half* const target = panels(rows, depth);
    kernels().cut_turned(source, stride, depth, rows, target, panel_);
  } else {
    const int64_t whole = whole_depth(depth);
    Half* const target = grown(memory_, rows * whole);
    kernels().transpose(source, stride, depth, rows, target, whole);
    lie(target, whole, rows, whole);
  }
}

TileProduct LeftRows::product(const RightFactor& right, int64_t row, int64_t column, int64_t columns) const {
  return {left_, panel_, group_, row_, right.at(row, column), right.strip_size(), rows_, columns, depth_ / kTileDepth};
}

void LeftRows::multiply(
    const RightFactor& right, int64_t row, int64_t column, int64_t columns, float* result, int64_t stride, bool add) const {
  if (has_tiles()) {
    kernels().multiply_wide(product(right, row, column, columns), result, stride, add);
    return;
  }
  for (int64_t some = 0; some < columns; some += kColumns)
    multiply_block(
        rows_, depth_, left_, row_, right.at(row, column + some), result + some, stride, std::min(kColumns, columns - some),
        add);
}

void LeftRows::multiply_narrow(const RightFactor& right, const float* bias, Half* result, int64_t stride) const {
  if (has_tiles()) {
    kernels().multiply_narrow(product(right, 0, 0, right.columns), bias, result, stride);
    return;
  }
  std::vector<float> tile(rows_ * kColumns);
  for (int64_t column = 0; column < right.columns; column += kColumns) {
    const int64_t columns = std::min(kColumns, right.columns - column);
    // All of the strip, which is filled up: oneDNN makes a kernel for each width.
    multiply_block(rows_, depth_, left_, row_, right.at(0, column), tile.data(), kColumns, kColumns, false);
    kernels().narrow_rows(
        tile.data(), kColumns, bias == nullptr ? nullptr : bias + column, result + column, stride, rows_, columns);
  }
}

}  // namespace seedbed
