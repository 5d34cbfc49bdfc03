#pragma once

#include "packed_map.h"
#include "products.h"

namespace seedbed {

// `x` in bfloat16, contiguous, with a column of zeros besides where there is an odd number of them.
at::Tensor even_rows(const at::Tensor& x);

}  // namespace seedbed
