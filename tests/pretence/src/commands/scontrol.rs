//! scontrol: the cluster's settings, and orders to jobs.

use std::fmt::Write as _;

use super::{Answer, each, list};
use crate::cluster::Cluster;
use crate::version::Version;

pub(super) fn answer(cluster: &mut Cluster, arguments: &[String]) -> Answer {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["show", "config"] => Answer::print(configuration(cluster)),
        ["hold", jobs] => tell(cluster, jobs, |task| {
            let waits = task.is_pending();
            task.held |= waits;
            if waits { None } else { Some("Job is no longer pending execution") }
        }),
        ["release", jobs] => tell(cluster, jobs, |task| {
            task.held = false;
            if task.is_pending() { None } else { Some("Job is no longer pending execution") }
        }),
        // Of what does not run, or was cancelled and has not ended yet, nothing is said.
        ["requeue", "Incomplete", jobs] => tell(cluster, jobs, |task| {
            task.comes_back |= task.is_running() && task.fate.is_none();
            None
        }),
        ["update", job, throttle] if throttle.starts_with("ArrayTaskThrottle=") => {
            tell(cluster, job.trim_start_matches("JobId="), |_| None)
        }
        [first, ..] => Answer::fail(format!("invalid keyword: {first}\n")),
        [] => Answer::fail("pretence: scontrol is not pretended without a command\n"),
    }
}

/// Does `order` to every task that is meant, and says of each job what was wrong with the last of them. A task that
/// runs and is to come back is told to end.
fn tell(
    cluster: &mut Cluster,
    jobs: &str,
    mut order: impl FnMut(&mut crate::job::Task) -> Option<&'static str>,
) -> Answer {
    let mut answer = Answer::default();
    for job in list(jobs) {
        let mut wrong = None;
        let count = each(cluster, &job, |task| {
            wrong = order(task).or(wrong);
            answer.told.extend(task.process.filter(|_| task.comes_back));
        });
        if let Some(said) = wrong.or(count.is_none().then_some("Invalid job id specified")) {
            let _ = writeln!(answer.stderr, "{job}: {said}");
            answer.exit = 1;
        }
    }
    answer
}

fn configuration(cluster: &Cluster) -> String {
    let storage = if cluster.accounting { "slurmdbd" } else { "none" };
    let mut settings = vec![
        ("AccountingStorageType", format!("accounting_storage/{storage}")),
        ("ClusterName", "pretended".to_owned()),
        ("KillWait", "30 sec".to_owned()),
        ("MaxArraySize", cluster.array_size.to_string()),
        ("MessageTimeout", "10 sec".to_owned()),
        ("MinJobAge", "300 sec".to_owned()),
        ("NEXT_JOB_ID", cluster.next.to_string()),
        ("PreemptMode", "REQUEUE".to_owned()),
        ("SchedulerParameters", "(null)".to_owned()),
        ("SLURM_VERSION", cluster.version.to_string()),
    ];
    // The limit on calls came with 23.02, and with it its settings.
    if cluster.version >= Version(23, 2) {
        settings.push(("SlurmctldParameters", "rl_enable".to_owned()));
    }
    let mut text = format!("Configuration data as of {}\n", Cluster::time(Some(cluster.clock())));
    for (name, value) in settings {
        let _ = writeln!(text, "{name:<23} = {value}");
    }
    text + "\nSlurmctld(primary) at head1 is UP\n"
}
