// A sum and its layer normalisation, one block a row at a time, as `loops/norm.h` has it for a processor: the same entries are
// dropped for the same key.

// Columns of a row for one thread, at most: rows of up to 8 times the threads of a block.
#define MOST_COLUMNS 8

typedef unsigned int uint32;
typedef unsigned long long uint64;

// Which entries dropout keeps: those whose hash of key, row and column is at least `threshold`; they are scaled.
struct Dropout {
  uint64 key;
  uint32 threshold;  // 0: all are kept
  float scale;
};

__device__ __forceinline__ uint64 mixed(uint64 x) {  // splitmix64
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

__device__ __forceinline__ uint32 key_of_row(const Dropout& dropout, int64 row) {
  return static_cast<uint32>(mixed(dropout.key + mixed(static_cast<uint64>(row))) >> 32);
}

__device__ __forceinline__ float kept(const Dropout& dropout, uint32 key, int column) {
  if (dropout.threshold == 0) return 1.0f;
  uint32 x = static_cast<uint32>(column) * 0x9e3779b9u + key;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x >= dropout.threshold ? dropout.scale : 0.0f;
}

// sum = x + what dropout keeps of delta; normal = (sum − mean) · weight / √(variance + ε) + bias. Without a delta the sum is x
// and is not written; `wide_normal` is the normal row in float32, if it is asked for. `moments` gets mean and 1/√(variance + ε).
extern "C" __global__ void __launch_bounds__(1024) add_norm(
    const float* x, const bf16* delta, const Dropout dropout, const float* weight, const float* bias, float epsilon,
    int columns, float* sum, float* wide_normal, bf16* normal, float2* moments) {
  __shared__ float room[32];
  const int64 start = static_cast<int64>(blockIdx.x) * columns;
  const uint32 key = key_of_row(dropout, blockIdx.x);
  float own[MOST_COLUMNS];
  float total = 0;
#pragma unroll
  for (int index = 0; index < MOST_COLUMNS; ++index) {
    const int column = threadIdx.x + index * blockDim.x;
    own[index] = 0;
    if (column >= columns) continue;
    own[index] = x[start + column];
    if (delta != nullptr) {
      own[index] += wide(delta[start + column]) * kept(dropout, key, column);
      sum[start + column] = own[index];
    }
    total += own[index];
  }
  const float mean = block_sum(total, room) / columns;
  float squares = 0;
#pragma unroll
  for (int index = 0; index < MOST_COLUMNS; ++index) {
    const bool is_there = threadIdx.x + index * blockDim.x < columns;
    squares += is_there ? (own[index] - mean) * (own[index] - mean) : 0.0f;
  }
  const float scale = rsqrtf(block_sum(squares, room) / columns + epsilon);
  if (threadIdx.x == 0) moments[blockIdx.x] = make_float2(mean, scale);
#pragma unroll
  for (int index = 0; index < MOST_COLUMNS; ++index) {
    const int column = threadIdx.x + index * blockDim.x;
    if (column >= columns) continue;
    const float value = (own[index] - mean) * scale * weight[column] + bias[column];
    normal[start + column] = half(value);
    if (wide_normal != nullptr) wide_normal[start + column] = value;
  }
}

// The way back. The gradient of the normal rows comes in bfloat16 (`normal`), in float32 (`wide_normal`), or in both; that of the
// sum in `passing`; each may be missing. `back` is the gradient of x, `delta_back` of the delta. A block takes every so many rows;
// `sums` gets, for each block, the gradients of weight and bias from its rows.
extern "C" __global__ void __launch_bounds__(1024) add_norm_back(
    const bf16* normal, const float* wide_normal, const float* passing, const float* sum, const float2* moments,
    const Dropout dropout, const float* weight, int64 rows, int columns, float* back, bf16* delta_back, float* sums) {
  __shared__ float room[32];
  float weight_sums[MOST_COLUMNS] = {}, bias_sums[MOST_COLUMNS] = {};
  for (int64 row = blockIdx.x; row < rows; row += gridDim.x) {
    const int64 start = row * columns;
    const float2 moment = moments[row];
    const uint32 key = key_of_row(dropout, row);
    float weighted[MOST_COLUMNS], place[MOST_COLUMNS];
    float plain = 0, along = 0;
#pragma unroll
    for (int index = 0; index < MOST_COLUMNS; ++index) {
      const int column = threadIdx.x + index * blockDim.x;
      weighted[index] = place[index] = 0;
      if (column >= columns) continue;
      float arriving = normal == nullptr ? 0.0f : wide(normal[start + column]);
      if (wide_normal != nullptr) arriving += wide_normal[start + column];
      place[index] = (sum[start + column] - moment.x) * moment.y;
      weighted[index] = arriving * weight[column];
      weight_sums[index] += arriving * place[index];
      bias_sums[index] += arriving;
      plain += weighted[index];
      along += weighted[index] * place[index];
    }
    plain = block_sum(plain, room) / columns;
    along = block_sum(along, room) / columns;
#pragma unroll
    for (int index = 0; index < MOST_COLUMNS; ++index) {
      const int column = threadIdx.x + index * blockDim.x;
      if (column >= columns) continue;
      float value = moment.y * (weighted[index] - plain - place[index] * along);
      if (passing != nullptr) value += passing[start + column];
      back[start + column] = value;
      if (delta_back != nullptr) delta_back[start + column] = half(value * kept(dropout, key, column));
    }
  }
  float* const own = sums + static_cast<int64>(blockIdx.x) * 2 * columns;
#pragma unroll
  for (int index = 0; index < MOST_COLUMNS; ++index) {
    const int column = threadIdx.x + index * blockDim.x;
    if (column >= columns) continue;
    own[column] = weight_sums[index];
    own[columns + column] = bias_sums[index];
  }
}
