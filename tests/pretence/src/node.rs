//! The tasks, really carried out: each a process of its own, started as Slurm would.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::FOLDER;
use crate::cluster::Cluster;
use crate::job::Job;
use crate::store::Store;

/// A node: the tasks that run now.
#[derive(Debug)]
pub struct Node {
    store: Store,
    path: String,
    running: Vec<(u32, u32, Child)>,
}

/// Tasks that run side by side.
const SLOTS: usize = 4;

impl Node {
    /// A node of the cluster in `store`, whose tasks find their programs on `path`.
    pub fn new(store: Store, path: String) -> Self {
        Self { store, path, running: Vec::new() }
    }

    /// Notes which tasks have ended, and starts others where there is room. Says whether nothing is left to do.
    ///
    /// # Errors
    /// The cluster cannot be read or written, or a script not be started.
    pub fn turn(&mut self) -> io::Result<bool> {
        let mut ended = Vec::new();
        for position in (0..self.running.len()).rev() {
            if let Some(status) = self.running[position].2.try_wait()? {
                let (number, index, _) = self.running.swap_remove(position);
                ended.push((number, index, status));
            }
        }
        let cluster = self.store.read()?;
        let waits = cluster.known().any(|(_, task)| task.is_pending() && !task.held);
        if ended.is_empty() && (!waits || self.running.len() >= SLOTS) {
            return Ok(!waits && self.running.is_empty());
        }
        let (store, path) = (self.store.clone(), self.path.clone());
        store.change(|cluster| {
            for (number, index, status) in ended {
                note(cluster, number, index, status);
            }
            while self.running.len() < SLOTS {
                match start_next(cluster, store.folder(), &path)? {
                    Some(started) => self.running.push(started),
                    None => break,
                }
            }
            Ok(false)
        })?
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        for (.., child) in &mut self.running {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = child.wait();
        }
    }
}

/// Writes down how a task ended.
fn note(cluster: &mut Cluster, number: u32, index: u32, status: ExitStatus) {
    let clock = cluster.clock();
    let Some(task) = cluster.task_mut(number, index) else { return };
    let exit = (status.code().unwrap_or(0) as u8, status.signal().unwrap_or(0) as u8);
    let state = task.fate.clone().unwrap_or_else(|| {
        let own = if task.comes_back { "REQUEUED" } else { "FAILED" };
        if exit == (0, 0) { "COMPLETED" } else { own }.to_owned()
    });
    task.end(&state, exit, clock);
}

/// Starts the first task that waits.
fn start_next(cluster: &mut Cluster, folder: &Path, path: &str) -> io::Result<Option<(u32, u32, Child)>> {
    let first = cluster.known().find(|(_, task)| task.is_pending() && !task.held);
    let Some((number, index)) = first.map(|(job, task)| (job.number, task.index)) else { return Ok(None) };
    // The last task of an array to start keeps the array's own number.
    let last = cluster.known().filter(|(job, task)| job.number == number && task.raw == 0).count() == 1;
    let raw = if last { number } else { cluster.number() };
    let clock = cluster.clock();
    let (user, job) = (cluster.user.clone(), cluster.jobs.iter().rev().find(|job| job.number == number).cloned());
    let (Some(job), Some(task)) = (job, cluster.task_mut(number, index)) else { return Ok(None) };
    if task.raw == 0 {
        task.raw = raw;
    }
    let mut command = batch(&job, index, folder)?;
    command.env("SLURM_JOB_ID", task.raw.to_string()).env("PATH", path).env("USER", user).env(FOLDER, folder);
    if !task.past.is_empty() {
        command.env("SLURM_RESTART_COUNT", task.past.len().to_string());
    }
    let child = command.spawn()?;
    task.process = i32::try_from(child.id()).ok();
    "RUNNING".clone_into(&mut task.now.state);
    task.now.started = Some(clock);
    Ok(Some((number, index, child)))
}

/// The command that carries out the batch script for one task.
fn batch(job: &Job, index: u32, folder: &Path) -> io::Result<Command> {
    let script = folder.join(format!("job{}", job.number));
    if !script.exists() {
        std::fs::write(&script, &job.script)?;
    }
    let shell = job.script.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or("/bin/sh");
    let mut words = shell.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("/bin/sh"));
    command.args(words).arg(script).env_clear().current_dir(&job.directory).process_group(0);
    let output = OpenOptions::new().create(true).append(true).open(output(job, index))?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let (count, first) = (job.tasks.len(), job.tasks.iter().map(|task| task.index).min().unwrap_or(0));
    let variables = [
        ("SLURM_ARRAY_JOB_ID", job.number.to_string()),
        ("SLURM_ARRAY_TASK_ID", index.to_string()),
        ("SLURM_ARRAY_TASK_COUNT", count.to_string()),
        ("SLURM_ARRAY_TASK_MIN", first.to_string()),
        ("SLURM_JOB_NAME", job.name.clone()),
        ("SLURM_JOB_PARTITION", job.partition.clone()),
        ("SLURM_JOB_NODELIST", "node1".to_owned()),
        ("SLURM_EXPORT_ENV", "NONE".to_owned()),
    ];
    command.envs(variables);
    if job.gpus > 0 {
        let devices: Vec<String> = (0..job.gpus).map(|device| device.to_string()).collect();
        command.env("CUDA_VISIBLE_DEVICES", devices.join(","));
    }
    Ok(command)
}

/// The file that `--output` names: `%A` is the array, `%a` the task, `%%` a per cent sign.
fn output(job: &Job, index: u32) -> PathBuf {
    let (array, task) = (job.number.to_string(), index.to_string());
    let mut name = String::new();
    let mut characters = job.output.chars();
    while let Some(character) = characters.next() {
        match (character, if character == '%' { characters.next() } else { None }) {
            ('%', Some('A')) => name += &array,
            ('%', Some('a')) => name += &task,
            ('%', Some(other)) => name.push(other),
            _ => name.push(character),
        }
    }
    PathBuf::from(name)
}
