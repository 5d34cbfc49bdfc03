// Attention within the stories of a packed batch on a GPU: libtorch's flash attention of variable lengths.

#include <ATen/ops/_flash_attention_forward.h>

#include "guard.h"

// `bounds`: where stories start and end, int32 on the device. `look_back`: how many tokens a token sees, itself and those before
// it; none if it sees its whole story.
extern "C" char* seedbed_gpu_attention(
    const at::Tensor* projected, const at::Tensor* bounds, int64_t longest, int64_t heads, int64_t look_back,
    double scale, double dropout, at::Tensor** result) {
  return seedbed::guarded([&] {
    TORCH_CHECK(
        projected->dim() == 2 && projected->size(1) % (3 * heads) == 0, "the input is ", projected->sizes(),
        ", not queries, keys and values of ", heads, " heads");
    const int64_t tokens = projected->size(0);
    // The way back of `unbind` writes the three gradients side by side, in one pass.
    const std::vector<at::Tensor> parts = projected->view({tokens, 3, heads, -1}).unbind(1);
    const bool is_causal = look_back > 0, is_local = is_causal && look_back < longest;
    const std::optional<int64_t> left = is_local ? std::optional<int64_t>(look_back - 1) : std::nullopt;
    const std::optional<int64_t> right = is_local ? std::optional<int64_t>(0) : std::nullopt;
    const at::Tensor product = std::get<0>(at::_flash_attention_forward(
        parts[0], parts[1], parts[2], *bounds, *bounds, longest, longest, dropout, is_causal,
        /*return_debug_mask=*/false, scale, left, right));
    *result = new at::Tensor(product.reshape({tokens, -1}));
  });
}
