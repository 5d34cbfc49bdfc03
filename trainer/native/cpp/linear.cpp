// Linear maps in bfloat16 over weights in float32.

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "guard.h"
#include "linear.h"
#include "node.h"

namespace seedbed {

at::Tensor even_rows(const at::Tensor& x) {
  at::Tensor rows = x.to(at::kBFloat16).contiguous();
  if (rows.size(1) % 2 == 0) return rows;
  at::Tensor wider = at::zeros({rows.size(0), rows.size(1) + 1}, rows.options());
  wider.narrow(1, 0, rows.size(1)).copy_(rows);
  return wider;
}

at::Tensor checked_bias(const at::Tensor& bias, const at::Tensor& weight) {
  if (!bias.defined()) return bias;
  TORCH_CHECK(
      bias.dim() == 1 && bias.size(0) == weight.size(0) && bias.scalar_type() == at::kFloat && bias.is_cpu(), "a bias is ",
      bias.scalar_type(), bias.sizes(), " on ", bias.device(), ", not Float[", weight.size(0), "] on cpu, as a weight of ",
      weight.sizes(), " needs it");
  return bias.contiguous();
}

namespace {

// Of y = x·Wᵀ + b, W and b being those of some maps one below the other.
struct MapBackward : torch::autograd::Node {
  at::Tensor rows;
  int64_t inputs = 0;
  at::ScalarType kind = at::kFloat;
  variable_list weights, biases;
  std::vector<Kept> factors;  // the weights
  std::shared_ptr<PackedMap> map;
  int64_t packing = 0;

  variable_list apply(variable_list&& gradients) override {
    variable_list results(1 + weights.size() + biases.size());
    if (!gradients[0].defined()) return results;
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = even_rows(gradients[0]);
    const int64_t count = arriving.size(0);
    RightFactor right;
    right.resize(count, inputs);
    right.set(halves(rows), rows.size(1));
    std::vector<SumTarget> targets;
    int64_t first = 0;
    for (size_t index = 0; index < weights.size(); ++index) {
      const int64_t some = weights[index].size(0);
      const Gradient weight(weights[index]);
      results[1 + index] = weight.returned;
      at::Tensor sums;
      if (!biases.empty()) {
        const Gradient bias(biases[index]);
        results[1 + weights.size() + index] = bias.returned;
        sums = bias.sum;
      }
      // A weight may be frozen whose bias is not.
      const auto numbers = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; };
      if (weight.sum.defined() || sums.defined()) targets.push_back({first, some, numbers(weight.sum), numbers(sums)});
      first += some;
    }
    transposed_product(halves(arriving), arriving.size(1), right, targets, /*add=*/true);
    if (task_should_compute_output(0)) {
      for (const Kept& factor : factors) factor.get();
      const std::lock_guard<std::mutex> alone(map->mutex);
      if (map->number != packing) map->refresh(weights);
      at::Tensor back = at::empty({count, inputs}, arriving.options());
      multiply(halves(arriving), arriving.size(1), count, map->backward, nullptr, halves(back), inputs);
      results[0] = back.to(kind);
    }
    return results;
  }
};

at::Tensor apply_map(
    const std::shared_ptr<PackedMap>& map, const at::Tensor& x, const variable_list& weights, const variable_list& biases) {
  const auto node = node_for<MapBackward>(x, weights, biases);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const std::lock_guard<std::mutex> alone(map->mutex);
    map->refresh(weights);
    TORCH_CHECK(x.dim() == 2 && x.size(1) == map->inputs, "the input is ", x.sizes(), ", not of ", map->inputs, " columns");
    TORCH_CHECK(x.is_cpu(), "the input is on ", x.device(), ", not cpu");
    const at::Tensor rows = even_rows(x);
    variable_list checked;
    for (size_t index = 0; index < biases.size(); ++index) checked.push_back(checked_bias(biases[index], weights[index]));
    at::Tensor bias;
    if (!checked.empty()) bias = checked.size() == 1 ? checked[0] : at::cat(checked, 0);
    result = at::empty({x.size(0), map->outputs}, rows.options());
    multiply(
        halves(rows), rows.size(1), x.size(0), map->forward, bias.defined() ? bias.data_ptr<float>() : nullptr,
        halves(result), map->outputs);
    if (node != nullptr) {
      node->rows = rows;
      node->inputs = map->inputs;
      node->kind = x.scalar_type();
      node->weights = weights;
      node->biases = biases;
      for (const at::Tensor& weight : weights) node->factors.emplace_back(weight);
      node->map = map;
      node->packing = map->number;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" bool seedbed_has_products() { return seedbed::has_products(); }

extern "C" void* seedbed_map_new() { return new std::shared_ptr<seedbed::PackedMap>(new seedbed::PackedMap); }

extern "C" void seedbed_map_free(void* map) { delete static_cast<std::shared_ptr<seedbed::PackedMap>*>(map); }

extern "C" char* seedbed_map_apply(
    void* map, const at::Tensor* x, const at::Tensor* const* weights, int weight_count, const at::Tensor* const* biases,
    int bias_count, at::Tensor** result) {
  return seedbed::guarded([&] {
    seedbed::variable_list weight_list, bias_list;
    for (int index = 0; index < weight_count; ++index) weight_list.push_back(*weights[index]);
    for (int index = 0; index < bias_count; ++index) bias_list.push_back(*biases[index]);
    TORCH_CHECK(bias_count == 0 || bias_count == weight_count, weight_count, " maps have ", bias_count, " biases");
    *result = new at::Tensor(
        seedbed::apply_map(*static_cast<std::shared_ptr<seedbed::PackedMap>*>(map), *x, weight_list, bias_list));
  });
}
