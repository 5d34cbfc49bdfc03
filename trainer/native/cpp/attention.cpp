// Attention within the stories of a packed batch: the node for both kinds of numbers, and attention in bfloat16 with softmax in
// float32. The other is attention_float32.cpp's.
//
// A story's head is one piece of work: its scores are formed for some queries at a time against the keys that these can see,
// rounded up to blocks. Nothing is padded to the longest story, and of what is masked only the edge of a block is computed.
// The way back forms the scores again.

#include <algorithm>

#include <ATen/ops/empty.h>

#include "attention.h"
#include "guard.h"
#include "linear.h"
#include "node.h"

namespace seedbed {
namespace {

static_assert(kQueries % kColumns == 0, "what is seen begins with a whole strip of a factor");

// Columns of scores are formed in whole blocks of so many.
constexpr int64_t kScores = 32;

// `rows` of a head as a right factor [rows, head size].
void set_rows(RightFactor& factor, const Half* source, int64_t stride, int64_t rows, int64_t head_size) {
  factor.resize(rows, head_size);
  factor.set_rows(0, source, stride, rows);
}

// The same turned, [head size, rows].
void set_columns(RightFactor& factor, const Half* source, int64_t stride, int64_t rows, int64_t head_size) {
  factor.resize(head_size, rows);
  for (int64_t row = 0; row < rows; row += kColumns) factor.set_columns(row, source + row * stride, stride);
}

// What a thread works with: a table of scores for some queries, and what is made of it.
struct Room {
  // Rows that are no power of two apart do not fall on the same lines of the cache.
  explicit Room(int64_t longest) : width(rounded_up(longest, kColumns) + kScores) {
    scores.resize(kQueries * width);
    weights.resize(kQueries * width);
  }
  int64_t width;
  std::vector<float> scores, weight_gradients;
  std::vector<Half> weights, score_gradients;
  RightFactor keys, values, key_rows, queries, arriving;
  LeftRows left;
};

// table[queries, seen.count] = left · the seen columns of a turned factor; whole blocks of columns are written.
void table_of(
    const Half* left, int64_t stride, int64_t queries, const RightFactor& right, Seen seen, Room& room, float* table) {
  room.left.take(left, stride, queries, right.depth);
  room.left.multiply(right, 0, seen.first, rounded_up(seen.count, kScores), table, room.width, /*add=*/false);
}

// result[queries, head size] = weights · the seen rows of a factor, rounded.
void sum_rows(
    const std::vector<Half>& weights, int64_t queries, const RightFactor& right, Seen seen, Room& room, Half* result,
    int64_t stride) {
  alignas(64) float tile[kQueries * kColumns];
  room.left.lie(weights.data(), room.width, queries, whole_depth(seen.count));
  for (int64_t column = 0; column < right.columns; column += kColumns) {
    room.left.multiply(right, seen.first, column, kColumns, tile, kColumns, /*add=*/false);
    kernels().narrow_rows(
        tile, kColumns, nullptr, result + column, stride, queries, std::min(kColumns, right.columns - column));
  }
}

// Calls `work(story, head, room)` for all of them, on all threads.
template <typename Work>
void each_story_head(const AttentionShape& shape, const Work& work) {
  shape.share_heads([&](Pieces& pieces) {
    Room room(shape.stories[0].length);
    for (int64_t piece; pieces.take(piece);) work(shape.stories[piece / shape.heads], piece % shape.heads, room);
    release_blocks();
  });
}

void forward(const AttentionShape& shape, const at::Tensor& projected, at::Tensor& result, at::Tensor& divisors) {
  const int64_t hidden = shape.hidden(), size = shape.head_size, stride = 3 * hidden;
  float* const divisor = divisors.data_ptr<float>();
  each_story_head(shape, [&](Story story, int64_t head, Room& room) {
    const Half* const query = halves(projected) + story.start * stride + head * size;
    set_columns(room.keys, query + hidden, stride, story.length, size);
    set_rows(room.values, query + 2 * hidden, stride, story.length, size);
    for (int64_t first = 0; first < story.length; first += kQueries) {
      const int64_t queries = std::min(kQueries, story.length - first);
      const Seen seen = shape.seen_by(first, queries, story.length);
      table_of(query + first * stride, stride, queries, room.keys, seen, room, room.scores.data());
      for (int64_t row = 0; row < queries; ++row) {
        const int64_t token = story.start + first + row;
        divisor[token * shape.heads + head] = kernels().attend(
            room.scores.data() + row * room.width, shape.begin_of(first + row) - seen.first,
            shape.end_of(first + row, story.length) - seen.first, whole_depth(seen.count), shape.scale,
            shape.row_dropout(head, token), room.weights.data() + row * room.width);
      }
      sum_rows(
          room.weights, queries, room.values, seen, room,
          halves(result) + (story.start + first) * hidden + head * size, hidden);
    }
  });
}

// The way back through one head of a story.
struct Back {
  const AttentionShape& shape;
  const at::Tensor &projected, &result, &divisors, &arriving;
  at::Tensor& gradient;

