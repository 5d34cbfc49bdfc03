//! What a cluster computes, disturbed as it may be, is what `seedbed run` computes, byte for byte.

use std::process::Command;

use e2e::programs::{expect, seedbed, transcript};
use e2e::study::{self, Study, TINY};

use crate::bench::{shared, wait};
use crate::surprises::soon;

const HEAD: &str = "[sweep]\nname = 'parity'\nseeds = 2\n[factors]\narchitecture = ['gpt-neo', 'roberta']\n\
                    activation = ['learnable-gelu', 'kan']\n";

#[test]
fn the_built_in_trainer_leaves_the_same_bytes_on_the_cluster_as_here() {
    let settings = TINY.replace("steps = 30", "steps = 200")
        + "\n[execution]\ncheckpoint-every = '1s'\nlog-every = 1\ndevice = 'cpu'\n\
           [resources]\ncpus = 1\nmemory = '1G'\n";
    let here = Study::new(HEAD, &settings);
    expect(0, &["run", &here.sweep(), "--slots", "2"]);

    let there = Study::new(HEAD, &settings);
    let cluster = shared();
    let on_cluster = |arguments: &[&str]| {
        let mut command: Command = seedbed();
        command.args(arguments).arg(there.sweep()).envs(cluster.environment());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{}", transcript(&output));
    };
    on_cluster(&["submit"]);
    let layout = there.layout("parity");
    let metrics = || {
        let runs = std::fs::read_dir(layout.runs()).into_iter().flatten().flatten();
        runs.filter(|run| {
            std::fs::read_to_string(run.path().join("metrics.csv")).is_ok_and(|text| text.lines().count() > 20)
        })
        .count()
    };
    wait("two runs are in the middle of training", || metrics() >= 2);
    // All of them, wherever they are: those that run are killed with what they had not yet written.
    let queue = cluster.command("squeue").args(["-h", "-r", "-t", "R", "-o", "%i %j"]).output().unwrap();
    let queue = String::from_utf8_lossy(&queue.stdout).into_owned();
    let ours = queue.lines().filter(|line| line.contains(" parity-")).filter_map(|line| line.split(' ').next());
    for task in ours {
        let output = cluster.command("scontrol").args(["requeue", task]).output().unwrap();
        assert!(output.status.success(), "{}", e2e::programs::transcript(&output));
        soon(&cluster, task);
    }
    on_cluster(&["watch", "--every", "1"]);
    let tables = study::tables(&layout);
    assert_eq!(tables, study::tables(&here.layout("parity")));
    let attempts: usize = tables.keys().map(|run| study::status(&layout.run(*run)).attempts.len()).sum();
    assert!(attempts > tables.len(), "nothing was disturbed");
}
