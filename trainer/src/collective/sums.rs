//! Sums of gradients that begin while the backward pass still makes others.
//!
//! The gradient buffer is cut into a few parts of whole parameters. A part is summed over the ranks as soon as a rank's
//! last pass of the step has completed its gradients, by a thread beside the one that computes. All ranks sum the parts
//! in one order, which is about the order in which a backward pass completes them: the last layer's matrices first, and
//! at the end the vectors, of which every layer has some.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use native::{GradientWatch, TorchError};
use tch::Tensor;

use super::error::CollectiveError;
use super::team::Team;
use crate::parameters::{Declaration, Parameters};

/// Into about how many parts the gradients are cut.
const PARTS: i64 = 8;

/// Entries, of four bytes each, below which a part is not worth a message of its own: a mebibyte.
const FEWEST: i64 = 1 << 18;

/// How the gradients of a network are summed over the ranks that share it.
#[derive(Debug)]
pub struct GradientSums(Option<Watched>);

#[derive(Debug)]
struct Watched {
    /// The parts of the flat buffer, in the order in which they are summed.
    parts: Vec<Range<i64>>,
    /// How many parameters lie in each.
    sizes: Vec<usize>,
    progress: Arc<Progress>,
    _watch: GradientWatch,
}

impl GradientSums {
    /// Those of one rank alone, or of ranks that sum everything when the passes are done.
    pub fn unwatched() -> Self {
        Self(None)
    }

    /// Watches the gradients of `parameters`. A rank alone has nothing to sum, and nothing is watched.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn of(parameters: &Parameters, team: &Team) -> Result<Self, TorchError> {
        if team.world() == 1 {
            return Ok(Self::unwatched());
        }
        let declarations = parameters.declarations();
        let entries: Vec<i64> = declarations.iter().map(Declaration::size).collect();
        let (parts, part_of) = cut(&entries, declarations.iter().filter(|declaration| declaration.decays).count());
        let mut sizes = vec![0; parts.len()];
        for part in &part_of {
            sizes[*part] += 1;
        }
        let leaves: Vec<Tensor> = declarations.iter().map(|declaration| parameters.leaf(&declaration.name)).collect();
        let progress = Arc::new(Progress::default());
        let told = Arc::clone(&progress);
        let watch = GradientWatch::new(&leaves, move |parameter| told.complete_one(part_of[parameter]))?;
        Ok(Self(Some(Watched { parts, sizes, progress, _watch: watch })))
    }

    /// Does `passes`, all that this rank makes of a step, and sums `gradients`, the flat buffer, over the ranks of
    /// `team`. The sums are there when this returns. The passes must not ask the team for anything: it is busy with the
    /// sums.
    ///
    /// # Errors
    /// Those of `passes`, after which the other ranks are left: they would wait for sums that never come. Or another
    /// rank is gone.
    pub fn during<R, E: From<CollectiveError>>(
        &self,
        (team, gradients): (&Team, &Tensor),
        passes: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        let Some((Watched { parts, sizes, progress, .. }, mut held)) = self.0.as_ref().zip(team.collective()) else {
            let result = passes()?;
            team.sum(&mut gradients.shallow_clone())?;
            return Ok(result);
        };
        progress.begin(sizes);
        let (collective, gradients) = (held.as_mut(), gradients.shallow_clone());
        let sum = move || {
            for (index, part) in parts.iter().enumerate() {
                if !progress.wait_for(index) {
                    collective.abort();
                    return Ok(());
                }
                collective.sum_aside(&mut gradients.f_narrow(0, part.start, part.end - part.start)?)?;
            }
            collective.wait()
        };
        thread::scope(|scope| {
            // A thread a step: what it costs, some tens of microseconds, buys that nothing outlives the step.
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
            watched.progress.state().is_last_pass = true;
        }
    }
}

/// Cuts parameters of these `sizes`, of which the first are `matrices`, into parts; and the part of each. The matrices
/// are cut from their end on, and all the rest is the last part.
fn cut(sizes: &[i64], matrices: usize) -> (Vec<Range<i64>>, Vec<usize>) {
    let whole: i64 = sizes.iter().sum();
    let enough = (whole / PARTS).max(FEWEST);
    let begin_of_vectors = sizes[..matrices].iter().sum();
    let (mut parts, mut part_of): (Vec<Range<i64>>, _) = (Vec::new(), vec![0; sizes.len()]);
    let mut end = begin_of_vectors;
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
        parts.push(begin_of_vectors..whole);
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
    is_last_pass: bool,
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

    fn begin(&self, sizes: &[usize]) {
        *self.state() = State { missing: sizes.to_vec(), is_last_pass: false, end: None };
    }

    fn complete_one(&self, part: usize) {
        let mut state = self.state();
        if state.is_last_pass {
            // Another pass after the last would be a mistake of the step's; the sum would be wrong, the end must not
            // be.
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
#[path = "sums_tests.rs"]
mod tests;
