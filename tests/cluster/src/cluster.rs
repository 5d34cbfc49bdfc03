use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::configuration::Ports;
use crate::daemon::{Daemon, Starter};
use crate::{ClusterError, Options};

/// How long anything may take to come up, also where many clusters do so at once on a machine that has other work.
const PATIENCE: Duration = Duration::from_mins(4);
/// How long a daemon may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(4);
/// How long a controller may take, that a test needs again: it hands over what it owes to the keeper of accounts.
const LAST_WORDS: Duration = Duration::from_mins(1);

/// How many lines of a log are shown when something went wrong.
const LAST_LINES: usize = 30;

/// A running cluster. Dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    pub(crate) options: Options,
    starter: Starter,
    daemons: Mutex<Daemons>,
    pub(crate) ports: Ports,
}

#[derive(Debug, Default)]
pub(crate) struct Daemons {
    pub(crate) munge: Option<Daemon>,
    pub(crate) storage: Option<Daemon>,
    database: Option<Daemon>,
    controller: Option<Daemon>,
    nodes: Vec<Option<Daemon>>,
}

impl Cluster {
    /// Starts a cluster and waits until every node is idle.
    ///
    /// # Errors
    /// [`ClusterError`]; what was started until then is stopped.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        for program in ["slurmctld", "slurmd", "slurmdbd", "mariadbd", "munged", "setpriv"] {
            if !is_installed(program) {
                return Err(ClusterError::NotInstalled(program));
            }
        }
        let folder = tempfile::Builder::new().prefix("slurm-").tempdir();
        let folder = folder.map_err(|source| ClusterError::Write { path: std::env::temp_dir(), source })?;
        let daemons = Daemons { nodes: (0..options.nodes).map(|_| None).collect(), ..Daemons::default() };
        let ports = Ports::take(options.nodes).map_err(ClusterError::NoPorts)?;
        let cluster = Self { folder, options, starter: Starter::new(), daemons: Mutex::new(daemons), ports };
        cluster.prepare()?;
        cluster.start_munge()?;
        if options.accounting {
            cluster.start_storage()?;
            cluster.start_database()?;
            cluster.register()?;
        }
        if let Some(jobs) = options.max_submit_jobs {
            let limit = format!("MaxSubmitJobs={jobs}");
            cluster.sacctmgr(&["add", "account", "study"])?;
            cluster
                .sacctmgr(&["modify", "user", "root", "set", &limit])
                .or_else(|_| cluster.sacctmgr(&["add", "user", "root", "account=study", &limit]))?;
        }
        cluster.start_controller()?;
        for node in 1..=options.nodes {
            cluster.start_node(node)?;
        }
        cluster.wait("every node is idle", || {
            let output = cluster.command("sinfo").args(["-h", "-p", "low", "-N", "-o", "%T"]).output();
            output.is_ok_and(|output| {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                text.lines().filter(|line| *line == "idle").count() == usize::from(options.nodes)
            })
        })?;
        Ok(cluster)
    }

    /// The cluster's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its `slurm.conf`.
    pub fn configuration(&self) -> PathBuf {
        self.folder().join("slurm.conf")
    }

    /// The variables by which the commands of Slurm find it.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![("SLURM_CONF".to_owned(), self.configuration().display().to_string())]
    }

    /// A command of Slurm that will find this cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment());
        command
    }

    /// Starts the controller and waits until it answers.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn start_controller(&self) -> Result<(), ClusterError> {
        let daemon = self.daemon("slurmctld", None, &["-D".to_owned()])?;
        self.lock().controller = Some(daemon);
        let has_ended = || self.lock().controller.as_mut().is_none_or(Daemon::has_ended);
        let answers = || self.succeeds("scontrol", &["show", "config"]);
        self.wait("the controller answers", || has_ended() || answers())?;
        if has_ended() { Err(ClusterError::Ended { program: "slurmctld", logs: self.logs() }) } else { Ok(()) }
    }

    /// Waits until the controller has heard from every node. Before that one that has come back gives out GPUs that it
    /// does not know.
    ///
    /// # Errors
    /// [`ClusterError::Timeout`].
    pub fn nodes_report(&self) -> Result<(), ClusterError> {
        self.wait("every node has reported", || {
            let output = self.command("scontrol").args(["show", "node"]).output();
            output.is_ok_and(|output| {
                output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("SlurmdStartTime=None")
            })
        })
    }

    /// Stops the controller. Jobs go on.
    ///
    /// # Errors
    /// None now; the same form as its counterpart.
    pub fn stop_controller(&self) -> Result<(), ClusterError> {
        let daemon = self.lock().controller.take();
        if let Some(daemon) = daemon {
            daemon.stop(LAST_WORDS);
        }
        Ok(())
    }

    /// Freezes the controller: commands hang until they give up.
    pub fn pause_controller(&self) {
        if let Some(daemon) = &self.lock().controller {
            daemon.signal(Signal::STOP);
        }
    }

    /// Lets a frozen controller go on.
    pub fn resume_controller(&self) {
        if let Some(daemon) = &self.lock().controller {
            daemon.signal(Signal::CONT);
        }
    }

    /// Starts the keeper of accounts and waits until it answers.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn start_database(&self) -> Result<(), ClusterError> {
        self.wait("the accounts answer", || {
            // On a busy machine its first words to the storage may be lost, and then it ends.
            let is_up = self.lock().database.as_mut().is_some_and(|daemon| !daemon.has_ended());
            if !is_up {
                let daemon = self.daemon("slurmdbd", None, &["-D".to_owned()]);
                self.lock().database = daemon.ok();
            }
            self.succeeds("sacctmgr", &["-n", "show", "cluster"])
        })
    }

    /// Stops the keeper of accounts. The controller keeps for it what happens meanwhile.
    ///
    /// # Errors
    /// None now; the same form as its counterpart.
    pub fn stop_database(&self) -> Result<(), ClusterError> {
        let daemon = self.lock().database.take();
        if let Some(daemon) = daemon {
            daemon.stop(GRACE);
        }
        Ok(())
    }

    /// Starts a node, from 1.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn start_node(&self, node: u16) -> Result<(), ClusterError> {
        let daemon = self.daemon("slurmd", None, &["-D".to_owned(), "-N".to_owned(), format!("node{node}")])?;
        if let Some(place) = self.lock().nodes.get_mut(usize::from(node) - 1) {
            *place = Some(daemon);
        }
        Ok(())
    }

    /// Kills a node, from 1, with everything that runs on it, as a power cut would.
    pub fn kill_node(&self, node: u16) {
        let daemon = self.lock().nodes.get_mut(usize::from(node) - 1).and_then(Option::take);
        if let Some(daemon) = daemon {
            daemon.kill();
        }
        let name = format!("SLURMD_NODENAME=node{node}");
        let jobs = self.processes(|text| text.contains(&name));
        // Guardians first: left alone for a moment they would report how their jobs ended.
        let guardians: Vec<Pid> = self.processes(|text| text.contains("slurmstepd"));
        let parents: Vec<Pid> = jobs.iter().filter_map(|job| parent(*job)).collect();
        for pid in guardians.into_iter().filter(|guardian| parents.contains(guardian)).chain(jobs) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Waits until something holds.
    ///
    /// # Errors
    /// [`ClusterError::Timeout`], with the ends of all logs.
    pub fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) -> Result<(), ClusterError> {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            if Instant::now() > deadline {
                return Err(ClusterError::Timeout { what: what.to_owned(), logs: self.logs() });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Daemons> {
        self.daemons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), ClusterError> {
        let path = self.folder().join(name);
        let written =
            fs::write(&path, text).and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)));
        written.map_err(|source| ClusterError::Write { path, source })
    }

    pub(crate) fn daemon(
        &self,
        program: &'static str,
        user: Option<&str>,
        arguments: &[String],
    ) -> Result<Daemon, ClusterError> {
        Daemon::start(&self.starter, program, user, arguments, &self.environment())
    }

    pub(crate) fn sacctmgr(&self, arguments: &[&str]) -> Result<(), ClusterError> {
        run(self.command("sacctmgr").arg("-i").args(arguments))
    }

    pub(crate) fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        self.command(program).args(arguments).output().is_ok_and(|output| output.status.success())
    }

    /// What the daemons said last, the newest lines of every log.
    pub fn logs(&self) -> String {
        let entries = fs::read_dir(self.folder().join("log")).into_iter().flatten().flatten();
        let ends = entries.map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(LAST_LINES).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("{}:\n  {}\n", entry.path().display(), lines.join("\n  "))
        });
        ends.collect()
    }

    /// The processes that belong to this cluster and whose environment and command line are as wanted.
    fn processes(&self, wanted: impl Fn(&str) -> bool) -> Vec<Pid> {
        let folder = self.folder().display().to_string();
        let own = rustix::process::getpid();
        let belongs = |entry: fs::DirEntry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&[read("environ"), read("cmdline")].concat()).into_owned();
            (pid != own && text.contains(&folder) && wanted(&text)).then_some(pid)
        };
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(belongs).collect()
    }
}

/// The parent of a process, if it still lives.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?)
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let daemons = std::mem::take(&mut *self.lock());
        let jobs = daemons.nodes.into_iter().flatten();
        jobs.for_each(|daemon| daemon.stop(GRACE));
        for daemon in [daemons.controller, daemons.database].into_iter().flatten() {
            daemon.stop(GRACE);
        }
        for daemon in [daemons.storage, daemons.munge].into_iter().flatten() {
            daemon.kill();
        }
        // Jobs outlive their node's daemon: they, and the guardians of their steps, go last.
        for pid in self.processes(|text| text.contains("SLURM_JOB_ID=") || text.contains("slurmstepd")) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

pub(crate) fn run(command: &mut Command) -> Result<(), ClusterError> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(ClusterError::Command {
            command: format!("{command:?}"),
            said: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned(),
        }),
        Err(error) => Err(ClusterError::Command { command: format!("{command:?}"), said: error.to_string() }),
    }
}
