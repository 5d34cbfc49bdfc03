//! The answer of sbatch: lost, late, unclear, clear.

use std::fs;

use pretence::{Effect, End, Fault, Printed, When};

use crate::bench::{Bench, each};

const TIMED_OUT: &str = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n";
const RETRYING: &str = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n";

fn failed(why: &str) -> String {
    format!("sbatch: error: Batch job submission failed: {why}\n")
}

#[test]
fn a_job_whose_acceptance_nobody_heard_of_is_adopted() {
    let lost = Fault::loses_the_reply;
    let cases = [
        lost(TIMED_OUT),
        // The first try met a busy controller, the second was accepted: what the first said is no answer.
        lost(&format!("{RETRYING}{TIMED_OUT}")),
        lost(&failed("Unable to contact slurm controller (connect failure)")),
        lost(&failed("Zero Bytes were transmitted or received")),
        lost(""),
        lost("").ending(End::Own),
        lost("").ending(End::Killed),
        lost("Segmentation fault\n").ending(End::Exit(139)),
        Fault::prints(Printed::Whole).ending(End::Exit(1)),
        Fault::prints(Printed::CutInLine),
    ];
    each(&cases, |fault| {
        let bench = Bench::new(1);
        bench.slurm.fault("sbatch", When::Nth(1), fault.clone());
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("it was adopted"), "{fault:?}\n{said}");
        assert_eq!((bench.slurm.calls("sbatch"), bench.events("accepted")), (1, 1));
        bench.finish();
        bench.assert_once(1);
        // Where fewer would not be taken either, fewer are not tried.
        assert!(
            bench.slurm.calls("sbatch") == if said.contains("again") || said.contains("policy") { 3 } else { 1 },
            "{said}"
        );
        assert_eq!((bench.events("intended"), bench.events("unresolved")), (1, 1));
    });
}

#[test]
fn sbatch_that_hangs_is_given_up_and_its_job_is_adopted() {
    let bench = Bench::new(1).impatient(1);
    bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply("").ending(End::Hangs));
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("it was adopted"), "{said}");
    bench.finish();
    bench.assert_once(1);
}

#[test]
fn a_launcher_that_is_killed_when_its_job_was_accepted_finds_it_again() {
    let bench = Bench::new(1);
    bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply("").ending(End::CallerKilled));
    assert_eq!(bench.command(&["submit"]).output().unwrap().status.code(), None);
    assert_eq!((bench.events("intended"), bench.events("accepted")), (1, 0));
    bench.slurm.work();
    bench.slurm.forget_ended();
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("it was adopted") && said.contains("nothing to submit"), "{said}");
    bench.assert_once(1);
}

#[test]
fn what_may_still_be_on_its_way_is_left_alone_until_it_is_too_old() {
    let bench = Bench::new(1);
    bench.slurm.fault("sbatch", When::Nth(1), Fault::refuses(TIMED_OUT));
    let said = bench.expect(75, &["submit"]);
    assert!(said.contains("no clear answer") && said.contains("Socket timed out"), "{said}");
    let said = bench.expect(75, &["submit"]);
    assert!(said.contains("still without an answer"), "{said}");
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("it is not known whether 4 runs reached the queue"), "{status}");
    bench.expect(75, &["reconcile"]);
    assert_eq!(bench.slurm.calls("sbatch"), 1);
    bench.pass(6);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("it was given up"), "{said}");
    bench.finish();
    bench.assert_once(1);
    assert_eq!(bench.events("given-up"), 1);
}

#[test]
fn a_submission_that_arrives_late_is_adopted_or_does_nothing() {
    let delayed = Fault { effect: Effect::Delayed, ..Fault::refuses(TIMED_OUT) };
    each(&[2, 6], |minutes| {
        let bench = Bench::new(1);
        bench.slurm.fault("sbatch", When::Nth(1), delayed.clone());
        bench.expect(75, &["submit"]);
        bench.pass(*minutes);
        if *minutes < 5 {
            bench.slurm.arrive();
            let said = bench.expect(0, &["submit"]);
            assert!(said.contains("it was adopted"), "{said}");
            bench.finish();
            bench.assert_once(1);
            return;
        }
        bench.expect(0, &["submit"]);
        let late = bench.slurm.arrive();
        // Whatever of it starts before anybody looks does nothing; the rest waits for its turn.
        bench.slurm.change(|cluster| {
            let job = cluster.jobs.iter_mut().find(|job| job.number == late[0]).unwrap();
            job.tasks[1..].iter_mut().for_each(|task| task.held = true);
        });
        let ended =
            |cluster: &pretence::Cluster| cluster.known().any(|(job, task)| job.number == late[0] && task.is_over());
        bench.slurm.work_until(ended);
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("arrived after it was given up: it was cancelled"), "{said}");
        bench.finish();
        bench.assert_once(2);
        // Once it has ended there is nothing more to say or to cancel.
        let cancelled = bench.slurm.calls("scancel");
        bench.slurm.forget_ended();
        let said = bench.expect(0, &["reconcile"]);
        assert_eq!((said.as_str(), bench.slurm.calls("scancel")), ("every submission has its answer\n", cancelled));
    });
}

