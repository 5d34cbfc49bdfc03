//! Jobs that have to come first.

use std::fmt;

use crate::job_id::JobNumber;

/// When another job lets this one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// It has ended, in whichever way. Of an array, all tasks.
    AfterAny,
    /// It has ended with exit code 0. Of an array, all tasks; if one fails, never.
    AfterOk,
    /// It has ended with another exit code.
    AfterNotOk,
}

impl DependencyKind {
    fn word(self) -> &'static str {
        match self {
            Self::AfterAny => "afterany",
            Self::AfterOk => "afterok",
            Self::AfterNotOk => "afternotok",
        }
    }
}

/// The jobs, at least one, that must all have let this one start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    kind: DependencyKind,
    jobs: Vec<JobNumber>,
}

impl Dependency {
    /// All of these jobs, in order and without repetition; `None` if there are none.
    pub fn on(kind: DependencyKind, jobs: impl IntoIterator<Item = JobNumber>) -> Option<Self> {
        let mut jobs: Vec<JobNumber> = jobs.into_iter().collect();
        jobs.sort_unstable();
        jobs.dedup();
        if jobs.is_empty() { None } else { Some(Self { kind, jobs }) }
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind.word())?;
        self.jobs.iter().try_for_each(|job| write!(formatter, ":{job}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_listed_once_and_in_order() {
        let jobs = [12, 7, 12].map(|number| JobNumber::new(number).unwrap());
        let dependency = Dependency::on(DependencyKind::AfterAny, jobs).unwrap();
        assert_eq!(dependency.to_string(), "afterany:7:12");
        assert_eq!(Dependency::on(DependencyKind::AfterOk, []), None);
    }
}
