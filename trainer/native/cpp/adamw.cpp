// AdamW in one pass over flat buffers. tch leaves the fused optimisers out.
//
// In float32 on a processor the loop is ours: libtorch's takes twice the time as soon as it is to divide gradients.

#include <cmath>
#include <optional>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>

#include "guard.h"
#include "kernels.h"
#include "pieces.h"

// Parameters that a thread takes at once: their gradients, which are read twice when they are clipped, stay in its first cache.
constexpr int64_t kSomeParameters = 1 << 12;

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

// Of the update number `step`.
static seedbed::AdamWUpdate update_of(
    double divisor, double step, double learning_rate, double beta1, double beta2, double epsilon, double weight_decay) {
  seedbed::AdamWUpdate update{};
  update.divisor = static_cast<float>(divisor);
  update.beta1 = static_cast<float>(beta1);
  update.rest1 = static_cast<float>(1 - beta1);
  update.beta2 = static_cast<float>(beta2);
  update.rest2 = static_cast<float>(1 - beta2);
  update.decay = static_cast<float>(learning_rate * weight_decay);
  update.length = static_cast<float>(learning_rate / (1 - std::pow(beta1, step)));
  update.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, step)));
  update.epsilon = static_cast<float>(epsilon);
  return update;
}

static void apply_update(
    const seedbed::AdamWUpdate& update, const at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& first,
    const at::Tensor& second) {
  seedbed::share_ranges(parameters.numel(), kSomeParameters, [&](int64_t begin, int64_t end) {
    const auto from = [&](const at::Tensor& buffer) { return buffer.data_ptr<float>() + begin; };
    seedbed::kernels().adamw(update, from(parameters), from(gradients), from(first), from(second), end - begin);
  });
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
    const at::NoGradGuard no_gradients;
    if (parameters->is_cpu() && parameters->scalar_type() == at::kFloat) {
      const double by = divisor == nullptr ? 1 : divisor->item<double>();
      const auto update = update_of(by, step->item<double>(), learning_rate, beta1, beta2, epsilon, weight_decay);
      apply_update(update, *parameters, *gradients, *first_moments, *second_moments);
    } else {
      at::_fused_adamw_(
          {*parameters}, {*gradients}, {*first_moments}, {*second_moments}, /*max_exp_avg_sqs=*/{}, {*step},
          learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false,
          divisor == nullptr ? std::nullopt : std::optional<at::Tensor>(*divisor));
    }
    // Both write without saying so, and weights that are packed are packed anew by this count.
    parameters->unsafeGetTensorImpl()->bump_version();
  });
}
