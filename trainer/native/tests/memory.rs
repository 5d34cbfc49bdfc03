//! Memory of tensors that is kept and used again; a process of its own, since its size is looked at.

use std::sync::mpsc::channel;
use std::thread;

use tch::{Device, Kind, Tensor};

/// Bytes of this process that lie in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it says so");
    line.split_whitespace().next().and_then(|number| number.parse::<usize>().ok()).expect("a number of KiB") << 10
}

/// Numbers that look random (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn sizes_that_never_come_again_do_not_pile_up_and_nobody_shares() {
    native::settings::keep_freed_memory();
    let mut numbers = Numbers(7);
    let mut tensor = |value: u64| {
        // From some bytes to 12 MB, small ones as often as large ones.
        let most = 1 << (2 + numbers.below(21));
        let size = 1 + numbers.below(most) as i64;
        Tensor::full([size], value as f64, (Kind::Float, Device::Cpu))
    };
    let bytes = |held: &[Tensor]| held.iter().map(|tensor| tensor.numel() * 4).sum::<usize>();
    let before = resident();
    let mut held: Vec<Tensor> = (0..24).map(&mut tensor).collect();
    let mut most = bytes(&held);
    for round in 24..6_000_u64 {
        let place = (round.wrapping_mul(2_654_435_761) % 24) as usize;
        let old = std::mem::replace(&mut held[place], tensor(round));
        assert_eq!(old.min().double_value(&[]).to_bits(), old.max().double_value(&[]).to_bits(), "two share memory");
        assert!((old.data_ptr() as usize).is_multiple_of(64));
        most = most.max(bytes(&held) + old.numel() * 4);
    }
    // An eighth for the classes of sizes, what is kept beyond need, and something for everything else.
    let allowed = most + most / 8 + (64 << 20) + (32 << 20);
    let grown = resident().saturating_sub(before);
    assert!(grown < allowed, "{} MiB more for {} MiB of tensors", grown >> 20, most >> 20);
}

#[test]
fn what_one_thread_made_another_frees() {
    native::settings::keep_freed_memory();
    let (send, receive) = channel::<Tensor>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for (index, tensor) in receive.iter().enumerate() {
                assert_eq!(tensor.sum(Kind::Int64).int64_value(&[]), index as i64 % 9 * 1000);
            }
        });
        for index in 0..500_i32 {
            let tensor = Tensor::full([1000], f64::from(index % 9), (Kind::Float, Device::Cpu));
            send.send(tensor).expect("the other thread listens");
        }
        drop(send);
    });
    assert_eq!(Tensor::zeros([0], (Kind::Float, Device::Cpu)).numel(), 0);
}
