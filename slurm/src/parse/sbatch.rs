//! The answer to a submission: `sbatch --parsable`.

use super::Reply;
use crate::job_id::{JobId, JobPart};

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// The job is queued under this id.
    Accepted(JobId),
    /// Slurm has no room for so many jobs now: nothing was queued. Fewer may fit, and later all may.
    NoRoom {
        /// What Slurm said.
        message: String,
    },
    /// Slurm takes nothing now, however small: nothing was queued, and later it may be.
    Busy {
        /// What Slurm said.
        message: String,
    },
    /// Slurm will never take it as it is: nothing was queued.
    Rejected {
        /// What Slurm said.
        message: String,
    },
    /// It may or may not be queued. It must be looked up by its name before anything else is done:
    /// to submit it again could run it twice.
    Unresolved {
        /// What is known of the failure.
        message: String,
    },
}

/// Marks, in lower case, of limits that leave room again when other jobs end.
const LIMITS: [&str; 6] = [
    "maxsubmit",
    "grpsubmit",
    "job violates accounting/qos policy",
    "job violates accounting policy",
    "maximum number of jobs",
    "unable to create job record",
];

/// Marks, in lower case, of a controller that has too much to do, or hears too much from us.
const BUSY: [&str; 4] =
    ["submission rate too high", "rate limit", "resource temporarily unavailable", "requested nodes are busy"];

/// The end, in lower case, of what sbatch says when it tries again by itself.
const RETRYING: &str = "retrying";

/// Marks, in lower case, of requests that are wrong in themselves.
const REJECTIONS: [&str; 29] = [
    "perjob",
    "pernode",
    "qosmin",
    "invalid account",
    "invalid partition",
    "invalid qos",
    "invalid job array",
    "invalid feature",
    "invalid generic resource",
    "invalid trackable",
    "invalid wckey",
    "invalid numeric value",
    "invalid --",
    "invalid time",
    "invalid directive",
    "unrecognized option",
    "batch script contains",
    "does not look like a batch script",
    "requested node configuration is not available",
    "requested partition configuration not available",
    "requested time limit is invalid",
    "requested reservation",
    "memory specification can not be satisfied",
    "node count specification invalid",
    "more processors requested than permitted",
    "job dependency problem",
    "group not permitted to use this partition",
    "access/permission denied",
    "unable to open file",
];

/// Reads what `sbatch --parsable` left behind. Nothing but one clear id, a known limit or a known
/// objection is certain; everything else is [`Submission::Unresolved`].
pub fn read(reply: &Reply) -> Submission {
    match (reply.exit, job_ids(reply.stdout).as_slice()) {
        (Some(0), [job]) => Submission::Accepted(job.clone()),
        (Some(0), []) => unresolved(reply, "sbatch ended well but printed no job id"),
        (_, [_, ..]) => unresolved(reply, "sbatch printed a job id but did not end well"),
        (None, []) => unresolved(reply, "sbatch did not end by itself"),
        (Some(_), []) => refusal(reply),
    }
}

/// Whole lines that are `number` or `number;cluster`, each id once. A last line without its
/// newline may be cut in the middle of the number and does not count.
fn job_ids(stdout: &str) -> Vec<JobId> {
    let mut jobs = Vec::new();
    let whole_lines = stdout.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    for job in whole_lines.filter_map(|line| line.trim_end().parse::<JobId>().ok()) {
        if job.part == JobPart::Whole && !jobs.contains(&job) {
            jobs.push(job);
        }
    }
    jobs
}

/// Marks, in lower case, of an answer that was not heard: whatever else was said, a plugin of the site may have said
/// it.
const UNHEARD: [&str; 5] = ["timed out", "unable to contact", "zero bytes", "connection", "communication"];

/// Only what sbatch itself reports as an error counts: a site's greeting may say anything. Nor does it count why an
/// earlier try failed: the last one may have been accepted.
fn refusal(reply: &Reply) -> Submission {
    let is_last_word = |line: &&str| !line.trim_end_matches('.').to_ascii_lowercase().ends_with(RETRYING);
    let errors: Vec<&str> = reply.stderr.lines().filter_map(own_error).filter(is_last_word).collect();
    let folded = errors.join("\n").to_ascii_lowercase();
    let says = |marks: &[&str]| marks.iter().any(|mark| folded.contains(mark));
    let message = errors.join("; ");
    if says(&UNHEARD) {
        unresolved(reply, "sbatch failed")
    } else if says(&REJECTIONS) {
        Submission::Rejected { message }
    } else if says(&LIMITS) {
        Submission::NoRoom { message }
    } else if says(&BUSY) {
        Submission::Busy { message }
    } else {
        unresolved(reply, "sbatch failed")
    }
}

