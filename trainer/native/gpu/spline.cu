// The B-splines of a uniform grid at every entry, one thread an entry.

#define MOST_PIECES 13

// As in `kernels.h`, with the pieces themselves: row j of `pieces` has the coefficients of the function that began order − j
// cells ago.
struct SplineGrid {
  float low, cells_per_unit;
  int order, bases;
  float pieces[MOST_PIECES * MOST_PIECES];
};

// The cell of an entry counted from the first knot, and the place within; −1 off the knots and for what is not a number.
__device__ __forceinline__ int cell_of(float x, const SplineGrid& grid, float* within) {
  const float place = (x - grid.low) * grid.cells_per_unit + grid.order;
  const float cell = floorf(place);
  *within = place - cell;
  return cell >= 0 && cell < grid.bases + grid.order ? static_cast<int>(cell) : -1;
}

// target[entry · bases + m] = Bₘ(x[entry]).
extern "C" __global__ void spline_basis(const float* x, int64 entries, const SplineGrid grid, bf16* target) {
  extern __shared__ bf16 staged[];
  const int64 first = static_cast<int64>(blockIdx.x) * blockDim.x;
  const int here = static_cast<int>(min(static_cast<int64>(blockDim.x), entries - first));
  bf16* const own = staged + threadIdx.x * grid.bases;
  for (int m = 0; m < grid.bases; ++m) own[m] = 0;
  if (threadIdx.x < here) {
    float u;
    const int cell = cell_of(x[first + threadIdx.x], grid, &u);
    for (int piece = 0; cell >= 0 && piece <= grid.order; ++piece) {
      const float* const c = grid.pieces + piece * (grid.order + 1);
      float value = c[grid.order];
      for (int power = grid.order - 1; power >= 0; --power) value = value * u + c[power];
      const int m = cell - grid.order + piece;
      if (m >= 0 && m < grid.bases) own[m] = half(value);
    }
  }
  __syncthreads();
  for (int index = threadIdx.x; index < here * grid.bases; index += blockDim.x)
    target[first * grid.bases + index] = staged[index];
}

// back[entry] = Σₘ gradient[entry · bases + m] · B′ₘ(x[entry]).
extern "C" __global__ void spline_basis_back(
    const float* x, const bf16* gradient, int64 entries, const SplineGrid grid, float* back) {
  extern __shared__ bf16 staged[];
  const int64 first = static_cast<int64>(blockIdx.x) * blockDim.x;
  const int here = static_cast<int>(min(static_cast<int64>(blockDim.x), entries - first));
  for (int index = threadIdx.x; index < here * grid.bases; index += blockDim.x)
    staged[index] = gradient[first * grid.bases + index];
  __syncthreads();
  if (threadIdx.x >= here) return;
  float u;
  const int cell = cell_of(x[first + threadIdx.x], grid, &u);
  float sum = 0;
  for (int piece = 0; cell >= 0 && piece <= grid.order; ++piece) {
    const int m = cell - grid.order + piece;
    if (m < 0 || m >= grid.bases) continue;
    const float* const c = grid.pieces + piece * (grid.order + 1);
    float slope = grid.order * c[grid.order];
    for (int power = grid.order - 1; power >= 1; --power) slope = slope * u + power * c[power];
    sum += wide(staged[threadIdx.x * grid.bases + m]) * slope;
  }
  back[first + threadIdx.x] = sum * grid.cells_per_unit;
}
