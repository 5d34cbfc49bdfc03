//! The cluster does what the tests that stand on it ask of it, and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;
use std::path::Path;

use cluster::{Cluster, Options};

fn say(cluster: &Cluster, program: &str, arguments: &[&str]) -> String {
    let output = cluster.command(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Processes whose environment or command line names the folder.
fn left_behind(folder: &Path) -> usize {
    let folder = folder.display().to_string();
    let names_it = |entry: &fs::DirEntry| {
        let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&[read("environ"), read("cmdline")].concat()).contains(&folder)
    };
    fs::read_dir("/proc").unwrap().flatten().filter(names_it).count()
}

#[test]
fn arrays_run_with_gpus_and_accounts_a_node_dies_and_nothing_is_left() {
    let cluster = Cluster::start(Options { nodes: 2, node_timeout: 5, ..Options::default() }).unwrap();
    let folder = cluster.folder().to_owned();
    let log = folder.join("log/task-%a").display().to_string();
    let array = ["--parsable", "--array=0-11", "--gres=gpu:1", "--mem=100M", "--output", &log];
    let job = say(&cluster, "sbatch", &[&array[..], &["--wrap=echo $CUDA_VISIBLE_DEVICES"]].concat()).trim().to_owned();
    let states = |wanted: &str| {
        let text = say(&cluster, "sacct", &["-n", "-X", "-P", "-j", &job, "-o", "State,AllocTRES"]);
        text.lines().filter(|line| line.starts_with(wanted)).map(str::to_owned).collect::<Vec<_>>()
    };
    cluster.wait("all tasks are done", || states("COMPLETED").len() == 12).unwrap();
    assert!(states("COMPLETED").iter().all(|line| line.contains("gres/gpu=1")), "{:?}", states("COMPLETED"));
    for index in 0..12 {
        let gpu = fs::read_to_string(folder.join(format!("log/task-{index}"))).unwrap();
        assert!(matches!(gpu.trim(), "0" | "1" | "2" | "3"), "{gpu:?}");
    }

    let job = say(&cluster, "sbatch", &["--parsable", "--requeue", "--mem=100M", "-o/dev/null", "--wrap=sleep 600"]);
    let queue = || say(&cluster, "squeue", &["-h", "-j", job.trim(), "-o", "%T %N"]);
    cluster.wait("the job runs", || queue().contains("RUNNING")).unwrap();
    let node: u16 = queue().trim().trim_start_matches("RUNNING node").parse().unwrap();
    cluster.kill_node(node);
    cluster
        .wait("the job of the dead node is no longer there", || queue().trim() != format!("RUNNING node{node}"))
        .unwrap();
    drop(cluster);
    assert_eq!(left_behind(&folder), 0);
    assert!(!folder.exists());
}