/// The text behind `sbatch: error: `; getopt puts the program's whole path in its place.
fn own_error(line: &str) -> Option<&str> {
    let (program, text) = line.split_once(": ")?;
    let text = text.strip_prefix("error: ").unwrap_or(text).trim();
    (program == "sbatch" || program.ends_with("/sbatch")).then_some(text)
}

fn unresolved(reply: &Reply, what: &str) -> Submission {
    let said = reply.stderr.trim();
    let message = if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") };
    Submission::Unresolved { message }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn submit(exit: Option<i32>, stdout: &str, stderr: &str) -> Submission {
        read(&Reply { command: "sbatch", exit, stdout, stderr })
    }

    fn accepted(text: &str) -> Submission {
        Submission::Accepted(text.parse().unwrap())
    }

    #[test]
    fn one_clear_id_is_accepted_behind_any_banner() {
        assert_eq!(submit(Some(0), "1234\n", ""), accepted("1234"));
        assert_eq!(submit(Some(0), "1234;gpu\n", ""), accepted("1234;gpu"));
        let banner = "** Welcome! Maintenance on 24 Dec 2026 **\n\n1234\n";
        assert_eq!(submit(Some(0), banner, "sbatch: billing account: nlp"), accepted("1234"));
    }

    #[test]
    fn anything_unclear_is_unresolved() {
        for (exit, stdout, stderr) in [
            (Some(0), "", ""),
            (Some(0), "12", ""),
            (Some(0), "2026\n1234\n", ""),
            (Some(0), "Submitted batch job 1234\n", ""),
            (Some(1), "1234\n", ""),
            (None, "1234\n", ""),
            (None, "", "sbatch: error: invalid account"),
            (Some(255), "", "client_loop: send disconnect: Broken pipe"),
            (Some(1), "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"),
            (Some(1), "", "Notice: an invalid account is locked after 3 days"),
        ] {
            let outcome = submit(exit, stdout, stderr);
            assert!(matches!(outcome, Submission::Unresolved { .. }), "{stdout:?} {stderr:?}");
        }
    }

    #[test]
    fn limits_are_told_from_objections() {
        let limit = "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission \
                     failed: Job violates accounting/QOS policy (job submit limit, user's size \
                     and/or time limits)\n";
        assert!(matches!(submit(Some(1), "", limit), Submission::NoRoom { .. }));
        let too_long = limit.replace("AssocMaxSubmitJobLimit", "QOSMaxWallDurationPerJobLimit");
        assert!(matches!(submit(Some(1), "", &too_long), Submission::Rejected { .. }));
        let partition = "sbatch: error: invalid partition specified: gpux\n\
                         sbatch: error: Batch job submission failed: Invalid partition name specified\n";
        assert_eq!(
            submit(Some(1), "", partition),
            Submission::Rejected {
                message: "invalid partition specified: gpux; Batch job submission failed: \
                          Invalid partition name specified"
                    .to_owned()
            }
        );
    }

    #[test]
    fn an_earlier_try_says_nothing_of_the_last() {
        let retrying = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n";
        let failed =
            |why: &str| submit(Some(1), "", &format!("{retrying}sbatch: error: Batch job submission failed: {why}\n"));
        assert!(matches!(failed("Resource temporarily unavailable"), Submission::Busy { .. }));
        assert!(matches!(failed("Unable to create job record, try again"), Submission::NoRoom { .. }));
        assert!(matches!(failed("Socket timed out on send/recv operation"), Submission::Unresolved { .. }));
        assert!(matches!(submit(Some(1), "", retrying), Submission::Unresolved { .. }));
    }

    #[test]
    fn a_wrong_option_is_an_objection() {
        let stderr = "/usr/bin/sbatch: unrecognized option '--bogus'\n\
                      Try \"sbatch --help\" for more information\n";
        assert_eq!(
            submit(Some(255), "", stderr),
            Submission::Rejected { message: "unrecognized option '--bogus'".to_owned() }
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(exit in any::<Option<i32>>(), stdout in any::<String>(), stderr in any::<String>()) {
            submit(exit, &stdout, &stderr);
        }
    }
}
