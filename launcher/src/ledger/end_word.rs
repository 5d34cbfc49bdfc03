use std::str::FromStr;

use spec::setting::closest;

use super::run_end::RunEnd;

/// A word of the command line for ends of runs: one kind of end, or `failed` for every failure.
///
/// `run --retry`, `submit --retry`, `watch --retry` and `retry --cause` all take these and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndWord(&'static str);

/// Every word, the comprehensive one first.
const WORDS: [&str; 16] = [
    "failed",
    "diverged",
    "out-of-memory",
    "gpu-out-of-memory",
    "timeout",
    "preemption",
    "node-failure",
    "cancelled",
    "lost",
    "not-begun",
    "bad-spec",
    "bad-data",
    "unavailable",
    "cannot-write",
    "program-error",
    "no-results",
];

/// What people write for some of them.
const OTHER_WORDS: [(&str, &str); 4] =
    [("oom", "out-of-memory"), ("preempted", "preemption"), ("time-limit", "timeout"), ("canceled", "cancelled")];

impl EndWord {
    /// Every failure, whatever the cause.
    pub const FAILED: Self = Self("failed");
    /// Runs that diverged.
    pub const DIVERGED: Self = Self("diverged");

    /// The word.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Whether a run that ended so is meant.
    pub fn means(self, end: RunEnd) -> bool {
        let failed = matches!(end, RunEnd::Failed(_) | RunEnd::OutOfMemory | RunEnd::GpuOutOfMemory);
        end.name() == self.0 || (self == Self::FAILED && failed)
    }
}

impl FromStr for EndWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usual = OTHER_WORDS.iter().find(|(other, _)| *other == text).map_or(text, |(_, usual)| usual);
        WORDS.into_iter().find(|word| *word == usual).map(Self).ok_or_else(|| {
            let near = closest(text, WORDS).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            format!("{near}runs end as {}", WORDS.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use spec::status::Cause;

    use super::*;

    fn word(text: &str) -> EndWord {
        text.parse().unwrap()
    }

    #[test]
    fn words_mean_what_they_say() {
        let failed = RunEnd::Failed(Cause::BadData);
        assert!(word("bad-data").means(failed) && word("failed").means(failed) && !word("lost").means(failed));
        assert!(EndWord::FAILED.means(RunEnd::OutOfMemory) && !EndWord::FAILED.means(RunEnd::Lost));
        assert!(EndWord::DIVERGED.means(RunEnd::Diverged) && !EndWord::FAILED.means(RunEnd::Diverged));
    }

    #[test]
    fn every_end_has_a_word() {
        let ends = [RunEnd::Preempted, RunEnd::NodeFailure, RunEnd::OutOfMemory, RunEnd::GpuOutOfMemory];
        let more = [RunEnd::Timeout { progress: None }, RunEnd::Cancelled { by: Some(0) }, RunEnd::Diverged];
        let rest = [RunEnd::Failed(Cause::NoResults), RunEnd::Lost, RunEnd::NotBegun];
        for end in ends.into_iter().chain(more).chain(rest) {
            assert!(word(end.name()).means(end), "{end:?}");
        }
    }

    #[test]
    fn a_word_that_is_none_is_told_the_nearest() {
        assert!(word("oom").means(RunEnd::OutOfMemory) && word("preempted").means(RunEnd::Preempted));
        let said = "outofmemory".parse::<EndWord>().unwrap_err();
        assert!(said.starts_with("did you mean `out-of-memory`? runs end as failed, diverged, "), "{said}");
        assert!("done".parse::<EndWord>().unwrap_err().contains("no-results"));
    }
}
