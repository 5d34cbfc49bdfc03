// Which of the loops of kernels.h this processor runs.

#include <cstdlib>
#include <string>
#include <string_view>

#if defined(SEEDBED_TILES)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <ATen/Version.h>

#include "guard.h"
#include "kernels.h"

namespace seedbed {

extern const Kernels kernels_default;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
extern const Kernels kernels_tiles;

namespace {

#if defined(SEEDBED_TILES)
// Whether oneDNN's own setting leaves the tiles alone, which libtorch's products then do as well.
bool is_kept_off_tiles() {
  const char* const most = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (most == nullptr) return false;
  const std::string_view name(most);
  return name != "ALL" && name != "DEFAULT" && name.find("AMX") == std::string_view::npos;
}

// Whether the processor has what the loops for tiles are compiled for, and Linux lets this process use tiles: their state is
// 8 KiB a thread, which is only kept for those that ask (arch_prctl(2)).
bool has_tiles() {
  unsigned a = 0, b = 0, c = 0, features = 0, more = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &features) == 0 || __get_cpuid_count(7, 1, &more, &b, &c, &a) == 0) return false;
  constexpr unsigned kTilesOfBfloat16 = 1u << 22, kTiles = 1u << 24, kRounding = 1u << 5;
  const bool has_instructions =
      (features & kTilesOfBfloat16) != 0 && (features & kTiles) != 0 && (more & kRounding) != 0;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return has_instructions && !is_kept_off_tiles() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

const Kernels& choose() {
#if defined(__x86_64__)
  const std::string capability = at::get_cpu_capability();
#if defined(SEEDBED_TILES)
  if (capability == "AVX512" && has_tiles()) return kernels_tiles;
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

}  // namespace seedbed

extern "C" char* seedbed_cpu_capability(char** capability) {
  return seedbed::guarded([&] {
    std::string text = at::get_cpu_capability();
    if (seedbed::kernels().multiply_narrow != nullptr) text += "+AMX";
    *capability = seedbed::owned_text(text.c_str());
  });
}
