//! The numbers, layouts and functions of `nccl.h` that are used here, as they stand in the release that libtorch 2.11
//! comes with (2.28.9). `tests/nccl/facts.txt`, made from that header by `tests/nccl/make_facts.py`, is what a test
//! compares them with.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr;

/// `ncclResult_t`.
pub(super) type Outcome = c_int;
/// `ncclComm_t`: a handle that only NCCL looks into.
pub(super) type Handle = *mut c_void;
/// `cudaStream_t`: a handle that only CUDA looks into.
pub(super) type Stream = *mut c_void;

/// `ncclSuccess`.
pub(super) const SUCCESS: Outcome = 0;
/// `ncclInProgress`.
pub(super) const IN_PROGRESS: Outcome = 7;

/// `NCCL_UNIQUE_ID_BYTES`.
pub(super) const UNIQUE_ID_BYTES: usize = 128;

/// `ncclUniqueId`, which is passed by value.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct RawUniqueId {
    pub(super) internal: [u8; UNIQUE_ID_BYTES],
}

/// `NCCL_VERSION_CODE` of the header that this was written from.
pub(super) const HEADER_VERSION: c_int = 22809;
/// What `NCCL_CONFIG_INITIALIZER` puts into `magic`.
pub(super) const MAGIC: c_uint = 0xcafe_beef;
/// `NCCL_CONFIG_UNDEF_INT`: NCCL chooses.
const UNDEFINED: c_int = c_int::MIN;

/// `ncclConfig_t`. A newer NCCL reads as much of it as `size` says, an older one as much as it knows.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Configuration {
    pub(super) size: usize,
    pub(super) magic: c_uint,
    pub(super) version: c_uint,
    pub(super) blocking: c_int,
    pub(super) cga_cluster_size: c_int,
    pub(super) min_ctas: c_int,
    pub(super) max_ctas: c_int,
    pub(super) net_name: *const c_char,
    pub(super) split_share: c_int,
    pub(super) traffic_class: c_int,
    pub(super) comm_name: *const c_char,
    pub(super) collnet_enable: c_int,
    pub(super) cta_policy: c_int,
    pub(super) shrink_share: c_int,
    pub(super) nvls_ctas: c_int,
    pub(super) n_channels_per_net_peer: c_int,
    pub(super) nvlink_centric_sched: c_int,
}

impl Configuration {
    /// A communicator whose calls do not block; everything else as NCCL chooses.
    pub(super) fn without_blocking() -> Self {
        Self {
            size: size_of::<Self>(),
            magic: MAGIC,
            version: HEADER_VERSION as c_uint,
            blocking: 0,
            cga_cluster_size: UNDEFINED,
            min_ctas: UNDEFINED,
            max_ctas: UNDEFINED,
            net_name: ptr::null(),
            split_share: UNDEFINED,
            traffic_class: UNDEFINED,
            comm_name: ptr::null(),
            collnet_enable: UNDEFINED,
            cta_policy: UNDEFINED,
            shrink_share: UNDEFINED,
            nvls_ctas: UNDEFINED,
            n_channels_per_net_peer: UNDEFINED,
            nvlink_centric_sched: UNDEFINED,
        }
    }
}

/// The functions that are used, as pointers into the loaded library, which is never unloaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Functions {
    pub(super) get_version: unsafe extern "C" fn(*mut c_int) -> Outcome,
    pub(super) get_unique_id: unsafe extern "C" fn(*mut RawUniqueId) -> Outcome,
    pub(super) init_rank: unsafe extern "C" fn(*mut Handle, c_int, RawUniqueId, c_int, *mut Configuration) -> Outcome,
    pub(super) finalize: unsafe extern "C" fn(Handle) -> Outcome,
    pub(super) destroy: unsafe extern "C" fn(Handle) -> Outcome,
    pub(super) abort: unsafe extern "C" fn(Handle) -> Outcome,
    pub(super) error_string: unsafe extern "C" fn(Outcome) -> *const c_char,
    pub(super) last_error: unsafe extern "C" fn(Handle) -> *const c_char,
    pub(super) async_error: unsafe extern "C" fn(Handle, *mut Outcome) -> Outcome,
    pub(super) all_reduce:
        unsafe extern "C" fn(*const c_void, *mut c_void, usize, c_int, c_int, Handle, Stream) -> Outcome,
    pub(super) broadcast:
        unsafe extern "C" fn(*const c_void, *mut c_void, usize, c_int, c_int, Handle, Stream) -> Outcome,
}

#[cfg(test)]
#[path = "abi_tests.rs"]
mod tests;
