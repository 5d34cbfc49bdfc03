// The way back of a language model's loss, on either device: the gradients were formed on the way forward and are only scaled.
#pragma once

#include <ATen/ops/mul.h>

#include "node.h"
#include "products.h"

namespace seedbed {

struct HeadBackward : torch::autograd::Node {
  at::Tensor rows_gradient;
  at::Tensor table_gradient;
  at::Tensor bias_gradient;
  at::Tensor table, bias;
  at::ScalarType kind = at::kFloat;

  variable_list apply(variable_list&& gradients) override {
    const at::NoGradGuard unrecorded;
    variable_list results(3);
    if (!gradients[0].defined()) return results;
    const at::Tensor& scale = gradients[0];
    if (task_should_compute_output(0)) results[0] = at::mul(rows_gradient, scale).to(kind);
    const Gradient table_sum(table), bias_sum(bias);
    if (table_sum.sum.defined()) table_sum.sum.addcmul_(table_gradient, scale);
    if (bias_sum.sum.defined()) bias_sum.sum.addcmul_(bias_gradient, scale);
    results[1] = table_sum.returned;
    results[2] = bias_sum.returned;
    return results;
  }
};

}  // namespace seedbed
