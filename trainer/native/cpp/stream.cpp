// The stream of a GPU on which libtorch lays its work, through the interface that every kind of device registers: no header of
// CUDA is needed, and without CUDA loaded the call fails in words.

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "guard.h"

namespace {

c10::Device gpu(int index) { return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)); }

c10::impl::VirtualGuardImpl guard() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

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
