// Activations with many coefficients, in float32: quotients of polynomials, and straight lines between anchors.
//
// libtorch's own operations read and write all entries once for each power or each look-up; here it is one pass each way, and of
// the way there nothing is kept but the entries.

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "guard.h"
#include "kernels.h"
#include "node.h"
#include "pieces.h"

namespace seedbed {
namespace {

constexpr int64_t kCoefficients = kNumerator + kDenominator;
// Rows that a thread takes at once on the way there.
constexpr int64_t kRows = 16;
// Where one set of values serves all channels, neighbours mostly add to the same two of them: they take turns between as many sums.
constexpr int64_t kLanes = 8;

void check_entries(const at::Tensor& x) {
  TORCH_CHECK(
      x.dim() == 2 && x.scalar_type() == at::kFloat && x.device().is_cpu(), "entries are ", x.scalar_type(), x.sizes(), " on ",
      x.device(), ", not float32 rows on cpu");
}

void check_coefficients(const at::Tensor& coefficients, int64_t width, int64_t count) {
  TORCH_CHECK(
      coefficients.dim() == 2 && (coefficients.size(0) == 1 || coefficients.size(0) == width) &&
          (count == 0 || coefficients.size(1) == count) && coefficients.scalar_type() == at::kFloat,
      "coefficients are ", coefficients.scalar_type(), coefficients.sizes(), ", not those of one curve, or of one for each of ",
      width, " channels, in float32");
}

// Sums over the parts, [coefficients, width], for so many owners: [owners, coefficients].
at::Tensor of_owners(const at::Tensor& sums, int64_t owners) {
  const at::Tensor all = sums.sum(0).t();
  return owners == 1 ? all.sum(0, /*keepdim=*/true) : all.contiguous();
}

struct RationalBackward : torch::autograd::Node {
  Kept x;
  at::Tensor coefficients;  // [kCoefficients, width]
  int64_t owners[2] = {};

  variable_list apply(variable_list&& gradients) override {
    refuse_second_derivative();
    if (!gradients[0].defined()) return variable_list(3);
    const at::Tensor arriving = gradients[0].contiguous(), &entries = x.get();
    const int64_t width = entries.size(1);
    const at::Tensor back = at::empty_like(entries);
    const at::Tensor sums = at::zeros({kParts, kCoefficients, width}, entries.options());
    each_part(entries.size(0), [&](int64_t part, int64_t begin, int64_t end) {
      float* const of_part = sums.data_ptr<float>() + part * kCoefficients * width;
      for (int64_t place = begin * width; place < end * width; place += width)
        kernels().rational_row_back(
            entries.data_ptr<float>() + place, arriving.data_ptr<float>() + place, width, coefficients.data_ptr<float>(),
            back.data_ptr<float>() + place, of_part);
    });
    return {
        back, of_owners(sums.narrow(1, 0, kNumerator), owners[0]),
        of_owners(sums.narrow(1, kNumerator, kDenominator), owners[1])};
  }
};

at::Tensor rational(const at::Tensor& x, const at::Tensor& numerator, const at::Tensor& denominator) {
  check_entries(x);
  const int64_t width = x.size(1);
  check_coefficients(numerator, width, kNumerator);
  check_coefficients(denominator, width, kDenominator);
  const auto node = node_for<RationalBackward>(x, numerator, denominator);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor entries = x.contiguous();
    const auto of_channels = [&](const at::Tensor& part) { return part.t().expand({part.size(1), width}); };
    const at::Tensor coefficients = at::cat({of_channels(numerator), of_channels(denominator)});
    result = at::empty_like(entries);
    share_ranges(entries.size(0), kRows, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin * width; place < end * width; place += width)
        kernels().rational_row(
            entries.data_ptr<float>() + place, width, coefficients.data_ptr<float>(), result.data_ptr<float>() + place);
    });
    if (node != nullptr) {
      node->x = Kept(entries);
      node->coefficients = coefficients;
      node->owners[0] = numerator.size(0);
      node->owners[1] = denominator.size(0);
    }
  }
  record(result, node);
  return result;
}

struct AnchoredBackward : torch::autograd::Node {
  Kept x, values;
  AnchorGrid grid{};

  variable_list apply(variable_list&& gradients) override {
    refuse_second_derivative();
    if (!gradients[0].defined()) return variable_list(2);
    const at::Tensor arriving = gradients[0].contiguous(), &entries = x.get(), &ends = values.get();
    const int64_t width = entries.size(1), lanes = ends.size(0) == 1 ? kLanes : width;
    const at::Tensor back = at::empty_like(entries);
    const at::Tensor sums = at::zeros({kParts, lanes, grid.anchors}, entries.options());
    each_part(entries.size(0), [&](int64_t part, int64_t begin, int64_t end) {
      float* const of_part = sums.data_ptr<float>() + part * lanes * grid.anchors;
      for (int64_t place = begin * width; place < end * width; place += width)
        kernels().anchored_row_back(
            entries.data_ptr<float>() + place, arriving.data_ptr<float>() + place, width, grid, ends.data_ptr<float>(),
            ends.size(0) == 1 ? 0 : grid.anchors, back.data_ptr<float>() + place, of_part, lanes);
    });
    const at::Tensor all = sums.sum(0);
    return {back, ends.size(0) == 1 ? all.sum(0, /*keepdim=*/true) : all};
  }
};

at::Tensor anchored(const at::Tensor& x, const at::Tensor& values, double reach) {
  check_entries(x);
  const int64_t width = x.size(1);
  check_coefficients(values, width, 0);
  TORCH_CHECK(
      values.size(1) >= 2 && values.size(1) < (1 << 24) && reach > 0, values.size(1), " anchors on both sides of 0 as far as ",
      reach, " are none");
  const auto node = node_for<AnchoredBackward>(x, values);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const at::Tensor entries = x.contiguous(), ends = values.contiguous();
    const int64_t anchors = ends.size(1);
    const AnchorGrid grid{
        static_cast<float>(reach), static_cast<float>(static_cast<double>(anchors - 1) / (2 * reach)), anchors};
    result = at::empty_like(entries);
    share_ranges(entries.size(0), kRows, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin * width; place < end * width; place += width)
        kernels().anchored_row(
            entries.data_ptr<float>() + place, width, grid, ends.data_ptr<float>(), ends.size(0) == 1 ? 0 : anchors,
            result.data_ptr<float>() + place);
    });
    if (node != nullptr) {
      node->x = Kept(entries);
      node->values = Kept(ends);
      node->grid = grid;
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_rational(
    const at::Tensor* x, const at::Tensor* numerator, const at::Tensor* denominator, at::Tensor** result) {
  return seedbed::guarded([&] { *result = new at::Tensor(seedbed::rational(*x, *numerator, *denominator)); });
}

extern "C" char* seedbed_anchored(const at::Tensor* x, const at::Tensor* values, double reach, at::Tensor** result) {
  return seedbed::guarded([&] { *result = new at::Tensor(seedbed::anchored(*x, *values, reach)); });
}
