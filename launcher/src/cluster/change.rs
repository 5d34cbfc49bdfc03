//! What a person wants asked for in place of what the sweep's file says.

use std::fmt;
use std::str::FromStr;

use slurm::resources::{Memory, MemoryRequest, Resources, TimeLimit};

use super::error::ClusterError;

/// What a person wants asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change<T> {
    /// So much.
    To(T),
    /// So many times what the sweep asks for.
    Times(f64),
}

impl<T: FromStr> FromStr for Change<T>
where
    T::Err: fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix('x').map(str::parse::<f64>) {
            Some(Ok(factor)) if (0.01..=1000.0).contains(&factor) => Ok(Self::Times(factor)),
            Some(_) => Err("expected a factor from x0.01 to x1000, such as x1.5".to_owned()),
            None => text.parse().map(Self::To).map_err(|error| format!("{error}; or a factor such as x1.5")),
        }
    }
}

/// What a person wants changed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Changes {
    /// Of the memory.
    pub memory: Option<Change<Memory>>,
    /// Of the time.
    pub time: Option<Change<TimeLimit>>,
}

impl Changes {
    /// The memory in place of what `asked` asks for, if it is to be changed.
    ///
    /// # Errors
    /// [`ClusterError::Change`]: there is nothing to multiply, or more comes of it than can be asked for.
    pub fn memory(&self, asked: &Resources) -> Result<Option<Memory>, ClusterError> {
        let times = |factor: f64| {
            let refused = |reason: String| refused("--memory", factor, reason, "an amount such as 24G");
            let Some(MemoryRequest::PerNode(base)) = asked.memory else {
                return Err(refused("no amount of memory is asked for that could be multiplied".to_owned()));
            };
            let mebibytes = (base.mebibytes() as f64 * factor).ceil() as u64;
            Memory::from_mebibytes(mebibytes)
                .map_err(|_| refused(format!("so many times {base} is more than can be asked for")))
        };
        self.memory.map(|change| change.applied(times)).transpose()
    }

    /// The time in place of what `asked` asks for, if it is to be changed.
    ///
    /// # Errors
    /// As [`Changes::memory`].
    pub fn time(&self, asked: &Resources) -> Result<Option<TimeLimit>, ClusterError> {
        let times = |factor: f64| {
            let refused = |reason: String| refused("--time", factor, reason, "a limit such as 4h");
            let Some((limit, base)) = asked.time.and_then(|limit| Some((limit, limit.seconds()?))) else {
                return Err(refused("no limit of time is asked for that could be multiplied".to_owned()));
            };
            let seconds = (base as f64 * factor).ceil() as u64;
            TimeLimit::from_seconds(seconds)
                .map_err(|_| refused(format!("so many times {limit} is more than can be asked for")))
        };
        self.time.map(|change| change.applied(times)).transpose()
    }
}

impl<T> Change<T> {
    fn applied(self, times: impl FnOnce(f64) -> Result<T, ClusterError>) -> Result<T, ClusterError> {
        match self {
            Self::To(wanted) => Ok(wanted),
            Self::Times(factor) => times(factor),
        }
    }
}

fn refused(option: &'static str, factor: f64, reason: String, instead: &'static str) -> ClusterError {
    ClusterError::Change { option, factor, reason, instead }
}

#[cfg(test)]
mod tests {
    use slurm::resources::Nodes;

    use super::*;

    fn asked(memory: Option<MemoryRequest>, time: Option<TimeLimit>) -> Resources {
        Resources { nodes: Nodes::ONE, time, cpus: None, memory, gres: "gpu:1".parse().unwrap() }
    }

    fn usual() -> Resources {
        asked(Some(MemoryRequest::PerNode("2000M".parse().unwrap())), Some("2h".parse().unwrap()))
    }

    /// What is asked for in place of `asked`, or why not.
    fn changed(asked: &Resources, memory: Option<&str>, time: Option<&str>) -> Result<(String, String), String> {
        let changes =
            Changes { memory: memory.map(|text| text.parse().unwrap()), time: time.map(|text| text.parse().unwrap()) };
        let told = |error: ClusterError| error.to_string();
        let (memory, time) = (changes.memory(asked).map_err(told)?, changes.time(asked).map_err(told)?);
        let text = |value: Option<&dyn fmt::Display>| value.map(ToString::to_string).unwrap_or_default();
        Ok((text(memory.as_ref().map(|value| value as _)), text(time.as_ref().map(|value| value as _))))
    }

    #[test]
    fn what_a_person_says_is_asked_for() {
        let changed = |memory, time| changed(&usual(), memory, time).unwrap();
        assert_eq!(changed(None, None), (String::new(), String::new()));
        assert_eq!(changed(Some("3G"), Some("x2")), ("3G".to_owned(), "04:00:00".to_owned()));
        assert_eq!(changed(Some("x1.5"), Some("UNLIMITED")), ("3000M".to_owned(), "UNLIMITED".to_owned()));
        // An amount needs nothing that it would be a multiple of.
        let bare = asked(None, None);
        assert_eq!(super::tests::changed(&bare, Some("3G"), Some("90m")), Ok(("3G".to_owned(), "01:30:00".to_owned())));
        for wrong in ["x", "x0", "xx", "x-1", "x1001", "lots"] {
            assert!(wrong.parse::<Change<Memory>>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        let error = |asked: &Resources, memory, time| changed(asked, memory, time).unwrap_err();
        insta::assert_snapshot!(error(&asked(None, None), Some("x2"), None), @"--memory x2: no amount of memory is asked for that could be multiplied; an amount such as 24G can be asked for");
        insta::assert_snapshot!(error(&asked(None, Some(TimeLimit::Unlimited)), None, Some("x2")), @"--time x2: no limit of time is asked for that could be multiplied; a limit such as 4h can be asked for");
        let long = asked(usual().memory, Some(TimeLimit::from_seconds(1 << 31).unwrap()));
        insta::assert_snapshot!(error(&long, None, Some("x1000")), @"--time x1000: so many times 24855-03:14:08 is more than can be asked for; a limit such as 4h can be asked for");
        let large = asked(Some(MemoryRequest::PerNode(Memory::from_mebibytes(1 << 40).unwrap())), None);
        insta::assert_snapshot!(error(&large, Some("x2"), None), @"--memory x2: so many times 1073741824G is more than can be asked for; an amount such as 24G can be asked for");
    }
}
