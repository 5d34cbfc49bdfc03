// bfloat16 as the upper half of a float32, and sums over the threads of a block. No header is included: there may be none.

typedef unsigned short bf16;
typedef long long int64;

__device__ __forceinline__ float wide(bf16 bits) { return __uint_as_float(static_cast<unsigned>(bits) << 16); }

// Rounded to nearest, ties to even.
__device__ __forceinline__ bf16 half(float value) {
  bf16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

// Eight entries of a row, as memory gives them at once.
union Eight {
  uint4 memory;
  bf16 entries[8];
};

__device__ __forceinline__ float warp_sum(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

// The sum over all threads of a block of whole warps, in an order that is always the same; every thread gets it. `room` holds
// one number for each warp.
__device__ __forceinline__ float block_sum(float value, float* room) {
  const int warps = blockDim.x / 32;
  value = warp_sum(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = value;
  __syncthreads();
  float total = 0;
  for (int warp = 0; warp < warps; ++warp) total += room[warp];
  return total;
}
