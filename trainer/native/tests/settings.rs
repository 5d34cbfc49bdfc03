//! Settings of the whole process; a process of its own, since tests beside them would compute with what they set.

use native::settings::{MatmulPrecision, set_deterministic, set_matmul_precision, set_threads, sums_are_float32};

#[test]
fn threads_are_set_and_nonsense_is_refused() {
    let intra_op = u16::try_from(tch::get_num_threads()).unwrap();
    let inter_op = u16::try_from(tch::get_num_interop_threads()).unwrap();
    set_threads(intra_op, inter_op).unwrap();
    assert_eq!(tch::get_num_threads(), i32::from(intra_op));
    assert!(set_threads(0, inter_op).is_err());
}

#[test]
fn libtorch_knows_every_precision() {
    for precision in [MatmulPrecision::Medium, MatmulPrecision::High, MatmulPrecision::Highest] {
        set_matmul_precision(precision).unwrap();
    }
    assert!(sums_are_float32().unwrap());
}

#[test]
fn determinism_can_be_switched() {
    set_deterministic(true).unwrap();
    set_deterministic(false).unwrap();
}
