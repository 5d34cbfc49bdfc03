// Softmax, loss and its gradient of rows of logits, one block a row. The gradient takes the place of the logits.

// The largest of some numbers, and the sum of their exponentials, each divided by that of the largest.
struct Sum {
  float top, sum;
};

__device__ __forceinline__ Sum merged(Sum one, Sum other) {
  const float top = fmaxf(one.top, other.top);
  return {top, one.sum * __expf(one.top - top) + other.sum * __expf(other.top - top)};
}

__device__ __forceinline__ void take(Sum& sum, const Eight& eight) {
  float top = sum.top;
#pragma unroll
  for (int place = 0; place < 8; ++place) top = fmaxf(top, wide(eight.entries[place]));
  float here = 0;
#pragma unroll
  for (int place = 0; place < 8; ++place) here += __expf(wide(eight.entries[place]) - top);
  sum.sum = sum.sum * __expf(sum.top - top) + here;
  sum.top = top;
}

__device__ __forceinline__ void take(Sum& sum, float value) {
  if (value > sum.top) {
    sum.sum *= __expf(sum.top - value);
    sum.top = value;
  }
  sum.sum += __expf(value - sum.top);
}

// losses[row] = ln Σ exp(logits) − logits[target]; not a number for a target that is no column.
// logits[row] = softmax(logits) − (1 at the target), if `with_gradient`.
extern "C" __global__ void cross_entropy(
    bf16* logits, int64 columns, const int64* targets, float* losses, int with_gradient) {
  __shared__ Sum room[32];
  bf16* const row = logits + static_cast<int64>(blockIdx.x) * columns;
  const int64 target = targets[blockIdx.x];
  const bool is_even = columns % 8 == 0;
  // The least finite number, for −∞ − −∞ is none.
  Sum own = {-3.0e38f, 0};
  if (is_even) {
    for (int64 column = threadIdx.x * 8; column < columns; column += blockDim.x * 8) {
      Eight eight;
      eight.memory = *reinterpret_cast<const uint4*>(row + column);
      take(own, eight);
    }
  } else {
    for (int64 column = threadIdx.x; column < columns; column += blockDim.x) take(own, wide(row[column]));
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    const Sum other = {
        __shfl_xor_sync(0xffffffffu, own.top, distance), __shfl_xor_sync(0xffffffffu, own.sum, distance)};
    own = merged(own, other);
  }
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = own;
  __syncthreads();
  Sum all = room[0];
  for (int warp = 1; warp < blockDim.x / 32; ++warp) all = merged(all, room[warp]);
  if (threadIdx.x == 0) {
    const bool is_there = target >= 0 && target < columns;
    losses[blockIdx.x] = is_there ? logf(all.sum) + all.top - wide(row[target]) : __int_as_float(0x7fc00000);
  }
  if (!with_gradient) return;
  // The target's logit is read before anybody writes over it.
  __syncthreads();
  const float part = 1.0f / all.sum;
  if (is_even) {
    for (int64 column = threadIdx.x * 8; column < columns; column += blockDim.x * 8) {
      Eight eight;
      eight.memory = *reinterpret_cast<const uint4*>(row + column);
#pragma unroll
      for (int place = 0; place < 8; ++place) {
        const float probability = __expf(wide(eight.entries[place]) - all.top) * part;
        eight.entries[place] = half(probability - (column + place == target ? 1.0f : 0.0f));
      }
      *reinterpret_cast<uint4*>(row + column) = eight.memory;
    }
  } else {
    for (int64 column = threadIdx.x; column < columns; column += blockDim.x)
      row[column] = half(__expf(wide(row[column]) - all.top) * part - (column == target ? 1.0f : 0.0f));
  }
}
