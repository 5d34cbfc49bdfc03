// The loss of a language model, on either device and in either kind of numbers: what it is given is checked, and its way back
// only scales the gradients that were formed on the way forward.
#pragma once

#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/zeros.h>

#include "node.h"
#include "products.h"

namespace seedbed {

struct HeadBackward : torch::autograd::Node {
  at::Tensor rows_gradient;
  at::Tensor table_gradient;
  at::Tensor bias_gradient;
  at::Tensor table, bias;
  at::ScalarType kind = at::kFloat;

  // Makes room for the gradients of rows of any kind, which are returned in `row_kind`.
  void prepare(const at::Tensor& rows, const at::Tensor& of_table, const at::Tensor& of_bias, at::ScalarType row_kind) {
    const int64_t count = rows.size(0);
    rows_gradient = at::empty({count, of_table.size(1)}, rows.options());
    // The first rows set it; without rows there is none.
    table_gradient = count == 0 ? at::zeros(of_table.sizes(), at::kFloat) : at::empty(of_table.sizes(), at::kFloat);
    if (of_bias.defined()) bias_gradient = at::zeros(of_bias.sizes(), at::kFloat);
    table = of_table;
    bias = of_bias;
    kind = row_kind;
  }

  variable_list apply(variable_list&& gradients) override {
    variable_list results(3);
    if (!gradients[0].defined()) return results;
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    const at::Tensor& scale = gradients[0];
    if (task_should_compute_output(0)) results[0] = at::mul(rows_gradient, scale).to(kind);
    // What nobody asks for has no place.
    const auto place = [&](size_t index, const at::Tensor& of) {
      return Gradient(task_should_compute_output(index) ? of : at::Tensor());
    };
    const Gradient table_sum = place(1, table), bias_sum = place(2, bias);
    if (table_sum.sum.defined()) table_sum.sum.addcmul_(table_gradient, scale);
    if (bias_sum.sum.defined()) bias_sum.sum.addcmul_(bias_gradient, scale);
    results[1] = table_sum.returned;
    results[2] = bias_sum.returned;
    return results;
  }
};

// The ids that rows of this table's width should say, contiguous; an error if they are none of them.
inline at::Tensor checked_targets(const at::Tensor& x, const at::Tensor& table, const at::Tensor& targets) {
  const int64_t count = x.size(0), vocabulary = table.size(0);
  TORCH_CHECK(x.dim() == 2 && x.size(1) == table.size(1), "rows are ", x.sizes(), ", not of ", table.size(1), " columns");
  TORCH_CHECK(targets.dim() == 1 && targets.size(0) == count && targets.scalar_type() == at::kLong, "targets are ",
              targets.scalar_type(), targets.sizes(), ", not int64 for ", count, " rows");
  TORCH_CHECK(targets.device().is_cpu(), "targets are on ", targets.device(), ", not cpu");
  const at::Tensor ids = targets.contiguous();
  for (int64_t row = 0; row < count; ++row) {
    const int64_t id = ids.data_ptr<int64_t>()[row];
    TORCH_CHECK(id >= 0 && id < vocabulary, "the target ", id, " is no id of a vocabulary of ", vocabulary);
  }
  return ids;
}

}  // namespace seedbed
