// Kernels of our own on an NVIDIA GPU (`gpu/*.cu`), compiled on the machine that runs them, so that the build needs no CUDA.
//
// The driver and the compiler are looked up at run time. A kernel is launched on the stream that libtorch uses for the device
// of its tensors, so that it comes after what libtorch has been told before, and before what it will be told.
#pragma once

#include <ATen/core/Tensor.h>

namespace seedbed::gpu {

// Whether `open` has found a driver and a compiler, and the kernels have compiled for the device.
bool is_ready();

// Blocks, threads of a block, and bytes of shared memory of a block.
struct Shape {
  int64_t blocks, threads;
  int64_t bytes = 0;
};

void launch(const char* kernel, const at::Tensor& on, Shape shape, void** arguments);

// Runs the kernel of this name with these arguments, each of the very type that the kernel declares.
template <typename... Arguments>
void run(const char* kernel, const at::Tensor& on, Shape shape, Arguments... arguments) {
  void* pointers[] = {&arguments...};
  if (shape.blocks > 0) launch(kernel, on, shape, pointers);
}

// Multiprocessors of the device, for kernels whose blocks take many rows.
int64_t multiprocessors();

}  // namespace seedbed::gpu
