//! The program behind the six names.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use pretence::commands::{self, Answer};
use pretence::store::Store;
use pretence::{COMMANDS, Effect, End, FOLDER, Fault};
use rustix::process::{Pid, Signal, getpid, getppid, kill_process, kill_process_group};

fn main() -> ExitCode {
    let mut words = std::env::args();
    let name = words.next().unwrap_or_default();
    let command = Path::new(&name).file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let folder = std::env::var_os(FOLDER);
    let (true, Some(folder)) = (COMMANDS.contains(&command.as_str()), folder) else {
        say(&format!("pretence: call it by one of {COMMANDS:?}, with a cluster's folder in {FOLDER}\n"));
        return ExitCode::from(70);
    };
    let arguments: Vec<String> = words.collect();
    let mut input = String::new();
    if command == "sbatch" && std::io::stdin().read_to_string(&mut input).is_err() {
        return ExitCode::from(70);
    }
    match call(&Store::new(folder), &command, &arguments, &input) {
        Ok((answer, fault)) => end(&answer, fault),
        Err(error) => {
            say(&format!("pretence: the cluster cannot be read or written: {error}\n"));
            ExitCode::from(70)
        }
    }
}

/// What the cluster answers, and what goes wrong with it.
fn call(store: &Store, command: &str, arguments: &[String], input: &str) -> std::io::Result<(Answer, Option<Fault>)> {
    store.change(|cluster| {
        let fault = cluster.called(command, arguments);
        let answer = match fault.as_ref().map(|fault| fault.effect) {
            None | Some(Effect::Done) => commands::answer(cluster, command, arguments, input),
            Some(Effect::Undone) => Answer::default(),
            Some(Effect::Delayed) => {
                cluster.on_their_way.push(input.to_owned());
                Answer::default()
            }
        };
        (answer, fault)
    })
}

fn end(answer: &Answer, fault: Option<Fault>) -> ExitCode {
    for group in answer.told.iter().filter_map(|group| Pid::from_raw(*group)) {
        // Who has ended meanwhile needs no telling.
        let _ = kill_process_group(group, Signal::TERM);
    }
    let fault = fault.unwrap_or(Fault::prints(pretence::Printed::Whole));
    let _ = std::io::stdout().write_all(fault.cut(&answer.stdout).as_bytes());
    let _ = std::io::stdout().flush();
    say(&answer.stderr);
    say(&fault.said);
    match fault.end {
        End::Own => ExitCode::from(answer.exit),
        End::Exit(code) => ExitCode::from(code),
        End::Hangs => loop {
            thread::sleep(Duration::from_mins(1));
        },
        End::Killed => {
            let _ = kill_process(getpid(), Signal::KILL);
            ExitCode::from(137)
        }
        End::CallerKilled => {
            if let Some(caller) = getppid() {
                let _ = kill_process(caller, Signal::KILL);
            }
            ExitCode::SUCCESS
        }
    }
}

fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
