use super::{Client, ClientError};
use crate::job_id::{JobId, JobNumber};
use crate::transport::Output;

/// Jobs on one command line: enough to be quick, few enough to stay below every limit of it.
const AT_ONCE: usize = 100;

impl Client {
    /// Cancels `jobs`, whole or by task. Those that have ended already are passed over.
    ///
    /// # Errors
    /// [`ClientError`]; some may have been cancelled.
    pub fn cancel(&self, jobs: &[JobId]) -> Result<(), ClientError> {
        self.each("scancel", &[], jobs)
    }

    /// Keeps `jobs` that wait from starting.
    ///
    /// # Errors
    /// [`ClientError`]; some may have been held.
    pub fn hold(&self, jobs: &[JobId]) -> Result<(), ClientError> {
        self.each("scontrol", &["hold"], jobs)
    }

    /// Lets held `jobs` start again.
    ///
    /// # Errors
    /// [`ClientError`]; some may have been released.
    pub fn release(&self, jobs: &[JobId]) -> Result<(), ClientError> {
        self.each("scontrol", &["release"], jobs)
    }

    /// Queues `jobs` that run again under their own numbers. Those that have been cancelled or have ended otherwise, be
    /// it that some of their processes are still at work, stay as they are: that word of scontrol's came with Slurm
    /// 19.05.
    ///
    /// # Errors
    /// [`ClientError`]; some may have been queued.
    pub fn requeue(&self, jobs: &[JobId]) -> Result<(), ClientError> {
        self.each("scontrol", &["requeue", "Incomplete"], jobs)
    }

    /// Changes how many tasks of an array may run at a time; 0 lifts the bound.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn throttle(&self, array: JobNumber, tasks: u32) -> Result<(), ClientError> {
        let arguments = ["update".to_owned(), format!("JobId={array}"), format!("ArrayTaskThrottle={tasks}")];
        done("scontrol", &self.run("scontrol", arguments.to_vec())?)
    }

    fn each(&self, command: &'static str, verb: &[&str], jobs: &[JobId]) -> Result<(), ClientError> {
        for jobs in jobs.chunks(AT_ONCE) {
            let mut arguments: Vec<String> = verb.iter().map(|word| (*word).to_owned()).collect();
            let names = jobs.iter().map(ToString::to_string);
            // scancel takes many arguments, scontrol one list.
            if verb.is_empty() {
                arguments.extend(names);
            } else {
                arguments.push(names.collect::<Vec<_>>().join(","));
            }
            done(command, &self.run(command, arguments)?)?;
        }
        Ok(())
    }
}

/// What is said of a job that has ended or started meanwhile, or that was told all the same. One such job does not keep
/// the others from being told.
const PASSED_OVER: [&str; 6] = [
    "no error",
    "already completing or completed",
    "already finished",
    "invalid job id specified",
    "no longer pending",
    "no jobs found",
];

fn done(command: &'static str, output: &Output) -> Result<(), ClientError> {
    let said = output.stderr.trim();
    let passes = |line: &str| PASSED_OVER.iter().any(|words| line.to_ascii_lowercase().contains(words));
    if output.exit == Some(0) || (output.exit.is_some() && !said.is_empty() && said.lines().all(passes)) {
        return Ok(());
    }
    let said = if said.is_empty() { "it said nothing".to_owned() } else { said.to_owned() };
    Err(ClientError::Refused { command, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(exit: Option<i32>, stderr: &str) -> bool {
        done("scontrol", &Output { exit, stdout: String::new(), stderr: stderr.to_owned() }).is_ok()
    }

    #[test]
    fn a_job_that_ended_meanwhile_does_not_matter_and_a_refusal_does() {
        // As scontrol 22.05 and scancel 22.05 say it.
        assert!(told(Some(1), "2_0,5-39: No error\n2_1-4: Job has already finished\n"));
        assert!(told(
            Some(1),
            "scancel: error: Kill job error on job id 3: Job/step already completing or completed\n"
        ));
        assert!(!told(Some(1), "2_1: Access/permission denied\n2_2: Job has already finished\n"));
        assert!(!told(Some(1), ""));
        assert!(!told(None, "slurm_update error: No error"));
    }
}
