//! The parameters of a network: declared by name, held in one flat buffer.
//!
//! A network first says which parameters it has ([`Declaration`]); [`Parameters`] then lays them out one after the
//! other in a single fp32 buffer, those with weight decay first, and starts each from its own random stream. Gradients
//! lie in a second buffer of the same layout, so that clipping, the optimiser and a checkpoint are one operation each,
//! and a sum over ranks a few.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

mod start;

pub use start::Start;

/// A parameter that a network has.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its name in Hugging Face's state dict where it has one there.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How it starts.
    pub start: Start,
    /// Whether weight decay applies: matrices and embeddings, not biases, norms or activation parameters.
    pub decays: bool,
}

impl Declaration {
    /// Number of entries.
    pub fn size(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// All parameters of a network, in one flat buffer, with a gradient buffer of the same layout.
#[derive(Debug)]
pub struct Parameters {
    declarations: Vec<Declaration>,
    leaves: BTreeMap<String, Tensor>,
    weights: Tensor,
    gradients: Tensor,
    decayed: i64,
}

impl Parameters {
    /// Lays out and starts the declared parameters on `device`.
    ///
    /// Each entry depends on the seed, the parameter's name and its place in row-major order only: two networks with
    /// one seed share every parameter that both have, and the first rows of a matrix that has more of them in one than
    /// in the other.
    ///
    /// # Errors
    /// When libtorch cannot hold the buffers or attach a gradient.
    pub fn new(mut declarations: Vec<Declaration>, seed: u64, device: Device) -> Result<Self, ParameterError> {
        // A stable sort: those with decay first, otherwise in the order of declaration.
        declarations.sort_by_key(|declaration| !declaration.decays);
        let size = declarations.iter().map(Declaration::size).sum();
        let decayed = declarations.iter().filter(|declaration| declaration.decays).map(Declaration::size).sum();
        let mut entries = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        for declaration in &declarations {
            start::fill(declaration, seed, &mut entries);
        }
        let weights = Tensor::f_from_slice(&entries)?.f_to_device(device)?;
        let gradients = Tensor::f_zeros([size], (Kind::Float, device))?;
        let mut leaves = BTreeMap::new();
        let mut offset = 0;
        for declaration in &declarations {
            let view =
                |flat: &Tensor| flat.f_narrow(0, offset, declaration.size())?.f_view(declaration.shape.as_slice());
            let leaf = view(&weights)?.f_detach()?.f_set_requires_grad(true)?;
            native::set_gradient(&leaf, &view(&gradients)?)?;
            if leaves.insert(declaration.name.clone(), leaf).is_some() {
                return Err(ParameterError::Twice(declaration.name.clone()));
            }
            offset += declaration.size();
        }
        Ok(Self { declarations, leaves, weights, gradients, decayed })
    }

    /// The parameter of that name, sharing its storage with the flat buffer.
    ///
    /// # Panics
    /// When the network never declared it: a bug in the network.
    pub fn leaf(&self, name: &str) -> Tensor {
        let leaf = self.leaves.get(name);
        leaf.unwrap_or_else(|| panic!("invariant: `{name}` is used but was never declared")).shallow_clone()
    }

    /// The declarations, in the order of the flat buffer.
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// The flat buffer of weights.
    pub fn weights(&self) -> &Tensor {
        &self.weights
    }

    /// The flat buffer of gradients.
    pub fn gradients(&self) -> &Tensor {
        &self.gradients
    }

    /// Number of leading entries that weight decay applies to.
    pub fn decayed(&self) -> i64 {
        self.decayed
    }

    /// Number of entries.
    pub fn size(&self) -> i64 {
        self.weights.size()[0]
    }

    /// Sets all gradients to zero, in place: the parameters keep pointing into the flat buffer.
    pub fn clear_gradients(&self) {
        let _ = self.gradients.shallow_clone().zero_();
    }
}

/// Why a network's parameters could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// libtorch refused.
    #[error("cannot lay out the parameters")]
    Torch(#[from] tch::TchError),
    /// A gradient buffer could not be attached.
    #[error("cannot attach a gradient buffer")]
    Native(#[from] native::TorchError),
    /// The hooks could not be set.
    #[error("cannot watch the gradients")]
    Watch(#[source] native::TorchError),
    /// Two parameters have one name.
    #[error("the parameter `{0}` is declared twice")]
    Twice(String),
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;

    fn declaration(name: &str, shape: &[i64], start: Start, decays: bool) -> Declaration {
        Declaration { name: name.to_owned(), shape: shape.to_vec(), start, decays }
    }

    fn parameters() -> Parameters {
        let declarations = vec![
            declaration("norm", &[3], Start::Constant(1.0), false),
            declaration("weight", &[4, 3], Start::Normal { std: 0.02 }, true),
        ];
        Parameters::new(declarations, 1, Device::Cpu).unwrap()
    }

    #[test]
    fn decayed_parameters_come_first_and_leaves_share_storage() {
        let parameters = parameters();
        assert_eq!((parameters.decayed(), parameters.size()), (12, 15));
        let _ = parameters.weights().shallow_clone().fill_(7.0);
        assert_eq!(parameters.leaf("weight").double_value(&[3, 2]), 7.0);
        assert_eq!(parameters.leaf("norm").double_value(&[2]), 7.0);
    }

    #[test]
    fn gradients_arrive_in_the_flat_buffer_and_accumulate() {
        let parameters = parameters();
        for round in 1..=2 {
            parameters.leaf("weight").sum(Kind::Float).backward();
            let total = parameters.gradients().sum(Kind::Float).double_value(&[]);
            assert_eq!(total, 12.0 * f64::from(round));
        }
        parameters.clear_gradients();
        assert_eq!(parameters.gradients().sum(Kind::Float).double_value(&[]), 0.0);
    }
}
