//! How a command is carried out by a shell at the other end of a connection.
//!
//! 1. The shell of the login prints what it likes: banners, quotas, news. A first program, always the same, prints a
//!    line that occurs nowhere else (the fence) on both streams, and then reads.
//! 2. Only then the second program is sent: its length, and its text with the command and all of its input. If less
//!    arrives than announced, nothing is started.
//! 3. When the command has ended, the fence is printed again on both streams, with the exit code on standard error.
//!
//! So it is known of every end of the connection whether the command can have started, and of every output whether it
//! is whole; the exit codes that ssh makes up are never taken for the command's.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

use super::{Errand, Remains};
use crate::quoting::{Destination, QuotingError, quote};
use crate::script::SCRUBBED;

/// The line that separates an answer from what others print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence(String);

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// The command was started, or may have been.
    Started(Remains),
    /// There is no such program.
    Absent,
    /// The connection did not carry the whole command, so that nothing was started. What was said instead.
    Incomplete(String),
}

/// What was heard of a command so far.
#[derive(Debug)]
pub(super) struct Conversation {
    fence: Fence,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Fence {
    pub(super) fn new() -> Self {
        // Each state has keys of its own, which come from the system's randomness.
        let number = || RandomState::new().hash_one(0);
        Self(format!("seedbed-{:016x}{:016x}", number(), number()))
    }

    /// The first program, as the one argument that ssh passes to the shell of the login, whichever that is: POSIX
    /// shells, csh and fish all read it as a call of `/bin/sh`.
    pub(super) fn opening(&self) -> String {
        let Self(line) = self;
        format!(
            "exec /bin/sh -c 'LC_ALL=C; export LC_ALL; printf \"\\n%s\\n\" {line}; printf \"\\n%s\\n\" {line} >&2; \
             IFS= read -r size || size=1; text=$(cat; printf .); text=${{text%.}}; \
             if [ \"${{#text}}\" != \"$size\" ]; then printf \"\\n%s short\\n\" {line} >&2; exit 125; fi; eval \"$text\"'"
        )
    }

    /// The second program: what is sent once the fence was seen.
    ///
    /// # Errors
    /// An argument, or the input, holds a character that no shell carries.
    pub(super) fn text(&self, errand: &Errand) -> Result<String, QuotingError> {
        let Self(line) = self;
        let program = errand.program;
        let mut text =
            String::from("for name in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do case $name in ");
        let _ = writeln!(text, "SLURM_CONF) ;; {}*) unset \"$name\" ;; esac; done", SCRUBBED.join("*|"));
        let _ = writeln!(
            text,
            "if ! command -v {program} >/dev/null 2>&1; then printf '\\n%s absent\\n' {line} >&2; exit 127; fi"
        );
        let mut command = program.to_owned();
        for argument in &errand.arguments {
            command += " ";
            command += &quote(argument, Destination::Shell)?;
        }
        if errand.input.is_empty() {
            let _ = writeln!(text, "{command} </dev/null");
        } else {
            let _ = writeln!(text, "printf %s {} | {command}", quote(&errand.input, Destination::Shell)?);
        }
        let _ = writeln!(text, "code=$?; printf '\\n%s\\n' {line}; printf '\\n%s end %s\\n' {line} \"$code\" >&2");
        Ok(format!("{}\n{text}", text.len()))
    }
}

impl Conversation {
    pub(super) fn new(fence: Fence) -> Self {
        Self { fence, stdout: Vec::new(), stderr: Vec::new() }
    }

    /// The first program.
    pub(super) fn opening(&self) -> String {
        self.fence.opening()
    }

    /// Whether the shell at the other end waits for the second program.
    pub(super) fn is_open(&self) -> bool {
        after_fence(&self.stdout, &self.fence).is_some()
    }

    /// Everything that will come has come.
    pub(super) fn is_over(&self) -> bool {
        let stdout = after_fence(&self.stdout, &self.fence).and_then(|rest| before_fence(rest, &self.fence, ""));
        stdout.is_some() && self.end().is_some()
    }

    /// What the conversation came to, the second program having been sent whole.
    pub(super) fn ending(self) -> Ending {
        let said = after_fence(&self.stderr, &self.fence);
        if said.is_some_and(|said| before_fence(said, &self.fence, " absent").is_some()) {
            return Ending::Absent;
        }
        if said.is_some_and(|said| before_fence(said, &self.fence, " short").is_some()) {
            return Ending::Incomplete(self.noise());
        }
        let printed = after_fence(&self.stdout, &self.fence).unwrap_or_default();
        let whole = before_fence(printed, &self.fence, "");
        let (exit, stderr) = match self.end() {
            Some((code, stderr)) if whole.is_some() => (Some(code), stderr),
            _ => (None, said.unwrap_or(&self.stderr)),
        };
        Ending::Started(Remains { exit, stdout: whole.unwrap_or(printed).to_vec(), stderr: stderr.to_vec() })
    }

    /// What was said outside of the fences: why there was no connection, if there was none.
    pub(super) fn noise(&self) -> String {
        let said = if self.stderr.is_empty() { &self.stdout } else { &self.stderr };
        let said = String::from_utf8_lossy(said);
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let plain: Vec<&str> = lines.into_iter().filter(|line| !line.contains(&self.fence.0)).collect();
        plain[plain.len().saturating_sub(3)..].join("; ")
    }

