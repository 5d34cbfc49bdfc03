// How much memory tensors on the first GPU held.

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "guard.h"

extern "C" char* seedbed_gpu_peak_memory(int64_t* bytes) {
  return seedbed::guarded([&] {
    const auto stats = c10::getDeviceAllocator(c10::kCUDA)->getDeviceStats(0);
    *bytes = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
  });
}

extern "C" char* seedbed_gpu_forget_peak_memory() {
  return seedbed::guarded([] { c10::getDeviceAllocator(c10::kCUDA)->resetPeakStats(0); });
}
