// A sum and its layer normalisation: what both devices are told and give.
#pragma once

#include <ATen/core/Tensor.h>

namespace seedbed {

struct NormHow {
  float epsilon;
  double dropout;
  uint64_t key;
  bool is_after;  // whether what goes on is the normal rows rather than the sum
};

// `going` is undefined where x itself goes on.
struct NormResults {
  at::Tensor going, normal;
};

// A gradient in this kind, contiguous; undefined if it is.
inline at::Tensor arriving_as(const at::Tensor& gradient, at::ScalarType kind) {
  return gradient.defined() ? gradient.to(kind).contiguous() : at::Tensor();
}

// Without `delta` the sum is x.
NormResults add_norm_on_gpu(
    const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, const at::Tensor& bias, NormHow how);

}  // namespace seedbed
