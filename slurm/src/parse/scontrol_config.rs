//! The cluster's settings: `scontrol show config`.

use std::collections::BTreeMap;

use super::{DateTime, QueryError, Reply};
use crate::array::SliceLimits;

/// The first line of an answer, before the date.
const FIRST_LINE: &str = "Configuration data as of ";

/// The beginning of the last lines, which tell whether the controllers are up.
const LAST_LINE: &str = "Slurmctld(";

/// The settings of a cluster, by name as Slurm writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The controller's clock, in its own zone.
    pub read_at: Option<DateTime>,
    settings: BTreeMap<String, String>,
}

impl ClusterConfig {
    /// A setting as it was printed; `None` if it is not there or has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.settings.get(name)?;
        Some(value.as_str()).filter(|value| !matches!(*value, "" | "(null)"))
    }

    /// A setting that is a number, perhaps followed by its unit: `KillWait = 30 sec`.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.split_whitespace().next()?.parse().ok()
    }

    /// The value of `key=value` in `SchedulerParameters`.
    pub fn scheduler_parameter(&self, name: &str) -> Option<&str> {
        let parameters = self.get("SchedulerParameters")?.split(',');
        parameters
            .filter_map(|entry| entry.split_once('='))
            .find_map(|(key, value)| (key.trim() == name).then_some(value.trim()))
    }

    /// True if sacct can answer.
    pub fn has_accounting(&self) -> bool {
        self.get("AccountingStorageType").is_some_and(|kind| !kind.ends_with("none"))
    }

    /// The version of Slurm, such as (22, 5).
    pub fn version(&self) -> Option<(u32, u32)> {
        let mut parts = self.get("SLURM_VERSION")?.split(['.', '-']);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// What bounds an array on this cluster; `None` if the settings do not say.
    pub fn slice_limits(&self) -> Option<SliceLimits> {
        let max_array_tasks = self.scheduler_parameter("max_array_tasks").and_then(|value| value.parse().ok());
        let limits = SliceLimits::of_array_size(self.number("MaxArraySize")?);
        Some(SliceLimits { max_array_tasks, ..limits })
    }
}

/// Reads the settings.
///
/// # Errors
/// The query failed or was cut.
pub fn read(reply: &Reply) -> Result<ClusterConfig, QueryError> {
    let answer = reply.answer()?;
    let Some((_, config)) = answer.split_once(FIRST_LINE) else {
        return Err(QueryError::NoAnswer { command: reply.command, expected: FIRST_LINE });
    };
    if !config.ends_with('\n') || !config.lines().any(|line| line.starts_with(LAST_LINE)) {
        return Err(reply.truncated());
    }
    let mut lines = config.lines();
    let read_at = lines.next().and_then(|date| date.trim().parse().ok());
    let mut settings = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once('=')) {
        // Sections of plugins follow the cluster's own settings and may use a name again.
        settings.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
    }
    Ok(ClusterConfig { read_at, settings })
}
