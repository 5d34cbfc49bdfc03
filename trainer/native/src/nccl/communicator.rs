//! A rank's connection to the others, and what they do together.

use std::ffi::c_int;
use std::ptr;
use std::time::Duration;

use tch::{Device, Kind, Tensor};

use super::abi::{Configuration, Handle, Stream};
use super::element::data_type;
use super::error::NcclError;
use super::library::Nccl;
use super::stream::{Queue, Streams};
use super::unique_id::UniqueId;

const ALL_REDUCE: &str = "ncclAllReduce";

/// Who this rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number, from 0.
    pub rank: u32,
    /// How many ranks there are.
    pub world: u32,
    /// Its GPU, as libtorch numbers those that this process sees. No other rank has the same one.
    pub gpu: u32,
}

/// What becomes of the entries at one place of all ranks (`ncclRedOp_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum.
    Sum = 0,
    /// The largest.
    Maximum = 2,
    /// The smallest.
    Minimum = 3,
}

/// The connection of one rank. Dropped without [`Self::finalise`], it is aborted, which the other ranks notice.
#[derive(Debug)]
pub struct Communicator {
    pub(super) nccl: Nccl,
    /// Null once aborted or finalised.
    pub(super) handle: Handle,
    queue: Queue,
    pub(super) streams: Streams,
    /// What is summed on the side stream: libtorch would give what is freed of it to later work of the main one.
    pub(super) aside: Vec<Tensor>,
    pub(super) limit: Duration,
}

// SAFETY: NCCL lets any thread use a communicator as long as only one does at a time, which `&mut self` sees to; the
// streams are bound to no thread.
unsafe impl Send for Communicator {}

/// A tensor as NCCL takes it.
struct Memory {
    pointer: *mut std::ffi::c_void,
    count: usize,
    data_type: c_int,
}

impl Communicator {
    /// Connects this rank with the others: each must call it with the same `id`. It and all later waits end with
    /// [`NcclError::Timeout`] after `limit`.
    ///
    /// # Errors
    /// When the place is impossible, there is no such GPU, or NCCL objects or does not come to an end.
    pub fn new(nccl: &Nccl, place: Place, id: &UniqueId, limit: Duration) -> Result<Self, NcclError> {
        let Place { rank, world, gpu } = place;
        let gpu = c_int::try_from(gpu).map_err(|_| NcclError::Place { rank, world })?;
        Self::on(Queue::Gpu(gpu), nccl, place, id, limit)
    }

    pub(super) fn on(
        queue: Queue,
        nccl: &Nccl,
        Place { rank, world, .. }: Place,
        id: &UniqueId,
        limit: Duration,
    ) -> Result<Self, NcclError> {
        let wrong = |_| NcclError::Place { rank, world };
        let (ranks, own) = (c_int::try_from(world).map_err(wrong)?, c_int::try_from(rank).map_err(wrong)?);
        if rank >= world {
            return Err(NcclError::Place { rank, world });
        }
        queue.select()?;
        let (nccl, streams) = (nccl.clone(), Streams::of(queue)?);
        let mut communicator = Self { nccl, handle: ptr::null_mut(), queue, streams, aside: Vec::new(), limit };
        let mut configuration = Configuration::without_blocking();
        // SAFETY: both pointers are valid for the call, which copies the configuration; the numbers are checked above.
        let outcome = unsafe {
            let init = communicator.nccl.functions.init_rank;
            init(&raw mut communicator.handle, ranks, id.raw(), own, &raw mut configuration)
        };
        communicator.settle("ncclCommInitRankConfig", outcome)?;
        Ok(communicator)
    }

    /// Replaces each entry of `tensor` by the `reduction` of the entries there of all ranks, whose tensors have the
    /// same kind and number of entries. Only asks for it; see [`Self::wait`].
    ///
    /// The work is laid on the stream on which the thread that made this communicator laid its own, whoever asks.
    ///
    /// # Errors
    /// When the tensor is not dense, not on this rank's GPU or of a kind that NCCL cannot add, or NCCL objects.
    pub fn all_reduce(&mut self, tensor: &mut Tensor, reduction: Reduction) -> Result<(), NcclError> {
        let memory = self.memory(ALL_REDUCE, tensor)?;
        let stream = self.streams.main();
        self.all_reduce_memory(&memory, reduction, stream)
    }

    /// As [`Self::all_reduce`], but beside the computation: it waits for what that stream was asked for until now, and
    /// what the stream is asked for after this does not wait for it before [`Self::wait`]. Until then what the tensor
    /// holds is undefined.
    ///
    /// # Errors
    /// As [`Self::all_reduce`].
    pub fn all_reduce_aside(&mut self, tensor: &mut Tensor, reduction: Reduction) -> Result<(), NcclError> {
        let memory = self.memory(ALL_REDUCE, tensor)?;
        self.queue.select()?;
        let stream = self.streams.follow()?;
        self.aside.push(tensor.shallow_clone());
        self.all_reduce_memory(&memory, reduction, stream)
    }

