// Attention within the stories of a packed batch: what both kinds of numbers are told.
#pragma once

#include <algorithm>
#include <vector>

#include <ATen/core/Tensor.h>

#include "dropout.h"
#include "pieces.h"

namespace seedbed {

// Queries at a time.
constexpr int64_t kQueries = 64;

struct Story {
  int64_t start, length;
};

// The keys that some queries can see, from a whole block on.
struct Seen {
  int64_t first, count;
};

struct AttentionShape {
  int64_t heads, head_size;
  int64_t look_back;  // how many tokens a query sees, itself included; 0 for all of its story, also those after it
  float scale;
  double dropout;
  uint64_t key;
  std::vector<Story> stories;  // longest first, none empty

  int64_t hidden() const { return heads * head_size; }
  int64_t begin_of(int64_t query) const { return look_back == 0 ? 0 : std::max<int64_t>(0, query + 1 - look_back); }
  int64_t end_of(int64_t query, int64_t length) const { return look_back == 0 ? length : query + 1; }

  Seen seen_by(int64_t query, int64_t queries, int64_t length) const {
    const int64_t first = begin_of(query) / kQueries * kQueries;
    return {first, end_of(query + queries - 1, length) - first};
  }

  RowDropout row_dropout(int64_t head, int64_t token) const {
    return seedbed::row_dropout(dropout, key, static_cast<uint64_t>(token * heads + head));
  }

  // Calls `work(pieces)` on each thread, to take heads of stories: piece p is head p % heads of story p / heads. No two share
  // what they write.
  template <typename Work>
  void share_heads(const Work& work) const {
    share(static_cast<int64_t>(stories.size()) * heads, work);
  }
};

// Attention and its way back in float32. `projected` is [T, 3 · hidden], `result` and `arriving` are [T, hidden], all contiguous;
// `gradient` is of `projected` and is set.
void attend_in_float32(const AttentionShape& shape, const at::Tensor& projected, at::Tensor& result);
void attend_back_in_float32(
    const AttentionShape& shape, const at::Tensor& projected, const at::Tensor& arriving, at::Tensor& gradient);

}  // namespace seedbed
