//! One run on two nodes: two ranks on each, started by srun.

use std::fs;
use std::time::{Duration, Instant};

use e2e::programs::{expect, transcript};
use e2e::ranks::{compare, processes, rows};
use e2e::study::{self, Study, TINY};
use rustix::process::{Signal, kill_process};
use spec::status::{Attempt, Cause};

use crate::bench::{shared, wait};
use crate::surprises::soon;

/// Fifty steps of some forty forward passes each, so that there is time to disturb them.
fn study() -> Study {
    let settings = TINY.replace("steps = 30", "steps = 50\nmicro-batch-tokens = 64").replace("= 512", "= 2048");
    let settings = format!(
        "{settings}\n[execution]\nlog-every = 1\ncheckpoint-every = '1s'\n[resources]\ncpus = 2\nmemory = '1G'\n"
    );
    Study::new("[sweep]\nname = 'nodes'\nseeds = 1\n[factors]\narchitecture = ['gpt-neo']\n", &settings)
}

#[test]
fn a_run_on_two_nodes_trains_as_on_one_is_warned_loses_a_rank_and_goes_on_with_another_number() {
    let here = study();
    expect(0, &["run", &here.sweep(), "--slots", "1", "--threads", "1"]);

    let (there, cluster) = (study(), shared());
    let submit = |more: &[&str]| {
        let mut command = e2e::programs::seedbed();
        command.arg("submit").arg(there.sweep()).args(more).envs(cluster.environment());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    };
    let layout = there.layout("nodes");
    let run = || layout.run(study::plan(&layout).runs[0].id);
    let steps = || fs::read_to_string(run().directory().join("metrics.csv")).map_or(0, |text| text.lines().count() / 3);
    let attempts =
        || -> Vec<Attempt> { if run().status().exists() { study::status(&run()).attempts } else { Vec::new() } };
    let ranks = || processes(layout.directory(), "SEEDBED_RANK");
    let task = || attempts().last()?.node.as_ref()?.task.as_ref().map(|task| task.job.clone());

    submit(&["--set", "resources.nodes=2", "--set", "resources.gpus=2"]);
    wait("four ranks train", || ranks().len() == 4 && steps() > 3);
    assert_eq!(ranks().iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [0, 1, 2, 3]);

    // The warning before the time is up: a checkpoint, and the job comes back by itself.
    let job = task().expect("it is a task of Slurm");
    let signalled = cluster.command("scancel").args(["--batch", "--signal=USR2", &job]).output().unwrap();
    assert!(signalled.status.success(), "{}", transcript(&signalled));
    wait("the run has left a checkpoint", || attempts().last().is_some_and(|attempt| attempt.ended.is_some()));
    assert_eq!(attempts()[0].cause, Some(Cause::Checkpointed), "{:?}", attempts());
    assert!(ranks().is_empty());
    let before = steps();
    soon(&cluster, &job);
    wait("four ranks go on", || attempts().len() == 2 && ranks().len() == 4 && steps() > before);

    let killed = Instant::now();
    kill_process(ranks()[2].1, Signal::KILL).expect("the rank was there");
    wait("the run has ended", || attempts().last().is_some_and(|attempt| attempt.ended.is_some()));
    assert!(killed.elapsed() < Duration::from_secs(20), "{:?}", killed.elapsed());
    assert_eq!(attempts()[1].signal, Some(9), "{:?}", attempts());
    assert!(ranks().is_empty() && !run().ranks().exists());

    wait("its job has left the queue", || {
        let queue = cluster.command("squeue").args(["-h", "-j", &job]).output().unwrap();
        queue.stdout.is_empty()
    });
    submit(&["--retry", "failed", "--set", "resources.gpus=3"]);
    wait("the run is done", || attempts().last().is_some_and(|attempt| attempt.cause == Some(Cause::Done)));
    compare(&rows(&here.layout("nodes")), &rows(&layout), 4);
}
