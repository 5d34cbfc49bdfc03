// The streams of a GPU, through the interface that every kind of device registers: no header of CUDA is needed, and without CUDA
// loaded the calls fail in words.

#include <memory>

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "guard.h"

namespace {

c10::Device gpu(int index) { return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)); }

c10::impl::VirtualGuardImpl guard() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

// The stream on which the thread that makes this lays its work, one beside it, and the events by which each waits for the other.
struct Streams {
  explicit Streams(int index)
      : main(guard().getStream(gpu(index))),
        side(guard().getStreamFromGlobalPool(gpu(index), true)),
        before(c10::DeviceType::CUDA),
        after(c10::DeviceType::CUDA) {}

  const c10::Stream main, side;
  c10::Event before, after;
};

Streams& of(void* streams) { return *static_cast<Streams*>(streams); }

}  // namespace

extern "C" char* seedbed_select_gpu(int index) {
  return seedbed::guarded([&] { guard().setDevice(gpu(index)); });
}

extern "C" char* seedbed_streams(int index, void** streams, void** main, void** side) {
  return seedbed::guarded([&] {
    auto made = std::make_unique<Streams>(index);
    *main = made->main.native_handle();
    *side = made->side.native_handle();
    *streams = made.release();
  });
}

// What is asked of the side stream from now on waits for what the main one was asked for.
extern "C" char* seedbed_streams_follow(void* streams) {
  return seedbed::guarded([&] {
    of(streams).before.record(of(streams).main);
    of(streams).before.block(of(streams).side);
  });
}

// The other way round.
extern "C" char* seedbed_streams_join(void* streams) {
  return seedbed::guarded([&] {
    of(streams).after.record(of(streams).side);
    of(streams).after.block(of(streams).main);
  });
}

extern "C" char* seedbed_streams_are_idle(void* streams, bool* idle) {
  return seedbed::guarded([&] { *idle = of(streams).main.query() && of(streams).side.query(); });
}

extern "C" void seedbed_streams_free(void* streams) { delete static_cast<Streams*>(streams); }
