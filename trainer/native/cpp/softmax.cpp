// Softmax in float32 whose way back loses nothing to cancellation, and attention that goes back through it.
//
// The gradient of a score is weight · (gradient of the weight − mean of the row's gradients by weight). Where a row's gradients are
// nearly equal, that difference is small beside them, and gradients of queries and keys are as wrong as the mean is. libtorch's
// fused attention takes for it the product of the result with its gradient, both rounded before; here the mean is formed of the
// weights themselves, in float64, and divided by their sum, so that the gradients of a row's scores add up to nothing; and the
// result is formed of those same weights, so that both ways are of one function.

#include <algorithm>
#include <limits>
#include <utility>

#include <ATen/ops/bmm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>

#include "guard.h"
#include "kernels.h"
#include "node.h"
#include "pieces.h"

namespace seedbed {
namespace {

// Scores that are formed at once, on both ways: 256 KiB, so that they stay in a processor's cache.
constexpr int64_t kScores = 1 << 16;

struct SoftmaxBackward : torch::autograd::Node {
  at::Tensor weights;

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    at::Tensor back = gradients[0].contiguous().clone();
    const int64_t width = back.size(-1);
    const float* const given = weights.data_ptr<float>();
    float* const rows = back.data_ptr<float>();
    share_ranges(width == 0 ? 0 : back.numel() / width, 64, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        kernels().softmax_back(given + row * width, width, 1.0f, rows + row * width);
    });
    return {back};
  }
};

// softmax(scale · Q·Kᵀ) by head, a few heads at a time: the same numbers on the way there and, formed again, on the way back.
struct Weights {
  at::Tensor queries, keys;  // [stories · heads, queries or keys, head size]
  at::Tensor hidden;         // true where a query does not see a key, in a shape that broadcasts; not defined: it sees all
  int64_t heads = 1;
  double scale = 1;

  // Calls `work` with the first head and the number of heads, on all threads.
  template <typename Work>
  void by_chunk(const Work& work) const {
    const int64_t pieces = queries.size(0);
    const int64_t some = std::max<int64_t>(1, kScores / std::max<int64_t>(1, queries.size(1) * keys.size(1)));
    share_ranges((pieces + some - 1) / some, 1, [&](int64_t begin, int64_t end) {
      const Silent silent;
      for (int64_t chunk = begin; chunk < end; ++chunk) work(chunk * some, std::min(some, pieces - chunk * some));
    });
  }

  // [count, queries, keys].
  at::Tensor of(int64_t first, int64_t count) const {
    at::Tensor scores = at::bmm(queries.narrow(0, first, count), keys.narrow(0, first, count).transpose(1, 2)).mul_(scale);
    if (hidden.defined() && hidden.size(0) == 1) {
      scores.masked_fill_(hidden[0], -std::numeric_limits<float>::infinity());
    } else if (hidden.defined()) {
      for (int64_t piece = 0; piece < count; ++piece)
        scores[piece].masked_fill_(hidden[(first + piece) / heads][0], -std::numeric_limits<float>::infinity());
    }
    return at::softmax(scores, -1);
  }
};

// Of softmax(scale · Q·Kᵀ)·V.
struct ProductBackward : torch::autograd::Node {
  Weights weights;
  at::Tensor values;  // [stories · heads, keys, head size of the values]

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return variable_list(3);
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].contiguous().flatten(0, 1);
    const at::Tensor query_back = at::empty_like(weights.queries), key_back = at::empty_like(weights.keys);
    const at::Tensor value_back = at::empty_like(values);
    const int64_t length = weights.queries.size(1), seen = weights.keys.size(1);
    weights.by_chunk([&](int64_t first, int64_t count) {
      const auto part = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); };
      const at::Tensor some = weights.of(first, count);
      at::Tensor score_back = at::bmm(part(arriving), part(values).transpose(1, 2));
      for (int64_t row = 0; row < count * length; ++row)
        kernels().softmax_back(
            some.data_ptr<float>() + row * seen, seen, static_cast<float>(weights.scale),
            score_back.data_ptr<float>() + row * seen);
      at::Tensor query_part = part(query_back), key_part = part(key_back), value_part = part(value_back);
      at::bmm_out(query_part, score_back, part(weights.keys));
      at::bmm_out(key_part, score_back.transpose(1, 2), part(weights.queries));
      at::bmm_out(value_part, some.transpose(1, 2), part(arriving));
    });
    const auto by_story = [&](const at::Tensor& tensor) {
      return tensor.view({tensor.size(0) / weights.heads, weights.heads, tensor.size(1), tensor.size(2)});
    };
    return {by_story(query_back), by_story(key_back), by_story(value_back)};
  }
};

