//! What the process takes from outside besides its arguments: the clock, the machine's name, its cores and GPUs.
//!
//! Rooms that only work something out receive these as arguments, so that they can be tested.

use std::path::Path;

use jiff::Timestamp;

/// Now, to the millisecond: RFC 3339, UTC. Later times are later in the order of text, too.
pub fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Now, in a form for file names: `20261123-221530`.
pub fn now_for_names() -> String {
    Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string()
}

/// A text that no other call has given or will give, on any machine.
pub fn token() -> String {
    // The kernel's generator, and where there is none, what tells this process and moment from others.
    let token = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    if token.is_empty() {
        format!("{}-{}-{}", host(), std::process::id(), Timestamp::now().as_nanosecond())
    } else {
        token.trim().to_owned()
    }
}

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Processor cores that this process may use: affinity and cgroup limits count.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// How many turns the threads of a trainer spin while they wait for each other, as a variable of its environment; none
/// where somebody has said how they wait.
///
/// GNU's OpenMP spins for milliseconds: beside other busy programs a small model then trains at a hundredth of its speed.
/// So many turns cost nothing where nobody else is (trainer/benchmark/README.md).
pub fn bounded_spin() -> Option<(&'static str, &'static str)> {
    const TURNS: &str = "GOMP_SPINCOUNT";
    let is_said = ["OMP_WAIT_POLICY", TURNS].iter().any(|name| std::env::var_os(name).is_some());
    (!is_said).then_some((TURNS, "20000"))
}

/// The GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them: that variable's own list where it is set,
/// else one number for each that the driver lists.
pub fn gpus() -> Vec<String> {
    let list = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    usable_gpus(list.as_deref(), || driver_gpus(Path::new("/proc/driver/nvidia/gpus")))
}

fn usable_gpus(list: Option<&str>, count: impl FnOnce() -> usize) -> Vec<String> {
    match list {
        Some(list) => listed_gpus(list),
        None => (0..count()).map(|index| index.to_string()).collect(),
    }
}

/// The GPUs of a `CUDA_VISIBLE_DEVICES` list: numbers, or the ids of GPUs and of their MIG instances. As in CUDA
/// itself, nothing counts from the first name on that is none of these, such as `-1` or `NoDevFiles`.
pub fn listed_gpus(list: &str) -> Vec<String> {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_gpu = |name: &str| is_number(name) || name.starts_with("GPU-") || name.starts_with("MIG-");
    list.split(',').map(str::trim).take_while(|name| is_gpu(name)).map(str::to_owned).collect()
}

fn driver_gpus(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_gpus_ends_where_cuda_ends_it() {
        assert_eq!(listed_gpus("0,1"), ["0", "1"]);
        assert_eq!(listed_gpus(" 0, 3 "), ["0", "3"]);
        assert_eq!(listed_gpus("0,-1,2"), ["0"]);
        assert_eq!(listed_gpus("0,,2"), ["0"]);
        assert_eq!(listed_gpus("GPU-8f3a, 1"), ["GPU-8f3a", "1"]);
        let instances = ["MIG-GPU-8f3a/1/0", "MIG-2b7c"];
        assert_eq!(listed_gpus(&instances.join(",")), instances);
        for none in ["", " ", "-1", "-2", "-1,0", "NoDevFiles", "NoDevFiles,0", "none"] {
            assert_eq!(listed_gpus(none), Vec::<String>::new(), "{none:?}");
        }
    }

    #[test]
    fn without_a_list_those_of_the_driver_are_used() {
        assert_eq!(usable_gpus(None, || 2), ["0", "1"]);
        assert_eq!(usable_gpus(None, || 0), Vec::<String>::new());
        assert_eq!(usable_gpus(Some("1"), || 2), ["1"]);
        assert_eq!(usable_gpus(Some(""), || 2), Vec::<String>::new());
    }
}
