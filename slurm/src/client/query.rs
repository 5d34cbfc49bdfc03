use std::time::Duration;

use super::{Client, ClientError};
use crate::name::JobName;
use crate::parse::sacct::{self, AccountedJob};
use crate::parse::sacctmgr::{self, Association, Quality};
use crate::parse::scontrol_config::{self, ClusterConfig};
use crate::parse::squeue::{self, QueuedJob};
use crate::parse::{QueryError, sinfo};

/// More names than this make a command line too long for its use: then the answer is sifted here.
const MOST_NAMES: usize = 200;

/// Whose jobs are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The user.
    pub user: &'a str,
    /// The jobs' names. No names ask for nothing.
    pub names: &'a [JobName],
}

/// How far back accounts are asked for, counted from now by the cluster's own clock.
///
/// Without a start sacct looks back to midnight only, and numbers of jobs are used again after years; so there is
/// always one. Being relative it needs neither the cluster's time zone nor clocks that agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(Duration);

impl Window {
    /// From `ago` before now.
    pub fn since(ago: Duration) -> Self {
        Self(ago)
    }

    fn start(self) -> String {
        format!("now-{}minutes", self.0.as_secs().div_ceil(60).max(1))
    }
}

impl Wanted<'_> {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|wanted| wanted.as_str() == name)
    }

    fn list(&self) -> Option<String> {
        let names: Vec<&str> = self.names.iter().map(JobName::as_str).collect();
        (names.len() <= MOST_NAMES).then(|| names.join(","))
    }
}

impl Client {
    /// The user on whose behalf commands are run.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn user(&self) -> Result<String, ClientError> {
        let output = self.run("id", vec!["-un".to_owned()])?;
        let user = output.stdout.lines().next_back().unwrap_or_default().trim();
        if output.exit != Some(0) || user.is_empty() {
            return Err(QueryError::NoAnswer { command: "id", expected: "the name of a user" }.into());
        }
        Ok(user.to_owned())
    }

    /// The jobs of those names that the controller knows, a row for every task.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn queue(&self, wanted: &Wanted<'_>) -> Result<Vec<QueuedJob>, ClientError> {
        if wanted.names.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments = ["--array", "--states=all"].map(str::to_owned).to_vec();
        arguments.push(format!("--user={}", wanted.user));
        arguments.extend(wanted.list().map(|names| format!("--name={names}")));
        arguments.push(format!("--format={}", squeue::FORMAT));
        let output = self.run("squeue", arguments)?;
        let mut jobs = squeue::read(&output.reply("squeue"))?;
        jobs.retain(|job| job.user == wanted.user && wanted.has(&job.name));
        Ok(jobs)
    }

    /// The accounts of the jobs of those names, every incarnation with its steps.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn accounts(&self, wanted: &Wanted<'_>, window: Window) -> Result<Vec<AccountedJob>, ClientError> {
        if wanted.names.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments = ["--parsable2", "--duplicates"].map(str::to_owned).to_vec();
        arguments.push(format!("--user={}", wanted.user));
        arguments.push(format!("--starttime={}", window.start()));
        arguments.extend(wanted.list().map(|names| format!("--name={names}")));
        arguments.push(format!("--format={}", sacct::FIELDS));
        let output = self.run("sacct", arguments)?;
        let mut jobs = sacct::read(&output.reply("sacct"))?;
        jobs.retain(|job| job.allocation.user == wanted.user && wanted.has(&job.allocation.name));
        Ok(jobs)
    }

    /// The cluster's settings.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn configuration(&self) -> Result<ClusterConfig, ClientError> {
        let output = self.run("scontrol", ["show", "config"].map(str::to_owned).to_vec())?;
        Ok(scontrol_config::read(&output.reply("scontrol"))?)
    }

    /// The nodes of every partition.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn nodes(&self) -> Result<Vec<sinfo::NodeGroup>, ClientError> {
        let output = self.run("sinfo", vec![format!("--format={}", sinfo::FORMAT)])?;
        Ok(sinfo::read(&output.reply("sinfo"))?)
    }

    /// What `user` may charge, on whatever clusters the accounts are kept for.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn associations(&self, user: &str) -> Result<Vec<Association>, ClientError> {
        let mut arguments = ["--parsable2", "show", "associations"].map(str::to_owned).to_vec();
        arguments.extend([format!("user={user}"), format!("format={}", sacctmgr::ASSOCIATION_FIELDS)]);
        let output = self.run("sacctmgr", arguments)?;
        let mut associations = sacctmgr::associations(&output.reply("sacctmgr"))?;
        associations.retain(|association| association.user == user);
        Ok(associations)
    }

    /// The qualities of service that there are.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn qualities(&self) -> Result<Vec<Quality>, ClientError> {
        let mut arguments = ["--parsable2", "show", "qos"].map(str::to_owned).to_vec();
        arguments.push(format!("format={}", sacctmgr::QUALITY_FIELDS));
        let output = self.run("sacctmgr", arguments)?;
        Ok(sacctmgr::qualities(&output.reply("sacctmgr"))?)
    }

    /// The lines that `sh` prints when it is started with these arguments where Slurm is.
    ///
    /// # Errors
    /// [`ClientError`], also when it does not end well.
    pub fn shell(&self, arguments: &[&str]) -> Result<Vec<String>, ClientError> {
        let output = self.run("sh", arguments.iter().map(|word| (*word).to_owned()).collect())?;
        if output.exit == Some(0) {
            return Ok(output.stdout.lines().map(str::to_owned).collect());
        }
        Err(QueryError::Failed { command: "sh", exit: output.exit, stderr: output.stderr }.into())
    }

    /// Where `program` lies on the `PATH` of the place where Slurm is; none if it is not there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn locate(&self, program: &str) -> Result<Option<String>, ClientError> {
        let script = "command -v \"$1\"; echo .";
        let output = self.run("sh", ["-c", script, "sh", program].map(str::to_owned).to_vec())?;
        let Some(path) = output.stdout.strip_suffix(".\n").filter(|_| output.exit == Some(0)) else {
            return Err(QueryError::NoAnswer { command: "sh", expected: "where a program lies" }.into());
        };
        Ok(Some(path.trim_end_matches('\n')).filter(|path| !path.is_empty()).map(str::to_owned))
    }

    /// Those of `programs` that are not found on the `PATH` of the place where Slurm is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn missing(&self, programs: &[&str]) -> Result<Vec<String>, ClientError> {
        let script = "for program; do command -v \"$program\" >/dev/null || echo \"$program\"; done; echo .";
        let arguments = ["-c", script, "sh"].iter().chain(programs).map(|word| (*word).to_owned()).collect();
        let output = self.run("sh", arguments)?;
        let Some(missing) = output.stdout.strip_suffix(".\n").filter(|_| output.exit == Some(0)) else {
            return Err(QueryError::NoAnswer { command: "sh", expected: "which programs are there" }.into());
        };
        Ok(missing.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_named() {
        let client = Client::new(crate::transport::Local);
        assert_eq!(
            client.missing(&["sh", "no $(program) of this name", "cat"]).unwrap(),
            ["no $(program) of this name"]
        );
    }

    #[test]
    fn a_window_is_never_empty_and_never_short() {
        assert_eq!(Window::since(Duration::ZERO).start(), "now-1minutes");
        assert_eq!(Window::since(Duration::from_secs(61)).start(), "now-2minutes");
    }
}
