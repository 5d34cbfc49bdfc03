// When the gradients of parameters are complete, told while the backward pass still makes others.

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "guard.h"

namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;
using Tell = void (*)(void* context, int64_t number);
using Release = void (*)(void* context);

// Whom to tell. It lives as long as a hook does, which may be longer than the watch: a graph keeps its nodes.
struct Listener {
  Listener(Tell tell, void* context, Release release) : tell(tell), context(context), release(release) {}
  ~Listener() { release(context); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Tell tell;
  void* const context;
  const Release release;
  std::atomic<bool> listens{true};
};

// A node adds to a parameter's gradient once in a pass, after all that the parameter is used in. Where these have added in place
// they give it no gradient, and libtorch then passes over the hooks of the addition, but not over those of the node.
struct Told : torch::autograd::FunctionPostHook {
  Told(std::shared_ptr<Listener> listener, int64_t number) : listener(std::move(listener)), number(number) {}

  variable_list operator()(const variable_list& outputs, const variable_list&) override {
    if (listener->listens) listener->tell(listener->context, number);
    return outputs;
  }

  const std::shared_ptr<Listener> listener;
  const int64_t number;
};

struct Watch {
  explicit Watch(std::shared_ptr<Listener> listener) : listener(std::move(listener)) {}
  // The hooks stay where they are: a pass may be among them at this moment.
  ~Watch() { listener->listens = false; }

  const std::shared_ptr<Listener> listener;
  // A parameter does not keep its node alive.
  std::vector<std::shared_ptr<Node>> nodes;
};

}  // namespace

// Takes `context` over, whatever becomes of the call.
extern "C" char* seedbed_watch_gradients(
    const at::Tensor* const* parameters, int64_t count, Tell tell, void* context, Release release, void** watch) {
  return seedbed::guarded([&] {
    auto made = std::make_unique<Watch>(std::make_shared<Listener>(tell, context, release));
    for (int64_t number = 0; number < count; ++number) {
      const at::Tensor& parameter = *parameters[number];
      TORCH_CHECK(parameter.is_leaf() && parameter.requires_grad(), "a parameter is not a leaf that requires a gradient");
      std::shared_ptr<Node> node = torch::autograd::impl::grad_accumulator(parameter);
      node->add_post_hook(std::make_unique<Told>(made->listener, number));
      made->nodes.push_back(std::move(node));
    }
    *watch = made.release();
  });
}

extern "C" void seedbed_unwatch_gradients(void* watch) { delete static_cast<Watch*>(watch); }
