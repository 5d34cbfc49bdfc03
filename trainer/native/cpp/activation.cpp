// Activations over bfloat16 in one pass each way.
//
// A bfloat16 is one of 65,536 numbers. What is no more than a function of it, and of parameters that all channels share, is
// looked up in a table that holds the function at each of them; the sum of gradients that arrive at each is the gradient of
// the table. Where channels have parameters of their own, or a value depends on its whole row, the function is computed.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "guard.h"
#include "linear.h"
#include "node.h"
#include "pieces.h"

namespace seedbed {
namespace {

constexpr int64_t kNumbers = 1 << 16;
struct TableBackward : torch::autograd::Node {
  at::Tensor x, slopes;

  variable_list apply(variable_list&& gradients) override {
    variable_list results(2);
    if (!gradients[0].defined()) return results;
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].to(at::kBFloat16).contiguous();
    const Half *const entry = halves(x), *const gradient = halves(arriving);
    const float* const slope = slopes.data_ptr<float>();
    at::Tensor back = at::empty(x.sizes(), x.options());
    Half* const target = halves(back);
    const bool sums_wanted = task_should_compute_output(1);
    at::Tensor sums = at::zeros({sums_wanted ? kParts : 0, kNumbers}, at::kFloat);
    each_part(x.numel(), [&](int64_t part, int64_t begin, int64_t end) {
      std::vector<float> room(1024);
      for (int64_t at = begin; at < end; at += 1024) {
        const int64_t some = std::min<int64_t>(1024, end - at);
        kernels().widen(gradient + at, room.data(), some);
        if (sums_wanted) {
          float* const sum = sums.data_ptr<float>() + part * kNumbers;
          for (int64_t i = 0; i < some; ++i) sum[entry[at + i]] += room[i];
        }
        for (int64_t i = 0; i < some; ++i) room[i] *= slope[entry[at + i]];
        kernels().narrow(room.data(), target + at, some);
      }
    });
    results[0] = back;
    if (sums_wanted) results[1] = sums.sum(0);
    return results;
  }
};

struct ChannelBackward : torch::autograd::Node {
  int function = 0;
  at::Tensor x, spread;  // the parameters as [kMostParameters, width]
  variable_list parameters;

  variable_list apply(variable_list&& gradients) override;
};

ChannelRow row_of(const at::Tensor& spread, int64_t width) {
  const float* const first = spread.data_ptr<float>();
  ChannelRow row{};
  for (int64_t index = 0; index < kMostParameters; ++index) row.parameters[index] = first + index * width;
  row.count = width;
  return row;
}

variable_list ChannelBackward::apply(variable_list&& gradients) {
  variable_list results(1 + parameters.size());
  if (!gradients[0].defined()) return results;
  const at::NoGradGuard unrecorded;
  const at::Tensor arriving = gradients[0].to(at::kBFloat16).contiguous();
  const int64_t rows = x.size(0), width = x.size(1);
  at::Tensor back = at::empty(x.sizes(), x.options());
  at::Tensor sums = at::zeros({kParts, kMostParameters, width}, at::kFloat);
  each_part(rows, [&](int64_t part, int64_t begin, int64_t end) {
    const ChannelRow shared = row_of(spread, width);
    ChannelRowBack row{};
    for (int64_t index = 0; index < kMostParameters; ++index) {
      row.parameters[index] = shared.parameters[index];
      row.sums[index] = sums.data_ptr<float>() + (part * kMostParameters + index) * width;
    }
    row.count = width;
    for (int64_t place = begin * width; place < end * width; place += width) {
      row.x = halves(x) + place;
      row.gradient = halves(arriving) + place;
      row.back = halves(back) + place;
      kernels().channel_row_back(function, row);
    }
  });
  const at::Tensor all = sums.sum(0);
  results[0] = back;
  for (size_t index = 0; index < parameters.size(); ++index) {
    const Gradient place(parameters[index]);
    results[1 + index] = place.returned;
    if (!place.sum.defined()) continue;
    const at::Tensor found = all.select(0, static_cast<int64_t>(index));
    place.sum.add_(parameters[index].numel() == 1 ? found.sum().view(parameters[index].sizes()) : found);
  }
  return results;
}

void check_entries(const at::Tensor& x) {
  TORCH_CHECK(
      x.dim() == 2 && x.scalar_type() == at::kBFloat16 && x.device().is_cpu(), "entries are ", x.scalar_type(), x.sizes(),
      ", not bfloat16 rows");
}

at::Tensor look_up(const at::Tensor& x, const at::Tensor& values, const at::Tensor& slopes, const at::Tensor& learned) {
  check_entries(x);
  TORCH_CHECK(
      values.numel() == kNumbers && values.scalar_type() == at::kBFloat16 && values.is_contiguous() && values.is_cpu(),
      "values are ", values.scalar_type(), values.sizes(), " on ", values.device(),
      ", not one in bfloat16 on cpu for each number");
  TORCH_CHECK(
      slopes.numel() == kNumbers && slopes.scalar_type() == at::kFloat && slopes.is_contiguous() && slopes.is_cpu(),
      "slopes are ", slopes.scalar_type(), slopes.sizes(), " on ", slopes.device(),
      ", not one in float32 on cpu for each number");
  const auto node = node_for<TableBackward>(x, learned);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor entries = x.contiguous().detach();
    result = at::empty(x.sizes(), entries.options());
    const Half *const entry = halves(entries), *const value = halves(values);
    Half* const target = halves(result);
    share_ranges(x.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) target[i] = value[entry[i]];
    });
    if (node != nullptr) {
      node->x = entries;
      node->slopes = slopes;
    }
  }
  record(result, node);
  return result;
}