#[test]
fn a_job_that_was_queued_twice_is_kept_once() {
    let bench = Bench::new(1);
    bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply(TIMED_OUT).ending(End::CallerKilled));
    assert_eq!(bench.command(&["submit"]).output().unwrap().status.code(), None);
    bench.slurm.change(|cluster| {
        let script = cluster.jobs[0].script.clone();
        cluster.on_their_way.push(script);
    });
    let second = bench.slurm.arrive();
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("second copy cancelled"), "{said}");
    bench.finish();
    bench.assert_once(2);
    let cluster = bench.slurm.look();
    let copy = cluster.jobs.iter().find(|job| job.number == second[0]).unwrap();
    assert!(copy.tasks.iter().all(|task| task.now.word() == "CANCELLED"), "{copy:#?}");
}

#[test]
fn what_there_is_no_room_for_now_is_submitted_later() {
    let policy = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
    let cases = [
        format!("sbatch: error: AssocMaxSubmitJobLimit\n{}", failed(policy)),
        format!("sbatch: error: QOSMaxSubmitJobPerUserLimit\n{}", failed(policy)),
        failed("Rate limit exceeded, please retry momentarily"),
        failed("RPC rate limit exceeded"),
        format!("{RETRYING}{}", failed("Resource temporarily unavailable")),
        format!(
            "sbatch: error: Slurm job queue full, sleeping and retrying\n{}",
            failed("Unable to create job record, try again")
        ),
    ];
    each(&cases, |said| {
        let bench = Bench::new(1);
        bench.slurm.fault("sbatch", When::Always, Fault::refuses(said));
        let told = bench.expect(75, &["submit"]);
        assert!(told.contains("not submitted yet"), "{told}");
        assert_eq!(
            (bench.events("intended"), bench.events("refused")),
            (bench.slurm.calls("sbatch"), bench.slurm.calls("sbatch"))
        );
        assert_eq!(fs::read_dir(bench.layout().arrays()).unwrap().count(), 0);
        bench.slurm.heal();
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn a_real_limit_is_filled_again_and_again() {
    let bench = Bench::new(3);
    bench.slurm.change(|cluster| cluster.max_submit = Some(5));
    let said = bench.expect(75, &["submit"]);
    assert!(said.contains("not submitted yet"), "{said}");
    assert!(bench.slurm.look().known().count() <= 5);
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn what_is_wrong_in_itself_is_refused_for_good() {
    let bench = Bench::new(1);
    bench.slurm.fault(
        "sbatch",
        When::Nth(1),
        Fault::refuses(&failed("Invalid account or account/partition combination specified")),
    );
    let said = bench.expect(1, &["submit"]);
    assert!(said.contains("Slurm refused 4 runs: Batch job submission failed: Invalid account"), "{said}");
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("Slurm refused what was submitted last: ") && said.contains("Invalid account"), "{said}");
    assert_eq!((bench.jobs(), bench.events("refused")), (0, 1));
    assert_eq!(fs::read_dir(bench.layout().arrays()).unwrap().count(), 0);
}

#[test]
fn a_clear_answer_is_clear_behind_banners_and_before_the_name_of_a_cluster() {
    each(&[Printed::BehindBanner, Printed::BetweenBanners], |printed| {
        let bench = Bench::new(1);
        bench.slurm.change(|cluster| cluster.names_cluster = true);
        bench.slurm.fault(
            "sbatch",
            When::Always,
            Fault { said: "sbatch: billing account nlp\n".to_owned(), ..Fault::prints(*printed) },
        );
        for command in ["squeue", "sacct", "scontrol"] {
            bench.slurm.fault(command, When::Always, Fault::prints(Printed::BehindBanner));
        }
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("4 runs") && !said.contains("adopted"), "{said}");
        bench.finish();
        bench.assert_once(1);
    });
}
