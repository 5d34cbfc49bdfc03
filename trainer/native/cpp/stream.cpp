// The stream of a GPU on which libtorch lays its work, through the interface that every kind of device registers: no header of
// CUDA is needed, and without CUDA loaded the call fails in words.

#include <memory>

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "guard.h"

namespace {

c10::Device gpu(int index) { return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)); }

c10::impl::VirtualGuardImpl guard() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

// A stream beside the current one, and the events by which each waits for the other.
struct SideStream {
  explicit SideStream(int index)
      : stream(guard().getStreamFromGlobalPool(gpu(index), true)), before(c10::DeviceType::CUDA), after(c10::DeviceType::CUDA) {}

  c10::Stream current() const { return guard().getStream(stream.device()); }

  const c10::Stream stream;
  c10::Event before, after;
};

}  // namespace

extern "C" char* seedbed_select_gpu(int index) {
  return seedbed::guarded([&] { guard().setDevice(gpu(index)); });
}

extern "C" char* seedbed_current_stream(int index, void** handle) {
  return seedbed::guarded([&] { *handle = guard().getStream(gpu(index)).native_handle(); });
}

extern "C" char* seedbed_current_stream_is_idle(int index, bool* idle) {
  return seedbed::guarded([&] { *idle = guard().getStream(gpu(index)).query(); });
}

extern "C" char* seedbed_side_stream(int index, void** side, void** handle) {
  return seedbed::guarded([&] {
    auto made = std::make_unique<SideStream>(index);
    *handle = made->stream.native_handle();
    *side = made.release();
  });
}

// What is asked of the side stream from now on waits for what the current one was asked for.
extern "C" char* seedbed_side_stream_follow(void* side) {
  return seedbed::guarded([&] {
    auto& both = *static_cast<SideStream*>(side);
    both.before.record(both.current());
    both.before.block(both.stream);
  });
}

// The other way round.
extern "C" char* seedbed_side_stream_join(void* side) {
  return seedbed::guarded([&] {
    auto& both = *static_cast<SideStream*>(side);
    both.after.record(both.stream);
    both.after.block(both.current());
  });
}

extern "C" void seedbed_side_stream_free(void* side) { delete static_cast<SideStream*>(side); }
