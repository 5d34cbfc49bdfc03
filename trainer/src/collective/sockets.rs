//! Ranks on one machine without GPUs: every other rank sends what it has to rank 0 over a Unix socket, which adds up in
//! the order of the ranks and sends the sum back. So a sum has the same bits every time, and the same on all ranks.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tch::{Kind, Tensor};

use super::error::CollectiveError;
use super::team::Collective;

/// The ranks of one run on this machine, as one of them sees them.
#[derive(Debug)]
pub struct Sockets {
    rank: u32,
    /// Rank 0 has one to every other rank, in their order; every other one has one to rank 0.
    streams: Vec<UnixStream>,
    /// How long it waits for any of them.
    limit: Duration,
}

/// What a rank asks for: all must ask for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Demand {
    /// 0 for a sum, 1 + root for a broadcast.
    operation: u32,
    /// Bytes of an entry.
    width: u32,
    /// Entries.
    count: u64,
}

impl Demand {
    const BYTES: usize = 16;

    fn new(operation: u32, tensor: &Tensor) -> Result<Self, CollectiveError> {
        let width = match tensor.kind() {
            Kind::Float => 4,
            Kind::Double => 8,
            other => return Err(CollectiveError::Kind(format!("{other:?}"))),
        };
        Ok(Self { operation, width, count: tensor.numel() as u64 })
    }

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.operation.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.width.to_le_bytes());
        bytes[8..].copy_from_slice(&self.count.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let number = |begin: usize| {
            let mut part = [0; 4];
            part.copy_from_slice(&bytes[begin..begin + 4]);
            u32::from_le_bytes(part)
        };
        Self { operation: number(0), width: number(4), count: u64::from(number(8)) | u64::from(number(12)) << 32 }
    }

    fn kind(self) -> Kind {
        if self.width == 4 { Kind::Float } else { Kind::Double }
    }

    fn size(self) -> usize {
        self.width as usize * usize::try_from(self.count).expect("invariant: a tensor fits into memory")
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            0 => write!(formatter, "a sum")?,
            root => write!(formatter, "a broadcast of rank {}", root - 1)?,
        }
        write!(formatter, " of {} numbers of {} bytes", self.count, self.width)
    }
}

impl Sockets {
    /// Rank 0: waits at `listener` for `world` − 1 others, at most until `limit` has passed, which is also the
    /// longest time that it later waits for any of them.
    ///
    /// # Errors
    /// When one does not come.
    pub fn accept(listener: &UnixListener, world: u32, limit: Duration) -> Result<Self, CollectiveError> {
        const DURING: &str = "connecting";
        let deadline = Instant::now() + limit;
        let mut streams: Vec<Option<UnixStream>> = (1..world).map(|_| None).collect();
        let missing =
            |streams: &[Option<UnixStream>]| 1 + streams.iter().position(Option::is_none).unwrap_or_default() as u32;
        let lost = |rank: u32| move |source| CollectiveError::Lost { rank, during: DURING, source };
        listener.set_nonblocking(true).map_err(lost(0))?;
        while streams.iter().any(Option::is_none) {
            match listener.accept() {
                Ok((mut stream, _)) => {
                    // Whoever says nothing is no rank of ours.
                    if let Ok(rank) = greeted(&mut stream, limit)
                        && let Some(place) = (rank as usize).checked_sub(1).and_then(|index| streams.get_mut(index))
                    {
                        *place = Some(stream);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(lost(missing(&streams))(io::ErrorKind::TimedOut.into()));
                }
                Err(error) => return Err(lost(missing(&streams))(error)),
            }
        }
        Ok(Self { rank: 0, streams: streams.into_iter().flatten().collect(), limit })
    }

    /// Another rank: goes to rank 0, which listens at `path`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn connect(path: &Path, rank: u32, limit: Duration) -> Result<Self, CollectiveError> {
        let connect = || {
            let mut stream = by_short_name(path, UnixStream::connect)?;
            set_limit(&stream, limit)?;
            stream.write_all(&rank.to_le_bytes())?;
            Ok(stream)
        };
        let lost = |source| CollectiveError::Lost { rank: 0, during: "connecting", source };
        Ok(Self { rank, streams: vec![connect().map_err(lost)?], limit })
    }

    /// The rank at the other end of `streams[index]`.
    fn peer(&self, index: usize) -> u32 {
        if self.rank == 0 { index as u32 + 1 } else { 0 }
    }

    fn write(&mut self, index: usize, bytes: &[u8], during: &'static str) -> Result<(), CollectiveError> {
        let written = self.streams[index].write_all(bytes);
        written.map_err(|source| self.lost(index, during, source))
    }

    fn read(&mut self, index: usize, bytes: &mut [u8], during: &'static str) -> Result<(), CollectiveError> {
        let read = self.streams[index].read_exact(bytes);
        read.map_err(|source| self.lost(index, during, source))
    }

