// Work that threads share as they come free.
#pragma once

#include <algorithm>
#include <atomic>

#include <ATen/Parallel.h>

namespace seedbed {

// The pieces of some work, each of which one thread takes.
class Pieces {
 public:
  explicit Pieces(int64_t count) : count_(count) {}

  // Whether there was one more; it is put into `piece`.
  bool take(int64_t& piece) {
    piece = next_++;
    return piece < count_;
  }

 private:
  int64_t count_;
  std::atomic<int64_t> next_{0};
};

// Calls `work(pieces)` on each thread, at most once, to take pieces until there is none. A thread whose core is slowed by
// somebody else's work then takes fewer. Who takes which must change no result.
template <typename Work>
void share(int64_t count, const Work& work) {
  if (count == 0) return;
  Pieces pieces(count);
  at::parallel_for(0, std::min<int64_t>(count, at::get_num_threads()), 1, [&](int64_t, int64_t) { work(pieces); });
}

// Calls `work(begin, end)` for pieces of 0..count, each of `size` or what is left.
template <typename Work>
void share_ranges(int64_t count, int64_t size, const Work& work) {
  share((count + size - 1) / size, [&](Pieces& pieces) {
    for (int64_t piece; pieces.take(piece);) work(piece * size, std::min(count, (piece + 1) * size));
  });
}

// Parts of some rows whose sums are formed apart and then added in their order, whatever the number of threads.
constexpr int64_t kParts = 16;

// Calls `work(part, begin, end)` for each part of 0..count, some of which may be empty.
template <typename Work>
void each_part(int64_t count, const Work& work) {
  const int64_t size = (count + kParts - 1) / kParts;
  share_ranges(kParts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part)
      work(part, std::min(count, part * size), std::min(count, (part + 1) * size));
  });
}

}  // namespace seedbed
