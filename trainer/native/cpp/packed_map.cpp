#include "packed_map.h"

#include <algorithm>

#include "pieces.h"

namespace seedbed {

bool PackedMap::are_parameters(const std::vector<at::Tensor>& weights) {
  return std::all_of(
      weights.begin(), weights.end(), [](const at::Tensor& weight) { return weight.is_leaf() && weight.requires_grad(); });
}

void PackedMap::refresh(const std::vector<at::Tensor>& weights) {
  TORCH_CHECK(!weights.empty(), "there is no weight");
  // Before they are compared with what is packed, which may be a layer of splines.
  for (const at::Tensor& weight : weights)
    TORCH_CHECK(
        weight.dim() == 2 && weight.size(1) == weights[0].size(1) && weight.scalar_type() == at::kFloat &&
            weight.is_contiguous() && weight.is_cpu(),
        "a weight is ", weight.scalar_type(), weight.sizes(), " on ", weight.device(), ", not contiguous float32 of ",
        weights[0].size(-1), " inputs on cpu");
  keep(weights, [&] { pack(weights); });
}

void PackedMap::pack(const std::vector<at::Tensor>& weights) {
  const Kernels& run = kernels();
  inputs = weights[0].size(1);
  outputs = 0;
  std::vector<const float*> rows;
  for (const at::Tensor& weight : weights) {
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
