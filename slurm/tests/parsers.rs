//! The parsers on whole answers: as they are documented, cut short, and made of anything.

use proptest::prelude::*;
use slurm::parse::{QueryError, Reply, sacct, sacctmgr, scontrol_config, scontrol_job, sinfo, squeue};
use slurm::state::{Ending, ExitStatus};

macro_rules! golden {
    ($file:literal) => {
        include_str!(concat!("golden/", $file))
    };
}

fn reply<'a>(command: &'static str, stdout: &'a str) -> Reply<'a> {
    Reply { command, exit: Some(0), stdout, stderr: "" }
}

#[test]
fn squeue_as_documented() {
    insta::assert_debug_snapshot!(squeue::read(&reply("squeue", golden!("squeue.txt"))).unwrap());
}

#[test]
fn sacct_as_documented() {
    let jobs = sacct::read(&reply("sacct", golden!("sacct.txt"))).unwrap();
    insta::assert_debug_snapshot!(jobs);
}

#[test]
fn associations_as_documented() {
    let reply = reply("sacctmgr", golden!("sacctmgr_associations.txt"));
    insta::assert_debug_snapshot!(sacctmgr::associations(&reply).unwrap());
}

#[test]
fn qualities_as_documented() {
    let reply = reply("sacctmgr", golden!("sacctmgr_qualities.txt"));
    insta::assert_debug_snapshot!(sacctmgr::qualities(&reply).unwrap());
}

#[test]
fn the_cause_of_an_end_is_read_from_allocation_and_steps() {
    let jobs = sacct::read(&reply("sacct", golden!("sacct.txt"))).unwrap();
    let causes: Vec<_> =
        jobs.iter().map(|job| (job.id.to_string(), job.ending(), job.exit().to_string(), job.peak_memory())).collect();
    let expected = [
        ("4711_0", Some(Ending::Completed), "0:0", Some(1_536_000 << 10)),
        ("4711_1", Some(Ending::OutOfMemory), "0:125", Some(63 << 28)),
        ("4711_2", Some(Ending::Cancelled { by: Some(1000) }), "0:15", Some(20 << 20)),
        ("4711_3", Some(Ending::Timeout), "0:15", Some(20 << 20)),
        ("4711_4", Some(Ending::Preempted), "0:15", None),
        ("4711_4", None, "0:0", None),
        ("4711_5", Some(Ending::NodeFailure), "1:0", None),
        ("4711_6", Some(Ending::Failed), "75:0", Some(100 << 20)),
        ("4711_[7-63%16]", None, "0:0", None),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(id, ending, exit, memory)| (id.to_owned(), ending, exit.to_owned(), memory))
        .collect();
    assert_eq!(causes, expected);
}

#[test]
fn scontrol_show_config_as_documented() {
    let config = scontrol_config::read(&reply("scontrol", golden!("scontrol_config.txt"))).unwrap();
    assert_eq!(config.read_at.unwrap().to_string(), "2026-11-23T10:00:00");
    assert_eq!(config.version(), Some((22, 5)));
    assert_eq!(config.get("ClusterName"), Some("main"));
    assert_eq!(config.get("TaskProlog"), None);
    assert_eq!(config.number("KillWait"), Some(30));
    assert_eq!(config.number("MinJobAge"), Some(300));
    assert!(config.has_accounting());
    let limits = config.slice_limits().unwrap();
    assert_eq!((limits.max_array_size, limits.max_array_tasks), (1001, Some(500)));
}

#[test]
fn scontrol_show_job_as_documented() {
    let jobs = scontrol_job::read(&reply("scontrol", golden!("scontrol_job.txt"))).unwrap();
    assert_eq!(jobs[0].field("StdOut"), Some("/scratch/alice/a b/4711_4.log"));
    assert_eq!(jobs[0].field("TRES"), Some("cpu=4,mem=16G,node=1,gres/gpu=1"));
    assert_eq!(jobs[0].field("Dependency"), None);
    let brief: Vec<_> =
        jobs.iter().map(|job| (job.array, &job.part, &job.state, &job.reason, job.restarts, job.ends)).collect();
    insta::assert_debug_snapshot!(brief);
}

#[test]
fn a_step_of_which_the_accounts_were_never_told_how_it_ended_hides_nothing() {
    // As Slurm 22.05 shows a batch step that was cancelled in the moment of its start.
    let text = "JobID|State|ExitCode|DerivedExitCode|Submit|Start|End|ElapsedRaw|MaxRSS|NodeList|Partition|User|JobName|Cluster\n\
                688_0|CANCELLED by 0|0:0|0:0|2026-11-27T04:40:00|2026-11-27T04:40:01|2026-11-27T04:40:02|1||node1|low|root|m-1|c\n\
                688_0.batch|CANCELLED|||2026-11-27T04:40:01|2026-11-27T04:40:01|2026-11-27T04:40:02|1||node1||||c\n\
                688_1|COMPLETED|0:0|0:0|2026-11-27T04:40:00|2026-11-27T04:40:01|2026-11-27T04:40:02|1||node1|low|root|m-1|c\n";
    let jobs = sacct::read(&reply("sacct", text)).unwrap();
    assert_eq!((jobs.len(), jobs[0].steps.len(), jobs[0].steps[0].exit), (2, 1, ExitStatus::default()));
    assert_eq!(jobs[0].ending(), Some(Ending::Cancelled { by: Some(0) }));
}

