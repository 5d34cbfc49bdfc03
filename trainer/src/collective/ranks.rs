//! A run's process becomes one of its ranks.

use std::path::Path;

use native::cuda::Availability;
use spec::identity::Digest;
use spec::layout::RunLayout;
use spec::{ExitCode, Failure, RunSpec};
use tch::Device;

use super::call::Call;
use super::rendezvous::{self, Introduction};
use super::team::Team;
use crate::device;
use crate::failure::as_failure;

/// Which rank the environment wants this process to be; none where it carries out a run by itself.
///
/// # Errors
/// When the environment makes no sense.
pub fn call() -> Result<Option<Call>, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let call = Call::from_environment(variable).map_err(as_failure)?;
    if call.as_ref().is_some_and(|call| !call.is_task) {
        stay_with_leader();
    }
    Ok(call)
}

/// The device of this process, and the ranks that share `run` with it.
///
/// # Errors
/// When there is no such device, or the ranks do not come together.
pub fn join(
    run: &RunSpec,
    directory: &Path,
    call: Option<&Call>,
    cuda: &Availability,
) -> Result<(Device, Team), Failure> {
    let first = device::choose(run.execution.device, device::Said::InSweep, cuda)?;
    let Some(call) = call else { return Ok((first, Team::alone())) };
    let device = own_device(call, first, cuda)?;
    let content = std::fs::read(RunLayout::new(directory).spec()).unwrap_or_default();
    let own = Introduction {
        host: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned(),
        process: std::process::id(),
        world: call.world,
        spec: Digest::of(&content).to_string(),
        device: match device {
            Device::Cuda(_) => "a GPU".to_owned(),
            other => device::describe(other),
        },
        versions: device::versions(),
    };
    let team = rendezvous::meet(call, &own, device).map_err(as_failure)?;
    Ok((device, team))
}

/// The GPU of a rank is that of its number on its machine, among those that all ranks there see.
fn own_device(call: &Call, first: Device, cuda: &Availability) -> Result<Device, Failure> {
    let Device::Cuda(_) = first else { return Ok(first) };
    let index = call.local_rank as usize;
    match cuda {
        Availability::Loaded { devices } if index < *devices => Ok(Device::Cuda(index)),
        _ => {
            let words = format!(
                "rank {} of {} needs the GPU with number {index}, but this is what there is: {}",
                call.rank,
                call.world,
                device::in_words(cuda)
            );
            let hint = "every rank needs a GPU of its own: ask for fewer, or look what CUDA_VISIBLE_DEVICES hides";
            Err(Failure::new(ExitCode::Unavailable, words).hint(hint))
        }
    }
}

/// Ties this process to the one that started it: should that be killed, nobody else would end the ranks.
fn stay_with_leader() {
    // Where the system refuses, the ranks end all the same, as soon as they wait for one another.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_rank_without_a_gpu_of_its_own_says_so() {
        let call = Call {
            rank: 5,
            world: 8,
            local_rank: 1,
            local_world: 4,
            is_task: false,
            rendezvous: "/r".into(),
            patience: Duration::from_secs(1),
        };
        let two = Availability::Loaded { devices: 2 };
        assert_eq!(own_device(&call, Device::Cuda(0), &two).unwrap(), Device::Cuda(1));
        assert_eq!(own_device(&call, Device::Cpu, &two).unwrap(), Device::Cpu);
        let hidden = own_device(&call, Device::Cuda(0), &Availability::Loaded { devices: 1 }).unwrap_err();
        insta::assert_snapshot!(hidden.render(), @r"
        error: rank 5 of 8 needs the GPU with number 1, but this is what there is: 1 GPU
        hint: every rank needs a GPU of its own: ask for fewer, or look what CUDA_VISIBLE_DEVICES hides
        ");
    }
}
