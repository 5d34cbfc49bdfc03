// Settings of the whole process that tch does not expose.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include "guard.h"

extern "C" void seedbed_release_text(char* text) { std::free(text); }

extern "C" char* seedbed_set_threads(int intra_op, int inter_op) {
  return seedbed::guarded([&] {
    at::set_num_threads(intra_op);
    // libtorch takes this setting once; asking again for what is set already is no error.
    if (at::get_num_interop_threads() != static_cast<size_t>(inter_op)) at::set_num_interop_threads(inter_op);
  });
}

extern "C" char* seedbed_set_deterministic(bool on) {
  return seedbed::guarded([&] {
    at::Context& context = at::globalContext();
    context.setDeterministicAlgorithms(on, /*warn_only=*/false);
    context.setDeterministicCuDNN(on);
    context.setDeterministicMkldnn(on);
    context.setBenchmarkCuDNN(!on);
    context.setDeterministicFillUninitializedMemory(false);
    // cuDNN makes a plan of attention for every new shape, which costs a hundred times the attention of a packed batch.
    context.setSDPUseCuDNN(false);
  });
}

extern "C" char* seedbed_set_matmul_precision(const char* name) {
  return seedbed::guarded([&] {
    at::Context& context = at::globalContext();
    context.setFloat32MatmulPrecision(name);
    // cuBLAS may add the parts of a long sum in the kind of the entries, if it is let.
    context.setAllowBF16ReductionCuBLAS(false);
    context.setAllowFP16ReductionCuBLAS(false);
  });
}

extern "C" char* seedbed_sums_are_float32(bool* are) {
  return seedbed::guarded([&] {
    const auto refused = at::CuBLASReductionOption::DisallowReducedPrecisionAllowSplitK;
    const at::Context& context = at::globalContext();
    *are = context.allowBF16ReductionCuBLAS() == refused && context.allowFP16ReductionCuBLAS() == refused;
  });
}
