//! The `#SBATCH` lines of a script.

use std::fmt::Write as _;

use super::{Dependency, ExtraOption, ScriptError, StartingPoint, WarningSignal};
use crate::array::ArraySpec;
use crate::name::{Account, Constraint, JobName, NodeList, Partition, Qos, Reservation};
use crate::quoting::{Destination, quote};
use crate::resources::{MemoryRequest, Resources};

/// Where on a cluster, and on whose account, a job runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Placement {
    /// The account that is charged.
    pub account: Option<Account>,
    /// The partition or partitions.
    pub partition: Option<Partition>,
    /// The quality of service.
    pub qos: Option<Qos>,
    /// Features that the node must have.
    pub constraint: Option<Constraint>,
    /// The reservation to run in.
    pub reservation: Option<Reservation>,
    /// Nodes to stay away from.
    pub exclude: Option<NodeList>,
}

/// What the `#SBATCH` lines say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name by which the job is found again; best unique for every submission.
    pub name: JobName,
    /// The tasks of an array; a single job, if there are none.
    pub array: Option<ArraySpec>,
    /// Where it runs.
    pub placement: Placement,
    /// What it asks for.
    pub resources: Resources,
    /// Where it starts, and where its output goes.
    pub start: StartingPoint,
    /// The warning before its time is up.
    pub warning: Option<WarningSignal>,
    /// Whether Slurm may queue the same job again after preemption or the loss of its node.
    pub requeue: bool,
    /// The jobs that come first.
    pub dependency: Option<Dependency>,
    /// Free text that squeue and sacct can show.
    pub comment: Option<String>,
    /// What the site needs besides.
    pub extra: Vec<ExtraOption>,
}

impl Header {
    /// The lines in their fixed order, each with its newline.
    ///
    /// # Errors
    /// A value, such as the comment, cannot stand in an `#SBATCH` line.
    pub fn text(&self) -> Result<String, ScriptError> {
        let mut lines = String::new();
        for (name, value) in self.options() {
            let Some(value) = value else {
                let _ = writeln!(lines, "#SBATCH --{name}");
                continue;
            };
            let value = quote(&value, Destination::Directive).map_err(ScriptError::at(format!("option --{name}")))?;
            let _ = writeln!(lines, "#SBATCH --{name}={value}");
        }
        Ok(lines)
    }

    fn options(&self) -> Vec<(&str, Option<String>)> {
        let mut options = Options::default();
        options.set("job-name", Some(&self.name));
        options.set("array", self.array.as_ref());
        self.placement.add_to(&mut options);
        let nodes = self.resources.nodes;
        options.set("nodes", Some(nodes));
        options.set("ntasks", Some(nodes));
        if !nodes.is_one() {
            options.set("ntasks-per-node", Some(1));
        }
        options.set("cpus-per-task", self.resources.cpus);
        if let Some((name, value)) = self.resources.memory.map(MemoryRequest::option) {
            options.set(name, Some(value));
        }
        options.set("gres", Some(&self.resources.gres).filter(|gres| !gres.0.is_empty()));
        options.set("time", self.resources.time);
        options.set("signal", self.warning.map(WarningSignal::option_value));
        options.flag(if self.requeue { "requeue" } else { "no-requeue" });
        options.set("dependency", self.dependency.as_ref());
        let (output, directory) = self.start.options(self.array.is_some());
        options.set("output", Some(output));
        options.set("open-mode", Some("append"));
        options.set("chdir", Some(directory));
        options.set("export", Some("NONE"));
        options.set("comment", self.comment.as_ref());
        for extra in &self.extra {
            options.0.push((extra.name(), extra.value().map(str::to_owned)));
        }
        options.0
    }
}

impl Placement {
    fn add_to(&self, options: &mut Options<'_>) {
        options.set("account", self.account.as_ref());
        options.set("partition", self.partition.as_ref());
        options.set("qos", self.qos.as_ref());
        options.set("constraint", self.constraint.as_ref());
        options.set("reservation", self.reservation.as_ref());
        options.set("exclude", self.exclude.as_ref());
    }
}

/// Options in order, with their values as plain text.
#[derive(Default)]
struct Options<'a>(Vec<(&'a str, Option<String>)>);

impl<'a> Options<'a> {
    fn set(&mut self, name: &'a str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.0.push((name, Some(value.to_string())));
        }
    }

    fn flag(&mut self, name: &'a str) {
        self.0.push((name, None));
    }
}
