// Weights as products want them, kept until they change.
#pragma once

#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include <c10/core/StorageImpl.h>

#include "factors.h"

namespace seedbed {

// Some linear maps of the same input, one below the other: packed anew when a weight has changed.
//
// Weights that are packed later take the place of those that a graph still goes back through: its nodes keep the number
// of their packing, and have their weights packed again where it is another's.
class PackedMap {
 public:
  // Held from packing to the last use: a graph may go back on another thread.
  std::mutex mutex;

  // Packs the weights, each [outputs, inputs] in float32, if they are others than last time or have changed since.
  void refresh(const std::vector<at::Tensor>& weights);

  // Calls `pack` unless these are the weights that are packed, unchanged. Weights are remembered only when all is done,
  // so that what a failure leaves behind is never taken for theirs.
  template <typename Pack>
  void keep(const std::vector<at::Tensor>& weights, const Pack& pack) {
    std::vector<Seen> now;
    for (const at::Tensor& weight : weights)
      now.emplace_back(
          weight.storage().getWeakStorageImpl(), weight.data_ptr(), static_cast<int64_t>(weight._version()),
          weight.sizes().vec());
    if (now == seen_ && are_parameters(weights)) return;
    seen_.clear();
    ++number;
    pack();
    seen_ = std::move(now);
  }

  // Of the last packing.
  int64_t number = 0;
  int64_t inputs = 0, outputs = 0;
  // [inputs, outputs]: for the way forward; [outputs, inputs]: for the way back.
  RightFactor forward, backward;

 private:
  // The memory of a weight, its place, its version and its shape. To know the memory keeps none of its numbers, but
  // tells it from other memory at the same place later; a view of another shape has the place and version of its base.
  using Seen = std::tuple<c10::weak_intrusive_ptr<c10::StorageImpl>, const void*, int64_t, std::vector<int64_t>>;

  void pack(const std::vector<at::Tensor>& weights);

  // What is no parameter may be another tensor at the same place the next time.
  static bool are_parameters(const std::vector<at::Tensor>& weights);

  std::vector<Seen> seen_;
};

}  // namespace seedbed
