use serde::{Deserialize, Serialize};
use slurm::job_id::{JobId, JobNumber};
use slurm::state::Ending;
use spec::status::{Cause, State};
use spec::{Digest, RunId};

use super::RunEnd;

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// [`spec::SCHEMA`] of the writer.
    pub schema: u32,
    /// When: RFC 3339, UTC.
    pub at: String,
    /// What.
    pub event: Event,
}

/// Where the runs of a submission are carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// On the machine that submitted them.
    Local {
        /// Its name.
        host: String,
        /// Runs at a time.
        slots: u32,
    },
}

/// What can happen to a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The plan was frozen, for the first time or changed.
    PlanFrozen {
        /// The plan's revision; 0 is the first.
        revision: u32,
        /// Digest of the sweep file.
        sweep_file: Digest,
        /// Runs in the plan.
        runs: u64,
    },
    /// Runs were handed over to be carried out. The array file is on disk before this line.
    Submitted {
        /// The submission, which names its array file.
        submission: String,
        /// Where.
        place: Place,
        /// Runs in the array file.
        runs: u64,
    },
    /// Runs are about to be handed to Slurm. Array file and script are on disk before this line; until another line
    /// names the submission again, it is not known whether it was queued.
    Intended {
        /// The submission, which names its files and its job.
        submission: String,
        /// The site.
        site: String,
        /// Runs in the array file.
        runs: u64,
        /// Runs that each task carries out; left out where it is 1.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        runs_per_task: u32,
        /// Whether its lines are no runs but elements of an evaluation; left out where they are runs.
        #[serde(default, skip_serializing_if = "is_no")]
        evaluates: bool,
        /// The arrays after whose end it writes the report; it carries out no run then. Left out for all others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<JobNumber>,
        /// Digest of the script.
        script: Digest,
    },
    /// Slurm has queued a submission.
    Accepted {
        /// The submission.
        submission: String,
        /// The number of its array.
        job: JobNumber,
        /// Whether it was found by its name, because sbatch had given no clear answer.
        adopted: bool,
    },
    /// Slurm has not queued a submission, and said so.
    Refused {
        /// The submission.
        submission: String,
        /// What it said.
        message: String,
    },
    /// sbatch gave no clear answer.
    Unresolved {
        /// The submission.
        submission: String,
        /// What is known.
        message: String,
    },
    /// A submission was looked for, was not found and was fenced: whatever of it starts later does nothing.
    GivenUp {
        /// The submission.
        submission: String,
    },
    /// The task of an unfinished run was seen to be over. Slurm forgets; this line does not.
    Observed {
        /// The run.
        run: RunId,
        /// The submission.
        submission: String,
        /// The task, as Slurm writes it.
        task: JobId,
        /// What Slurm said of its end; absent when it no longer knew the task.
        ending: Option<Ending>,
        /// Where it had been; empty if it never started or that is not known.
        nodes: String,
        /// What ended the run, by that and by its own record.
        end: RunEnd,
    },
    /// Somebody asked for tasks to be cancelled. This line comes before the call.
    Cancelled {
        /// The runs of the tasks.
        runs: Vec<RunId>,
    },
    /// A supervisor was started for a run.
    AttemptStarted {
        /// The run.
        run: RunId,
        /// The submission.
        submission: String,
        /// The run's line in the array file, from 0.
        index: u64,
        /// The supervisor's process.
        process: u32,
        /// The GPU it was given.
        gpu: Option<String>,
    },
    /// A supervisor has ended. The run's own record says more.
    AttemptEnded {
        /// The run.
        run: RunId,
        /// The submission.
        submission: String,
        /// Where the run stands now; absent when it never came to a record.
        state: Option<State>,
        /// Why the attempt ended.
        cause: Option<Cause>,
    },
    /// A run that had failed or diverged is to be carried out again.
    Retried {
        /// The run.
        run: RunId,
        /// Why it had ended.
        cause: Cause,
        /// Whether a person asked for it, not the sweep's own policy.
        asked: bool,
    },
    /// A submission was stopped before its end.
    Stopped {
        /// The submission.
        submission: String,
        /// Runs that were asked to checkpoint or were killed.
        running: u64,
        /// Runs that were never started.
        waiting: u64,
    },
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_no(answer: &bool) -> bool {
    !*answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_from_before_packing_is_one_run_a_task() {
        let digest = Digest::of(b"script");
        let text = format!(
            r#"{{"intended":{{"submission":"a-1","site":"here","runs":3,"script":{}}}}}"#,
            serde_json::to_string(&digest).unwrap()
        );
        let intended = |runs_per_task| Event::Intended {
            submission: "a-1".to_owned(),
            site: "here".to_owned(),
            runs: 3,
            runs_per_task,
            evaluates: false,
            after: Vec::new(),
            script: digest,
        };
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), intended(1));
        assert_eq!(serde_json::to_string(&intended(1)).unwrap(), text);
        let packed = serde_json::to_string(&intended(8)).unwrap();
        assert!(packed.contains(r#""runs-per-task":8"#), "{packed}");
        assert_eq!(serde_json::from_str::<Event>(&packed).unwrap(), intended(8));
    }
}