    fn all_reduce_memory(&mut self, memory: &Memory, reduction: Reduction, stream: Stream) -> Result<(), NcclError> {
        let handle = self.live(ALL_REDUCE)?;
        self.queue.select()?;
        let Memory { pointer, count, data_type } = *memory;
        // SAFETY: the handle is live, and the memory holds `count` entries of that type on this GPU. It stays allocated
        // until the work has run: libtorch gives what is freed on the main stream only to later work of that stream,
        // and what is summed beside it is kept.
        let outcome = unsafe {
            (self.nccl.functions.all_reduce)(pointer, pointer, count, data_type, reduction as c_int, handle, stream)
        };
        self.settle(ALL_REDUCE, outcome)
    }

    /// Replaces `tensor` by that of rank `root`; as [`Self::all_reduce`] otherwise.
    ///
    /// # Errors
    /// As [`Self::all_reduce`], and of NCCL when there is no such rank.
    pub fn broadcast(&mut self, tensor: &mut Tensor, root: u32) -> Result<(), NcclError> {
        let memory = self.memory("ncclBroadcast", tensor)?;
        self.broadcast_memory(&memory, root)
    }

    fn broadcast_memory(&mut self, memory: &Memory, root: u32) -> Result<(), NcclError> {
        const CALL: &str = "ncclBroadcast";
        let handle = self.live(CALL)?;
        self.queue.select()?;
        let stream = self.streams.main();
        let Memory { pointer, count, data_type } = *memory;
        // A number beyond `c_int` is as wrong as −1, and NCCL says so.
        let root = c_int::try_from(root).unwrap_or(-1);
        // SAFETY: as in `all_reduce_memory`; NCCL checks the root.
        let outcome =
            unsafe { (self.nccl.functions.broadcast)(pointer, pointer, count, data_type, root, handle, stream) };
        self.settle(CALL, outcome)
    }

    /// Waits until every rank is here.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn barrier(&mut self) -> Result<(), NcclError> {
        self.live("barrier")?;
        let mut present = Tensor::ones([1], (Kind::Int, self.device()));
        self.all_reduce(&mut present, Reduction::Sum)?;
        self.wait()
    }

    /// Ends the connection in order: every rank must call it.
    ///
    /// # Errors
    /// When another rank does not come, or something failed before.
    pub fn finalise(mut self) -> Result<(), NcclError> {
        const CALL: &str = "ncclCommFinalize";
        self.wait()?;
        let handle = self.live(CALL)?;
        // SAFETY: the handle is live.
        let outcome = unsafe { (self.nccl.functions.finalize)(handle) };
        self.settle(CALL, outcome)?;
        self.handle = ptr::null_mut();
        // SAFETY: the communicator is finalised, and nobody uses the handle after this.
        let outcome = unsafe { (self.nccl.functions.destroy)(handle) };
        self.nccl.check("ncclCommDestroy", outcome)
    }

    /// Ends the connection at once, and the work that waits in it. The other ranks notice, and every later call fails.
    pub fn abort(&mut self) {
        self.give_up();
    }

    fn device(&self) -> Device {
        match self.queue {
            Queue::Gpu(index) => {
                Device::Cuda(usize::try_from(index).expect("invariant: a GPU's number is not negative"))
            }
            #[cfg(test)]
            Queue::Pretended => Device::Cpu,
        }
    }

    pub(super) fn live(&self, call: &'static str) -> Result<Handle, NcclError> {
        if self.handle.is_null() { Err(NcclError::Aborted { call }) } else { Ok(self.handle) }
    }

    fn memory(&self, call: &'static str, tensor: &Tensor) -> Result<Memory, NcclError> {
        let wrong = |reason: String| NcclError::Tensor { call, reason };
        if tensor.device() != self.device() {
            return Err(wrong(format!("the tensor is on {:?}, but this rank on {:?}", tensor.device(), self.device())));
        }
        if !tensor.is_contiguous() {
            return Err(wrong("the tensor's entries do not lie side by side".to_owned()));
        }
        if tensor.requires_grad() {
            return Err(wrong("the tensor requires a gradient, which would not notice".to_owned()));
        }
        let kind = tensor.kind();
        let data_type = data_type(kind).ok_or_else(|| wrong(format!("NCCL has no {kind:?}")))?;
        Ok(Memory { pointer: tensor.data_ptr(), count: tensor.numel(), data_type })
    }
}

impl Drop for Communicator {
    fn drop(&mut self) {
        self.give_up();
    }
}
