//! What the controller's settings mean for a sweep.

use jiff::Zoned;
use slurm::parse::scontrol_config::ClusterConfig;
use spec::ExitCode;

use super::Finding;

/// The oldest Slurm whose answers are known to be read rightly.
const OLDEST: (u32, u32) = (20, 11);
/// Seconds between SIGTERM and SIGKILL below which a checkpoint may come too late.
const SHORT_GRACE: u32 = 15;
/// Seconds by which two clocks may differ before times in tables mislead.
const CLOCK: i64 = 120;

pub(super) fn examine(configuration: &ClusterConfig) -> Vec<Finding> {
    [version, arrays, grace, preemption, requeue, clock].map(|look| look(configuration)).to_vec()
}

fn version(configuration: &ClusterConfig) -> Finding {
    let text = configuration.get("SLURM_VERSION").unwrap_or("unknown");
    match configuration.version() {
        Some(version) if version >= OLDEST => Finding::good("controller", format!("Slurm {text} answers")),
        _ => {
            Finding::doubtful("controller", format!("Slurm {text} answers; it is older than any that was tried, 20.11"))
        }
    }
}

fn arrays(configuration: &ClusterConfig) -> Finding {
    match configuration.slice_limits() {
        Some(limits) if limits.max_array_tasks == Some(0) => {
            Finding::bad("arrays", "max_array_tasks=0 forbids job arrays: ask for a larger one, or for none")
        }
        Some(limits) if limits.max_array_size < 2 => {
            Finding::bad("arrays", "MaxArraySize forbids job arrays: ask for a MaxArraySize of 1001 or more")
        }
        Some(limits) => {
            let most = limits.max_array_tasks.unwrap_or(u32::MAX).min(limits.max_array_size);
            Finding::good("arrays", format!("up to {most} runs in one submission"))
        }
        None => {
            Finding::doubtful("arrays", "the settings do not say how large an array may be: 1000 is taken for granted")
        }
    }
}

fn grace(configuration: &ClusterConfig) -> Finding {
    match configuration.number("KillWait") {
        Some(seconds) if seconds < SHORT_GRACE => Finding::doubtful(
            "grace",
            format!(
                "KillWait is {seconds} s: a larger model may not have written its checkpoint by then; lower execution.checkpoint-every"
            ),
        ),
        Some(seconds) => Finding::good("grace", format!("{seconds} s from SIGTERM to SIGKILL")),
        None => Finding::doubtful("grace", "the settings do not say how long a job has to leave"),
    }
}

fn preemption(configuration: &ClusterConfig) -> Finding {
    let mode = configuration.get("PreemptMode").unwrap_or("OFF");
    if mode.to_ascii_uppercase().contains("CANCEL") {
        Finding::doubtful(
            "preemption",
            format!("PreemptMode is {mode}: preempted runs end; `seedbed watch` submits them again"),
        )
    } else {
        Finding::good("preemption", format!("PreemptMode is {mode}; jobs may be queued again"))
    }
}

fn clock(configuration: &ClusterConfig) -> Finding {
    let Some(there) = configuration.read_at else {
        return Finding::doubtful("clock", "the controller does not say what time it is");
    };
    let apart = Zoned::now().datetime().duration_since(there).as_secs().abs();
    if apart > CLOCK {
        let words = format!(
            "the controller's clock, or its time zone, is {apart} s away from ours: times are shown as it tells them"
        );
        Finding::doubtful("clock", words)
    } else {
        Finding::good("clock", "the controller's clock agrees with ours")
    }
}

/// A job of ours asks to be queued again, so the cluster's default does not matter; but the cluster may queue jobs
/// again, or hold them, for an exit code that means something else to us.
fn requeue(configuration: &ClusterConfig) -> Finding {
    let ours = [ExitCode::Resume, ExitCode::Incomplete, ExitCode::Unavailable, ExitCode::Diverged];
    for name in ["RequeueExit", "RequeueExitHold"] {
        let Some(list) = configuration.get(name) else { continue };
        if let Some(code) = ours.into_iter().map(|exit| exit as u8).find(|code| lists(list, *code)) {
            let words = format!(
                "{name} is {list}: Slurm acts on exit code {code}, which has a meaning of its own here; ask for its removal"
            );
            return Finding::doubtful("requeue", words);
        }
    }
    let default = if configuration.number("JobRequeue") == Some(0) { "does not, by default" } else { "does" };
    Finding::good("requeue", format!("the cluster {default} queue jobs again; ours ask for it themselves"))
}

/// Whether a list of exit codes, such as `1-5,75`, holds `code`.
fn lists(list: &str, code: u8) -> bool {
    list.split(',').any(|entry| {
        let (first, last) = entry.trim().split_once('-').unwrap_or((entry.trim(), entry.trim()));
        let bounds = (first.parse::<u8>(), last.parse::<u8>());
        matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&code))
    })
}

#[cfg(test)]
pub(super) mod tests {
    use slurm::parse::{Reply, scontrol_config};

    use super::super::Verdict::{Bad, Doubtful, Good};
    use super::*;

    pub(in super::super) fn configuration(settings: &str) -> ClusterConfig {
        let stdout =
            format!("Configuration data as of 2026-01-01T00:00:00\n{settings}\nSlurmctld(primary) at here is UP\n");
        scontrol_config::read(&Reply { command: "scontrol", exit: Some(0), stdout: &stdout, stderr: "" }).unwrap()
    }

    #[test]
    fn settings_are_judged() {
        let verdicts = |settings: &str| {
            let configuration = configuration(settings);
            [version(&configuration), arrays(&configuration), grace(&configuration), preemption(&configuration)]
                .map(|finding| finding.verdict)
        };
        assert_eq!(
            verdicts("SLURM_VERSION = 22.05.8\nMaxArraySize = 1001\nKillWait = 30 sec\nPreemptMode = REQUEUE"),
            [Good; 4]
        );
        assert_eq!(
            verdicts("SLURM_VERSION = 19.05.1\nMaxArraySize = 0\nKillWait = 5 sec\nPreemptMode = CANCEL"),
            [Doubtful, Bad, Doubtful, Doubtful]
        );
    }

    #[test]
    fn exit_codes_of_ours_must_be_left_alone() {
        assert_eq!(requeue(&configuration("JobRequeue = 0\nRequeueExit = 100-120,3")).verdict, Good);
        let found = requeue(&configuration("RequeueExitHold = 60-80"));
        assert_eq!((found.verdict, found.words.contains("exit code 75")), (Doubtful, true));
    }

    #[test]
    fn the_most_tasks_of_an_array_count() {
        let found = arrays(&configuration("MaxArraySize = 1001\nSchedulerParameters = bf_continue,max_array_tasks=10"));
        assert_eq!((found.verdict, found.words.as_str()), (Good, "up to 10 runs in one submission"));
    }
}
