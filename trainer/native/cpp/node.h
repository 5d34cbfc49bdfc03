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

inline void record(const at::Tensor& result, const std::shared_ptr<torch::autograd::Node>& node) {
  if (node != nullptr) torch::autograd::set_history(result, node);
}

}  // namespace seedbed
