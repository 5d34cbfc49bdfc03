//! Activations in bf16, in one pass each way.
//!
//! bf16 has 65,536 numbers: a function that no channel has for itself is computed at each of them, by its own
//! definition in fp32, and looked up. One whose channels have parameters of their own, or that is of a whole row, is
//! computed by a kernel.

use native::{ChannelFunction, NUMBERS};
use spec::feed_forward::LearnedFunction;
use tch::{Device, Kind, Tensor};

/// Entries from which on a table that is made anew, since something has been learned, is worth making.
const ENOUGH: usize = 1 << 18;

/// Beyond it, what a table gathers counts for this entry: a square of a square of a larger one would be infinite.
const FARTHEST: f64 = 1e4;

/// A function and its slopes at every number of bf16.
#[derive(Debug)]
pub struct Table {
    values: Tensor,
    slopes: Tensor,
}

impl Table {
    /// The table of `f`, which is given `[65536, 1]` in fp32.
    pub fn of(f: impl Fn(&Tensor) -> Tensor) -> Self {
        let x = numbers().set_requires_grad(true);
        // Whoever measures asks for no gradients, and may be the first to need the table: without a graph up to the
        // sum, libtorch would walk off its end.
        let (y, sum) = tch::with_grad(|| {
            let y = f(&x);
            let sum = y.sum(Kind::Float);
            (y, sum)
        });
        let slopes = Tensor::run_backward(&[sum], &[&x], false, false).remove(0);
        Self { values: y.detach().to_kind(Kind::BFloat16).flatten(0, 1), slopes: slopes.flatten(0, 1) }
    }

    /// f of each entry of `[T, width]` in bf16.
    pub fn look_up(&self, x: &Tensor) -> Tensor {
        self.look_up_learned(x, None)
    }

    fn look_up_learned(&self, x: &Tensor, learned: Option<&Tensor>) -> Tensor {
        let found = native::look_up(x, &self.values, &self.slopes, learned);
        found.unwrap_or_else(|error| panic!("invariant: a table has an entry for each number: {error}"))
    }
}

/// Every number of bf16 in the order of its bits, `[65536, 1]` in fp32.
fn numbers() -> Tensor {
    let numbers: Vec<f32> = (0..=u16::MAX).map(|bits| f32::from_bits(u32::from(bits) << 16)).collect();
    Tensor::from_slice(&numbers).view([NUMBERS, 1])
}

/// Whether `x` is what this file is for.
pub fn is_fit(x: &Tensor) -> bool {
    x.kind() == Kind::BFloat16 && x.device() == Device::Cpu && x.dim() == 2
}

/// f of each entry of `x`, which [`is_fit`], with the tensors that f learns; nothing where it is computed another way.
pub fn learned(
    function: LearnedFunction,
    x: &Tensor,
    tensors: &[Tensor],
    f: impl Fn(&Tensor, &[Tensor]) -> Tensor,
) -> Option<Tensor> {
    if tensors.iter().any(|tensor| tensor.kind() != Kind::Float) {
        return None;
    }
    if let Some(function) = by_channel(function) {
        // Of PolyNorm, whose weights of three powers are one tensor, the columns are its parameters.
        let columns = tensors.iter().flat_map(|tensor| match tensor.dim() {
            1 => vec![tensor.shallow_clone()],
            _ => tensor.unbind(-1),
        });
        let parameters: Vec<Tensor> = columns.collect();
        let parameters: Vec<&Tensor> = parameters.iter().collect();
        let found = native::by_channel(x, function, &parameters);
        return Some(found.unwrap_or_else(|error| panic!("invariant: parameters fit their channels: {error}")));
    }
    let is_shared = tensors.iter().all(|tensor| tensor.size()[0] == 1);
    (is_shared && x.numel() >= ENOUGH).then(|| {
        let fixed: Vec<Tensor> = tensors.iter().map(Tensor::detach).collect();
        let table = Table::of(|x| f(x, &fixed));
        let bounded = numbers().nan_to_num(0.0, FARTHEST, -FARTHEST).clamp(-FARTHEST, FARTHEST);
        table.look_up_learned(x, Some(&f(&bounded, tensors).flatten(0, 1)))
    })
}

/// The kernel of a function that channels may have for themselves, or of one of a row.
fn by_channel(function: LearnedFunction) -> Option<ChannelFunction> {
    Some(match function {
        LearnedFunction::Prelu | LearnedFunction::DelftPrelu => ChannelFunction::Prelu,
        LearnedFunction::Dyt => ChannelFunction::Dyt,
        LearnedFunction::Snake => ChannelFunction::Snake,
        LearnedFunction::Swish => ChannelFunction::Swish,
        LearnedFunction::DelftSwish => ChannelFunction::DelftSwish,
        LearnedFunction::AconC => ChannelFunction::AconC,
        LearnedFunction::ScaledGelu => ChannelFunction::ScaledGelu,
        LearnedFunction::DelftLearnableGelu => ChannelFunction::ScaledGeluTanh,
        LearnedFunction::ShiftedGelu => ChannelFunction::ShiftedGelu,
        LearnedFunction::LearnableGelu => ChannelFunction::LearnableGelu,
        LearnedFunction::ScaledLearnableGelu => ChannelFunction::ScaledLearnableGelu,
        LearnedFunction::PolyNorm => ChannelFunction::PolyNorm,
        LearnedFunction::StarRelu
        | LearnedFunction::ErfRelu
        | LearnedFunction::Xiprelu
        | LearnedFunction::Xielu
        | LearnedFunction::Xsilu
        | LearnedFunction::Xatlu
        | LearnedFunction::Xgelu
        | LearnedFunction::PolyRelu
        | LearnedFunction::Rational
        | LearnedFunction::LinearSpline => return None,
    })
}
