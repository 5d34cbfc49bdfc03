//! One array of runs: its two files, and the script that sbatch reads.

use std::io::ErrorKind;
use std::num::NonZeroU32;

use slurm::array::{ArrayIndices, ArraySpec};
use slurm::job_id::JobNumber;
use slurm::name::{JobName, VariableName};
use slurm::resources::{Cpus, GresList, Memory, MemoryRequest, Nodes, Resources, TimeLimit};
use slurm::script::{
    Argument, CommandLine, Dependency, DependencyKind, Header, Placement, SbatchScript, Signal, WarningSignal,
};
use spec::contract;
use spec::layout::SweepLayout;

use super::error::ClusterError;
use super::frame::{Frame, path};
use super::kind::Kind;
use super::wish::Line;
use crate::array;
use crate::files::{FileError, create_new};

/// An array of runs, ready to be submitted.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its name, like that of no other.
    pub name: JobName,
    /// The text of its script.
    pub script: String,
    /// How many runs.
    pub len: u32,
    /// How many of them each task carries out; the last one may have fewer.
    pub runs_per_task: u32,
    /// Whether they are not carried out but measured.
    pub evaluates: bool,
    /// What each task asks for.
    pub resources: Resources,
}

/// A name for a new submission of the sweep called `sweep`: `token` tells it from every other one.
pub(super) fn name(sweep: &str, token: &str) -> JobName {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let title: String = sweep.chars().map(plain).take(32).collect();
    let nonce: String = token.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let name = format!("{}-{nonce}", title.trim_matches('-'));
    name.trim_start_matches('-').parse().expect("invariant: letters, digits and hyphens, 49 at most")
}

impl Batch {
    /// How many tasks.
    pub fn tasks(&self) -> u32 {
        self.len.div_ceil(self.runs_per_task)
    }

    /// The hours that all of its tasks may take together.
    pub fn hours(&self) -> f64 {
        let seconds = self.resources.time.and_then(TimeLimit::seconds).unwrap_or(0);
        f64::from(self.tasks()) * seconds as f64 / 3600.0
    }

    /// GPUs of a task, on all of its nodes.
    pub fn gpus(&self) -> u32 {
        let gpus = self.resources.gres.0.iter().filter(|gres| gres.is_gpu());
        self.resources.nodes.get() * gpus.map(|gres| gres.count().get()).sum::<u32>()
    }

    /// Processor cores of a task, on all of its nodes.
    pub fn cpus(&self) -> u32 {
        self.resources.nodes.get() * self.resources.cpus.map_or(1, Cpus::get)
    }

    /// The batch called `name` of `len` runs of a `kind`.
    pub(super) fn new(
        frame: &Frame<'_>,
        name: JobName,
        kind: &Kind,
        len: u32,
        throttle: Option<NonZeroU32>,
    ) -> Result<Self, ClusterError> {
        let kind = kind.of(len);
        let resources = kind.of_task()?;
        let indices =
            ArrayIndices::first(len.div_ceil(kind.packing.runs)).expect("invariant: a slice fits into an array");
        let header = Header {
            name: name.clone(),
            array: Some(ArraySpec { indices, throttle }),
            placement: Placement { exclude: kind.exclude.clone(), ..frame.site.placement.clone() },
            resources: resources.clone(),
            start: frame.start()?,
            // A pack is warned as late as a run alone: what has to be written before the end is no more.
            warning: kind.resources.time.and_then(TimeLimit::seconds).map(warning),
            requeue: true,
            dependency: None,
            comment: None,
            extra: frame.site.options.clone(),
        };
        let mut environment = frame.site.environment.clone();
        if let Some(trainer) = frame.trainer {
            let variable: VariableName = contract::TRAINER.parse().expect("invariant: the name of a variable");
            environment.variables.entry(variable).or_insert_with(|| trainer.to_owned());
        }
        let command = frame.command(&name, &kind)?;
        let script = SbatchScript { header, environment, command }.text()?;
        let runs_per_task = kind.packing.runs;
        Ok(Self { name, script, len, runs_per_task, evaluates: kind.evaluates, resources })
    }

