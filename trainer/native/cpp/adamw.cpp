// AdamW in one pass over flat buffers. tch leaves the fused optimisers out.
//
// On a processor the loop is ours: libtorch's takes twice the time as soon as gradients are to be divided.

#include <cmath>
#include <optional>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>

#include "guard.h"
#include "kernels.h"
#include "pieces.h"

// Parameters that a thread takes at once: their gradients, which are read twice when they are clipped, stay in its first cache.
constexpr int64_t kSomeParameters = 1 << 13;

// What the kernels take for granted and do not check themselves.
static void check_buffer(const char* name, const at::Tensor& buffer, const at::Tensor& parameters) {
  TORCH_CHECK(buffer.is_contiguous(), name, " are not contiguous");
  TORCH_CHECK(
      buffer.sizes() == parameters.sizes() && buffer.scalar_type() == parameters.scalar_type() &&
          buffer.device() == parameters.device(),
      name, " are ", buffer.scalar_type(), buffer.sizes(), " on ", buffer.device(), ", the parameters ",
      parameters.scalar_type(), parameters.sizes(), " on ", parameters.device());
}

static void check_number(const char* name, const at::Tensor& number, const at::Tensor& parameters) {
  TORCH_CHECK(
      number.numel() == 1 && number.scalar_type() == at::kFloat && number.device() == parameters.device(), "the ", name,
      " is ", number.scalar_type(), number.sizes(), " on ", number.device(), ", not one float32 on ", parameters.device());
}

static void update_by(
    const seedbed::AdamWUpdate& update, const at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& first,
    const at::Tensor& second) {
  seedbed::share_ranges(parameters.numel(), kSomeParameters, [&](int64_t begin, int64_t end) {
    const auto from = [&](const at::Tensor& buffer) { return buffer.data_ptr<float>() + begin; };
    seedbed::kernels().adamw(update, from(parameters), from(gradients), from(first), from(second), end - begin);
  });
  parameters.unsafeGetTensorImpl()->bump_version();
}

extern "C" char* seedbed_fused_adamw(
    const at::Tensor* parameters, const at::Tensor* gradients, const at::Tensor* divisor, const at::Tensor* first_moments,
    const at::Tensor* second_moments, const at::Tensor* step, double learning_rate, double beta1, double beta2,
    double epsilon, double weight_decay) {
  return seedbed::guarded([&] {
    check_buffer("parameters", *parameters, *parameters);
    check_buffer("gradients", *gradients, *parameters);
    check_buffer("first moments", *first_moments, *parameters);
    check_buffer("second moments", *second_moments, *parameters);
    check_number("step", *step, *parameters);
    if (divisor != nullptr) check_number("divisor", *divisor, *parameters);
    if (parameters->is_cpu() && parameters->scalar_type() == at::kFloat) {
      const double number = step->item<float>();
      const seedbed::AdamWUpdate update{
          divisor == nullptr ? 1.0f : static_cast<float>(1 / divisor->item<double>()),
          static_cast<float>(beta1),
          static_cast<float>(1 - beta1),
          static_cast<float>(beta2),
          static_cast<float>(1 - beta2),
          static_cast<float>(1 - learning_rate * weight_decay),
          static_cast<float>(learning_rate / (1 - std::pow(beta1, number))),
          static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, number))),
          static_cast<float>(epsilon)};
      update_by(update, *parameters, *gradients, *first_moments, *second_moments);
      return;
    }
    const at::NoGradGuard no_gradients;
    at::_fused_adamw_(
        {*parameters}, {*gradients}, {*first_moments}, {*second_moments}, /*max_exp_avg_sqs=*/{}, {*step},
        learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false,
        divisor == nullptr ? std::nullopt : std::optional<at::Tensor>(*divisor));
    // The fused update writes without saying so, and weights that are packed are packed anew by this count.
    parameters->unsafeGetTensorImpl()->bump_version();
  });
}
