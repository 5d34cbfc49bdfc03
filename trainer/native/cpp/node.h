// A step of the graph whose way back is written out here, with what it keeps as plain members.
#pragma once

#include <memory>

#include <ATen/core/grad_mode.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

namespace seedbed {

using torch::autograd::variable_list;

// The node for these inputs, each a tensor or a list of them; null if none of them asks for a gradient. Its gradients are due
// in the order of the inputs.
template <typename N, typename... Inputs>
std::shared_ptr<N> node_for(const Inputs&... inputs) {
  if (!torch::autograd::compute_requires_grad(inputs...)) return nullptr;
  std::shared_ptr<N> node(new N, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(inputs...));
  return node;
}

// What is computed while this lives has no history of its own.
using Unrecorded = at::AutoDispatchBelowADInplaceOrView;

// What a thread of the pool needs before it calls libtorch: the settings of the thread that asks are not its own.
struct Silent {
  const at::NoGradGuard no_gradients;
  const Unrecorded unrecorded;
};

// A tensor that the way back reads as it was on the way there.
class Kept {
 public:
  Kept() = default;
  explicit Kept(const at::Tensor& tensor) : tensor_(tensor), version_(tensor.defined() ? tensor._version() : 0) {}

  // An error if it has been written to since.
  const at::Tensor& get() const {
    TORCH_CHECK(
        !tensor_.defined() || static_cast<int64_t>(tensor_._version()) == version_,
        "a tensor that the gradient is formed of was changed in place in between");
    return tensor_;
  }

 private:
  at::Tensor tensor_;
  int64_t version_ = 0;
};

// For the head of a way back: its operations have none themselves.
inline void refuse_second_derivative() {
  TORCH_CHECK(!at::GradMode::is_enabled(), "this operation has no second derivative");
}

inline void record(const at::Tensor& result, const std::shared_ptr<torch::autograd::Node>& node) {
  if (node != nullptr) torch::autograd::set_history(result, node);
}

}  // namespace seedbed
