#pragma once

#include "packed_map.h"
#include "products.h"

namespace seedbed {

// `x` in bfloat16, contiguous, with a column of zeros besides where there is an odd number of them.
at::Tensor even_rows(const at::Tensor& x);

// The bias of a map with this weight, contiguous; an error if it is none. Undefined if it is.
at::Tensor checked_bias(const at::Tensor& bias, const at::Tensor& weight);

}  // namespace seedbed
