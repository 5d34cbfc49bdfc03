#include "products.h"

#include <algorithm>
#include <memory>

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace seedbed {

extern const Kernels kernels_default;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;

const Kernels& kernels() {
  static const Kernels* chosen = [] {
#if defined(__x86_64__)
    const std::string capability = at::get_cpu_capability();
    if (capability == "AVX512") return &kernels_avx512;
    if (capability == "AVX2") return &kernels_avx2;
#endif
    return &kernels_default;
  }();
  return *chosen;
}

namespace {

// The depth that is summed at once.
constexpr int64_t kDepth = 1024;
// The same where the depth is the number of tokens: a block of the left factor is turned, and kept in the first cache.
constexpr int64_t kTurnedRows = 64;
constexpr int64_t kTokens = 512;

}  // namespace

bool has_products() {
  static const bool has = [] {
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

void multiply_block(
    int64_t rows, int64_t depth, const Half* left, int64_t left_stride, const Half* right, float* tile,
    int64_t tile_stride, int64_t columns, bool add) {
  at::native::cpublas::brgemm(
      rows, columns, depth, left_stride, kColumns, tile_stride, add, reinterpret_cast<const at::BFloat16*>(left),
      reinterpret_cast<const at::BFloat16*>(right), tile, /*is_vnni=*/true);
}

void release_blocks() { at::native::cpublas::brgemm_release(true); }

void Packed::resize(int64_t new_depth, int64_t new_columns) {
  if (new_depth == depth && new_columns == columns && memory.defined()) return;
  depth = new_depth;
  columns = new_columns;
  memory = at::empty({blocks(columns, kColumns) * pairs() * 2 * kColumns}, at::kBFloat16);
}

void pack_rows(const Half* source, int64_t stride, Packed& packed) {
  const Kernels& run = kernels();
  const int64_t across = blocks(packed.columns, kColumns), down = blocks(packed.depth, kTokens);
  at::parallel_for(0, across * down, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t block = part % across, row = part / across * kTokens;
      const int64_t columns = std::min(kColumns, packed.columns - block * kColumns);
      run.interleave(
          source + row * stride + block * kColumns, stride, std::min(kTokens, packed.depth - row), columns,
          packed.at(block, row), kColumns);
    }
  });
}

void multiply_rows(
    const Half* left, int64_t left_stride, int64_t rows, const Packed& right, const float* bias, Half* result,
    int64_t result_stride) {
  // An even depth for the kernels: the row beyond is zero on the right.
  const int64_t depth = right.depth;
  alignas(64) float tile[kRows * kColumns];
  for (int64_t block = 0; block < blocks(right.columns, kColumns); ++block) {
    const int64_t columns = std::min(kColumns, right.columns - block * kColumns);
    for (int64_t at = 0; at < depth; at += kDepth) {
      const int64_t some_depth = std::min(kDepth, depth - at + depth % 2);
      multiply_block(
          rows, some_depth, left + at, left_stride, right.at(block, at), tile, kColumns, kColumns, at > 0);
    }
    kernels().narrow_rows(
        tile, kColumns, bias == nullptr ? nullptr : bias + block * kColumns, result + block * kColumns, result_stride, rows,
        columns);
  }
}

void multiply(
    const Half* left, int64_t left_stride, int64_t rows, const Packed& right, const float* bias, Half* result,
    int64_t result_stride) {
  TORCH_CHECK(right.depth % 2 == 0 || left_stride > right.depth, "a left factor of odd depth needs room for one column more");
  at::parallel_for(0, blocks(rows, kRows), 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t row = part * kRows;
      multiply_rows(
          left + row * left_stride, left_stride, std::min(kRows, rows - row), right, bias, result + row * result_stride,
          result_stride);
    }
    release_blocks();
  });
}

void add_transposed_product(
    const Half* left, int64_t left_stride, const Packed& right, const std::vector<SumTarget>& targets) {
  struct Part {
    int64_t first, count;
    float *rows, *sums;
  };
  const Kernels& run = kernels();
  const int64_t across = blocks(right.columns, kColumns);
  std::vector<Part> parts;
  for (const SumTarget& target : targets) {
    for (int64_t at = 0; at < target.count; at += kTurnedRows) {
      parts.push_back(
          {target.first + at, std::min(kTurnedRows, target.count - at), target.rows + at * right.columns,
           target.sums == nullptr ? nullptr : target.sums + at});
    }
  }
  at::parallel_for(0, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    alignas(64) Half turned[kTurnedRows * kTokens];
    for (int64_t index = begin; index < end; ++index) {
      const Part& part = parts[index];
      for (int64_t token = 0; token < right.depth; token += kTokens) {
        const int64_t some = std::min(kTokens, right.depth - token);
        run.transpose(left + token * left_stride + part.first, left_stride, some, part.count, turned, kTokens);
        if (part.sums != nullptr) run.add_row_sums(turned, kTokens, part.count, some, part.sums);
        for (int64_t block = 0; block < across; ++block) {
          multiply_block(
              part.count, some + some % 2, turned, kTokens, right.at(block, token), part.rows + block * kColumns,
              right.columns, std::min(kColumns, right.columns - block * kColumns), /*add=*/true);
        }
      }
    }
    release_blocks();
  });
}

bool PackedMap::is_fresh(const std::vector<at::Tensor>& weights) {
  std::vector<std::pair<const void*, int64_t>> now;
  for (const at::Tensor& weight : weights) now.emplace_back(weight.data_ptr(), static_cast<int64_t>(weight._version()));
  // What is no parameter may be another tensor at the same place the next time.
  const auto is_parameter = [](const at::Tensor& weight) { return weight.is_leaf() && weight.requires_grad(); };
  const bool same = now == seen_ && std::all_of(weights.begin(), weights.end(), is_parameter);
  seen_ = std::move(now);
  return same;
}

void PackedMap::refresh(const std::vector<at::Tensor>& weights) {
  if (is_fresh(weights)) return;
  const Kernels& run = kernels();
  inputs = weights[0].size(1);
  outputs = 0;
  std::vector<const float*> rows;
  for (const at::Tensor& weight : weights) {
    TORCH_CHECK(
        weight.dim() == 2 && weight.size(1) == inputs && weight.scalar_type() == at::kFloat && weight.is_contiguous(),
        "a weight is ", weight.scalar_type(), weight.sizes(), ", not float32 of ", inputs, " inputs");
    for (int64_t row = 0; row < weight.size(0); ++row) rows.push_back(weight.data_ptr<float>() + row * inputs);
    outputs += weight.size(0);
  }
  forward.resize(inputs, outputs);
  backward.resize(outputs, inputs);
  const int64_t stride = inputs + inputs % 2;
  at::parallel_for(0, blocks(outputs, kColumns), 1, [&](int64_t begin, int64_t end) {
    std::vector<Half> narrow(kColumns * stride, 0);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kColumns, some = std::min(kColumns, outputs - first);
      for (int64_t row = 0; row < some; ++row) run.narrow(rows[first + row], narrow.data() + row * stride, inputs);
      run.transpose_pairs(narrow.data(), stride, some, inputs, forward.at(block, 0), kColumns);
      for (int64_t across = 0; across < blocks(inputs, kColumns); ++across) {
        run.interleave(
            narrow.data() + across * kColumns, stride, some, std::min(kColumns, inputs - across * kColumns),
            backward.at(across, first), kColumns);
      }
    }
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
