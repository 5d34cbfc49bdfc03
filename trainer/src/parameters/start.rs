//! How parameters start: each from its own random stream.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::Declaration;
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

/// Appends the initial entries of a parameter.
pub(super) fn fill(declaration: &Declaration, seed: u64, entries: &mut Vec<f32>) {
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
    use tch::{Device, Kind};

    use super::*;
    use crate::parameters::Parameters;

    fn declaration(name: &str, shape: &[i64], start: Start, decays: bool) -> Declaration {
        Declaration { name: name.to_owned(), shape: shape.to_vec(), start, decays }
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