at::Tensor by_channel(const at::Tensor& x, int function, const variable_list& parameters) {
  check_entries(x);
  const int64_t width = x.size(1);
  const auto node = node_for<ChannelBackward>(x, parameters);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor entries = x.contiguous().detach();
    at::Tensor spread = at::zeros({kMostParameters, width}, at::kFloat);
    for (size_t index = 0; index < parameters.size(); ++index) {
      const at::Tensor& parameter = parameters[index];
      TORCH_CHECK(
          parameter.dim() == 1 && (parameter.numel() == 1 || parameter.numel() == width) &&
              parameter.scalar_type() == at::kFloat,
          "a parameter is ", parameter.scalar_type(), parameter.sizes(), ", not one number in float32, or one for each of ",
          width, " channels");
      spread.select(0, static_cast<int64_t>(index)).copy_(parameter.expand({width}));
    }
    result = at::empty(x.sizes(), entries.options());
    share_ranges(x.size(0), 16, [&](int64_t begin, int64_t end) {
      ChannelRow row = row_of(spread, width);
      for (int64_t place = begin * width; place < end * width; place += width) {
        row.x = halves(entries) + place;
        row.y = halves(result) + place;
        kernels().channel_row(function, row);
      }
    });
    if (node != nullptr) {
      node->function = function;
      node->x = entries;
      node->spread = spread;
      node->parameters = parameters;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_look_up(
    const at::Tensor* x, const at::Tensor* values, const at::Tensor* slopes, const at::Tensor* learned, at::Tensor** result) {
  return seedbed::guarded([&] {
    *result = new at::Tensor(seedbed::look_up(*x, *values, *slopes, learned == nullptr ? at::Tensor() : *learned));
  });
}

extern "C" char* seedbed_by_channel(
    const at::Tensor* x, int function, int parameter_count, const at::Tensor* const* parameters, at::Tensor** result) {
  return seedbed::guarded([&] {
    seedbed::variable_list list;
    for (int index = 0; index < parameter_count; ++index) list.push_back(*parameters[index]);
    TORCH_CHECK(
        function >= 0 && function < seedbed::kChannelFunctions && parameter_count <= seedbed::kMostParameters, "function ",
        function, " of ", parameter_count, " parameters is unknown");
    *result = new at::Tensor(seedbed::by_channel(*x, function, list));
  });
}