    fn lost(&self, index: usize, during: &'static str, source: io::Error) -> CollectiveError {
        // What the system says of a limit that has passed is that one may try again.
        let source = match source.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                let words = format!("it has been silent for {} s", self.limit.as_secs());
                io::Error::new(io::ErrorKind::TimedOut, words)
            }
            _ => source,
        };
        CollectiveError::Lost { rank: self.peer(index), during, source }
    }

    /// Reads what the rank at `index` sends for `demand`.
    fn receive(&mut self, index: usize, demand: Demand, during: &'static str) -> Result<Tensor, CollectiveError> {
        let mut header = [0; Demand::BYTES];
        self.read(index, &mut header, during)?;
        let found = Demand::from_bytes(header);
        if found != demand {
            let rank = if self.rank == 0 { self.peer(index) } else { self.rank };
            let (theirs, ours) = if self.rank == 0 { (found, demand) } else { (demand, found) };
            return Err(CollectiveError::OutOfStep { rank, theirs: theirs.to_string(), ours: ours.to_string() });
        }
        let mut bytes = vec![0; demand.size()];
        self.read(index, &mut bytes, during)?;
        Ok(Tensor::f_from_data_size(&bytes, &[demand.count.cast_signed()], demand.kind())?)
    }

    fn send(
        &mut self,
        index: usize,
        demand: Demand,
        tensor: &Tensor,
        during: &'static str,
    ) -> Result<(), CollectiveError> {
        let mut bytes = vec![0; Demand::BYTES + demand.size()];
        bytes[..Demand::BYTES].copy_from_slice(&demand.to_bytes());
        tensor.f_contiguous()?.f_copy_data_u8(&mut bytes[Demand::BYTES..], tensor.numel())?;
        self.write(index, &bytes, during)
    }
}

/// Listens at `path`, where nothing is yet.
///
/// # Errors
/// When the system refuses.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    by_short_name(path, UnixListener::bind)
}

/// Has `act` reach `path` by way of its opened folder: the name of a socket has room for a hundred bytes only.
fn by_short_name<T>(path: &Path, act: impl FnOnce(PathBuf) -> io::Result<T>) -> io::Result<T> {
    let folder = File::open(path.parent().unwrap_or(Path::new(".")))?;
    act(Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(path.file_name().unwrap_or_default()))
}

/// The rank that introduces itself.
fn greeted(stream: &mut UnixStream, limit: Duration) -> io::Result<u32> {
    stream.set_nonblocking(false)?;
    // A stranger may not hold up the others.
    set_limit(stream, limit.min(Duration::from_secs(5)))?;
    let mut rank = [0; 4];
    stream.read_exact(&mut rank)?;
    set_limit(stream, limit)?;
    Ok(u32::from_le_bytes(rank))
}

fn set_limit(stream: &UnixStream, limit: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))
}

impl Collective for Sockets {
    fn sum(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        const DURING: &str = "a sum";
        let demand = Demand::new(0, tensor)?;
        if self.rank == 0 {
            for index in 0..self.streams.len() {
                let theirs = self.receive(index, demand, DURING)?;
                let _ = tensor.f_add_(&theirs.f_view_as(tensor)?)?;
            }
            (0..self.streams.len()).try_for_each(|index| self.send(index, demand, tensor, DURING))
        } else {
            self.send(0, demand, tensor, DURING)?;
            let total = self.receive(0, demand, DURING)?;
            tensor.f_copy_(&total.f_view_as(tensor)?)?;
            Ok(())
        }
    }

    fn sum_aside(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        // The processor computes on meanwhile: a sum has a thread of its own then (`GradientSums`).
        self.sum(tensor)
    }

    fn broadcast(&mut self, tensor: &mut Tensor, root: u32) -> Result<(), CollectiveError> {
        const DURING: &str = "a broadcast";
        let demand = Demand::new(1 + root, tensor)?;
        // By way of rank 0, which is the only one that knows all.
        if self.rank != 0 && self.rank == root {
            self.send(0, demand, tensor, DURING)?;
        }
        if self.rank == 0 && root != 0 {
            let theirs = self.receive(root as usize - 1, demand, DURING)?;
            tensor.f_copy_(&theirs.f_view_as(tensor)?)?;
        }
        if self.rank == 0 {
            return (0..self.streams.len()).try_for_each(|index| self.send(index, demand, tensor, DURING));
        }
        let theirs = self.receive(0, demand, DURING)?;
        tensor.f_copy_(&theirs.f_view_as(tensor)?)?;
        Ok(())
    }

    fn wait(&mut self) -> Result<(), CollectiveError> {
        // A sum returns when it is done.
        Ok(())
    }

    fn abort(&mut self) {
        for stream in &self.streams {
            // One that is closed already is what is wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn finish(self: Box<Self>) -> Result<(), CollectiveError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use tch::Device;

    use super::*;

    #[test]
    fn a_rank_that_is_silent_for_too_long_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = listen(&socket).unwrap();
        let limit = Duration::from_secs(1);
        // It has come, and never sends what it should.
        let silent = Sockets::connect(&socket, 1, limit).unwrap();
        let mut first = Sockets::accept(&listener, 2, limit).unwrap();
        let error = first.sum(&mut Tensor::zeros([3], (Kind::Float, Device::Cpu))).unwrap_err();
        assert_eq!(error.to_string(), "rank 1 is gone or stuck (a sum)");
        assert_eq!(error.source().unwrap().to_string(), "it has been silent for 1 s");
        drop(silent);
    }
}
