//! Learned polynomials and their quotients.
//!
//! Coefficients are `[owners, degree…]`: an owner is a channel, or one for the layer.

use tch::{Kind, Tensor};

use super::one_pass;

/// Added to the mean square in [`poly_norm`].
const EPSILON: f64 = 1e-6;

/// bias + Σᵢ aᵢ·max(0, x)ⁱ, i = 1, 2, 3 (Zhuo et al. 2024, PolyCom, arXiv:2411.03884).
///
/// The aᵢ (weight, `[owners, 3]`, lowest power first) start at ⅓, the bias at 0. One set a layer in the paper.
pub fn poly_relu(x: &Tensor, [weight, bias]: &[Tensor; 2]) -> Tensor {
    let x = x.relu();
    let [first, second, third] = three(weight);
    ((third * &x + second) * &x + first) * &x + bias
}

/// bias + Σᵢ aᵢ·norm(xⁱ), i = 1, 2, 3, where norm(v) = v/√(mean of v² over the row + 10⁻⁶) (Zhuo et al. 2024, PolyCom,
/// arXiv:2411.03884).
///
/// The row is the hidden layer of one token, `[T, width]`: an entry's value depends on all channels, but on no other
/// token, so packing changes nothing. Parameters are those of [`poly_relu`].
pub fn poly_norm(x: &Tensor, [weight, bias]: &[Tensor; 2]) -> Tensor {
    // norm(xⁱ) is the same for x/s with the constant over s²ⁱ, whatever s. With the row's largest entry for s nothing
    // overflows; s is held constant, since the value does not depend on it.
    let scale = x.detach().abs().amax(-1, true).clamp_min(1.0);
    let x = x / &scale;
    let (square, inverse) = (x.square(), scale.square().reciprocal());
    let cube = &square * &x;
    let [first, second, third] = three(weight);
    let epsilons = [&inverse * EPSILON, inverse.square() * EPSILON, inverse.square() * &inverse * EPSILON];
    normalised(&x, &epsilons[0]) * first
        + normalised(&square, &epsilons[1]) * second
        + normalised(&cube, &epsilons[2]) * third
        + bias
}

fn normalised(entries: &Tensor, epsilon: &Tensor) -> Tensor {
    entries * (entries.square().mean_dim(-1, true, None::<Kind>) + epsilon).rsqrt()
}

/// (a₀ + a₁x + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|), the safe Padé unit (Molina et al. 2020, arXiv:1907.06732), in
/// transformers as Fang et al. 2022 (RAFT, arXiv:2208.14111) have it.
///
/// The numerator is `[owners, 6]`, the denominator `[owners, 4]`, lowest power first; one set a layer in both papers.
/// They start as GELU, by our own fit, 0.0036 from it at most on [−5, 5]. Finite for |x| < 10⁷.
pub fn rational(x: &Tensor, [numerator, denominator]: &[Tensor; 2]) -> Tensor {
    if one_pass::is_fit(x, &[numerator, denominator]) {
        return one_pass::rational(x, numerator, denominator);
    }
    polynomial(x, numerator) / ((polynomial(x, denominator) * x).abs() + 1.0)
}

/// c₀ + c₁x + …, by Horner's rule; the coefficients lie along the last dimension, the rest of which fits x.
pub fn polynomial(x: &Tensor, coefficients: &Tensor) -> Tensor {
    let mut coefficients = coefficients.unbind(-1).into_iter().rev();
    let highest = coefficients.next().expect("invariant: a polynomial has a coefficient");
    coefficients.fold(highest, |sum, coefficient| sum * x + coefficient)
}

fn three(weight: &Tensor) -> [Tensor; 3] {
    weight.unbind(-1).try_into().expect("invariant: one coefficient for each of three powers")
}