  void operator()(Story story, int64_t head, Room& room) const {
    const int64_t hidden = shape.hidden(), size = shape.head_size, stride = 3 * hidden;
    const Half* const query = halves(projected) + story.start * stride + head * size;
    const Half* const given = halves(arriving) + story.start * hidden + head * size;
    Half* const place = halves(gradient) + story.start * stride + head * size;
    room.weight_gradients.resize(room.scores.size());
    room.score_gradients.resize(room.weights.size());
    set_columns(room.keys, query + hidden, stride, story.length, size);
    set_columns(room.values, query + 2 * hidden, stride, story.length, size);
    set_rows(room.key_rows, query + hidden, stride, story.length, size);
    std::vector<float> key_sums(story.length * size, 0), value_sums(story.length * size, 0);
    for (int64_t first = 0; first < story.length; first += kQueries) {
      const int64_t queries = std::min(kQueries, story.length - first);
      const Seen seen = shape.seen_by(first, queries, story.length);
      table_of(query + first * stride, stride, queries, room.keys, seen, room, room.scores.data());
      table_of(given + first * hidden, hidden, queries, room.values, seen, room, room.weight_gradients.data());
      for (int64_t row = 0; row < queries; ++row) back_through_row(story, head, first + row, row, seen, room);
      sum_rows(room.score_gradients, queries, room.key_rows, seen, room, place + first * stride, stride);
      set_rows(room.arriving, given + first * hidden, hidden, queries, size);
      add_turned(room.weights, queries, room.arriving, seen, room, value_sums.data());
      set_rows(room.queries, query + first * stride, stride, queries, size);
      add_turned(room.score_gradients, queries, room.queries, seen, room, key_sums.data());
    }
    kernels().narrow_rows(key_sums.data(), size, nullptr, place + hidden, stride, story.length, size);
    kernels().narrow_rows(value_sums.data(), size, nullptr, place + 2 * hidden, stride, story.length, size);
  }

  void back_through_row(Story story, int64_t head, int64_t query, int64_t row, Seen seen, Room& room) const {
    const int64_t token = story.start + query, at = row * room.width;
    const int64_t place = token * shape.hidden() + head * shape.head_size;
    kernels().attend_back(
        room.scores.data() + at, room.weight_gradients.data() + at, shape.begin_of(query) - seen.first,
        shape.end_of(query, story.length) - seen.first, whole_depth(seen.count), shape.scale,
        divisors.data_ptr<float>()[token * shape.heads + head],
        kernels().dot(halves(arriving) + place, halves(result) + place, shape.head_size), shape.row_dropout(head, token),
        room.weights.data() + at, room.score_gradients.data() + at);
  }

