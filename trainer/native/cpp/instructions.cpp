// Which of the loops of kernels.h this processor runs.

#include <string>

#if defined(SEEDBED_TILES)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>

#include "guard.h"
#include "kernels.h"

namespace seedbed {

extern const Kernels kernels_default;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
extern const Kernels kernels_tiles;

namespace {

#if defined(SEEDBED_TILES)
// Whether the processor has what the loops for tiles are compiled for, oneDNN would use tiles too (ONEDNN_MAX_CPU_ISA keeps it
// off them), and Linux lets this process: their state is 8 KiB a thread, which is only kept for those that ask (arch_prctl(2)).
bool may_use_tiles() {
  struct Leaf {
    unsigned a = 0, b = 0, c = 0, d = 0;
  } features, more;
  if (__get_cpuid_count(7, 0, &features.a, &features.b, &features.c, &features.d) == 0) return false;
  if (__get_cpuid_count(7, 1, &more.a, &more.b, &more.c, &more.d) == 0) return false;
  constexpr unsigned kTilesOfBfloat16 = 1u << 22, kTiles = 1u << 24, kRounding = 1u << 5;
  const bool has_instructions =
      (features.d & kTilesOfBfloat16) != 0 && (features.d & kTiles) != 0 && (more.a & kRounding) != 0;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return has_instructions && at::native::cpublas::could_pack(at::kBFloat16) &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

const Kernels& choose() {
#if defined(__x86_64__)
  const std::string capability = at::get_cpu_capability();
#if defined(SEEDBED_TILES)
  if (capability == "AVX512" && may_use_tiles()) return kernels_tiles;
#endif
  if (capability == "AVX512") return kernels_avx512;
  if (capability == "AVX2") return kernels_avx2;
#endif
  return kernels_default;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

bool has_tiles() { return kernels().multiply_narrow != nullptr; }

}  // namespace seedbed

extern "C" char* seedbed_cpu_capability(char** capability) {
  return seedbed::guarded([&] {
    std::string text = at::get_cpu_capability();
    if (seedbed::has_tiles()) text += "+AMX";
    *capability = seedbed::owned_text(text.c_str());
  });
}
