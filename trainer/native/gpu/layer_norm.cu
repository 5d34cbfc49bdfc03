// Layer normalisation of rows in float32, one block a row at a time; results in float32 or bfloat16.

// Columns of a row for one thread, at most: rows of up to 8 times the threads of a block.
#define MOST_COLUMNS 8

// target[row] = (x[row] − mean) · weight / √(variance + ε) + bias, in bfloat16 if `is_narrow`. `moments` gets mean and
// 1/√(variance + ε) of every row.
extern "C" __global__ void __launch_bounds__(1024) layer_norm(
    const float* x, const float* weight, const float* bias, float epsilon, int columns, int is_narrow, void* target,
    float2* moments) {
  __shared__ float room[32];
  const int64 start = static_cast<int64>(blockIdx.x) * columns;
  float own[MOST_COLUMNS];
  float sum = 0;
#pragma unroll
  for (int index = 0; index < MOST_COLUMNS; ++index) {
    const int column = threadIdx.x + index * blockDim.x;
    own[index] = column < columns ? x[start + column] : 0.0f;
    sum += own[index];
  }
  const float mean = block_sum(sum, room) / columns;
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
    if (is_narrow)
      static_cast<bf16*>(target)[start + column] = half(value);
    else
      static_cast<float*>(target)[start + column] = value;
  }
}

// back[row] = scale · (g − mean(g) − n · mean(g · n)) with n = (x − mean) · scale and g = gradient · weight. A block takes every
// so many rows; `sums` gets, for each block, Σ gradient · n and Σ gradient of its rows, column by column.
extern "C" __global__ void __launch_bounds__(1024) layer_norm_back(
    const void* gradient, int is_narrow, const float* x, const float2* moments, const float* weight, int64 rows,
    int columns, float* back, float* sums) {
  __shared__ float room[32];
  float weight_sums[MOST_COLUMNS] = {}, bias_sums[MOST_COLUMNS] = {};
  for (int64 row = blockIdx.x; row < rows; row += gridDim.x) {
    const int64 start = row * columns;
    const float2 moment = moments[row];
    float scaled[MOST_COLUMNS], normal[MOST_COLUMNS];
    float sum = 0, product = 0;
#pragma unroll
    for (int index = 0; index < MOST_COLUMNS; ++index) {
      const int column = threadIdx.x + index * blockDim.x;
      scaled[index] = normal[index] = 0;
      if (column >= columns) continue;
      const float arriving = is_narrow ? wide(static_cast<const bf16*>(gradient)[start + column])
                                       : static_cast<const float*>(gradient)[start + column];
      normal[index] = (x[start + column] - moment.x) * moment.y;
      scaled[index] = arriving * weight[column];
      weight_sums[index] += arriving * normal[index];
      bias_sums[index] += arriving;
      sum += scaled[index];
      product += scaled[index] * normal[index];
    }
    const float mean = block_sum(sum, room) / columns;
    const float projection = block_sum(product, room) / columns;
#pragma unroll
    for (int index = 0; index < MOST_COLUMNS; ++index) {
      const int column = threadIdx.x + index * blockDim.x;
      if (column < columns) back[start + column] = moment.y * (scaled[index] - mean - normal[index] * projection);
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
