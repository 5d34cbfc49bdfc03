//! A sweep directory with shell scripts for trainers: no libtorch, no waiting.

#![allow(dead_code, reason = "each test binary uses its own part of the stage")]

pub(crate) mod sweep;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use launcher::array;
use spec::execution::ExecutionSpec;
use spec::layout::{RunLayout, SweepLayout};
use spec::resources::ResourcesSpec;
use spec::run::{CommandSpec, identify};
use spec::setting::Settings;
use spec::status::Status;
use spec::{Program, RunSpec, Value};
use tempfile::TempDir;

/// Leaves complete results.
pub(crate) const DONE: &str = "printf 'metric,value\\nloss,1.5\\n' > results.csv";

/// A trainer that counts to a number, keeps it in a checkpoint, and on SIGTERM leaves with 75.
pub(crate) const COUNTING: &str = r#"
step=$(cat checkpoint 2>/dev/null || echo 0)
trap 'echo $step > checkpoint; exit 75' TERM
while [ $step -lt 20 ]; do
  step=$((step + 1)); echo "$step" >> steps
  sleep 0.02
done
printf 'metric,value\nloss,%s\n' $step > results.csv
"#;

/// Waits without end, and says so with a file.
pub(crate) const HANGING: &str = "touch started; while :; do sleep 0.05; done";

/// One run whose trainer is a shell script.
pub(crate) struct Stage {
    folder: TempDir,
    spec: RunSpec,
}

impl Stage {
    /// The stage for `script`.
    pub(crate) fn new(script: &str) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap(), spec: run_of(script, 0) };
        fs::create_dir(stage.sweep().arrays()).unwrap();
        array::write(&stage.array(), [&stage.spec]).unwrap();
        stage
    }

    pub(crate) fn sweep(&self) -> SweepLayout {
        SweepLayout::new(self.folder.path().canonicalize().unwrap())
    }

    pub(crate) fn run(&self) -> RunLayout {
        self.sweep().run(self.spec.id)
    }

    pub(crate) fn array(&self) -> PathBuf {
        self.sweep().array("test")
    }

    /// `seedbed exec` for the run.
    pub(crate) fn exec(&self) -> Command {
        let mut command = seedbed();
        command.arg("exec").arg("--sweep-dir").arg(self.folder.path());
        command.arg("--array").arg(self.array()).args(["--index", "0"]);
        command
    }

    pub(crate) fn status(&self) -> Status {
        serde_json::from_str(&fs::read_to_string(self.run().status()).unwrap()).unwrap()
    }

    /// A file that the trainer made in its directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.run().directory().join(name)
    }
}

/// A run of `sh -c script`.
pub(crate) fn run_of(script: &str, seed: u64) -> RunSpec {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    let program = Program::Command(CommandSpec { argv, params: BTreeMap::new() });
    let settings = Settings::new();
    RunSpec {
        schema: spec::SCHEMA,
        id: identify(&program, seed),
        sweep: "test".to_owned(),
        seed,
        levels: BTreeMap::from([("activation".to_owned(), Value::from("gelu"))]).into(),
        program,
        execution: ExecutionSpec::from_settings(&settings),
        resources: ResourcesSpec::from_settings(&settings).unwrap(),
        benchmarks: spec::benchmark::Benchmarks::default(),
        files: BTreeMap::new(),
        network: None,
    }
}

/// The program under test, with nothing of the caller's environment that it would listen to.
pub(crate) fn seedbed() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
    for variable in ["SEEDBED_ROOT", "SEEDBED_TRAINER", "CUDA_VISIBLE_DEVICES"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Starts `command` with its output kept.
pub(crate) fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for `condition`, which must become true soon.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal by its name, as `kill` knows it.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status().unwrap();
    assert!(sent.success(), "kill -{name} {process}");
}

/// Processes that carry `directory` in their environment as their run's.
pub(crate) fn processes_of(directory: &Path) -> Vec<u32> {
    let mark = format!("SEEDBED_RUN_DIR={}", directory.display());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let carries = |number: &u32| {
        let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    numbers.filter(carries).collect()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
