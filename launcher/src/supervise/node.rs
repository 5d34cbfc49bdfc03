//! On what a run is carried out: GPUs, their driver, the task of Slurm.
//!
//! What the kernel shows is read at once. `nvidia-smi`, which knows more and may take seconds, is asked beside the
//! running trainer, and whoever ends first does not wait for the other.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use spec::status::{Gpu, Node, NodeTask};

use crate::env::listed_gpus;

const DRIVER: &str = "/proc/driver/nvidia";

/// GPUs that a process could see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Visible {
    /// As `CUDA_VISIBLE_DEVICES` names them.
    pub(super) names: Vec<String>,
    /// How many device files there are, where the driver is.
    pub(super) devices: Option<u32>,
}

impl Visible {
    /// What a process would see with this list of GPUs, or with the one of the environment.
    pub(super) fn here(list: Option<&str>) -> Self {
        let inherited = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        let list = list.map(str::to_owned).or(inherited).unwrap_or_default();
        Self { names: listed_gpus(&list), devices: Path::new(DRIVER).join("version").exists().then(device_files) }
    }
}

fn device_files() -> u32 {
    let is_gpu = |name: &str| {
        name.strip_prefix("nvidia").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
    };
    let files = fs::read_dir("/dev").into_iter().flatten().flatten();
    files.filter(|file| file.file_name().to_str().is_some_and(is_gpu)).count() as u32
}

/// What is known of this machine at once.
pub(super) fn describe(task: Option<NodeTask>, visible: &Visible) -> Node {
    Node {
        seedbed: env!("CARGO_PKG_VERSION").to_owned(),
        task,
        gpus: models(Path::new(DRIVER), &visible.names),
        driver: fs::read_to_string(Path::new(DRIVER).join("version")).ok().as_deref().and_then(driver),
    }
}

/// The models of the GPUs called `names`, as the driver's files under `folder` tell.
fn models(folder: &Path, names: &[String]) -> Vec<Gpu> {
    let files = fs::read_dir(folder.join("gpus")).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| fs::read_to_string(file.path().join("information")).ok());
    let mut all: Vec<(u32, String, String)> = texts
        .filter_map(|text| {
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':'));
                line.map(|value| value.trim().to_owned())
            };
            Some((field("Device Minor")?.parse().ok()?, field("GPU UUID").unwrap_or_default(), field("Model")?))
        })
        .collect();
    all.sort();
    let means =
        |name: &str, minor: u32, uuid: &str| name == minor.to_string() || (name.len() > 4 && uuid.starts_with(name));
    let seen = all.into_iter().filter(|(minor, uuid, _)| names.iter().any(|name| means(name, *minor, uuid)));
    seen.map(|(_, _, model)| Gpu { model, memory: None }).collect()
}

/// The version in the driver's own words: `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat …`.
fn driver(text: &str) -> Option<String> {
    let is_version = |word: &&str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}

/// A question to `nvidia-smi` that is under way.
pub(super) struct Inquiry(Option<Receiver<(Vec<Gpu>, Option<String>)>>);

impl Inquiry {
    /// Asks about the GPUs that are `visible`, where there are any and the driver is here.
    pub(super) fn start(visible: &Visible) -> Self {
        if visible.devices.is_none() || visible.names.is_empty() {
            return Self::none();
        }
        let (sender, receiver) = channel();
        let names = visible.names.join(",");
        thread::spawn(move || {
            let mut command = Command::new("nvidia-smi");
            command.args(["--query-gpu=driver_version,memory.total,name", "--format=csv,noheader,nounits", "--id"]);
            let output = command.arg(names).stdin(Stdio::null()).stderr(Stdio::null()).output();
            if let Ok(output) = output.as_ref().map(|output| String::from_utf8_lossy(&output.stdout)) {
                // The supervisor may have ended meanwhile.
                let _ = sender.send(answer(&output));
            }
        });
        Self(Some(receiver))
    }

    /// Nothing is asked.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Adds what has been answered until now.
    pub(super) fn add_to(self, node: &mut Node) {
        let Some((gpus, driver)) = self.0.and_then(|receiver| receiver.try_recv().ok()) else { return };
        if !gpus.is_empty() {
            node.gpus = gpus;
        }
        node.driver = driver.or(node.driver.take());
    }
}

fn answer(text: &str) -> (Vec<Gpu>, Option<String>) {
    let mut version = None;
    let gpu = |line: &str| {
        let mut fields = line.splitn(3, ',').map(str::trim);
        let (driver, memory, model) = (fields.next()?, fields.next()?, fields.next()?);
        version = Some(driver.to_owned());
        Some(Gpu { model: model.to_owned(), memory: memory.parse().ok() })
    };
    let gpus = text.lines().filter_map(gpu).collect();
    (gpus, version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_tells_its_version_and_the_models() {
        let text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:  gcc version 12.2.0\n";
        assert_eq!(driver(text).as_deref(), Some("535.104.05"));
        let folder = tempfile::tempdir().unwrap();
        for (minor, uuid) in [(0, "GPU-aaaa"), (1, "GPU-bbbb")] {
            let gpu = folder.path().join("gpus").join(format!("0000:{minor}"));
            fs::create_dir_all(&gpu).unwrap();
            let text = format!("Model: \t\t NVIDIA A100-{minor}\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n");
            fs::write(gpu.join("information"), text).unwrap();
        }
        let found = |names: &[&str]| -> Vec<String> {
            let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
            models(folder.path(), &names).into_iter().map(|gpu| gpu.model).collect()
        };
        assert_eq!(found(&["1"]), ["NVIDIA A100-1"]);
        assert_eq!(found(&["GPU-aaaa", "1"]), ["NVIDIA A100-0", "NVIDIA A100-1"]);
        assert!(found(&[]).is_empty() && models(Path::new("/nowhere"), &["0".to_owned()]).is_empty());
    }

    #[test]
    fn an_answer_of_nvidia_smi_is_read() {
        let (gpus, driver) = answer("535.104.05, 81920, NVIDIA A100-SXM4-80GB\n535.104.05, [N/A], NVIDIA GB10\n");
        assert_eq!(driver.as_deref(), Some("535.104.05"));
        assert_eq!(gpus[0], Gpu { model: "NVIDIA A100-SXM4-80GB".to_owned(), memory: Some(81920) });
        assert_eq!(gpus[1].memory, None);
        assert_eq!(answer("No devices were found\n"), (Vec::new(), None));
    }
}
