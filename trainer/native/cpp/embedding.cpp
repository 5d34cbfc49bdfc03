// Sums of rows of tables, as the embeddings of tokens and positions are, in one pass each way.
//
// The gradient of a table is added to, row by row, where it lies: no table of zeros is made to be added afterwards. Threads share
// the columns, so that the rows of one id are added up in their order.

#include <vector>

#include <ATen/ops/empty.h>

#include "guard.h"
#include "node.h"
#include "pieces.h"
#include "products.h"

namespace seedbed {
namespace {

constexpr int64_t kSomeRows = 64;
constexpr int64_t kSomeColumns = 64;

// Rows of a table, one for each id; those of `padding` get no gradient.
struct Rows {
  at::Tensor table, ids;
  int64_t padding;

  int64_t width() const { return table.size(1); }
  int64_t id(int64_t place) const { return ids.data_ptr<int64_t>()[place]; }
};

void check(const Rows& rows, const Rows& first) {
  const at::Tensor &table = rows.table, &ids = rows.ids;
  TORCH_CHECK(
      table.dim() == 2 && table.scalar_type() == at::kFloat && table.is_contiguous() && table.is_cpu(), "a table is ",
      table.scalar_type(), table.sizes(), " on ", table.device(), ", not rows of float32 on cpu");
  TORCH_CHECK(
      ids.scalar_type() == at::kLong && ids.is_contiguous() && ids.is_cpu(), "ids are ", ids.scalar_type(), " on ",
      ids.device(), ", not contiguous int64 on cpu");
  TORCH_CHECK(
      rows.width() == first.width() && ids.sizes() == first.ids.sizes(), ids.sizes(), " rows of ", rows.width(),
      " columns cannot be added to ", first.ids.sizes(), " of ", first.width());
  for (int64_t place = 0; place < ids.numel(); ++place)
    TORCH_CHECK(
        rows.id(place) >= 0 && rows.id(place) < table.size(0), rows.id(place), " is no row of a table of ", table.size(0));
}

struct RowsBackward : torch::autograd::Node {
  std::vector<Rows> all;
  std::vector<Kept> ids;  // theirs: others than were checked could be no rows

  variable_list apply(variable_list&& gradients) override {
    variable_list results(all.size());
    if (!gradients[0].defined()) return results;
    for (const Kept& one : ids) one.get();
    const at::NoGradGuard unrecorded;
    const at::Tensor arriving = gradients[0].to(at::kFloat).contiguous();
    const float* const from = arriving.data_ptr<float>();
    for (size_t index = 0; index < all.size(); ++index) {
      const Rows& rows = all[index];
      const Gradient place(rows.table);
      results[index] = place.returned;
      if (!place.sum.defined()) continue;
      const int64_t width = rows.width(), count = rows.ids.numel();
      const int64_t* const ids = rows.ids.data_ptr<int64_t>();
      float* const sums = place.sum.data_ptr<float>();
      share_ranges(width, kSomeColumns, [&](int64_t begin, int64_t end) {
        for (int64_t row = 0; row < count; ++row) {
          if (ids[row] == rows.padding) continue;
          float* const sum = sums + ids[row] * width;
          for (int64_t column = begin; column < end; ++column) sum[column] += from[row * width + column];
        }
      });
    }
    return results;
  }
};

at::Tensor sum_of_rows(const std::vector<Rows>& all) {
  variable_list tables;
  for (const Rows& rows : all) {
    check(rows, all[0]);
    tables.push_back(rows.table);
  }
  const auto node = node_for<RowsBackward>(tables);
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    const int64_t width = all[0].width(), count = all[0].ids.numel();
    std::vector<int64_t> shape = all[0].ids.sizes().vec();
    shape.push_back(width);
    result = at::empty(shape, all[0].table.options().requires_grad(false));
    float* const target = result.data_ptr<float>();
    share_ranges(count, kSomeRows, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        float* const sum = target + row * width;
        for (size_t index = 0; index < all.size(); ++index) {
          const float* const from = all[index].table.data_ptr<float>() + all[index].id(row) * width;
          for (int64_t column = 0; column < width; ++column) sum[column] = index == 0 ? from[column] : sum[column] + from[column];
        }
      }
    });
    if (node != nullptr) {
      node->all = all;
      for (const Rows& rows : all) node->ids.emplace_back(rows.ids);
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_sum_of_rows(
    const at::Tensor* const* tables, const at::Tensor* const* ids, const int64_t* paddings, int count, at::Tensor** result) {
  return seedbed::guarded([&] {
    TORCH_CHECK(count > 0, "no table is given");
    std::vector<seedbed::Rows> all;
    for (int index = 0; index < count; ++index) all.push_back({*tables[index], *ids[index], paddings[index]});
    *result = new at::Tensor(seedbed::sum_of_rows(all));
  });
}
