//! Sums of gradients that begin while the backward pass still makes others.
//!
//! The gradient buffer is cut into a few parts of whole parameters. A part is summed over the ranks as soon as a rank's last pass
//! of the step has completed its gradients, by a thread beside the one that computes. All ranks sum the parts in one order, which is
//! about the order in which a backward pass completes them: the last layer's matrices first, and at the end the vectors, of
//! which every layer has some.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use native::{GradientWatch, TorchError};
use tch::Tensor;

use super::error::CollectiveError;
use super::team::Team;
use crate::parameters::{Declaration, Parameters};

/// Into about how many parts the gradients are cut, and the entries below which a part is not worth a message of its own (1 MiB).
const PARTS: i64 = 8;
const FEWEST: i64 = 1 << 18;

/// How the gradients of a network are summed over the ranks that share it.
#[derive(Debug)]
pub struct GradientSums(Option<Watched>);

#[derive(Debug)]
struct Watched {
    /// The parts of the flat buffer, in the order in which they are summed.
    parts: Vec<Range<i64>>,
    /// How many parameters lie in each.
    counts: Vec<usize>,
    progress: Arc<Progress>,
    _watch: GradientWatch,
}

impl GradientSums {
    /// Those of one rank alone.
    pub fn alone() -> Self {
        Self(None)
    }

    /// Watches the gradients of `parameters`. A rank alone has nothing to sum, and nothing is watched.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn of(parameters: &Parameters, team: &Team) -> Result<Self, TorchError> {
        if team.world() == 1 {
            return Ok(Self::alone());
        }
        let declarations = parameters.declarations();
        let sizes: Vec<i64> = declarations.iter().map(Declaration::size).collect();
        let (parts, part_of) = cut(&sizes, declarations.iter().filter(|declaration| declaration.decays).count());
        let mut counts = vec![0; parts.len()];
        for part in &part_of {
            counts[*part] += 1;
        }
        let leaves: Vec<Tensor> = declarations.iter().map(|declaration| parameters.leaf(&declaration.name)).collect();
        let progress = Arc::new(Progress::default());
        let told = Arc::clone(&progress);
        let watch = GradientWatch::new(&leaves, move |parameter| told.complete_one(part_of[parameter]))?;
        Ok(Self(Some(Watched { parts, counts, progress, _watch: watch })))
    }

    /// Does `passes`, all that this rank makes of a step, and sums `gradients`, the flat buffer, over the ranks of `team`. The sums
    /// are there when this returns.
    ///
    /// # Errors
    /// Those of `passes`, or another rank is gone.
    pub fn during<R, E: From<CollectiveError>>(
        &self,
        (team, gradients): (&Team, &Tensor),
        passes: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        let Some((Watched { parts, counts, progress, .. }, mut held)) = self.0.as_ref().zip(team.collective()) else {
            return passes();
        };
        progress.begin(counts);
        let (collective, gradients) = (held.as_mut(), gradients.shallow_clone());
        let sum = move || {
            for (index, part) in parts.iter().enumerate() {
                if !progress.wait_for(index) {
                    return Ok(());
                }
                collective.sum_aside(&mut gradients.f_narrow(0, part.start, part.end - part.start)?)?;
            }
            collective.wait()
        };
        thread::scope(|scope| {
            let summing = thread::Builder::new().name("sums".to_owned()).spawn_scoped(scope, sum);
            let summing = summing.map_err(CollectiveError::Thread)?;
            let mut end = End { progress, how: How::Abandoned };
            let result = passes();
            if result.is_ok() {
                end.how = How::Complete;
            }
            drop(end);
            let sums = summing.join().expect("invariant: summing does not panic");
            let result = result?;
            sums?;
            Ok(result)
        })
    }

    /// Says that the next pass is the last of the step: what it completes is complete.
    pub fn last_pass(&self) {
        if let Some(watched) = &self.0 {
            watched.progress.state().counts = true;
        }
    }
}

/// Cuts parameters of these `sizes`, of which the first are `matrices`, into parts; and the part of each. The matrices are cut from
/// their end on, and all the rest is the last part.
fn cut(sizes: &[i64], matrices: usize) -> (Vec<Range<i64>>, Vec<usize>) {
    let whole: i64 = sizes.iter().sum();
    let enough = (whole / PARTS).max(FEWEST);
    let vectors = sizes[..matrices].iter().sum();
    let (mut parts, mut part_of): (Vec<Range<i64>>, _) = (Vec::new(), vec![0; sizes.len()]);
    let mut end = vectors;
    for index in (0..matrices).rev() {
        let start = end - sizes[index];
        match parts.last_mut() {
            Some(part) if part.end - part.start < enough => part.start = start,
            _ => parts.push(start..end),
        }
        part_of[index] = parts.len() - 1;
        end = start;
    }
    if matrices < sizes.len() {
        part_of[matrices..].fill(parts.len());
        parts.push(vectors..whole);
    }
    (parts, part_of)
}

