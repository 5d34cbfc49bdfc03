//! What the end of a trainer means.

use signal_hook::consts::{SIGABRT, SIGBUS, SIGFPE, SIGHUP, SIGILL, SIGKILL, SIGSEGV, SIGTERM, SIGTRAP};
use spec::status::{Cause, State, Status};
use spec::{Digest, ExitCode};

use super::watch::{Asked, End};
use crate::results::{Results, ResultsError};

/// What was found after the end, besides the end itself.
pub(super) struct Evidence {
    /// The results that were left.
    pub(super) results: Result<Results, ResultsError>,
    /// The last lines of the log.
    pub(super) log: String,
    /// Whether the kernel killed a process for want of memory meanwhile: one of ours, or of another run that shares our
    /// control group. It counts where the end itself fits.
    pub(super) out_of_memory: bool,
}

/// What becomes of the run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) state: State,
    pub(super) cause: Cause,
    pub(super) message: Option<String>,
    pub(super) results: Option<Digest>,
}

/// What the end of an attempt means for its run.
pub(super) fn judge(end: &End, evidence: Evidence) -> Verdict {
    let Evidence { results, log, out_of_memory } = evidence;
    let (state, cause) = match (end.exit_code, end.signal) {
        (Some(0), _) => return finished(results),
        (Some(code), _) => after_exit(code, end.asked > Asked::No, &log, out_of_memory),
        (None, signal) => after_signal(signal.unwrap_or(0), end.asked > Asked::No, out_of_memory),
    };
    let message = (state == State::Failed).then(|| last_words(end, &log));
    Verdict { state, cause, message, results: None }
}

fn finished(results: Result<Results, ResultsError>) -> Verdict {
    match results {
        Ok(results) => {
            let message = results.not_finite();
            Verdict { state: State::Done, cause: Cause::Done, message, results: Some(results.digest) }
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            let message = format!("the trainer says that it is done, but {error}{source}");
            Verdict { state: State::Failed, cause: Cause::NoResults, message: Some(message), results: None }
        }
    }
}

fn after_exit(code: i32, asked: bool, log: &str, out_of_memory: bool) -> (State, Cause) {
    // A shell reports the signal that ended its child as 128 and its number.
    if asked && (SIGHUP..=SIGTERM).contains(&(code - 128)) {
        return (State::Interrupted, Cause::Stopped);
    }
    let cause = match ExitCode::from_code(code) {
        Some(ExitCode::Resume) => return (State::Interrupted, Cause::Checkpointed),
        // Somebody carries it out by hand: nothing was done here, and it goes on later.
        Some(ExitCode::Busy) => return (State::Interrupted, Cause::Stopped),
        Some(ExitCode::Diverged) => return (State::Diverged, Cause::Diverged),
        Some(ExitCode::BadSpec) => Cause::BadSpec,
        Some(ExitCode::BadData) => Cause::BadData,
        Some(ExitCode::Unavailable) => Cause::Unavailable,
        Some(ExitCode::CannotWrite) => Cause::CannotWrite,
        _ if tells_of_gpu_memory(log) => Cause::GpuOutOfMemory,
        _ if tells_of_memory(log) => Cause::OutOfMemory,
        // The kernel may have killed a process of the trainer's, which then gave up in its own way; but it says so, or
        // else the kernel killed somebody of another run.
        _ if out_of_memory && (code == 128 + SIGKILL || tells_of_kill(log)) => Cause::OutOfMemory,
        _ => Cause::ProgramError,
    };
    (State::Failed, cause)
}

fn after_signal(signal: i32, asked: bool, out_of_memory: bool) -> (State, Cause) {
    match signal {
        // The program did this to itself, and would do it again.
        SIGABRT | SIGBUS | SIGFPE | SIGILL | SIGSEGV | SIGTRAP => (State::Failed, Cause::ProgramError),
        _ if asked => (State::Interrupted, Cause::Stopped),
        SIGKILL if out_of_memory => (State::Failed, Cause::OutOfMemory),
        _ => (State::Interrupted, Cause::Killed),
    }
}

