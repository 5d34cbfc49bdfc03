// AdamW in one pass over flat buffers. tch leaves the fused optimisers out.

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>

#include "guard.h"

// What the kernels take for granted and do not check themselves.
static void check_buffer(const char* name, const at::Tensor& buffer, const at::Tensor& parameters) {
  TORCH_CHECK(buffer.is_contiguous(), name, " are not contiguous");
  TORCH_CHECK(
      buffer.sizes() == parameters.sizes() && buffer.scalar_type() == parameters.scalar_type() &&
          buffer.device() == parameters.device(),
      name, " are ", buffer.scalar_type(), buffer.sizes(), " on ", buffer.device(), ", the parameters ",
      parameters.scalar_type(), parameters.sizes(), " on ", parameters.device());
}

extern "C" char* seedbed_fused_adamw(
    const at::Tensor* parameters, const at::Tensor* gradients, const at::Tensor* first_moments,
    const at::Tensor* second_moments, const at::Tensor* step, double learning_rate, double beta1, double beta2,
    double epsilon, double weight_decay) {
  return seedbed::guarded([&] {
    check_buffer("parameters", *parameters, *parameters);
    check_buffer("gradients", *gradients, *parameters);
    check_buffer("first moments", *first_moments, *parameters);
    check_buffer("second moments", *second_moments, *parameters);
    TORCH_CHECK(
        step->numel() == 1 && step->scalar_type() == at::kFloat && step->device() == parameters->device(),
        "the step is ", step->scalar_type(), step->sizes(), " on ", step->device(), ", not one float32 on ",
        parameters->device());
    const at::NoGradGuard no_gradients;
    at::_fused_adamw_(
        {*parameters}, {*gradients}, {*first_moments}, {*second_moments}, /*max_exp_avg_sqs=*/{}, {*step},
        learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
    // The fused update writes without saying so, and weights that are packed are packed anew by this count.
    parameters->unsafeGetTensorImpl()->bump_version();
  });
}
