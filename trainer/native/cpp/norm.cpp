// A sum, its layer normalisation and its rounding in one pass, and dropout by a key.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "dropout.h"
#include "guard.h"
#include "node.h"
#include "norm.h"
#include "pieces.h"
#include "products.h"

namespace seedbed {
namespace {

// Rows whose column sums are formed together. It decides the order of sums, so it does not depend on the number of threads.
constexpr int64_t kGroup = 64;

const float* numbers(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }

float* at_row(const at::Tensor& tensor, int64_t place) { return tensor.defined() ? tensor.data_ptr<float>() + place : nullptr; }

Half* half_row(const at::Tensor& tensor, int64_t place) { return tensor.defined() ? halves(tensor) + place : nullptr; }

void add_to(const Gradient& place, const float* numbers, int64_t count) {
  if (!place.sum.defined()) return;
  float* const sum = place.sum.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) sum[i] += numbers[i];
}

struct NormBackward : torch::autograd::Node {
  NormHow how;
  bool has_delta = false;
  at::Tensor sum, means, inverses, weight, bias;
  at::ScalarType delta_kind = at::kBFloat16;

  // Gradients of what goes on, in float32, and of the normal rows in bfloat16.
  variable_list apply(variable_list&& gradients) override {
    variable_list results(has_delta ? 4 : 3);
    if (!gradients[0].defined() && !gradients[1].defined()) return results;
    const at::NoGradGuard unrecorded;
    const at::Tensor going = arriving_as(gradients[0], at::kFloat), normal = arriving_as(gradients[1], at::kBFloat16);
    const int64_t rows = sum.size(0), count = sum.size(1), groups = blocks(rows, kGroup);
    at::Tensor back = at::empty(sum.sizes(), sum.options());
    at::Tensor delta = has_delta ? at::empty(sum.sizes(), sum.options().dtype(at::kBFloat16)) : at::Tensor();
    at::Tensor sums = at::zeros({groups, 2, count}, sum.options());
    share_ranges(groups, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> room(count);
      for (int64_t row = begin * kGroup; row < std::min(end * kGroup, rows); ++row) {
        const int64_t place = row * count;
        float* const columns = sums.data_ptr<float>() + row / kGroup * 2 * count;
        const float* const passing = at_row(going, place);
        kernels().norm_row_back(
            {sum.data_ptr<float>() + place, means.data_ptr<float>()[row], inverses.data_ptr<float>()[row], numbers(weight),
             half_row(normal, place), how.is_after ? passing : nullptr, how.is_after ? nullptr : passing,
             row_dropout(how.dropout, how.key, row), count, back.data_ptr<float>() + place, half_row(delta, place), columns,
             columns + count},
            room.data());
      }
    });
    const Gradient weight_place(weight), bias_place(bias);
    const float* columns = sums.data_ptr<float>();
    for (int64_t group = 0; group < groups; ++group, columns += 2 * count) {
      add_to(weight_place, columns, count);
      add_to(bias_place, columns + count, count);
    }
    results[0] = back;
    results[1] = weight_place.returned;
    results[2] = bias_place.returned;
    if (has_delta) results[3] = delta.to(delta_kind);
    return results;
  }
};

