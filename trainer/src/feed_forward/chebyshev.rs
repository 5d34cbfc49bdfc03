//! Kolmogorov-Arnold layers with Chebyshev polynomials on their edges.
//!
//! Tₙ(cos θ) = cos nθ, so that T₀ = 1, T₁(z) = z and Tₙ(z) = 2z·Tₙ₋₁(z) − Tₙ₋₂(z). The recursion is used: the slope of
//! arccos has no end at ±1, where tanh of a large entry is.

use tch::{Kind, Tensor};

use crate::model::declare::Declarations;
use crate::model::linear::{Weights, linear};
use crate::parameters::Start;

/// y_o = Σᵢ Σₙ C_ion·Tₙ(tanh xᵢ), n = 0..=degree, without a bias but for the T₀ (Sidharth et al. 2024,
/// arXiv:2405.07200; ChebyKAN of SynodicMonth, whose shapes and start these are).
///
/// C is `cheby_coeffs`, `[inputs, outputs, degree + 1]`, and starts as N(0, 1/(inputs·(degree + 1))²), in any case.
/// Nothing stands between two layers, though ChebyKAN's examples have a layer normalisation there.
#[derive(Debug)]
pub struct ChebyshevLayer {
    /// C.
    pub coefficients: Tensor,
    /// The kind of number in which matrices are multiplied.
    pub kind: Kind,
}

/// Declares one layer `[inputs, outputs]`.
pub fn declare(name: &str, [inputs, outputs]: [u32; 2], degree: u32, declarations: &mut Declarations) {
    let terms = degree + 1;
    let std = (f64::from(inputs) * f64::from(terms)).recip();
    declarations.coefficients(&format!("{name}.cheby_coeffs"), &[inputs, outputs, terms], Start::Normal { std });
}

impl ChebyshevLayer {
    /// The layer `name` over these weights.
    pub fn new(name: &str, weights: &mut Weights<'_>) -> Self {
        Self { coefficients: weights.get(&format!("{name}.cheby_coeffs")), kind: weights.kind() }
    }

    /// `[T, outputs]` for `[T, inputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let terms = self.coefficients.size()[2] as usize;
        let bases = Tensor::stack(&polynomials(&x.to_kind(self.coefficients.kind()).tanh(), terms), -1);
        linear(&bases.flatten(1, 2), &self.coefficients.transpose(0, 1).flatten(1, 2), None, self.kind)
    }
}

/// Σₙ cₙ·Tₙ(tanh x), the coefficients along the last dimension of `coefficients`, the rest of which fits x.
pub fn series(x: &Tensor, coefficients: &Tensor) -> Tensor {
    let coefficients = coefficients.unbind(-1);
    let polynomials = polynomials(&x.tanh(), coefficients.len());
    let terms = polynomials.iter().zip(&coefficients).map(|(polynomial, coefficient)| polynomial * coefficient);
    terms.reduce(|sum, term| sum + term).expect("invariant: a series has a term")
}

/// T₀(z), T₁(z), …, so many of them.
fn polynomials(z: &Tensor, terms: usize) -> Vec<Tensor> {
    let mut polynomials = vec![z.ones_like(), z.shallow_clone()];
    while polynomials.len() < terms {
        let [.., before, last] = polynomials.as_slice() else { unreachable!("invariant: two polynomials are there") };
        polynomials.push(z * last * 2.0 - before);
    }
    polynomials.truncate(terms);
    polynomials
}