/// How far the last pass of a step is.
#[derive(Debug, Default)]
struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many gradients each part still waits for.
    missing: Vec<usize>,
    /// Whether the last pass has begun.
    counts: bool,
    /// How the passes have ended.
    end: Option<How>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Complete,
    Abandoned,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("invariant: nobody panics with the lock")
    }

    fn begin(&self, counts: &[usize]) {
        *self.state() = State { missing: counts.to_vec(), counts: false, end: None };
    }

    fn complete_one(&self, part: usize) {
        let mut state = self.state();
        if state.counts {
            // Another pass after the last would be a mistake of the step's; the sum would be wrong, the end must not be.
            state.missing[part] = state.missing[part].saturating_sub(1);
            if state.missing[part] == 0 {
                self.changed.notify_one();
            }
        }
    }

    fn finish(&self, how: How) {
        self.state().end = Some(how);
        self.changed.notify_one();
    }

    /// Waits until the gradients of a part are complete; false if they never will be.
    fn wait_for(&self, part: usize) -> bool {
        let pending = |state: &mut State| state.end.is_none() && state.missing[part] > 0;
        let state = self.changed.wait_while(self.state(), pending).expect("invariant: nobody panics with the lock");
        state.end != Some(How::Abandoned)
    }
}

/// Says how the passes have ended, whatever happens to them: the thread must not wait for ever.
struct End<'a> {
    progress: &'a Progress,
    how: How,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.progress.finish(self.how);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use tch::{Device, Kind};

    use super::*;
    use crate::collective::Collective;
    use crate::parameters::Start;

    const LONG: i64 = FEWEST;

    /// Ranks of which the others have the same gradients, and which tell of every sum.
    #[derive(Debug)]
    struct Twins(Sender<(i64, f64)>);

    impl Collective for Twins {
        fn sum(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
            let seen = (tensor.size()[0], tensor.double_value(&[0]));
            let _ = tensor.f_mul_scalar_(2.0)?;
            self.0.send(seen).map_err(|_| CollectiveError::Refused("nobody listens".to_owned()))
        }

        fn sum_aside(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
            self.sum(tensor)
        }

        fn broadcast(&mut self, _: &mut Tensor, _: u32) -> Result<(), CollectiveError> {
            unreachable!("invariant: gradients are summed")
        }

        fn wait(&mut self) -> Result<(), CollectiveError> {
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<(), CollectiveError> {
            Ok(())
        }
    }

    /// Two matrices that are a part each, a vector, and the second of two ranks.
    fn stage() -> (Parameters, Team, Receiver<(i64, f64)>) {
        let declaration = |name: &str, size, decays| Declaration {
            name: name.to_owned(),
            shape: vec![size],
            start: Start::Constant(1.0),
            decays,
        };
        let declarations =
            vec![declaration("first", LONG, true), declaration("vector", 3, false), declaration("second", LONG, true)];
        let parameters = Parameters::new(declarations, 0, Device::Cpu).unwrap();
        let (tell, told) = channel();
        (parameters, Team::new(1, 2, Device::Cpu, Box::new(Twins(tell))), told)
    }

    fn pass(parameters: &Parameters, name: &str) {
        (parameters.leaf(name) * 5.0).sum(Kind::Float).backward();
    }

    #[test]
    fn a_part_is_summed_while_the_passes_still_make_others() {
        let (parameters, team, told) = stage();
        let sums = GradientSums::of(&parameters, &team).unwrap();
        for _ in 0..2 {
            parameters.clear_gradients();
            let soon = Duration::from_secs(20);
            let passes = || {
                // The first of two passes completes nothing.
                pass(&parameters, "second");
                pass(&parameters, "first");
                sums.last_pass();
                assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
                pass(&parameters, "second");
                assert_eq!(told.recv_timeout(soon), Ok((LONG, 10.0)));
                pass(&parameters, "first");
                assert_eq!(told.recv_timeout(soon), Ok((LONG, 10.0)));
                Ok::<_, CollectiveError>(7)
            };
            assert_eq!(sums.during((&team, parameters.gradients()), passes).unwrap(), 7);
            // Nothing reached the vector, and all ranks must sum the same parts.
            assert_eq!(told.try_recv(), Ok((3, 0.0)));
            let found = |name: &str| parameters.leaf(name).grad().double_value(&[0]);
            assert_eq!((found("first"), found("second"), found("vector")), (20.0, 20.0, 0.0));
        }
    }

    #[test]
    fn a_rank_without_a_pass_sums_all_the_same_and_a_failed_one_nothing() {
        let (parameters, team, told) = stage();
        let sums = GradientSums::of(&parameters, &team).unwrap();
        let on = (&team, parameters.gradients());
        sums.during(on, || Ok::<_, CollectiveError>(())).unwrap();
        assert_eq!(told.try_iter().map(|(size, _)| size).collect::<Vec<_>>(), [LONG, LONG, 3]);
        let failed = sums.during(on, || Err::<(), _>(CollectiveError::Refused("no".to_owned()))).unwrap_err();
        assert_eq!((failed.to_string().as_str(), told.try_iter().count()), ("rank 0 ended the start: no", 0));
        drop(told);
        let lost = sums.during(on, || Ok::<_, CollectiveError>(())).unwrap_err();
        assert_eq!(lost.to_string(), "rank 0 ended the start: nobody listens");
    }

    #[test]
    fn parts_are_whole_parameters_and_together_the_whole_buffer() {
        let million = 1 << 20;
        let (parts, part_of) = cut(&[10 * million, 5, million, million, million, million, 3, 2], 6);
        assert_eq!(part_of, [2, 2, 1, 1, 0, 0, 3, 3]);
        let ends = [14 * million + 5, 12 * million + 5, 10 * million + 5, 0];
        assert_eq!(parts, [ends[1]..ends[0], ends[2]..ends[1], ends[3]..ends[2], ends[0]..ends[0] + 5]);
        for matrices in [0, 2] {
            let (parts, part_of) = cut(&[4, 4], matrices);
            assert_eq!((&parts[0], parts.len(), part_of), (&(0..8), 1, vec![0, 0]));
        }
    }
}
