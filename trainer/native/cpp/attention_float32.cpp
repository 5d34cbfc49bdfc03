// Attention within the stories of a packed batch, in float32.
//
// As attention.cpp goes through stories, but with libtorch's products, and nothing is rounded to bfloat16: weights are formed
// again on the way back by the very operations of the way there, and the way back through the softmax is softmax_back of
// loops/attention.h, so that gradients are as good as float32 can have them.

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "attention.h"
#include "kernels.h"
#include "node.h"

namespace seedbed {
namespace {

// A head's columns of the rows of one story.
struct Head {
  at::Tensor queries, keys, values;  // [length, head size]

  // Of rows that hold queries, keys and values side by side.
  Head(const AttentionShape& shape, const at::Tensor& rows, Story story, int64_t head) {
    const auto part = [&](int64_t index) {
      const int64_t column = index * shape.hidden() + head * shape.head_size;
      return rows.narrow(0, story.start, story.length).narrow(1, column, shape.head_size);
    };
    queries = part(0);
    keys = part(1);
    values = part(2);
  }
};

at::Tensor columns_of(const AttentionShape& shape, const at::Tensor& rows, Story story, int64_t head) {
  return rows.narrow(0, story.start, story.length).narrow(1, head * shape.head_size, shape.head_size);
}

// What a thread works with: tables of some queries by the keys that they see.
struct Room {
  at::Tensor weights, gradients, kept;

  // A table of this size at the begin of one that is large enough.
  static at::Tensor table(at::Tensor& memory, int64_t queries, int64_t keys) {
    const int64_t size = queries * keys;
    if (!memory.defined() || memory.numel() < size) memory = at::empty({size}, at::kFloat);
    return memory.narrow(0, 0, size).view({queries, keys});
  }
};

// Some queries of a head, and the tables of what they see.
struct Block {
  const AttentionShape& shape;
  Story story;
  int64_t head, first, queries;
  Seen seen;

  Block(const AttentionShape& shape, Story story, int64_t head, int64_t first)
      : shape(shape), story(story), head(head), first(first), queries(std::min(kQueries, story.length - first)),
        seen(shape.seen_by(first, queries, story.length)) {}

  at::Tensor asking(const at::Tensor& rows) const { return rows.narrow(0, first, queries); }
  at::Tensor asked(const at::Tensor& rows) const { return rows.narrow(0, seen.first, seen.count); }
  bool has_dropout() const { return shape.dropout > 0; }

  // softmax(scale · Q·Kᵀ), zeros where a key is not seen.
  at::Tensor weights(const Head& of, Room& room) const {
    at::Tensor table = Room::table(room.weights, queries, seen.count);
    at::mm_out(table, asking(of.queries), asked(of.keys).t());
    float* const numbers = table.data_ptr<float>();
    for (int64_t row = 0; row < queries; ++row)
      kernels().softmax_row(numbers + row * seen.count, begin(row), end(row), seen.count, shape.scale);
    return table;
  }

  // What dropout keeps of `source`, which may be `target`.
  void drop(const at::Tensor& source, const at::Tensor& target) const {
    for (int64_t row = 0; row < queries; ++row)
      kernels().drop(
          source.data_ptr<float>() + row * seen.count, shape.row_dropout(head, story.start + first + row), seen.count,
          target.data_ptr<float>() + row * seen.count);
  }

  // From gradients of the weights to gradients of the scores before they are scaled.
  void back_through_softmax(const at::Tensor& weights, const at::Tensor& gradients) const {
    for (int64_t row = 0; row < queries; ++row) {
      float* const back = gradients.data_ptr<float>() + row * seen.count;
      std::fill(back, back + begin(row), 0.0f);
      std::fill(back + end(row), back + seen.count, 0.0f);
      kernels().softmax_back(
          weights.data_ptr<float>() + row * seen.count + begin(row), end(row) - begin(row), shape.scale, back + begin(row));
    }
  }

 private:
  int64_t begin(int64_t row) const { return shape.begin_of(first + row) - seen.first; }
  int64_t end(int64_t row) const { return shape.end_of(first + row, story.length) - seen.first; }
};

template <typename Work>
void each_block(const AttentionShape& shape, Story story, int64_t head, const Work& work) {
  for (int64_t first = 0; first < story.length; first += kQueries) work(Block(shape, story, head, first));
}

// Calls `work(story, head, room)` for all of them, on all threads, whose settings are not those of the thread that asks.
template <typename Work>
void each_story_head(const AttentionShape& shape, const Work& work) {
  shape.share_heads([&](Pieces& pieces) {
    const Silent silent;
    Room room;
    for (int64_t piece; pieces.take(piece);) work(shape.stories[piece / shape.heads], piece % shape.heads, room);
  });
}

}  // namespace

void attend_in_float32(const AttentionShape& shape, const at::Tensor& projected, at::Tensor& result) {
  each_story_head(shape, [&](Story story, int64_t head, Room& room) {
    const Head of(shape, projected, story, head);
    const at::Tensor rows = columns_of(shape, result, story, head);
    each_block(shape, story, head, [&](const Block& block) {
      const at::Tensor weights = block.weights(of, room);
      if (block.has_dropout()) block.drop(weights, weights);
      at::Tensor target = block.asking(rows);
      at::mm_out(target, weights, block.asked(of.values));
    });
  });
}

void attend_back_in_float32(
    const AttentionShape& shape, const at::Tensor& projected, const at::Tensor& arriving, at::Tensor& gradient) {
  each_story_head(shape, [&](Story story, int64_t head, Room& room) {
    const Head of(shape, projected, story, head), back(shape, gradient, story, head);
    const at::Tensor given = columns_of(shape, arriving, story, head);
    back.keys.zero_();
    back.values.zero_();
    each_block(shape, story, head, [&](const Block& block) {
      const at::Tensor weights = block.weights(of, room), some = block.asking(given);
      at::Tensor kept = weights, gradients = Room::table(room.gradients, block.queries, block.seen.count);
      at::mm_out(gradients, some, block.asked(of.values).t());
      if (block.has_dropout()) {
        kept = Room::table(room.kept, block.queries, block.seen.count);
        block.drop(weights, kept);
        block.drop(gradients, gradients);
      }
      block.asked(back.values).addmm_(kept.t(), some);
      block.back_through_softmax(weights, gradients);
      at::Tensor query_back = block.asking(back.queries);
      at::mm_out(query_back, gradients, block.asked(of.keys));
      block.asked(back.keys).addmm_(gradients.t(), block.asking(of.queries));
    });
  });
}

}  // namespace seedbed
