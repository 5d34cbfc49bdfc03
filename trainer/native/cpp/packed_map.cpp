#include "packed_map.h"

#include <algorithm>

#include "pieces.h"

namespace seedbed {

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
    const float* const first = weight.data_ptr<float>();
    for (int64_t row = 0; row < weight.size(0); ++row) rows.push_back(first + row * inputs);
    outputs += weight.size(0);
  }
  forward.resize(inputs, outputs);
  backward.resize(outputs, inputs);
  const int64_t stride = inputs + inputs % 2;
  share(blocks(outputs, kColumns), [&](Pieces& pieces) {
    std::vector<Half> narrow(kColumns * stride, 0);
    for (int64_t block; pieces.take(block);) {
      const int64_t first = block * kColumns, some = std::min(kColumns, outputs - first);
      for (int64_t row = 0; row < some; ++row) run.narrow(rows[first + row], narrow.data() + row * stride, inputs);
      forward.set_columns(first, narrow.data(), stride);
      backward.set_rows(first, narrow.data(), stride, some);
    }
  });
}

}  // namespace seedbed
