//! How a Kolmogorov-Arnold layer with grouped functions starts.
//!
//! The functions start as the identity before the first map and as swish or gelu before the second. A rational function
//! is the identity exactly, and the two curves by our own least-squares fits on [−5, 5]. Chebyshev polynomials are
//! fitted to all three as kan-lm-study does it: at 2048 points of [−3, 3], with 10⁻⁶ on the diagonal.
//!
//! The maps start as all of the network do. With `source` they preserve the variance, biases at 0: W₁ is N(0, 1/hidden)
//! and W₂ is N(0, α/width), where α = 1/E[f(z)²], z ~ N(0, 1), is 2.811 for swish and 2.352 for gelu (Yang & Wang 2024,
//! section 4.4); in kan-lm-study α is ½. In the authors' released code a later line starts both maps with N(0, 0.02²)
//! instead.

use spec::feed_forward::learned::RATIONAL_GELU;
use spec::feed_forward::{Curve, GroupedFunction, KanStart};

use tch::{Device, Kind, Tensor};

use super::gelu::gelu;
use super::grouped::Form;
use super::positive_definite::{cholesky, solve};
use super::silu::silu;
use crate::model::declare::Declarations;
use crate::parameters::Start;

/// x over 1.
const RATIONAL_IDENTITY: [&[f64]; 2] = [&[0.0, 1.0, 0.0, 0.0, 0.0, 0.0], &[0.0; 4]];

/// Numerator and denominator of swish by least squares on [−5, 5], 6.3·10⁻⁵ away at most.
/// `trainer/tests/reference/make_kan.py` fits it.
const RATIONAL_SWISH: [&[f64]; 2] = [
    &[1.892_385e-5, 0.5, 0.249_924_369, 0.052_651_934, 0.005_539_034, 0.000_243_366],
    &[0.0, 0.105_303_869, 0.0, 0.000_486_733],
];

/// 1/E[swish(z)²] and 1/E[gelu(z)²] for z ~ N(0, 1), by quadrature.
const SWISH_GAIN: f64 = 2.810_761_124;
const GELU_GAIN: f64 = 2.351_715_614;

/// Points of the fit of Chebyshev polynomials, how far they reach to both sides of 0, and what is added on the
/// diagonal.
const FIT_POINTS: i64 = 2048;
const FIT_REACH: f64 = 3.0;
const FIT_RIDGE: f64 = 1e-6;

/// One of the two maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// W₁.
    Input,
    /// W₂.
    Output,
}

/// Declares the coefficients of a function that starts as a curve, or as the identity.
pub fn declare_function(
    prefix: &str,
    function: GroupedFunction,
    groups: u32,
    curve: Option<Curve>,
    declarations: &mut Declarations,
) {
    match function {
        GroupedFunction::Rational => {
            let [numerator, denominator] = match curve {
                None => RATIONAL_IDENTITY,
                Some(Curve::Swish) => RATIONAL_SWISH,
                Some(Curve::Gelu) => RATIONAL_GELU,
            };
            for (name, owners, values) in [("numerator", 1, numerator), ("denominator", groups, denominator)] {
                let shape = [owners, values.len() as u32];
                declarations.learned(&format!("{prefix}.weight_{name}"), &shape, Start::Rows(values.to_vec()));
            }
        }
        GroupedFunction::Chebyshev { degree } => {
            let fitted = Start::Rows(chebyshev_fit(degree, curve));
            declarations.learned(&format!("{prefix}.coeff"), &[groups, degree + 1], fitted);
        }
    }
}

/// Declares a map `[inputs, outputs]`.
pub fn declare_map(name: &str, [inputs, outputs]: [u32; 2], role: Role, form: Form, declarations: &mut Declarations) {
    if form.start != KanStart::Source {
        return declarations.linear(name, inputs, outputs);
    }
    let gain = match (role, form.function, form.second) {
        (Role::Input, _, _) => 1.0,
        (Role::Output, GroupedFunction::Chebyshev { .. }, _) => 0.5,
        (Role::Output, GroupedFunction::Rational, Curve::Swish) => SWISH_GAIN,
        (Role::Output, GroupedFunction::Rational, Curve::Gelu) => GELU_GAIN,
    };
    declarations.linear_from(name, inputs, outputs, Start::Normal { std: (gain / f64::from(inputs)).sqrt() });
}

/// The coefficients of T₀(tanh x), …, for the identity or a curve, by least squares.
pub fn chebyshev_fit(degree: u32, curve: Option<Curve>) -> Vec<f64> {
    let points = Tensor::linspace(-FIT_REACH, FIT_REACH, FIT_POINTS, (Kind::Double, Device::Cpu));
    let targets = match curve {
        None => points.shallow_clone(),
        Some(Curve::Swish) => silu(&points),
        Some(Curve::Gelu) => gelu(&points),
    };
    let numbers = |tensor: &Tensor| Vec::<f64>::try_from(tensor).expect("invariant: these are doubles in a row");
    let terms = degree as usize + 1;
    let mut gram = vec![vec![0.0; terms]; terms];
    let mut moments = vec![0.0; terms];
    for (x, target) in numbers(&points).into_iter().zip(numbers(&targets)) {
        let angle = x.tanh().acos();
        let basis: Vec<f64> = (0..terms).map(|n| (n as f64 * angle).cos()).collect();
        for (row, one) in basis.iter().enumerate() {
            moments[row] += one * target;
            for (entry, other) in gram[row].iter_mut().zip(&basis) {
                *entry += one * other;
            }
        }
    }
    for (index, row) in gram.iter_mut().enumerate() {
        row[index] += FIT_RIDGE;
    }
    solve(&cholesky(&gram), moments)
}