NormResults add_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, const at::Tensor& bias, NormHow how) {
  TORCH_CHECK(
      x.dim() == 2 && x.scalar_type() == at::kFloat && (x.is_cpu() || x.is_cuda()), "rows are ", x.scalar_type(), x.sizes(),
      " on ", x.device(), ", not in float32 on cpu or cuda");
  const int64_t rows = x.size(0), count = x.size(1);
  for (const at::Tensor& one : {weight, bias})
    TORCH_CHECK(
        one.numel() == count && one.scalar_type() == at::kFloat && one.is_contiguous() && one.device() == x.device(),
        "a weight or bias of the norm is ", one.scalar_type(), one.sizes(), " on ", one.device(), ", not of ", count,
        " numbers in float32 on ", x.device());
  TORCH_CHECK(
      !delta.defined() || (delta.sizes() == x.sizes() && delta.device() == x.device()), "what is added is ", delta.sizes(),
      " on ", delta.device(), ", the rows ", x.sizes(), " on ", x.device());
  if (x.is_cuda()) return add_norm_on_gpu(x, delta, weight, bias, how);
  const auto node = delta.defined() ? node_for<NormBackward>(x, weight, bias, delta) : node_for<NormBackward>(x, weight, bias);
  NormResults results;
  {
    const Unrecorded unrecorded;
    const at::Tensor from = x.contiguous().detach();
    const at::Tensor added = delta.defined() ? delta.to(at::kBFloat16).contiguous() : delta;
    const at::Tensor sum = delta.defined() ? at::empty(x.sizes(), from.options()) : from;
    results.normal = at::empty(x.sizes(), from.options().dtype(at::kBFloat16));
    if (how.is_after) results.going = at::empty(x.sizes(), from.options());
    at::Tensor means = at::empty({rows}, from.options()), inverses = at::empty({rows}, from.options());
    share_ranges(rows, 16, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t place = row * count;
        kernels().norm_row(
            {from.data_ptr<float>() + place, half_row(added, place), row_dropout(how.dropout, how.key, row), count,
             numbers(weight), numbers(bias), how.epsilon, sum.data_ptr<float>() + place, at_row(results.going, place),
             halves(results.normal) + place},
            means.data_ptr<float>() + row, inverses.data_ptr<float>() + row);
      }
    });
    if (node != nullptr) {
      node->how = how;
      node->has_delta = delta.defined();
      if (delta.defined()) node->delta_kind = delta.scalar_type();
      node->sum = sum.detach();
      node->means = means;
      node->inverses = inverses;
      node->weight = weight;
      node->bias = bias;
    }
    if (!how.is_after && delta.defined()) results.going = sum;
  }
  if (node != nullptr) {
    // In this order: the first is the gradient of what goes on, even where nothing does.
    if (results.going.defined()) torch::autograd::set_history(results.going, node);
    else node->add_input_metadata(torch::autograd::Node::undefined_input());
    torch::autograd::set_history(results.normal, node);
  }
  return results;
}

struct DropBackward : torch::autograd::Node {
  double probability = 0;
  uint64_t key = 0;
  variable_list apply(variable_list&& gradients) override;
};

at::Tensor dropped(const at::Tensor& x, double probability, uint64_t key) {
  const at::Tensor from = x.contiguous();
  at::Tensor result = at::empty(x.sizes(), from.options());
  const int64_t count = x.size(-1), rows = count == 0 ? 0 : x.numel() / count;
  share_ranges(rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const RowDropout dropout = row_dropout(probability, key, row);
      if (from.scalar_type() == at::kFloat) {
        kernels().drop(from.data_ptr<float>() + row * count, dropout, count, result.data_ptr<float>() + row * count);
      } else {
        kernels().drop_halves(halves(from) + row * count, dropout, count, halves(result) + row * count);
      }
    }
  });
  return result;
}

variable_list DropBackward::apply(variable_list&& gradients) {
  if (!gradients[0].defined()) return {at::Tensor()};
  const at::NoGradGuard unrecorded;
  return {dropped(gradients[0], probability, key)};
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_add_norm(
    const at::Tensor* x, const at::Tensor* delta, const at::Tensor* weight, const at::Tensor* bias, double epsilon,
    double dropout, uint64_t key, bool is_after, at::Tensor** going, at::Tensor** normal) {
  return seedbed::guarded([&] {
    const seedbed::NormHow how{static_cast<float>(epsilon), dropout, key, is_after};
    const auto results = seedbed::add_norm(*x, delta == nullptr ? at::Tensor() : *delta, *weight, *bias, how);
    *normal = new at::Tensor(results.normal);
    // What is neither added to nor replaced goes on as it came.
    *going = new at::Tensor(results.going.defined() ? results.going : *x);
  });
}

extern "C" char* seedbed_dropout(const at::Tensor* x, double probability, uint64_t key, at::Tensor** out) {
  return seedbed::guarded([&] {
    using namespace seedbed;
    TORCH_CHECK(x->dim() > 0 && x->device().is_cpu(), "entries are ", x->sizes(), " on ", x->device(), ", not rows on cpu");
    TORCH_CHECK(
        x->scalar_type() == at::kFloat || x->scalar_type() == at::kBFloat16, "entries are ", x->scalar_type(),
        ", not float32 or bfloat16");
    const auto node = node_for<DropBackward>(*x);
    at::Tensor result;
    {
      const Unrecorded unrecorded;
      result = dropped(*x, probability, key);
      if (node != nullptr) {
        node->probability = probability;
        node->key = key;
      }
    }
    record(result, node);
    *out = new at::Tensor(result);
  });
}
