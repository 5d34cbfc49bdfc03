// When the gradients of parameters are complete, told while the backward pass still makes others.

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "guard.h"

namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;
using Tell = void (*)(void* context, int64_t number);

// The node that adds to a parameter's gradient runs once in a pass, after all that the parameter is used in; also where these
// have added in place and give it nothing. What follows a node is told even then, what follows an addition is not.
struct Told : torch::autograd::FunctionPostHook {
  Told(Tell tell, void* context, int64_t number) : tell(tell), context(context), number(number) {}

  variable_list operator()(const variable_list& outputs, const variable_list&) override {
    tell(context, number);
    return outputs;
  }

  const Tell tell;
  void* const context;
  const int64_t number;
};

struct Watch {
  // A parameter does not keep its node alive.
  std::vector<std::pair<std::shared_ptr<Node>, uintptr_t>> hooks;

  ~Watch() {
    for (auto& [node, key] : hooks) node->del_post_hook(key);
  }
};

}  // namespace

extern "C" char* seedbed_watch_gradients(
    const at::Tensor* const* parameters, int64_t count, Tell tell, void* context, void** watch) {
  return seedbed::guarded([&] {
    auto made = std::make_unique<Watch>();
    for (int64_t number = 0; number < count; ++number) {
      const at::Tensor& parameter = *parameters[number];
      TORCH_CHECK(parameter.is_leaf() && parameter.requires_grad(), "a parameter is not a leaf that requires a gradient");
      std::shared_ptr<Node> node = torch::autograd::impl::grad_accumulator(parameter);
      const uintptr_t key = node->add_post_hook(std::make_unique<Told>(tell, context, number));
      made->hooks.emplace_back(std::move(node), key);
    }
    *watch = made.release();
  });
}

extern "C" void seedbed_unwatch_gradients(void* watch) { delete static_cast<Watch*>(watch); }
