//! Gradients that live in a buffer of ours.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// Makes `gradient` the gradient of `parameter`, so that backward passes add to its memory in place.
///
/// With `gradient` a view into a flat buffer, clipping, the optimiser and a sum over machines become one operation on
/// that buffer. It holds as long as nobody replaces the gradient: zero the buffer, do not call `parameter.zero_grad()`.
///
/// # Errors
///
/// When `parameter` is not a leaf that requires a gradient, or the two differ in shape, kind or device.
pub fn set_gradient(parameter: &Tensor, gradient: &Tensor) -> Result<(), TorchError> {
    // SAFETY: both pointers are valid for the call; the shim shares ownership of the gradient and keeps neither
    // pointer.
    unsafe { shim::check(shim::seedbed_set_gradient(parameter.as_ptr(), gradient.as_ptr())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn flat(values: &[f32]) -> Tensor {
        Tensor::from_slice(values)
    }

    #[test]
    fn backward_passes_accumulate_in_the_flat_buffer() {
        let (weights, gradients) = (flat(&[1.0, 2.0, 3.0, 4.0, 5.0]), flat(&[0.0; 5]));
        let address = gradients.data_ptr();
        let matrix = weights.narrow(0, 0, 4).view([2, 2]).detach().set_requires_grad(true);
        let bias = weights.narrow(0, 4, 1).detach().set_requires_grad(true);
        set_gradient(&matrix, &gradients.narrow(0, 0, 4).view([2, 2])).unwrap();
        set_gradient(&bias, &gradients.narrow(0, 4, 1)).unwrap();

        // d/dw Σ w² = 2w, d/db 3b = 3.
        let backward = || ((&matrix * &matrix).sum(Kind::Float) + (&bias * 3.0).sum(Kind::Float)).backward();
        backward();
        assert_eq!(gradients, flat(&[2.0, 4.0, 6.0, 8.0, 3.0]));
        backward();
        assert_eq!(gradients, flat(&[4.0, 8.0, 12.0, 16.0, 6.0]));
        assert_eq!(gradients.data_ptr(), address);
        assert_eq!(matrix.grad().data_ptr(), address);

        // Zeroing the buffer zeroes the gradients, and the next pass starts from there.
        let _ = gradients.shallow_clone().zero_();
        backward();
        assert_eq!(gradients, flat(&[2.0, 4.0, 6.0, 8.0, 3.0]));
    }

    #[test]
    fn updates_of_the_flat_weights_reach_the_parameters() {
        let (weights, gradients) = (flat(&[1.0, 2.0]), flat(&[0.0; 2]));
        let parameter = weights.detach().set_requires_grad(true);
        set_gradient(&parameter, &gradients).unwrap();
        for _ in 0..2 {
            let _ = gradients.shallow_clone().zero_();
            (&parameter * &parameter).sum(Kind::Float).backward();
            let _ = weights.shallow_clone().subtract_(&(&gradients * 0.25));
        }
        // w ← w − 2w/4, twice.
        assert_eq!(weights, flat(&[0.25, 0.5]));
        assert_eq!(parameter.detach(), weights);
    }

    #[test]
    fn a_gradient_that_does_not_fit_is_refused() {
        let parameter = Tensor::zeros([2, 2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let wrong_shape = set_gradient(&parameter, &Tensor::zeros([4], (Kind::Float, Device::Cpu))).unwrap_err();
        assert_eq!(wrong_shape.to_string(), "libtorch: the parameter has shape [2, 2], its gradient [4]");
        let wrong_kind = set_gradient(&parameter, &Tensor::zeros([2, 2], (Kind::Double, Device::Cpu)));
        assert_eq!(
            wrong_kind.unwrap_err().to_string(),
            "libtorch: the parameter is Float on cpu, its gradient Double on cpu"
        );
        let product = &parameter * 2.0;
        assert!(set_gradient(&product, &Tensor::zeros([2, 2], (Kind::Float, Device::Cpu))).is_err());
    }
}
