//! What Slurm calls a job, a task of an array, a component or a step.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::array::{ArraySpec, IndicesError};
use crate::name::ClusterName;
use crate::value::{ValueError, serde_as_text};

/// The number of a job. Numbers are used again after `MaxJobId`, so a number alone does not name a
/// job for ever: compare the time of submission and the job's name as well.
pub type JobNumber = NonZeroU32;

/// Which part of a job is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobPart {
    /// A job that is no array, or an array as a whole.
    Whole,
    /// One task of an array: `1234_7`.
    Task(u32),
    /// The tasks of an array that have not started yet: `1234_[0-3,7%2]`.
    Tasks(ArraySpec),
    /// One component of a heterogeneous job: `1234+0`.
    Component(u32),
}

/// A job, or a part of one: `1234`, `1234_7`, `1234_[0-3%2]`, `1234+0`, each perhaps with
/// `;cluster` as `sbatch --parsable` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobId {
    /// The number of the job or of the whole array.
    pub number: JobNumber,
    /// The part of it.
    pub part: JobPart,
    /// The cluster, where Slurm named it.
    pub cluster: Option<ClusterName>,
}

/// A text that names no job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobIdError {
    /// The text has another form.
    #[error(transparent)]
    Form(#[from] ValueError),
    /// The list of tasks in brackets cannot be read.
    #[error("the tasks of job {job:?} cannot be read")]
    Tasks {
        /// The whole text.
        job: String,
        /// What is wrong with the list.
        source: IndicesError,
    },
}

impl JobId {
    /// What is read.
    pub const EXPECTED: &str = "a job id such as \"1234\", \"1234_7\" or \"1234_[0-3%2]\"";

    /// The job or array as a whole, on no particular cluster.
    pub fn whole(number: JobNumber) -> Self {
        Self { number, part: JobPart::Whole, cluster: None }
    }

    /// One task of an array, on no particular cluster.
    pub fn task(number: JobNumber, index: u32) -> Self {
        Self { number, part: JobPart::Task(index), cluster: None }
    }

    /// The array index, if this is one task.
    pub fn index(&self) -> Option<u32> {
        match self.part {
            JobPart::Task(index) => Some(index),
            _ => None,
        }
    }
}

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || ValueError::new(text, Self::EXPECTED);
        let (job, cluster) = match text.split_once(';') {
            Some((job, cluster)) => (job, Some(cluster.parse().map_err(|_| failure())?)),
            None => (text, None),
        };
        let digits = job.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = job.split_at(digits);
        let number = number.parse().map_err(|_| failure())?;
        let part = if rest.is_empty() {
            JobPart::Whole
        } else if let Some(offset) = rest.strip_prefix('+') {
            JobPart::Component(plain_number(offset).ok_or_else(failure)?)
        } else if let Some(tasks) = rest.strip_prefix("_[").and_then(|rest| rest.strip_suffix(']')) {
            let tasks = tasks.parse();
            JobPart::Tasks(tasks.map_err(|source| JobIdError::Tasks { job: text.to_owned(), source })?)
        } else {
            let index = rest.strip_prefix('_').and_then(plain_number);
            JobPart::Task(index.ok_or_else(failure)?)
        };
        Ok(Self { number, part, cluster })
    }
}

fn plain_number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.number)?;
        match &self.part {
            JobPart::Whole => {}
            JobPart::Task(index) => write!(formatter, "_{index}")?,
            JobPart::Tasks(tasks) => {
                write!(formatter, "_[{}", tasks.indices.ranges())?;
                tasks.throttle.map_or(Ok(()), |throttle| write!(formatter, "%{throttle}"))?;
                formatter.write_str("]")?;
            }
            JobPart::Component(offset) => write!(formatter, "+{offset}")?,
        }
        match &self.cluster {
            Some(cluster) => write!(formatter, ";{cluster}"),
            None => Ok(()),
        }
    }
}

serde_as_text!(JobId);

/// A step of a job: what one `srun`, the batch script or Slurm itself started inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The batch script.
    Batch,
    /// The container of what came in from outside, such as ssh.
    Extern,
    /// An interactive shell.
    Interactive,
    /// The so-manieth `srun`; of a heterogeneous step, its component.
    Number {
        /// Counted from 0.
        number: u32,
        /// The component of a heterogeneous step.
        component: Option<u32>,
    },
    /// A kind of step that this version does not know.
    Other(String),
}

impl Step {
    fn read(text: &str) -> Self {
        let (number, component) = match text.split_once('+') {
            Some((number, component)) => (number, Some(component)),
            None => (text, None),
        };
        let component = component.map(plain_number);
        match (text, plain_number(number), component) {
            ("batch", ..) => Self::Batch,
            ("extern", ..) => Self::Extern,
            ("interactive", ..) => Self::Interactive,
            (_, Some(number), None) => Self::Number { number, component: None },
            (_, Some(number), Some(Some(component))) => Self::Number { number, component: Some(component) },
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// A job, or one of its steps, as sacct names them: `1234_7`, `1234_7.batch`, `1234.0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepId {
    /// The job.
    pub job: JobId,
    /// The step; the job's whole allocation, if there is none.
    pub step: Option<Step>,
}

impl FromStr for StepId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('.') {
            Some((_, "")) => Err(ValueError::new(text, JobId::EXPECTED).into()),
            Some((job, step)) if !job.contains('[') => Ok(Self { job: job.parse()?, step: Some(Step::read(step)) }),
            _ => Ok(Self { job: text.parse()?, step: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in ["1234", "1234_7", "1234_[0-3%2]", "1234_[0-3,7]", "1234+0", "1234;gpu-cluster", "1234_7;c"] {
            assert_eq!(text.parse::<JobId>().unwrap().to_string(), text);
        }
        assert_eq!("1234_7".parse::<JobId>().unwrap().index(), Some(7));
    }

    #[test]
    fn other_texts_are_refused() {
        for wrong in
            ["", "0", "_7", "1234_", "1234_x", "1234_[", "1234+", "1234;", "12 34", "+1234", "99999999999", "1_[]"]
        {
            assert!(wrong.parse::<JobId>().is_err(), "{wrong:?}");
        }
        let cut = "1234_[0-3,5,...]".parse::<JobId>().unwrap_err();
        assert!(matches!(cut, JobIdError::Tasks { source: IndicesError::Truncated { .. }, .. }));
    }

    #[test]
    fn steps_are_told_apart() {
        let step = |text: &str| text.parse::<StepId>().unwrap().step;
        assert_eq!(step("1234_7"), None);
        assert_eq!(step("1234_7.batch"), Some(Step::Batch));
        assert_eq!(step("1234.extern"), Some(Step::Extern));
        assert_eq!(step("1234.0"), Some(Step::Number { number: 0, component: None }));
        assert_eq!(step("1234.0+1"), Some(Step::Number { number: 0, component: Some(1) }));
        assert_eq!(step("1234+1.batch"), Some(Step::Batch));
        assert_eq!(step("1234.TBD"), Some(Step::Other("TBD".to_owned())));
        assert!("1234.".parse::<StepId>().is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9_;+.%\\[\\]a-c\\-]{0,20}|\\PC{0,20}") {
            let _ = text.parse::<JobId>();
            let _ = text.parse::<StepId>();
        }
    }
}
