// Weights as products want them, kept until they change.
#pragma once

#include <utility>
#include <vector>

#include "factors.h"

namespace seedbed {

// Some linear maps of the same input, one below the other: packed anew when a weight has changed.
class PackedMap {
 public:
  // Packs the weights, each [outputs, inputs] in float32, if they are others than last time or have changed since.
  void refresh(const std::vector<at::Tensor>& weights);
  // Whether these are the weights of the last time, unchanged; they are remembered for the next.
  bool is_fresh(const std::vector<at::Tensor>& weights);
  int64_t inputs = 0, outputs = 0;
  // [inputs, outputs]: for the way forward; [outputs, inputs]: for the way back.
  RightFactor forward, backward;

 private:
  std::vector<std::pair<const void*, int64_t>> seen_;
};

}  // namespace seedbed
