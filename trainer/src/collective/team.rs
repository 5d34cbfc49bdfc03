//! The ranks of a run, as one of them sees them.

use std::cell::{RefCell, RefMut};
use std::fmt;

use tch::{Device, Kind, Tensor};

use super::error::CollectiveError;

/// How ranks exchange tensors. All of them call the same functions in the same order with tensors of the same size.
pub trait Collective: fmt::Debug + Send {
    /// Replaces each entry by the sum of the entries there of all ranks, the same bits on each. May only ask for it:
    /// what libtorch does with the tensor afterwards sees the sum, but the processor must [`Self::wait`] first.
    ///
    /// # Errors
    /// When another rank is gone or does something else.
    fn sum(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError>;

    /// As [`Self::sum`], but beside what libtorch computes: it waits for what was asked for until now, and what is
    /// asked for after this does not wait for it before [`Self::wait`]. Until then nothing may use the tensor.
    ///
    /// # Errors
    /// As [`Self::sum`].
    fn sum_aside(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError>;

    /// Replaces the tensor by that of rank `root`, as [`Self::sum`] otherwise.
    ///
    /// # Errors
    /// As [`Self::sum`].
    fn broadcast(&mut self, tensor: &mut Tensor, root: u32) -> Result<(), CollectiveError>;

    /// Waits until what was asked for is done, but not for ever.
    ///
    /// # Errors
    /// When another rank is gone or too late.
    fn wait(&mut self) -> Result<(), CollectiveError>;

    /// Ends the connection at once: the others notice, and every later call fails.
    fn abort(&mut self);

    /// Takes leave of the others.
    ///
    /// # Errors
    /// When another rank does not.
    fn finish(self: Box<Self>) -> Result<(), CollectiveError>;
}

/// A run's ranks. Most runs have one, which asks nobody.
#[derive(Debug)]
pub struct Team {
    rank: u32,
    world: u32,
    device: Device,
    collective: Option<RefCell<Box<dyn Collective>>>,
}

impl Team {
    /// One rank alone.
    pub fn alone() -> Self {
        Self { rank: 0, world: 1, device: Device::Cpu, collective: None }
    }

    /// Rank `rank` of `world`, whose tensors lie on `device`.
    pub fn new(rank: u32, world: u32, device: Device, collective: Box<dyn Collective>) -> Self {
        Self { rank, world, device, collective: Some(RefCell::new(collective)) }
    }

    /// Which one this is, from 0.
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// How many there are.
    pub fn world(&self) -> u32 {
        self.world
    }

    /// Whether this is the one that writes.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// Whether piece `index` of some work is this rank's: they are dealt out in turn.
    pub fn owns(&self, index: u64) -> bool {
        index % u64::from(self.world) == u64::from(self.rank)
    }

    /// The way to the others, if there are any.
    pub(super) fn collective(&self) -> Option<RefMut<'_, Box<dyn Collective>>> {
        self.collective.as_ref().map(RefCell::borrow_mut)
    }

    /// Sums a tensor over all ranks, in place, and waits for it.
    ///
    /// # Errors
    /// See [`Collective::sum`].
    pub fn sum(&self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        let Some(collective) = &self.collective else { return Ok(()) };
        let mut collective = collective.borrow_mut();
        collective.sum(tensor)?;
        collective.wait()
    }

    /// Replaces a tensor by that of rank `root` and waits for it.
    ///
    /// # Errors
    /// See [`Collective::sum`].
    pub fn broadcast(&self, tensor: &mut Tensor, root: u32) -> Result<(), CollectiveError> {
        let Some(collective) = &self.collective else { return Ok(()) };
        let mut collective = collective.borrow_mut();
        collective.broadcast(tensor, root)?;
        collective.wait()
    }

    /// Fills in the numbers that other ranks have: each number is 0 on all ranks but the one that knows it, so that
    /// nothing is rounded.
    ///
    /// # Errors
    /// See [`Collective::sum`].
    pub fn fill_in(&self, numbers: &mut [f64]) -> Result<(), CollectiveError> {
        if self.collective.is_none() {
            return Ok(());
        }
        let mut tensor = Tensor::from_slice(numbers).to_device(self.device);
        self.sum(&mut tensor)?;
        let tensor = tensor.to_device(Device::Cpu).to_kind(Kind::Double);
        numbers.copy_from_slice(&Vec::<f64>::try_from(tensor)?);
        Ok(())
    }

    /// Whether any rank says yes.
    ///
    /// # Errors
    /// See [`Collective::sum`].
    pub fn any(&self, own: bool) -> Result<bool, CollectiveError> {
        let mut votes = vec![0.0; self.world as usize];
        votes[self.rank as usize] = f64::from(u8::from(own));
        self.fill_in(&mut votes)?;
        Ok(votes.iter().any(|vote| *vote > 0.0))
    }

    /// Makes sure that all ranks have the same number of `what`.
    ///
    /// # Errors
    /// [`CollectiveError::Disagreement`] when they have not; see also [`Collective::sum`].
    pub fn agree(&self, what: &str, own: u64) -> Result<(), CollectiveError> {
        let mut numbers = vec![0.0; self.world as usize];
        numbers[self.rank as usize] = own as f64;
        self.fill_in(&mut numbers)?;
        match (0..).zip(&numbers).find(|(_, number)| number.to_bits() != numbers[0].to_bits()) {
            None => Ok(()),
            Some((rank, theirs)) => {
                let (theirs, ours) = (theirs.to_string(), numbers[0].to_string());
                Err(CollectiveError::Disagreement { rank, what: what.to_owned(), theirs, ours })
            }
        }
    }

    /// Takes leave of the others. What follows is this rank's alone.
    ///
    /// # Errors
    /// See [`Collective::finish`].
    pub fn finish(&mut self) -> Result<(), CollectiveError> {
        let collective = self.collective.take();
        self.world = 1;
        collective.map_or(Ok(()), |collective| collective.into_inner().finish())
    }
}
