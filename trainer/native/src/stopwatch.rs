//! Where the time of a training step goes, by phase; forward and backward together.
//!
//! Of the calling thread, and of computation on the processor: work that a GPU has only been given is not waited for.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// A part of a training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Stories are drawn, packed and handed to libtorch; also what belongs nowhere else.
    Data,
    /// Tables are looked up.
    Embedding,
    /// The attention half of every block, its normalisation included.
    Attention,
    /// The feed-forward half of every block, its normalisation included.
    FeedForward,
    /// The last map and the loss.
    Head,
    /// The gradient's norm, clipping and the update.
    Optimizer,
}

impl Phase {
    /// All phases, in the order of a step.
    pub const ALL: [Self; 6] =
        [Self::Data, Self::Embedding, Self::Attention, Self::FeedForward, Self::Head, Self::Optimizer];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        ["data", "embedding", "attention", "feed-forward", "head-and-loss", "optimizer"][self as usize]
    }
}

/// Starts the stopwatch of this thread, in [`Phase::Data`].
pub fn start() {
    // SAFETY: no pointer goes in; the state is the thread's own.
    unsafe { shim::seedbed_stopwatch_start(Phase::Data as i32) }
}

/// From here on time counts for `phase`. Nothing happens while no stopwatch runs.
pub fn enter(phase: Phase) {
    // SAFETY: no pointer goes in; the state is the thread's own.
    unsafe { shim::seedbed_stopwatch_enter(phase as i32) }
}

/// Stops, and gives the seconds of each phase in the order of [`Phase::ALL`].
pub fn stop() -> [f64; Phase::ALL.len()] {
    let mut seconds = [0.0; 8];
    // SAFETY: the shim fills the eight numbers that it keeps.
    unsafe { shim::seedbed_stopwatch_stop(seconds.as_mut_ptr()) };
    std::array::from_fn(|index| seconds[index])
}

/// `tensor`, at which forward the phase begins, and backward the one before it.
///
/// # Errors
///
/// When libtorch cannot make the node.
pub fn border(tensor: &Tensor, phase: Phase) -> Result<Tensor, TorchError> {
    // SAFETY: the tensor is valid for the call, which makes a new one.
    unsafe { shim::tensor(|result| shim::seedbed_stopwatch_border(tensor.as_ptr(), phase as i32, result)) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers and nothing are exact")]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn time_goes_to_the_phase_that_was_entered() {
        start();
        sleep(Duration::from_millis(20));
        enter(Phase::Head);
        sleep(Duration::from_millis(60));
        let seconds = stop();
        assert!(seconds[Phase::Data as usize] >= 0.02);
        assert!(seconds[Phase::Head as usize] >= 0.06);
        assert_eq!(seconds[Phase::Attention as usize], 0.0);
        // Stopped, it counts nothing.
        enter(Phase::Optimizer);
        sleep(Duration::from_millis(5));
        assert_eq!(stop(), seconds);
    }

    #[test]
    fn the_way_back_counts_for_the_same_phases() {
        let leaf = Tensor::ones([256, 256], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        // The shortest of several times each: what else the machine does must not count.
        let mut shortest = [f64::INFINITY; 2];
        for pass in 1..=10 {
            start();
            let x = border(&leaf, Phase::Attention).unwrap();
            let y = border(&x.matmul(&x).matmul(&x), Phase::Head).unwrap();
            let sum = y.sum(Kind::Float);
            enter(Phase::Optimizer);
            sleep(Duration::from_millis(5));
            enter(Phase::Head);
            assert!(stop()[Phase::Optimizer as usize] >= 0.005);
            start();
            enter(Phase::Head);
            sum.backward();
            let backward = stop();
            for (shortest, phase) in shortest.iter_mut().zip([Phase::Attention, Phase::Head]) {
                *shortest = shortest.min(backward[phase as usize]);
            }
            assert_eq!(leaf.grad().double_value(&[3, 4]), f64::from(pass) * 3.0 * 256.0 * 256.0);
        }
        let [attention, head] = shortest;
        assert!(attention > head, "{attention} s of matrix products, {head} s of a sum");
    }
}
