//! Whether the kernel killed somebody in our control group for want of memory.
//!
//! The group may be that of a whole job or session, so that runs beside this one share its count: that it has grown
//! says something of a run only where the run's own end fits.

use std::fs;
use std::path::{Path, PathBuf};

/// The control group's count of such kills, as it was when a run began.
#[derive(Debug, Clone)]
pub(super) struct OutOfMemoryCounter {
    file: PathBuf,
    before: Option<u64>,
}

impl OutOfMemoryCounter {
    /// Notes the count. Where there is no control group of version 2, it is never seen to grow.
    pub(super) fn start() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let group = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let file = Path::new("/sys/fs/cgroup").join(group).join("memory.events");
        let before = count(&file);
        Self { file, before }
    }

    /// Whether somebody was killed since: of this run, or of another one in the group.
    pub(super) fn has_grown(&self) -> bool {
        matches!((self.before, count(&self.file)), (Some(before), Some(now)) if now > before)
    }
}

fn count(file: &Path) -> Option<u64> {
    let events = fs::read_to_string(file).ok()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}
