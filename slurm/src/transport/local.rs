//! Commands of this machine.

use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Errand, Remains, Transport, TransportError};
use crate::script::is_scrubbed;

/// This machine, on which the commands of Slurm are installed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

/// How often the end of a command is looked for once it has closed its output.
const TICK: Duration = Duration::from_millis(2);

impl Transport for Local {
    fn carry_out(&self, errand: &Errand) -> Result<Remains, TransportError> {
        let deadline = Instant::now() + errand.patience;
        let mut command = Command::new(errand.program);
        command.args(&errand.arguments).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_scrubbed)) {
            command.env_remove(variable);
        }
        // Times are read and written in the cluster's zone, and words are compared: both must not depend on who asks.
        command.env("LC_ALL", "C");
        let child = command.spawn().map_err(|source| self.failure(errand.program, source))?;
        Ok(attend(child, errand.input.clone(), deadline))
    }

    fn place(&self) -> String {
        "on this machine".to_owned()
    }
}

impl Local {
    fn failure(self, program: &'static str, source: io::Error) -> TransportError {
        let place = self.place();
        match source.kind() {
            ErrorKind::NotFound => TransportError::NotInstalled { program, place },
            _ => TransportError::Start { program, place, source },
        }
    }
}

/// Feeds `child`, hears it out and waits for its end, or kills it and whatever it has started at the `deadline`.
fn attend(mut child: Child, input: String, deadline: Instant) -> Remains {
    if let Some(mut stdin) = child.stdin.take() {
        // A command that ends without reading closes the pipe; its exit code says the rest.
        thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    let stdout = child.stdout.take().map(listen);
    let stderr = child.stderr.take().map(listen);
    let heard = [&stdout, &stderr].map(|stream| stream.as_ref().map(|stream| hear(stream, deadline)));
    let exit = if heard.iter().all(|text| !matches!(text, Some(None))) { wait(&mut child, deadline) } else { None };
    let Some(exit) = exit else {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let _ = child.wait();
        // What came before the end tells a person why.
        let rest = |stream: Option<Receiver<Vec<u8>>>, text: Option<Option<Vec<u8>>>| {
            text.flatten().or_else(|| stream?.recv_timeout(Duration::from_secs(1)).ok()).unwrap_or_default()
        };
        let [first, second] = heard;
        return Remains { exit: None, stdout: rest(stdout, first), stderr: rest(stderr, second) };
    };
    let [stdout, stderr] = heard.map(|text| text.flatten().unwrap_or_default());
    Remains { exit: exit.code(), stdout, stderr: said_of_signal(stderr, exit.signal()) }
}

fn said_of_signal(stderr: Vec<u8>, signal: Option<i32>) -> Vec<u8> {
    match signal {
        Some(signal) if stderr.is_empty() => format!("killed by signal {signal}\n").into_bytes(),
        _ => stderr,
    }
}

/// Reads a stream to its end, in a thread of its own so that neither stream can block the other.
fn listen(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is kept; a parser sees that it was cut.
        let _ = stream.read_to_end(&mut bytes);
        sender.send(bytes)
    });
    receiver
}

fn hear(stream: &Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    stream.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

fn wait(child: &mut Child, deadline: Instant) -> Option<std::process::ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(TICK),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Output;

    fn shell(script: &str, input: &str, patience: Duration) -> Output {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        Local.run(&Errand { program: "sh", arguments, input: input.to_owned(), patience }).unwrap()
    }

    #[test]
    fn both_streams_and_the_exit_code_come_back() {
        let output = shell("cat; echo word >&2; exit 3", "line\n", Duration::from_secs(20));
        assert_eq!(output, Output { exit: Some(3), stdout: "line\n".to_owned(), stderr: "word\n".to_owned() });
    }

    #[test]
    fn a_command_that_takes_too_long_has_no_exit_code_and_leaves_nobody() {
        let begun = Instant::now();
        let output = shell("echo first; sleep 61.07 & sleep 61.07", "", Duration::from_millis(300));
        assert_eq!((output.exit, output.stdout.as_str()), (None, "first\n"));
        assert!(begun.elapsed() < Duration::from_secs(10));
        let left = shell("grep -szlx '61[.]07' /proc/[0-9]*/cmdline || true", "", Duration::from_secs(20));
        assert_eq!(left.stdout, "");
    }

    #[test]
    fn a_command_that_was_killed_has_no_exit_code() {
        let output = shell("kill -9 $$", "", Duration::from_secs(20));
        assert_eq!(output.exit, None);
        assert_eq!(output.stderr, "killed by signal 9\n");
    }

    #[test]
    fn much_input_that_nobody_reads_and_much_output_do_not_block() {
        let input = "x".repeat(1 << 20);
        let output = shell(
            "head -c 2000000 /dev/zero | tr '\\0' y; head -c 300000 /dev/zero >&2",
            &input,
            Duration::from_secs(20),
        );
        assert_eq!((output.exit, output.stdout.len(), output.stderr.len()), (Some(0), 2_000_000, 300_000));
    }

    #[test]
    fn a_program_that_is_not_there_was_not_started() {
        let errand = Errand {
            program: "no-such-sbatch",
            arguments: vec![],
            input: String::new(),
            patience: Duration::from_secs(1),
        };
        let error = Local.run(&errand).unwrap_err();
        assert_eq!(error.to_string(), "no-such-sbatch is not installed on this machine");
    }
}
