//! When parts are summed, in which order, and how it ends; over parameters that are a part each.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tch::{Device, Kind};

use super::*;
use crate::collective::Collective;
use crate::parameters::Start;

const LONG: i64 = FEWEST;

/// What the ranks were asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    /// A sum: the number of entries, and the first of them.
    Sum(i64, f64),
    Wait,
    Abort,
}

/// Ranks of which the others have the same gradients, and which tell of everything. What is summed aside is summed when
/// it is waited for, not before.
#[derive(Debug)]
struct Twins {
    tell: Sender<Asked>,
    aside: Vec<Tensor>,
}

impl Twins {
    fn tell(&self, asked: Asked) -> Result<(), CollectiveError> {
        self.tell.send(asked).map_err(|_| CollectiveError::Refused("nobody listens".to_owned()))
    }
}

impl Collective for Twins {
    fn sum(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        self.sum_aside(tensor)
    }

    fn sum_aside(&mut self, tensor: &mut Tensor) -> Result<(), CollectiveError> {
        self.aside.push(tensor.shallow_clone());
        self.tell(Asked::Sum(tensor.size()[0], tensor.double_value(&[0])))
    }

    fn broadcast(&mut self, _: &mut Tensor, _: u32) -> Result<(), CollectiveError> {
        unreachable!("invariant: gradients are summed")
    }

    fn wait(&mut self) -> Result<(), CollectiveError> {
        for mut tensor in self.aside.drain(..) {
            let _ = tensor.f_mul_scalar_(2.0)?;
        }
        self.tell(Asked::Wait)
    }

    fn abort(&mut self) {
        self.aside.clear();
        let _ = self.tell(Asked::Abort);
    }

    fn finish(self: Box<Self>) -> Result<(), CollectiveError> {
        Ok(())
    }
}

/// Two matrices that are a part each, a vector, and the second of two ranks.
fn stage() -> (Parameters, Team, Receiver<Asked>) {
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
    (parameters, Team::new(1, 2, Device::Cpu, Box::new(Twins { tell, aside: Vec::new() })), told)
}

fn pass(parameters: &Parameters, name: &str) {
    (parameters.leaf(name) * 5.0).sum(Kind::Float).backward();
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_part_is_summed_while_the_passes_still_make_others() {
    let (parameters, team, told) = stage();
    let sums = GradientSums::of(&parameters, &team).unwrap();
    for _ in 0..2 {
        parameters.clear_gradients();
        let passes = || {
            // The first of two passes completes nothing.
            pass(&parameters, "second");
            pass(&parameters, "first");
            sums.last_pass();
            assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
            pass(&parameters, "second");
            assert_eq!(told.recv_timeout(SOON), Ok(Asked::Sum(LONG, 10.0)));
            pass(&parameters, "first");
            assert_eq!(told.recv_timeout(SOON), Ok(Asked::Sum(LONG, 10.0)));
            Ok::<_, CollectiveError>(7)
        };
        assert_eq!(sums.during((&team, parameters.gradients()), passes).unwrap(), 7);
        // Nothing reached the vector, and all ranks must sum the same parts; the sums are there.
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [Asked::Sum(3, 0.0), Asked::Wait]);
        let found = |name: &str| parameters.leaf(name).grad().double_value(&[0]);
        assert_eq!((found("first"), found("second"), found("vector")), (20.0, 20.0, 0.0));
    }
}

#[test]
fn a_rank_without_a_pass_sums_all_the_same() {
    let (parameters, team, told) = stage();
    let on = (&team, parameters.gradients());
    let passes = || Ok::<_, CollectiveError>(());
    let watched = GradientSums::of(&parameters, &team).unwrap();
    watched.during(on, passes).unwrap();
    let parts = [Asked::Sum(LONG, 0.0), Asked::Sum(LONG, 0.0), Asked::Sum(3, 0.0), Asked::Wait];
    assert_eq!(told.try_iter().collect::<Vec<_>>(), parts);
    GradientSums::unwatched().during(on, passes).unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Asked::Sum(2 * LONG + 3, 0.0), Asked::Wait]);
    drop(told);
    let lost = watched.during(on, passes).unwrap_err();
    assert_eq!(lost.to_string(), "rank 0 ended the start: nobody listens");
}

#[test]
fn passes_that_fail_leave_the_others() {
    let (parameters, team, told) = stage();
    let sums = GradientSums::of(&parameters, &team).unwrap();
    let on = (&team, parameters.gradients());
    let failing = |panics: bool| {
        sums.last_pass();
        pass(&parameters, "second");
        assert_eq!(told.recv_timeout(SOON), Ok(Asked::Sum(LONG, 5.0)));
        assert!(!panics, "as asked for");
        Err::<(), _>(CollectiveError::Refused("no".to_owned()))
    };
    let failed = sums.during(on, || failing(false)).unwrap_err();
    assert_eq!(failed.to_string(), "rank 0 ended the start: no");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Asked::Abort]);
    parameters.clear_gradients();
    let unwound = panic::catch_unwind(AssertUnwindSafe(|| sums.during(on, || failing(true))));
    assert!(unwound.is_err());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Asked::Abort]);
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