/// Whether the last words are those of a GPU's allocator.
fn tells_of_gpu_memory(log: &str) -> bool {
    const WORDS: [&str; 5] = [
        "CUDA_ERROR_OUT_OF_MEMORY",
        "cudaErrorMemoryAllocation",
        "CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN_STATUS_ALLOC_FAILED",
        "cuda.OutOfMemoryError",
    ];
    let on_gpu = |line: &str| line.contains("CUDA") || line.contains("HIP");
    WORDS.iter().any(|words| log.contains(words)) || log.lines().any(|line| on_gpu(line) && tells_of_memory(line))
}

/// Whether the last words are those of an allocator of main memory: torch's, C++'s, Python's, Rust's.
fn tells_of_memory(log: &str) -> bool {
    const WORDS: [&str; 6] = [
        "out of memory",
        "OutOfMemoryError",
        "can't allocate memory",
        "bad_alloc",
        "MemoryError",
        "memory allocation of",
    ];
    WORDS.iter().any(|words| log.contains(words))
}

/// Whether the last words tell of a process that was killed: those of a shell, Python, torch, Rust.
fn tells_of_kill(log: &str) -> bool {
    const WORDS: [&str; 8] = [
        "Killed",
        "SIGKILL",
        "signal 9",
        "signal: 9",
        "exitcode: -9",
        "exit code -9",
        "terminated abruptly",
        "exited unexpectedly",
    ];
    WORDS.iter().any(|words| log.contains(words))
}

fn last_words(end: &End, log: &str) -> String {
    let how = match (end.exit_code, end.signal) {
        (Some(code), _) => exit_in_words(code),
        (None, signal) => match signal.and_then(signal_hook::low_level::signal_name) {
            Some(name) => format!("ended by {name}"),
            None => "ended by a signal".to_owned(),
        },
    };
    if log.is_empty() { how } else { format!("{how}\n{log}") }
}

/// An exit code, with its meaning where it has one.
fn exit_in_words(code: i32) -> String {
    match ExitCode::from_code(code) {
        Some(exit) if exit > ExitCode::Usage => format!("exit code {code}: {}", exit.meaning()),
        _ => format!("exit code {code}"),
    }
}

