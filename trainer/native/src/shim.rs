//! The functions of `cpp/`, and their errors.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

/// What libtorch, or a check in front of it, objected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("libtorch: {message}")]
pub struct TorchError {
    message: String,
}

// Each returns null, or a text that the caller owns and `seedbed_release_text` frees.
unsafe extern "C" {
    pub(crate) fn seedbed_set_gradient(parameter: *const C_tensor, gradient: *const C_tensor) -> *mut c_char;
    pub(crate) fn seedbed_watch_gradients(
        parameters: *const *const C_tensor,
        count: i64,
        tell: extern "C" fn(*mut c_void, i64),
        context: *mut c_void,
        release: extern "C" fn(*mut c_void),
        watch: *mut *mut c_void,
    ) -> *mut c_char;
    pub(crate) fn seedbed_unwatch_gradients(watch: *mut c_void);
    pub(crate) fn seedbed_fused_adamw(
        parameters: *const C_tensor,
        gradients: *const C_tensor,
        first_moments: *const C_tensor,
        second_moments: *const C_tensor,
        step: *const C_tensor,
        learning_rate: f64,
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        weight_decay: f64,
    ) -> *mut c_char;
    pub(crate) fn seedbed_keep_freed_memory() -> *mut c_char;
    pub(crate) fn seedbed_set_threads(intra_op: c_int, inter_op: c_int) -> *mut c_char;
    pub(crate) fn seedbed_set_deterministic(on: bool) -> *mut c_char;
    pub(crate) fn seedbed_set_matmul_precision(name: *const c_char) -> *mut c_char;
    pub(crate) fn seedbed_sums_are_float32(are: *mut bool) -> *mut c_char;
    pub(crate) fn seedbed_cpu_capability(capability: *mut *mut c_char) -> *mut c_char;
    pub(crate) fn seedbed_stopwatch_start(phase: c_int);
    pub(crate) fn seedbed_stopwatch_enter(phase: c_int);
    pub(crate) fn seedbed_stopwatch_stop(seconds: *mut f64);
    pub(crate) fn seedbed_stopwatch_border(
        tensor: *const C_tensor,
        phase: c_int,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_select_gpu(index: c_int) -> *mut c_char;
    pub(crate) fn seedbed_streams(
        index: c_int,
        streams: *mut *mut c_void,
        main: *mut *mut c_void,
        side: *mut *mut c_void,
    ) -> *mut c_char;
    pub(crate) fn seedbed_streams_follow(streams: *mut c_void) -> *mut c_char;
    pub(crate) fn seedbed_streams_join(streams: *mut c_void) -> *mut c_char;
    pub(crate) fn seedbed_streams_are_idle(streams: *mut c_void, idle: *mut bool) -> *mut c_char;
    pub(crate) fn seedbed_streams_free(streams: *mut c_void);
    pub(crate) fn seedbed_has_products() -> bool;
    pub(crate) fn seedbed_sum_of_rows(
        tables: *const *const C_tensor,
        ids: *const *const C_tensor,
        paddings: *const i64,
        count: c_int,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_map_new() -> *mut c_void;
    pub(crate) fn seedbed_map_free(map: *mut c_void);
    pub(crate) fn seedbed_map_apply(
        map: *mut c_void,
        x: *const C_tensor,
        weights: *const *const C_tensor,
        weight_count: c_int,
        biases: *const *const C_tensor,
        bias_count: c_int,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_head_loss(
        map: *mut c_void,
        x: *const C_tensor,
        table: *const C_tensor,
        bias: *const C_tensor,
        targets: *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_head_loss_in_float32(
        x: *const C_tensor,
        table: *const C_tensor,
        bias: *const C_tensor,
        targets: *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_attention(
        projected: *const C_tensor,
        bounds: *const i64,
        bound_count: i64,
        heads: i64,
        look_back: i64,
        scale: f64,
        dropout: f64,
        dropout_key: u64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_softmax(scores: *const C_tensor, result: *mut *mut C_tensor) -> *mut c_char;
    pub(crate) fn seedbed_attention_product(
        query: *const C_tensor,
        key: *const C_tensor,
        value: *const C_tensor,
        seen: *const C_tensor,
        is_causal: bool,
        scale: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_spline_layer(
        map: *mut c_void,
        x: *const C_tensor,
        base: *const C_tensor,
        coefficients: *const C_tensor,
        scales: *const C_tensor,
        low: f64,
        high: f64,
        intervals: i64,
        order: i64,
        pieces: *const f32,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_add_norm(
        x: *const C_tensor,
        delta: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        epsilon: f64,
        dropout: f64,
        key: u64,
        is_after: bool,
        going: *mut *mut C_tensor,
        normal: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_dropout(
        x: *const C_tensor,
        probability: f64,
        key: u64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_gpu_open(index: c_int, compiler: *const c_char, builtins: *const c_char) -> *mut c_char;
    pub(crate) fn seedbed_gpu_is_ready() -> bool;
    #[cfg(test)]
    pub(crate) fn seedbed_gpu_compile(
        compiler: *const c_char,
        builtins: *const c_char,
        capability: c_int,
        bytes: *mut i64,
    ) -> *mut c_char;
    pub(crate) fn seedbed_gpu_describe(
        index: c_int,
        name: *mut c_char,
        length: c_int,
        bytes: *mut i64,
        capability: *mut c_int,
    ) -> *mut c_char;
    pub(crate) fn seedbed_gpu_peak_memory(bytes: *mut i64) -> *mut c_char;
    pub(crate) fn seedbed_gpu_forget_peak_memory() -> *mut c_char;
    pub(crate) fn seedbed_gpu_attention(
        projected: *const C_tensor,
        bounds: *const C_tensor,
        longest: i64,
        heads: i64,
        look_back: i64,
        scale: f64,
        dropout: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_gpu_head_loss(
        x: *const C_tensor,
        table: *const C_tensor,
        bias: *const C_tensor,
        targets: *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_gpu_spline_basis(
        x: *const C_tensor,
        low: f64,
        high: f64,
        intervals: i64,
        order: i64,
        pieces: *const f32,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_look_up(
        x: *const C_tensor,
        values: *const C_tensor,
        slopes: *const C_tensor,
        learned: *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_by_channel(
        x: *const C_tensor,
        function: c_int,
        parameter_count: c_int,
        parameters: *const *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_rational(
        x: *const C_tensor,
        numerator: *const C_tensor,
        denominator: *const C_tensor,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn seedbed_anchored(
        x: *const C_tensor,
        values: *const C_tensor,
        reach: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn seedbed_release_text(text: *mut c_char);
}

/// Takes over a text of the shim.
///
/// # Safety
///
/// `text` is a zero-terminated text from the shim that nobody else uses or frees.
pub(crate) unsafe fn take_text(text: *mut c_char) -> String {
    // SAFETY: the caller hands over a valid, zero-terminated text.
    let owned = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: it was allocated by the shim and is not used after this.
    unsafe { seedbed_release_text(text) };
    owned
}

/// The outcome of a function of the shim.
///
/// # Safety
///
/// `outcome` is what a function of the shim has just returned.
pub(crate) unsafe fn check(outcome: *mut c_char) -> Result<(), TorchError> {
    if outcome.is_null() {
        return Ok(());
    }
    // SAFETY: the shim returns null or a text of its own.
    let message = unsafe { take_text(outcome) };
    // libtorch appends the C++ stack, which says nothing about the mistake.
    let message = message.lines().next().unwrap_or_default().to_owned();
    Err(TorchError { message })
}

/// The tensor that `call` writes.
///
/// # Safety
///
/// `call` hands its argument to a function of the shim, which writes a new tensor there if and only if it succeeds.
pub(crate) unsafe fn tensor(call: impl FnOnce(*mut *mut C_tensor) -> *mut c_char) -> Result<Tensor, TorchError> {
    let mut result = ptr::null_mut();
    let outcome = call(&raw mut result);
    // SAFETY: the outcome is the shim's, and after a success the tensor is ours alone.
    unsafe {
        check(outcome)?;
        Ok(Tensor::from_ptr(result))
    }
}