    /// The job called `name` that writes the report of the sweep once the arrays have ended, however they end.
    pub(super) fn report(frame: &Frame<'_>, name: JobName, arrays: &[JobNumber]) -> Result<Self, ClusterError> {
        let fixed = "invariant: a quantity that Slurm knows";
        let resources = Resources {
            nodes: Nodes::ONE,
            time: Some(TimeLimit::from_seconds(3600).expect(fixed)),
            cpus: Some(Cpus::new(1).expect(fixed)),
            memory: Some(MemoryRequest::PerNode(Memory::from_mebibytes(2048).expect(fixed))),
            gres: GresList::default(),
        };
        let header = Header {
            name: name.clone(),
            array: None,
            placement: frame.site.placement.clone(),
            resources: resources.clone(),
            start: frame.start()?,
            warning: None,
            requeue: true,
            dependency: Dependency::on(DependencyKind::AfterAny, arrays.iter().copied()),
            comment: None,
            extra: frame.site.options.clone(),
        };
        let sweep = Argument::Text(frame.layout.directory().to_string_lossy().into_owned());
        let program = path("the path of seedbed", frame.program)?;
        let command =
            CommandLine { container: frame.site.container.clone(), program, arguments: vec!["report".into(), sweep] };
        let script = SbatchScript { header, environment: frame.site.environment.clone(), command }.text()?;
        Ok(Self { name, script, len: 0, runs_per_task: 1, evaluates: false, resources })
    }

    /// Writes its two files: the runs by index, and the script. Both are on disk when this returns.
    pub(super) fn write<'l>(
        &self,
        layout: &SweepLayout,
        lines: impl IntoIterator<Item = Line<'l>>,
    ) -> Result<(), FileError> {
        let (array, script) = (layout.array(self.name.as_str()), layout.script(self.name.as_str()));
        if !array::write(&array, lines)? {
            return Err(FileError::write(array, ErrorKind::AlreadyExists.into()));
        }
        if !create_new(&script, self.script.as_bytes())? {
            return Err(FileError::write(script, ErrorKind::AlreadyExists.into()));
        }
        Ok(())
    }
}

/// When a job is warned that its time is up: two minutes before, and where that is much of its time, after four fifths.
fn warning(seconds: u64) -> WarningSignal {
    let before = (seconds / 5).min(120);
    WarningSignal { signal: Signal::Usr2, seconds: u16::try_from(before).unwrap_or(120) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use spec::resources::{Packing, PackingOrder};

    use super::*;
    use crate::cluster::script::runs_per_task;
    use crate::cluster::site::Site;
    use crate::supervise::Retry;

    #[test]
    fn names_are_plain_whatever_the_sweep_is_called() {
        let token = "12345678-9abc-def0-1234-56789abcdef0";
        assert_eq!(name("my sweep", token).as_str(), "my-sweep-123456789abcdef0");
        assert_eq!(name("$(rm -rf) 'é'\n", token).as_str(), "rm--rf-123456789abcdef0");
        assert_eq!(name("", token).as_str(), "123456789abcdef0");
        assert!(name(&"x".repeat(200), token).as_str().len() <= 64);
    }

    fn script(order: PackingOrder, runs: u32, len: u32) -> String {
        let site = Site::default();
        let frame = Frame {
            layout: SweepLayout::new("/sweeps/a"),
            site: &site,
            program: Path::new("/bin/seedbed"),
            trainer: None,
            requeues: 10,
        };
        let resources = Resources {
            nodes: Nodes::ONE,
            time: Some("1h".parse().unwrap()),
            cpus: Some(Cpus::new(2).unwrap()),
            memory: Some(MemoryRequest::PerNode("4G".parse().unwrap())),
            gres: "gpu:1".parse().unwrap(),
        };
        let kind = Kind {
            resources,
            packing: Packing { runs, order },
            retry: Retry::default(),
            exclude: None,
            evaluates: false,
        };
        Batch::new(&frame, "a-1".parse().unwrap(), &kind, len, None).unwrap().script
    }

    #[test]
    fn packs_ask_for_as_much_as_their_runs_need() {
        insta::assert_snapshot!("in_turn", script(PackingOrder::InTurn, 8, 37));
        insta::assert_snapshot!("side_by_side", script(PackingOrder::SideBySide, 8, 37));
        assert_eq!(runs_per_task(&script(PackingOrder::SideBySide, 8, 37)), 8);
        assert_eq!(runs_per_task(&script(PackingOrder::InTurn, 1, 37)), 1);
        // Three runs ask for no more than three need.
        assert!(script(PackingOrder::InTurn, 8, 3).contains("--time=03:00:00"));
    }

    #[test]
    fn a_short_job_is_not_warned_before_it_has_begun() {
        assert_eq!(warning(60).seconds, 12);
        assert_eq!(warning(3600).seconds, 120);
    }
}