  // sums[seen, head size] += tableᵀ · right.
  void add_turned(
      const std::vector<Half>& table, int64_t queries, const RightFactor& right, Seen seen, Room& room, float* sums) const {
    room.left.take_turned(table.data(), room.width, queries, seen.count);
    room.left.multiply(right, 0, 0, right.columns, sums + seen.first * right.columns, right.columns, /*add=*/true);
  }
};

struct AttentionBackward : torch::autograd::Node {
  AttentionShape shape;
  Kept projected;
  at::Tensor result, divisors;  // in bfloat16 only

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    refuse_second_derivative();
    const at::NoGradGuard unrecorded;
    const at::Tensor& rows = projected.get();
    const at::Tensor arriving = gradients[0].to(rows.scalar_type()).contiguous();
    at::Tensor gradient = at::empty(rows.sizes(), rows.options());
    if (rows.scalar_type() == at::kFloat) {
      attend_back_in_float32(shape, rows, arriving, gradient);
    } else {
      each_story_head(shape, Back{shape, rows, result, divisors, arriving, gradient});
    }
    return {gradient};
  }
};

// The stories that have tokens, longest first: what takes long is begun early.
std::vector<Story> stories_of(const int64_t* bounds, int64_t bound_count, int64_t tokens) {
  TORCH_CHECK(bound_count > 0 && bounds[0] == 0 && bounds[bound_count - 1] == tokens, "the bounds do not span the batch");
  std::vector<Story> stories;
  for (int64_t story = 0; story + 1 < bound_count; ++story) {
    const int64_t length = bounds[story + 1] - bounds[story];
    TORCH_CHECK(length >= 0, "story ", story, " has ", length, " tokens");
    if (length > 0) stories.push_back({bounds[story], length});
  }
  std::stable_sort(stories.begin(), stories.end(), [](Story a, Story b) { return a.length > b.length; });
  return stories;
}

at::Tensor attention(const at::Tensor& projected, AttentionShape shape) {
  const auto node = node_for<AttentionBackward>(projected);
  // Detached where it is recorded, it tells when the other is changed in place.
  const at::Tensor rows = projected.detach().contiguous();
  at::Tensor result;
  {
    const Unrecorded unrecorded;
    result = at::empty({rows.size(0), shape.hidden()}, rows.options());
    at::Tensor divisors;
    if (rows.scalar_type() == at::kFloat) {
      attend_in_float32(shape, rows, result);
    } else {
      divisors = at::empty({rows.size(0), shape.heads}, at::kFloat);
      forward(shape, rows, result, divisors);
    }
    if (node != nullptr) {
      node->projected = Kept(rows);
      if (divisors.defined()) node->result = result.detach();
      node->divisors = divisors;
      node->shape = std::move(shape);
    }
  }
  record(result, node);
  return result;
}

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_attention(
    const at::Tensor* projected, const int64_t* bounds, int64_t bound_count, int64_t heads, int64_t look_back, double scale,
    double dropout, uint64_t dropout_key, at::Tensor** out) {
  return seedbed::guarded([&] {
    using namespace seedbed;
    const at::ScalarType kind = projected->scalar_type();
    TORCH_CHECK(
        projected->dim() == 2 && (kind == at::kBFloat16 || kind == at::kFloat) && projected->device().is_cpu(),
        "queries, keys and values are ", kind, projected->sizes(), ", not rows in bfloat16 or float32");
    const int64_t width = projected->size(1);
    TORCH_CHECK(heads > 0 && width % (3 * heads) == 0, width, " columns are not ", heads, " heads, three times");
    const int64_t size = width / (3 * heads);
    TORCH_CHECK(look_back == -1 || look_back > 0, "a token sees ", look_back, " tokens, not itself at least");
    TORCH_CHECK(dropout >= 0 && dropout < 1, "a probability of ", dropout, " is not from 0 to below 1");
    TORCH_CHECK(kind == at::kFloat || size % 2 == 0, "heads of ", size, " in bfloat16, which takes an even size");
    std::vector<Story> stories = stories_of(bounds, bound_count, projected->size(0));
    *out = new at::Tensor(attention(
        *projected, {heads, size, std::max<int64_t>(look_back, 0), static_cast<float>(scale), dropout, dropout_key,
                     std::move(stories)}));
  });
}
