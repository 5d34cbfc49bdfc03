//! A linear map, and where a network's tensors come from.

use std::ops::Range;

use native::{PackedMap, gpu};
use spec::train::Precision;
use tch::{Device, Kind, Tensor};

/// The tensors of a network by name, and the precision in which it multiplies them.
pub struct Weights<'a> {
    /// The leaf tensor of a declared name.
    pub tensor: &'a mut dyn FnMut(&str) -> Tensor,
    /// The precision of matrix products.
    pub precision: Precision,
}

impl Weights<'_> {
    /// The tensor of that name.
    pub fn get(&mut self, name: &str) -> Tensor {
        (self.tensor)(name)
    }

    /// The kind of number in which matrices are multiplied.
    pub fn kind(&self) -> Kind {
        match self.precision {
            Precision::Fp32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        }
    }

    /// The map `name` with a bias.
    pub fn linear(&mut self, name: &str) -> Linear {
        let bias = Some(self.get(&format!("{name}.bias")));
        Linear::new(self.get(&format!("{name}.weight")), bias, self.kind())
    }

    /// The map `name` without a bias.
    pub fn linear_without_bias(&mut self, name: &str) -> Linear {
        Linear::new(self.get(&format!("{name}.weight")), None, self.kind())
    }
}

/// x·Wᵀ + b over the last dimension, W as `[outputs, inputs]`.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
    kind: Kind,
    packed: PackedMap,
}

impl Linear {
    /// The map of `weight`, `[outputs, inputs]`, and `bias`, `[outputs]`, whose products have factors and results of
    /// `kind`.
    pub fn new(weight: Tensor, bias: Option<Tensor>, kind: Kind) -> Self {
        Self { weight, bias, kind, packed: PackedMap::default() }
    }

    /// The kind of number that it multiplies.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Has it multiply numbers of another kind from now on.
    pub fn multiply_in(&mut self, kind: Kind) {
        self.kind = kind;
    }

    /// The map of `x`, in the precision of the network.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if is_packed(self.kind, &self.weight) {
            let biases: Vec<&Tensor> = self.bias.iter().collect();
            return packed(&self.packed, x, &[&self.weight], &biases);
        }
        linear(x, &self.weight, self.bias.as_ref(), self.kind)
    }
}

/// Some maps of one input, whose results stand side by side.
#[derive(Debug)]
pub struct SideBySide<const COUNT: usize> {
    maps: [Linear; COUNT],
    packed: PackedMap,
}

impl<const COUNT: usize> SideBySide<COUNT> {
    /// These maps; all have a bias, or none has.
    pub fn new(maps: [Linear; COUNT]) -> Self {
        Self { maps, packed: PackedMap::default() }
    }

    /// The results of all maps of `x` side by side, by one product.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let weights = self.maps.each_ref().map(|map| &map.weight);
        let biases: Vec<&Tensor> = self.maps.iter().filter_map(|map| map.bias.as_ref()).collect();
        let kind = self.maps[0].kind;
        if is_packed(kind, weights[0]) {
            return packed(&self.packed, x, &weights, &biases);
        }
        self.forward_part(0..COUNT, x)
    }

    /// The results of the maps of this range alone, side by side.
    pub fn forward_part(&self, range: Range<usize>, x: &Tensor) -> Tensor {
        let maps = &self.maps[range];
        let weights: Vec<&Tensor> = maps.iter().map(|map| &map.weight).collect();
        let biases: Vec<&Tensor> = maps.iter().filter_map(|map| map.bias.as_ref()).collect();
        let bias = (!biases.is_empty()).then(|| Tensor::cat(&biases, 0));
        linear(x, &Tensor::cat(&weights, 0), bias.as_ref(), self.maps[0].kind)
    }
}

/// Whether products of this kind with a weight that lies there are ours: bfloat16 on a processor that has it in
/// hardware.
///
/// They round where libtorch's own do, and need neither casts of the weights nor a pass to add gradients up.
pub fn is_packed(kind: Kind, weight: &Tensor) -> bool {
    kind == Kind::BFloat16
        && weight.device() == Device::Cpu
        && weight.kind() == Kind::Float
        && PackedMap::is_available()
}

/// Whether operations of this kind on a weight that lies there have kernels of ours in float32, on a processor.
pub fn is_float32(kind: Kind, weight: &Tensor) -> bool {
    kind == Kind::Float && weight.device() == Device::Cpu && weight.kind() == Kind::Float
}

/// Whether operations of this kind on a weight that lies there have kernels of ours on a GPU.
pub fn is_on_gpu(kind: Kind, weight: &Tensor) -> bool {
    kind == Kind::BFloat16
        && weight.kind() == Kind::Float
        && gpu::is_open()
        && matches!(weight.device(), Device::Cuda(_))
}

fn packed(map: &PackedMap, x: &Tensor, weights: &[&Tensor], biases: &[&Tensor]) -> Tensor {
    map.apply(x, weights, biases).unwrap_or_else(|error| panic!("invariant: a map fits its input: {error}"))
}

/// x·Wᵀ + b with all three cast to `kind`; sums are formed in fp32 whatever the kind.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, kind: Kind) -> Tensor {
    let bias = bias.map(|bias| bias.to_kind(kind));
    x.to_kind(kind).linear(&weight.to_kind(kind), bias)
}
