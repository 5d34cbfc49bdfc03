//! When gradients are complete, told while the backward pass still makes others.

use std::ffi::c_void;
use std::fmt;
use std::ptr;

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// What is told the number of a parameter.
type Tell = Box<dyn Fn(usize) + Send + Sync>;

/// Tells of each of some parameters, once in every backward pass that reaches it, when the pass has added all that it
/// adds to its gradient; until this is dropped.
pub struct GradientWatch {
    handle: *mut c_void,
}

// SAFETY: the handle is owned, and what it points to is bound to no thread; what is told may be told from any.
unsafe impl Send for GradientWatch {}

impl fmt::Debug for GradientWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GradientWatch")
    }
}

impl GradientWatch {
    /// Watches `parameters`, whose places are their numbers. `tell` is called by the thread that computes the gradient,
    /// which waits meanwhile: it must be quick, and must not panic, which would end the process. On a GPU the work is
    /// asked for by then, not done: what is asked for later on the same stream comes after it.
    ///
    /// # Errors
    /// When one of them is not a leaf that requires a gradient.
    pub fn new(parameters: &[Tensor], tell: impl Fn(usize) + Send + Sync + 'static) -> Result<Self, TorchError> {
        let pointers: Vec<_> = parameters.iter().map(Tensor::as_ptr).collect();
        let tell: Tell = Box::new(tell);
        // A thin pointer to the fat one.
        let context = Box::into_raw(Box::new(tell)).cast();
        let mut handle = ptr::null_mut();
        // SAFETY: the pointers are valid for the call, which shares ownership of what it keeps. The context becomes the
        // shim's, which releases it once, after the last call of `told`.
        unsafe {
            let count = pointers.len() as i64;
            let refusal =
                shim::seedbed_watch_gradients(pointers.as_ptr(), count, told, context, release, &raw mut handle);
            shim::check(refusal)?;
        }
        Ok(Self { handle })
    }
}

impl Drop for GradientWatch {
    fn drop(&mut self) {
        // SAFETY: the handle came from the shim and is not used after this.
        unsafe { shim::seedbed_unwatch_gradients(self.handle) }
    }
}

/// What the hooks call.
extern "C" fn told(context: *mut c_void, number: i64) {
    // SAFETY: the context came from `GradientWatch::new`, was not released yet, and is only ever shared.
    let tell = unsafe { &*context.cast::<Tell>() };
    tell(usize::try_from(number).expect("invariant: numbers are places of a slice"));
}

/// What the shim calls when no hook is left.
extern "C" fn release(context: *mut c_void) {
    // SAFETY: the context came from `Box::into_raw` of a box of this type, and this is called once.
    drop(unsafe { Box::from_raw(context.cast::<Tell>()) });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tch::{Device, Kind};

    use super::*;
    use crate::testing::has_packed_maps;
    use crate::{PackedMap, set_gradient};

    /// What was told, each number with the parameter's gradient at that moment.
    type Told = Arc<Mutex<Vec<(usize, Vec<f32>)>>>;

    fn parameter(shape: &[i64]) -> Tensor {
        let parameter = Tensor::ones(shape, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        set_gradient(&parameter, &Tensor::zeros(shape, (Kind::Float, Device::Cpu))).unwrap();
        parameter
    }

    fn watched(parameters: &[Tensor]) -> (GradientWatch, Told) {
        let told = Told::default();
        let notes = Arc::clone(&told);
        let gradients = Mutex::new(parameters.iter().map(Tensor::grad).collect::<Vec<_>>());
        let tell = move |number: usize| {
            let gradient = gradients.lock().unwrap()[number].flatten(0, -1);
            notes.lock().unwrap().push((number, Vec::try_from(gradient).unwrap()));
        };
        (GradientWatch::new(parameters, tell).unwrap(), told)
    }

    #[test]
    fn each_is_told_once_a_pass_when_its_gradient_is_complete() {
        let parameters = [parameter(&[1]), parameter(&[1]), parameter(&[1])];
        let (watch, told) = watched(&parameters);
        let [first, second, third] = &parameters;
        // 2abc + a: its derivatives are 2bc + 1, 2ac and 2ab, and the first is complete last.
        let pass = || (first * 2.0 * second * third + first).sum(Kind::Float).backward();
        pass();
        assert_eq!(*told.lock().unwrap(), [(2, vec![2.0]), (1, vec![2.0]), (0, vec![3.0])]);
        // What no pass reaches is not told, and gradients add up.
        (second * 1.0).sum(Kind::Float).backward();
        assert_eq!(told.lock().unwrap()[3..], [(1, vec![3.0])]);
        drop(watch);
        pass();
        assert_eq!(told.lock().unwrap().len(), 4);
        // Nobody is left who could tell anything.
        drop(parameters);
        assert_eq!(Arc::strong_count(&told), 1);
    }

    #[test]
    fn what_is_added_in_place_is_told_too() {
        if !has_packed_maps() {
            return;
        }
        let parameters = [parameter(&[32, 32]), parameter(&[32])];
        let (_watch, told) = watched(&parameters);
        let [weight, bias] = &parameters;
        let x = Tensor::ones([3, 32], (Kind::BFloat16, Device::Cpu)).set_requires_grad(true);
        PackedMap::default().apply(&x, &[weight], &[bias]).unwrap().sum(Kind::Float).backward();
        let mut told = told.lock().unwrap();
        told.sort_by_key(|(number, _)| *number);
        assert_eq!(*told, [(0, vec![3.0; 32 * 32]), (1, vec![3.0; 32])]);
    }

    #[test]
    fn only_leaves_can_be_watched() {
        let product = parameter(&[2]) * 2.0;
        let error = GradientWatch::new(&[product], |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: a parameter is not a leaf that requires a gradient");
    }
}