at::Tensor softmax(const at::Tensor& scores) {
  TORCH_CHECK(scores.scalar_type() == at::kFloat && scores.device().is_cpu() && scores.dim() > 0, "scores are not float32 rows");
  const auto node = node_for<SoftmaxBackward>(scores);
  at::Tensor result;
  {
    const Silent silent;
    result = at::softmax(scores.contiguous(), -1);
    if (node != nullptr) node->weights = result.detach();
  }
  record(result, node);
  return result;
}

at::Tensor product(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& seen, bool is_causal, double scale) {
  for (const at::Tensor& tensor : {query, key, value})
    TORCH_CHECK(
        tensor.scalar_type() == at::kFloat && tensor.device().is_cpu() && tensor.dim() == 4,
        "queries, keys and values are ", tensor.scalar_type(), tensor.sizes(), ", not four dimensions of float32");
  TORCH_CHECK(
      query.sizes().slice(0, 2) == key.sizes().slice(0, 2) && key.sizes().slice(0, 3) == value.sizes().slice(0, 3) &&
          query.size(3) == key.size(3),
      "queries ", query.sizes(), ", keys ", key.sizes(), " and values ", value.sizes(), " do not belong together");
  TORCH_CHECK(
      !seen.defined() || (!is_causal && seen.scalar_type() == at::kBool && seen.dim() == 4 && seen.size(1) == 1),
      "the mask is not one of truth values for all heads");
  TORCH_CHECK(query.size(1) > 0, "there is no head");
  if (seen.defined())
    for (const auto& [dimension, size] : {std::pair{0, query.size(0)}, std::pair{2, query.size(2)}, std::pair{3, key.size(2)}})
      TORCH_CHECK(
          seen.size(dimension) == 1 || seen.size(dimension) == size, "a mask of ", seen.sizes(), " does not fit queries ",
          query.sizes(), " and keys ", key.sizes());
  const auto node = node_for<ProductBackward>(query, key, value);
  at::Tensor result;
  {
    const Silent silent;
    const auto by_head = [](const at::Tensor& tensor) { return tensor.detach().contiguous().flatten(0, 1); };
    Weights weights{by_head(query), by_head(key), at::Tensor(), query.size(1), scale};
    if (seen.defined()) weights.hidden = seen.logical_not();
    if (is_causal) weights.hidden = at::ones({1, 1, query.size(2), key.size(2)}, at::kBool).triu(1);
    const at::Tensor values = by_head(value);
    const at::Tensor sums = at::empty({values.size(0), query.size(2), values.size(2)}, values.options());
    weights.by_chunk([&](int64_t first, int64_t count) {
      at::Tensor part = sums.narrow(0, first, count);
      at::bmm_out(part, weights.of(first, count), values.narrow(0, first, count));
    });
    result = sums.view({query.size(0), query.size(1), query.size(2), value.size(3)});
    if (node != nullptr) {
      node->weights = std::move(weights);
      node->values = values;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_softmax(const at::Tensor* scores, at::Tensor** result) {
  return seedbed::guarded([&] { *result = new at::Tensor(seedbed::softmax(*scores)); });
}

extern "C" char* seedbed_attention_product(
    const at::Tensor* query, const at::Tensor* key, const at::Tensor* value, const at::Tensor* seen, bool is_causal, double scale,
    at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(
        seedbed::product(*query, *key, *value, seen == nullptr ? at::Tensor() : *seen, is_causal, scale));
  });
}
