//! When parts are summed, in which order, and how it ends; over parameters that are a part each.

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
