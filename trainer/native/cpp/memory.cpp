// Memory of tensors on the processor, kept when it is freed and used again.
//
// A step makes and frees thousands of tensors whose sizes change with the lengths of its stories. The allocator of the system either
// gives large pieces back each time, and has every page cleared when the next one is asked for, or, told to keep them, is fragmented
// without bound: in glibc before 2.38 a freed aligned piece does not fit the next request of its own size
// (https://sourceware.org/bugzilla/show_bug.cgi?id=14581), so that a run of 10 million parameters came to hold 3 GB.
//
// Here sizes are rounded up to classes an eighth of an octave apart, and a freed piece serves the next request of its class, the last
// freed first, since that one lies in the processor's cache. What is kept and what is in use never come to more than was in use at
// once and a little: what was freed longest ago goes back to the system first.

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include "guard.h"

namespace seedbed {
namespace {

constexpr size_t kLine = 64;                 // bytes; vectors are aligned to it, and a piece's head takes one
constexpr size_t kMapped = size_t{1} << 17;  // pieces from here on are mapped by themselves, so that they can go back
constexpr size_t kHuge = size_t{4} << 20;    // and from here on of large pages, which are cleared and looked up faster
constexpr size_t kSpare = size_t{64} << 20;  // kept beyond what was in use at once
constexpr int kClasses = 8 * 64;

// Before the memory of a tensor: its class, and its neighbours among the pieces that are kept.
struct alignas(kLine) Piece {
  size_t bytes;  // with this head
  int size_class;
  Piece* newer;        // of all that are kept
  Piece* older;
  Piece* class_newer;  // of those of its class
  Piece* class_older;

  void* memory() { return this + 1; }
  static Piece* of(void* memory) { return static_cast<Piece*>(memory) - 1; }
};

// The class of a size, and the size that all of the class have: the upper three bits below the highest one are kept.
struct SizeClass {
  int index;
  size_t bytes;

  explicit SizeClass(size_t wanted) {
    const size_t lines = std::max<size_t>((wanted + kLine - 1) / kLine, 8);
    const int octave = 63 - __builtin_clzll(lines);
    const size_t eighth = size_t{1} << (octave - 3);
    const size_t rounded = (lines + eighth - 1) / eighth * eighth;
    // The next octave's first class is this one's ninth.
    const int above = 63 - __builtin_clzll(rounded);
    index = 8 * above + static_cast<int>((rounded >> (above - 3)) & 7);
    bytes = rounded * kLine;
  }
};

class KeptMemory final : public at::Allocator {
 public:
  at::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, at::Device(at::DeviceType::CPU)};
    void* const memory = take(SizeClass(bytes + sizeof(Piece)));
    return {memory, memory, &release, at::Device(at::DeviceType::CPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  static KeptMemory& the_one() {
    // Never destroyed: tensors of other threads may outlive any static.
    static KeptMemory* const one = new KeptMemory;
    return *one;
  }

 private:
  void* take(const SizeClass size) {
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      in_use_ += size.bytes;
      most_in_use_ = std::max(most_in_use_, in_use_);
      if (Piece* const piece = newest_of_class_[size.index]; piece != nullptr) {
        unlink(piece);
        return piece->memory();
      }
      // The new piece is in use beside those that are kept.
      give_back_all_but_room();
    }
    Piece* const piece = from_system(size.bytes);
    if (piece == nullptr) {
      const std::lock_guard<std::mutex> guard(mutex_);
      in_use_ -= size.bytes;
      TORCH_CHECK(false, "cannot allocate ", size.bytes, " bytes of memory for a tensor");
    }
    piece->bytes = size.bytes;
    piece->size_class = size.index;
    return piece->memory();
  }

  static void release(void* memory) {
    if (memory != nullptr) the_one().keep(Piece::of(memory));
  }

  void keep(Piece* piece) {
    const std::lock_guard<std::mutex> guard(mutex_);
    in_use_ -= piece->bytes;
    link(piece);
    give_back_all_but_room();
  }

  void give_back_all_but_room() {
    while (oldest_ != nullptr && in_use_ + kept_ > most_in_use_ + kSpare) {
      Piece* const piece = oldest_;
      unlink(piece);
      to_system(piece);
    }
  }

  void link(Piece* piece) {
    piece->newer = nullptr;
    piece->older = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer) = piece;
    newest_ = piece;
    Piece*& of_class = newest_of_class_[piece->size_class];
    piece->class_newer = nullptr;
    piece->class_older = of_class;
    if (of_class != nullptr) of_class->class_newer = piece;
    of_class = piece;
    kept_ += piece->bytes;
  }

  void unlink(Piece* piece) {
    (piece->newer == nullptr ? newest_ : piece->newer->older) = piece->older;
    (piece->older == nullptr ? oldest_ : piece->older->newer) = piece->newer;
    (piece->class_newer == nullptr ? newest_of_class_[piece->size_class] : piece->class_newer->class_older) = piece->class_older;
    if (piece->class_older != nullptr) piece->class_older->class_newer = piece->class_newer;
    kept_ -= piece->bytes;
  }

  static Piece* from_system(size_t bytes) {
    if (bytes < kMapped) return static_cast<Piece*>(std::aligned_alloc(kLine, bytes));
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    // Advice: a system without large pages does without.
    if (bytes >= kHuge) madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<Piece*>(memory);
  }

  static void to_system(Piece* piece) {
    if (piece->bytes < kMapped)
      std::free(piece);
    else
      munmap(piece, piece->bytes);
  }

  std::mutex mutex_;
  size_t in_use_ = 0, most_in_use_ = 0, kept_ = 0;
  Piece* newest_ = nullptr;
  Piece* oldest_ = nullptr;
  std::array<Piece*, kClasses> newest_of_class_{};
};

}  // namespace
}  // namespace seedbed

extern "C" char* seedbed_keep_freed_memory() {
  return seedbed::guarded([] {
    // Above libtorch's own.
    c10::SetCPUAllocator(&seedbed::KeptMemory::the_one(), 1);
  });
}
