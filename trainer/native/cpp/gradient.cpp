// Gradients that live in a buffer of ours.

#include <ATen/core/Tensor.h>

#include "guard.h"

extern "C" char* seedbed_set_gradient(const at::Tensor* parameter, const at::Tensor* gradient) {
  return seedbed::guarded([&] {
    TORCH_CHECK(parameter->is_leaf() && parameter->requires_grad(), "the parameter is not a leaf that requires a gradient");
    TORCH_CHECK(!gradient->requires_grad(), "the gradient buffer itself requires a gradient");
    TORCH_CHECK(
        parameter->sizes() == gradient->sizes(),
        "the parameter has shape ", parameter->sizes(), ", its gradient ", gradient->sizes());
    TORCH_CHECK(
        parameter->scalar_type() == gradient->scalar_type() && parameter->device() == gradient->device(),
        "the parameter is ", parameter->scalar_type(), " on ", parameter->device(),
        ", its gradient ", gradient->scalar_type(), " on ", gradient->device());
    parameter->mutable_grad() = *gradient;
  });
}
