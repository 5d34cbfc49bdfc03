//! Ranks with a GPU each, on one machine or several: NCCL.

use native::nccl::{Communicator, Reduction};
use tch::Tensor;

use super::error::CollectiveError;
use super::team::Collective;

impl Collective for Communicator {
    fn sum(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        Ok(self.all_reduce(tensor, Reduction::Sum)?)
    }

    fn sum_aside(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        Ok(self.all_reduce_aside(tensor, Reduction::Sum)?)
    }

    fn broadcast(&mut self, tensor: &mut Tensor, root: u32) -> Result<(), CollectiveError> {
        Ok(Communicator::broadcast(self, tensor, root)?)
    }

    fn wait(&mut self) -> Result<(), CollectiveError> {
        Ok(Communicator::wait(self)?)
    }

    fn abort(&mut self) {
        Communicator::abort(self);
    }

    fn finish(self: Box<Self>) -> Result<(), CollectiveError> {
        Ok(self.finalise()?)
    }
}