    /// The exit code and standard error, once both are whole.
    fn end(&self) -> Option<(i32, &[u8])> {
        let said = after_fence(&self.stderr, &self.fence)?;
        let mark = format!("\n{} end ", self.fence.0);
        let at = find_last(said, mark.as_bytes())?;
        let code = &said[at + mark.len()..];
        let code = code.split(|byte| *byte == b'\n').next().filter(|digits| digits.len() < code.len())?;
        Some((std::str::from_utf8(code).ok()?.parse().ok()?, &said[..at]))
    }
}

/// What follows the first fence.
fn after_fence<'a>(text: &'a [u8], fence: &Fence) -> Option<&'a [u8]> {
    let mark = format!("\n{}\n", fence.0);
    let at = text.windows(mark.len()).position(|window| window == mark.as_bytes())?;
    Some(&text[at + mark.len()..])
}

/// What precedes the last fence of a `kind`.
fn before_fence<'a>(text: &'a [u8], fence: &Fence, kind: &str) -> Option<&'a [u8]> {
    let mark = format!("\n{}{kind}\n", fence.0);
    find_last(text, mark.as_bytes()).map(|at| &text[..at])
}

fn find_last(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).rposition(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    fn errand(program: &'static str, arguments: &[&str], input: &str) -> Errand {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Errand { program, arguments, input: input.to_owned(), patience: Duration::from_secs(10) }
    }

    /// A conversation with the shells of this machine, of which all but the last `missing` bytes arrive.
    fn converse(errand: &Errand, before: &str, missing: usize) -> Ending {
        let fence = Fence::new();
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("{before}{}", fence.opening()))
            .env("SQUEUE_PARTITION", "x")
            .env("SLURM_CONF", "/c");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let text = fence.text(errand).unwrap();
        shell.stdin.take().unwrap().write_all(&text.as_bytes()[..text.len() - missing]).unwrap();
        let output = shell.wait_with_output().unwrap();
        let mut conversation = Conversation::new(fence);
        conversation.stdout = output.stdout;
        conversation.stderr = output.stderr;
        assert!(conversation.is_open());
        conversation.ending()
    }

    fn remains(exit: i32, stdout: &str, stderr: &str) -> Ending {
        Ending::Started(Remains { exit: Some(exit), stdout: stdout.into(), stderr: stderr.into() })
    }

    #[test]
    fn arguments_input_streams_and_exit_code_come_through_whatever_they_hold() {
        let hostile = ["a b", "'\"$(id)`id`\\", "two\nlines\n", "é✓", "", "*", "!!"];
        let mut arguments = vec!["-c", "printf '[%s]' \"$@\"; cat; echo word >&2; exit 3", "sh"];
        arguments.extend(hostile);
        let input = "#!/bin/sh\necho '$HOME' \"é\"\n\n";
        let expected = format!("[{}]{input}", hostile.join("]["));
        assert_eq!(converse(&errand("sh", &arguments, input), "", 0), remains(3, &expected, "word\n"));
    }

    #[test]
    fn banners_are_cut_off_on_both_sides() {
        let noise = "echo 'Welcome!'; printf 'no newline'; echo 'motd' >&2; ";
        assert_eq!(converse(&errand("printf", &["no newline"], ""), noise, 0), remains(0, "no newline", ""));
    }

    #[test]
    fn nothing_starts_before_all_of_it_has_arrived() {
        let folder = tempfile::tempdir().unwrap();
        let witness = folder.path().join("started");
        let touch = errand("touch", &[witness.to_str().unwrap()], "0123456789\n");
        let length = Fence::new().text(&touch).unwrap().len();
        for missing in (1..length).step_by(7).chain([length - 1]) {
            assert!(matches!(converse(&touch, "", missing), Ending::Incomplete(_)), "{missing}");
        }
        assert!(!witness.exists());
        assert_eq!(converse(&touch, "", 0), remains(0, "", ""));
        assert!(witness.exists());
    }

    #[test]
    fn a_program_that_is_not_there_is_known_to_be_absent() {
        assert_eq!(converse(&errand("no-such-sbatch", &[], ""), "", 0), Ending::Absent);
    }

    #[test]
    fn variables_of_client_commands_do_not_leak() {
        let arguments = ["-c", "echo ${SQUEUE_PARTITION-none} $SLURM_CONF $LC_ALL"];
        assert_eq!(converse(&errand("sh", &arguments, ""), "", 0), remains(0, "none /c C\n", ""));
    }

    #[test]
    fn an_answer_that_was_cut_has_no_exit_code() {
        let fence = Fence::new();
        let whole = format!("\n{0}\nJOBID\n7\n\n{0}\n", fence.0);
        let said = format!("\n{0}\n\n{0} end 0\n", fence.0);
        let ending = |printed: &str, said: &str| {
            let mut conversation = Conversation::new(fence.clone());
            conversation.stdout = printed.into();
            conversation.stderr = said.into();
            let over = conversation.is_over();
            (over, conversation.ending())
        };
        assert_eq!(ending(&whole, &said), (true, remains(0, "JOBID\n7\n", "")));
        for cut in 0..whole.len() {
            let (over, ending) = ending(&whole[..cut], &said);
            assert!(!over && matches!(ending, Ending::Started(Remains { exit: None, .. })), "{cut}");
        }
        for cut in 0..said.len() {
            assert!(
                matches!(ending(&whole, &said[..cut]), (false, Ending::Started(Remains { exit: None, .. }))),
                "{cut}"
            );
        }
    }
}