#[test]
fn sinfo_as_documented() {
    insta::assert_debug_snapshot!(sinfo::read(&reply("sinfo", golden!("sinfo.txt"))).unwrap());
}

#[test]
fn an_empty_answer_is_not_a_missing_one() {
    assert_eq!(squeue::read(&reply("squeue", golden!("squeue_empty.txt"))), Ok(Vec::new()));
    assert_eq!(sacct::read(&reply("sacct", golden!("sacct_empty.txt"))), Ok(Vec::new()));
    let silent = squeue::read(&reply("squeue", "")).unwrap_err();
    assert_eq!(silent, QueryError::NoAnswer { command: "squeue", expected: "JOBID" });
    let failed = Reply { exit: Some(1), ..reply("squeue", golden!("squeue.txt")) };
    assert!(matches!(squeue::read(&failed), Err(QueryError::Failed { .. })));
    let gone =
        Reply { exit: Some(1), stderr: "slurm_load_jobs error: Invalid job id specified\n", ..reply("scontrol", "") };
    assert_eq!(scontrol_job::read(&gone), Err(QueryError::UnknownJob { command: "scontrol" }));
    let none = reply("scontrol", "No jobs in the system\n");
    assert_eq!(scontrol_job::read(&none), Ok(Vec::new()));
}

#[test]
fn an_answer_that_is_cut_inside_a_line_is_an_error() {
    for (position, _) in golden!("squeue.txt").char_indices() {
        let part = &golden!("squeue.txt")[..position];
        assert!(part.ends_with('\n') || squeue::read(&reply("squeue", part)).is_err(), "{part}");
    }
    for (position, _) in golden!("sacct.txt").char_indices() {
        let part = &golden!("sacct.txt")[..position];
        assert!(part.ends_with('\n') || sacct::read(&reply("sacct", part)).is_err(), "{part}");
    }
    for (position, _) in golden!("sacctmgr_associations.txt").char_indices() {
        let part = &golden!("sacctmgr_associations.txt")[..position];
        let read = sacctmgr::associations(&reply("sacctmgr", part));
        assert!(part.ends_with('\n') || read.is_err(), "{part}");
    }
    for (position, _) in golden!("scontrol_job.txt").char_indices() {
        let part = &golden!("scontrol_job.txt")[..position];
        let read = scontrol_job::read(&reply("scontrol", part));
        assert!(part.ends_with('\n') || read.is_err(), "{part}");
    }
}

#[test]
fn a_config_without_its_last_lines_is_an_error() {
    let whole = golden!("scontrol_config.txt");
    let end = whole.find("Slurmctld(").unwrap();
    let cut = scontrol_config::read(&reply("scontrol", &whole[..end]));
    assert!(matches!(cut, Err(QueryError::Truncated { .. })), "{cut:?}");
}

#[test]
fn a_wrong_field_is_named_with_its_line() {
    let text = golden!("squeue.txt").replace("4712_[0-3,7%2]", "4712_[0-3,5,...]");
    let error = squeue::read(&reply("squeue", &text)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "squeue printed \"4712_[0-3,5,...]\" in line 8, which is not a job id such as \"1234\", \
         \"1234_7\" or \"1234_[0-3%2]\""
    );
}

/// An answer in which some characters were replaced, and some lines repeated or lost.
fn damaged(whole: &'static str) -> impl Strategy<Value = String> {
    let length = whole.chars().count();
    let replacement = proptest::sample::select(vec!['|', '\n', ' ', '=', '0', '-', 'é', '(', ']']);
    proptest::collection::vec((0..length, replacement), 0..20).prop_map(move |changes| {
        let mut characters: Vec<char> = whole.chars().collect();
        for (position, character) in changes {
            characters[position] = character;
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn no_answer_panics(text in prop_oneof![
        any::<String>(),
        damaged(golden!("squeue.txt")),
        damaged(golden!("sacct.txt")),
        damaged(golden!("scontrol_config.txt")),
        damaged(golden!("scontrol_job.txt")),
        damaged(golden!("sinfo.txt")),
        damaged(golden!("sacctmgr_associations.txt")),
        damaged(golden!("sacctmgr_qualities.txt")),
    ]) {
        let _ = squeue::read(&reply("squeue", &text));
        let _ = sacct::read(&reply("sacct", &text));
        let _ = sinfo::read(&reply("sinfo", &text));
        let _ = sacctmgr::associations(&reply("sacctmgr", &text));
        let _ = sacctmgr::qualities(&reply("sacctmgr", &text));
        let _ = scontrol_config::read(&reply("scontrol", &text));
        let _ = scontrol_job::read(&reply("scontrol", &text));
    }
}

#[test]
fn accounts_that_were_not_reached_are_not_empty() {
    let header = format!("{}\n", sacct::FIELDS.replace(',', "|"));
    let read = |stderr: &str| sacct::read(&Reply { command: "sacct", exit: Some(0), stdout: &header, stderr });
    let refused = "sacct: error: Problem talking to the database: Connection refused\n";
    assert!(matches!(read(refused), Err(QueryError::Failed { .. })));
    assert_eq!(read("sacct: error: unrecognized key: Foo\n"), Ok(Vec::new()));
}
