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

/// The GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them: that variable's own list where it is set, else
/// one number for each that the driver lists.
pub fn gpus() -> Vec<String> {
    match std::env::var("CUDA_VISIBLE_DEVICES") {
        Ok(list) => listed_gpus(&list),
        Err(_) => (0..driver_gpus(Path::new("/proc/driver/nvidia/gpus"))).map(|index| index.to_string()).collect(),
    }
}

/// The GPUs of a `CUDA_VISIBLE_DEVICES` list. CUDA ignores everything from the first negative number on.
fn listed_gpus(list: &str) -> Vec<String> {
    let names = list.split(',').map(str::trim);
    names.take_while(|name| !name.is_empty() && !name.starts_with('-')).map(str::to_owned).collect()
}

fn driver_gpus(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_gpus_ends_at_the_first_negative_number() {
        assert_eq!(listed_gpus("0, 2,-1,3"), ["0", "2"]);
        assert_eq!(listed_gpus("GPU-8f3a"), ["GPU-8f3a"]);
        assert_eq!(listed_gpus(""), Vec::<String>::new());
        assert_eq!(listed_gpus("-1"), Vec::<String>::new());
    }
}
