// Where the time of a training step goes, forward and backward.
//
// Operations of one phase run one after the other, so it is enough to note when a phase begins. On the way back the autograd
// engine takes nodes in the reverse of the order in which they were made; a node without effect at the border of two phases
// therefore runs when the backward pass leaves the later one.

#include <chrono>

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include "guard.h"

namespace {

constexpr int kPhases = 8;

struct Stopwatch {
  bool running = false;
  int phase = 0;
  std::chrono::steady_clock::time_point since;
  double seconds[kPhases] = {};

  void enter(int next) {
    if (!running) return;
    const auto now = std::chrono::steady_clock::now();
    seconds[phase] += std::chrono::duration<double>(now - since).count();
    phase = next;
    since = now;
  }
};

// A backward pass over tensors of the CPU runs on the thread that asked for it.
thread_local Stopwatch stopwatch;

struct Border : torch::autograd::Function<Border> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& tensor, int64_t phase) {
    context->saved_data["before"] = static_cast<int64_t>(stopwatch.phase);
    stopwatch.enter(static_cast<int>(phase));
    return tensor;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    stopwatch.enter(static_cast<int>(context->saved_data["before"].toInt()));
    return {gradients[0], at::Tensor()};
  }
};

}  // namespace

extern "C" void seedbed_stopwatch_start(int phase) {
  stopwatch = Stopwatch();
  stopwatch.running = true;
  stopwatch.phase = phase;
  stopwatch.since = std::chrono::steady_clock::now();
}

extern "C" void seedbed_stopwatch_enter(int phase) { stopwatch.enter(phase); }

extern "C" void seedbed_stopwatch_stop(double* seconds) {
  stopwatch.enter(0);
  stopwatch.running = false;
  for (int phase = 0; phase < kPhases; ++phase) seconds[phase] = stopwatch.seconds[phase];
}

extern "C" char* seedbed_stopwatch_border(const at::Tensor* tensor, int phase, at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(stopwatch.running ? Border::apply(*tensor, static_cast<int64_t>(phase)) : *tensor);
  });
}
