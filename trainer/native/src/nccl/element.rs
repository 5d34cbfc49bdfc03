//! What NCCL calls the kinds of entries of a tensor.

use std::ffi::c_int;

use tch::Kind;

/// `ncclDataType_t` of a kind; nothing for those that NCCL cannot add.
pub(super) fn data_type(kind: Kind) -> Option<c_int> {
    match kind {
        Kind::Int8 => Some(0),
        Kind::Uint8 => Some(1),
        Kind::Int => Some(2),
        Kind::Int64 => Some(4),
        Kind::Half => Some(6),
        Kind::Float => Some(7),
        Kind::Double => Some(8),
        Kind::BFloat16 => Some(9),
        _ => None,
    }
}