/// How a trainer ended whose last words a person has seen already.
pub fn end_in_words(end: &End) -> String {
    match (end.exit_code, end.signal) {
        (Some(code), _) => exit_in_words(code),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// The exit code with which a supervisor mirrors the state of its run.
pub fn exit_code(status: &Status) -> ExitCode {
    let cause = status.attempts.last().and_then(|attempt| attempt.cause);
    match status.state {
        State::Done => ExitCode::Done,
        State::Diverged => ExitCode::Diverged,
        State::Running | State::Interrupted => ExitCode::Resume,
        State::Failed => match cause {
            Some(Cause::BadSpec) => ExitCode::BadSpec,
            Some(Cause::BadData) => ExitCode::BadData,
            Some(Cause::Unavailable) => ExitCode::Unavailable,
            Some(Cause::CannotWrite) => ExitCode::CannotWrite,
            _ => ExitCode::Incomplete,
        },
    }
}

#[cfg(test)]
mod tests {
    use analysis::results::FinalValuesError;

    use super::*;

    fn verdict(exit_code: Option<i32>, signal: Option<i32>, asked: bool, log: &str) -> (State, Cause) {
        let evidence =
            Evidence { results: Err(FinalValuesError::Empty.into()), log: log.to_owned(), out_of_memory: false };
        let verdict = judge(&End { exit_code, signal, asked: if asked { Asked::Told } else { Asked::No } }, evidence);
        (verdict.state, verdict.cause)
    }

    #[test]
    fn exit_codes_mean_what_the_table_says() {
        assert_eq!(verdict(Some(0), None, false, ""), (State::Failed, Cause::NoResults));
        assert_eq!(verdict(Some(75), None, false, ""), (State::Interrupted, Cause::Checkpointed));
        assert_eq!(verdict(Some(76), None, true, ""), (State::Diverged, Cause::Diverged));
        assert_eq!(verdict(Some(77), None, false, ""), (State::Interrupted, Cause::Stopped));
        assert_eq!(verdict(Some(65), None, false, ""), (State::Failed, Cause::BadData));
        assert_eq!(verdict(Some(73), None, true, ""), (State::Failed, Cause::CannotWrite));
        assert_eq!(verdict(Some(3), None, false, "boom"), (State::Failed, Cause::ProgramError));
        let cuda = "torch.OutOfMemoryError: CUDA out of memory.";
        assert_eq!(verdict(Some(1), None, false, cuda), (State::Failed, Cause::GpuOutOfMemory));
        let libtorch = "step 3\nerror: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79 GiB total capacity)";
        assert_eq!(verdict(Some(70), None, false, libtorch), (State::Failed, Cause::GpuOutOfMemory));
        let host =
            "using CUDA\nRuntimeError: [enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory";
        assert_eq!(verdict(Some(1), None, false, host), (State::Failed, Cause::OutOfMemory));
        assert_eq!(verdict(Some(143), None, true, ""), (State::Interrupted, Cause::Stopped));
        assert_eq!(verdict(Some(143), None, false, ""), (State::Failed, Cause::ProgramError));
    }

    #[test]
    fn a_run_that_is_done_says_which_of_its_values_are_no_numbers() {
        let end = End { exit_code: Some(0), signal: None, asked: Asked::No };
        let verdict = |values: &[(&str, f64)]| {
            let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            let results = Ok(Results { digest: Digest::of(b"results"), values });
            judge(&end, Evidence { results, log: String::new(), out_of_memory: false })
        };
        assert_eq!(verdict(&[("loss", 1.0)]).message, None);
        let found = verdict(&[("loss", f64::NAN), ("accuracy", 0.5), ("perplexity", f64::INFINITY)]);
        assert_eq!((found.state, found.message.as_deref()), (State::Done, Some("not finite: loss, perplexity")));
    }

    #[test]
    fn signals_from_outside_interrupt_and_those_from_inside_fail() {
        assert_eq!(verdict(None, Some(9), false, ""), (State::Interrupted, Cause::Killed));
        assert_eq!(verdict(None, Some(15), true, ""), (State::Interrupted, Cause::Stopped));
        assert_eq!(verdict(None, Some(11), true, ""), (State::Failed, Cause::ProgramError));
    }

    #[test]
    fn a_kill_for_want_of_memory_is_told_from_another() {
        let cause = |exit_code, signal, log: &str, out_of_memory| {
            let evidence =
                Evidence { results: Err(FinalValuesError::Empty.into()), log: log.to_owned(), out_of_memory };
            judge(&End { exit_code, signal, asked: Asked::No }, evidence).cause
        };
        assert_eq!(cause(None, Some(9), "", true), Cause::OutOfMemory);
        assert_eq!(cause(None, Some(9), "", false), Cause::Killed);
        assert_eq!(cause(Some(137), None, "", true), Cause::OutOfMemory);
        assert_eq!(cause(Some(137), None, "", false), Cause::ProgramError);
        // A worker of the trainer's was killed, and the trainer says so.
        for log in [
            "worker 3 failed:\nKilled",
            "RuntimeError: worker (pid 7) is killed by signal: Killed.",
            "SIGKILL",
            "BrokenProcessPool: A process in the process pool was terminated abruptly",
        ] {
            assert_eq!(cause(Some(1), None, log, true), Cause::OutOfMemory, "{log}");
            assert_eq!(cause(Some(1), None, log, false), Cause::ProgramError, "{log}");
        }
        assert_eq!(cause(Some(1), None, "std::bad_alloc", false), Cause::OutOfMemory);
        // Another run of the control group was killed.
        for log in ["", "boom"] {
            assert_eq!(cause(Some(1), None, log, true), Cause::ProgramError, "{log}");
        }
    }

    #[test]
    fn a_failure_keeps_the_last_words() {
        let end = End { exit_code: Some(65), signal: None, asked: Asked::No };
        let evidence = Evidence {
            results: Err(FinalValuesError::Empty.into()),
            log: "error: empty corpus".to_owned(),
            out_of_memory: false,
        };
        let message = judge(&end, evidence).message;
        let expected = "exit code 65: missing, damaged or too small data\nerror: empty corpus";
        assert_eq!(message.as_deref(), Some(expected));
    }
}
