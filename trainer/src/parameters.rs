//! The parameters of a network: declared by name, held in one flat buffer.
//!
//! A network first says which parameters it has ([`Declaration`]); [`Parameters`] then lays them out one after the other in a
//! single fp32 buffer, those with weight decay first, and starts each from its own random stream. Gradients lie in a second
//! buffer of the same layout, so that clipping, the optimiser and a checkpoint are one operation each, and a sum over ranks a few.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use tch::{Device, Kind, Tensor};

use crate::streams;

/// How a parameter starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The same value everywhere.
    Constant(f64),
    /// These values in every row.
    Rows(Vec<f64>),
    /// N(0, std²).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// N(0, std²), but zeros in one row: the padding row of an embedding.
    NormalExceptRow {
        /// Standard deviation.
        std: f64,
        /// The row of zeros.
        row: i64,
    },
    /// U(−bound, bound).
    Uniform {
        /// Largest magnitude.
        bound: f64,
    },
    /// Rows that are each M·u, with the entries of u from U(−bound, bound).
    Combined {
        /// M, row by row: as many as a row of the parameter has entries.
        matrix: Vec<f64>,
        /// Entries of u, columns of M.
        draws: usize,
        /// Largest magnitude of an entry of u.
        bound: f64,
    },
}

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
    /// Each entry depends on the seed, the parameter's name and its place in row-major order only: two networks with one seed
    /// share every parameter that both have, and the first rows of a matrix that has more of them in one than in the other.
    ///
    /// # Errors
    /// When libtorch cannot hold the buffers or attach a gradient.
    pub fn new(mut declarations: Vec<Declaration>, seed: u64, device: Device) -> Result<Self, ParameterError> {
        // A stable sort: those with decay first, otherwise in the order of declaration.
        declarations.sort_by_key(|declaration| !declaration.decays);
        let size = declarations.iter().map(Declaration::size).sum();
        let decayed = declarations.iter().filter(|declaration| declaration.decays).map(Declaration::size).sum();
        let mut start = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        for declaration in &declarations {
            fill(declaration, seed, &mut start);
        }
        let weights = Tensor::f_from_slice(&start)?.f_to_device(device)?;
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
    /// The shim refused.
    #[error("cannot attach a gradient buffer")]
    Native(#[from] native::TorchError),
    /// The shim refused.
    #[error("cannot watch the gradients")]
    Watch(#[source] native::TorchError),
    /// Two parameters have one name.
    #[error("the parameter `{0}` is declared twice")]
    Twice(String),
}

/// Appends the initial entries of a parameter.
fn fill(declaration: &Declaration, seed: u64, entries: &mut Vec<f32>) {
    let size = usize::try_from(declaration.size()).expect("invariant: shapes are positive");
    let mut stream = streams::generator(seed, &declaration.name, &[]);
    let begin = entries.len();
    match &declaration.start {
        Start::Constant(value) => entries.extend(std::iter::repeat_n(*value as f32, size)),
        Start::Rows(values) => entries.extend(values.iter().cycle().take(size).map(|value| *value as f32)),
        Start::Normal { std } | Start::NormalExceptRow { std, .. } => {
            entries.resize(begin + size, 0.0);
            let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1).max(1);
            fill_normal(&stream, *std, &mut entries[begin..], threads);
        }
        Start::Uniform { bound } => {
            entries.extend((0..size).map(|_| (symmetric(stream.next_u64()) * bound) as f32));
        }
        Start::Combined { matrix, draws, bound } => {
            while entries.len() < begin + size {
                let drawn: Vec<f64> = (0..*draws).map(|_| symmetric(stream.next_u64()) * bound).collect();
                let product = |row: &[f64]| row.iter().zip(&drawn).map(|(entry, draw)| entry * draw).sum::<f64>();
                entries.extend(matrix.chunks(*draws).map(|row| product(row) as f32));
            }
        }
    }
    if let Start::NormalExceptRow { row, .. } = declaration.start {
        let width = size / usize::try_from(declaration.shape[0]).expect("invariant: shapes are positive");
        let row = usize::try_from(row).expect("invariant: a row is not negative");
        entries[begin + row * width..begin + (row + 1) * width].fill(0.0);
    }
}

/// Entries of N(0, std²), two for every two draws, on all of libtorch's threads: most of a start is spent here.
fn fill_normal(stream: &ChaCha8Rng, std: f64, entries: &mut [f32], threads: usize) {
    /// Words of the stream that a pair takes.
    const WORDS: u128 = 4;
    let pairs = entries.len().div_ceil(2).div_ceil(threads).max(1 << 12);
    std::thread::scope(|scope| {
        for (part, entries) in entries.chunks_mut(2 * pairs).enumerate() {
            let mut stream = stream.clone();
            stream.set_word_pos(WORDS * (part * pairs) as u128);
            scope.spawn(move || {
                for pair in entries.chunks_mut(2) {
                    let drawn = <[f64; 2]>::from(normal_pair(stream.next_u64(), stream.next_u64()));
                    for (entry, drawn) in pair.iter_mut().zip(drawn) {
                        *entry = (drawn * std) as f32;
                    }
                }
            });
        }
    });
}

/// A number in [−1, 1).
fn symmetric(bits: u64) -> f64 {
    2.0 * streams::unit(bits) - 1.0
}

/// Two independent standard normal numbers (Box and Muller 1958).
fn normal_pair(first: u64, second: u64) -> (f64, f64) {
    // 1 − u lies in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * (1.0 - streams::unit(first)).ln()).sqrt();
    let (sine, cosine) = (std::f64::consts::TAU * streams::unit(second)).sin_cos();
    (radius * cosine, radius * sine)
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

    #[test]
    fn a_wider_matrix_starts_with_the_rows_of_a_narrower_one() {
        let make = |rows: i64| {
            let start = Start::Normal { std: 1.0 };
            let declarations = vec![declaration("w", &[rows, 5], start, true)];
            Parameters::new(declarations, 3, Device::Cpu).unwrap().leaf("w").detach()
        };
        assert_eq!(make(4), make(7).narrow(0, 0, 4));
    }

    #[test]
    fn the_parts_of_a_large_matrix_are_those_of_one_stream() {
        for size in [0, 1, 30_001] {
            let mut stream = streams::generator(3, "w", &[]);
            let pairs = (0..15_001).map(|_| <[f64; 2]>::from(normal_pair(stream.next_u64(), stream.next_u64())));
            let expected: Vec<f32> = pairs.flatten().take(size).map(|drawn| drawn as f32).collect();
            for threads in [1, 2, 3, 7] {
                let mut found = vec![0.0; size];
                fill_normal(&streams::generator(3, "w", &[]), 1.0, &mut found, threads);
                assert_eq!(found, expected, "{threads} threads");
            }
        }
    }

    #[test]
    fn normal_entries_have_the_moments_asked_for() {
        let start = Start::NormalExceptRow { std: 0.5, row: 1 };
        let parameters = Parameters::new(vec![declaration("e", &[400, 50], start, true)], 0, Device::Cpu).unwrap();
        let table = parameters.leaf("e").detach();
        assert_eq!(table.get(1).abs().sum(Kind::Float).double_value(&[]), 0.0);
        assert!(table.mean(Kind::Float).double_value(&[]).abs() < 0.01);
        assert!((table.std(true).double_value(&[]) - 0.5).abs() < 0.01);
    }
}
