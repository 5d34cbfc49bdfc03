#include "spline_edges.h"

#include "pieces.h"

namespace seedbed {

OwnedGrid::OwnedGrid(double low, double high, int64_t intervals, int64_t order, const float* pieces)
    : low_(static_cast<float>(low)), cells_per_unit_(static_cast<float>(intervals / (high - low))), order_(order),
      bases_(intervals + order), pieces_(pieces, pieces + (order + 1) * (order + 1)) {
  TORCH_CHECK(intervals > 0 && order > 0 && low < high, "a grid of ", intervals, " intervals, order ", order, ", is none");
  if (order >= kPieces) return;
  by_power_.resize(2 * kPieces * kPieces);
  for (int64_t piece = 0; piece <= order; ++piece) {
    for (int64_t power = 0; power <= order; ++power) {
      const float coefficient = pieces[piece * (order + 1) + power];
      by_power_[power * kPieces + piece] = coefficient;
      if (power > 0)
        by_power_[(kPieces + power - 1) * kPieces + piece] = static_cast<float>(power) * coefficient * cells_per_unit_;
    }
  }
}

SplineGrid OwnedGrid::grid() const {
  const float* const by_power = by_power_.empty() ? nullptr : by_power_.data();
  const float* const slopes = by_power == nullptr ? nullptr : by_power + kPieces * kPieces;
  return {low_, cells_per_unit_, order_, bases_, pieces_.data(), by_power, slopes};
}

variable_list Edges::all() const {
  return scales.defined() ? variable_list{base, coefficients, scales} : variable_list{base, coefficients};
}

void Edges::check(int64_t bases) const {
  const auto is_matrix = [&](const at::Tensor& one) {
    return one.scalar_type() == at::kFloat && one.is_contiguous() && one.is_cpu() && one.sizes() == base.sizes();
  };
  TORCH_CHECK(
      base.dim() == 2 && is_matrix(base), "base weights are ", base.scalar_type(), base.sizes(), " on ", base.device(),
      ", no contiguous float32 matrix on cpu");
  TORCH_CHECK(
      !scales.defined() || is_matrix(scales), "scales are ", scales.scalar_type(), scales.sizes(), " on ", scales.device(),
      ", not contiguous Float", base.sizes(), " on cpu");
  TORCH_CHECK(
      coefficients.scalar_type() == at::kFloat && coefficients.is_contiguous() && coefficients.is_cpu() &&
          coefficients.sizes() == at::IntArrayRef({outputs(), inputs(), bases}),
      "coefficients are ", coefficients.scalar_type(), coefficients.sizes(), " on ", coefficients.device(),
      ", not contiguous float32 on cpu, ", bases, " of each edge of ", base.sizes());
}

void Edges::term(int64_t output, int64_t m, float* term) const {
  const int64_t bases = coefficients.size(2), first = output * inputs(), count = inputs();
  const float* const coefficient = coefficients.data_ptr<float>() + first * bases + m;
  const float* const scale = scales.defined() ? scales.data_ptr<float>() + first : nullptr;
  for (int64_t i = 0; i < count; ++i) term[i] = scale == nullptr ? coefficient[i * bases] : coefficient[i * bases] * scale[i];
}

void Edges::share_gradient(
    const at::Tensor& sums, int64_t bases, int64_t width, const std::vector<Gradient>& places) const {
  const int64_t count = inputs(), depth = sums.size(1);
  const auto numbers = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; };
  float *const base_sums = numbers(places[0].sum), *const coefficient_sums = numbers(places[1].sum);
  float* const scale_sums = places.size() > 2 ? numbers(places[2].sum) : nullptr;
  const float* const scale = numbers(scales);
  const float* const coefficient = numbers(coefficients);
  share_ranges(outputs(), 4, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      const float* const row = sums.data_ptr<float>() + output * depth;
      for (int64_t i = 0; i < count; ++i) {
        const int64_t edge = output * count + i;
        if (base_sums != nullptr) base_sums[edge] += row[i];
        float sum = 0;
        for (int64_t m = 0; m < bases; ++m) {
          const float gradient = row[(1 + m) * width + i];
          sum += gradient * coefficient[edge * bases + m];
          if (coefficient_sums != nullptr)
            coefficient_sums[edge * bases + m] += scale == nullptr ? gradient : gradient * scale[edge];
        }
        if (scale_sums != nullptr) scale_sums[edge] += sum;
      }
    }
  });
}

}  // namespace seedbed
