use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};

use slurm::transport::ssh::Questions;

/// The person at the terminal, also while standard input and output lead elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal;

impl Questions for Terminal {
    fn ask(&self, question: &str, echo: bool) -> Option<String> {
        if !echo {
            return rpassword::prompt_password(question).ok();
        }
        let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        terminal.write_all(question.as_bytes()).ok()?;
        let mut answer = String::new();
        BufReader::new(terminal).read_line(&mut answer).ok()?;
        Some(answer.trim_end_matches(['\r', '\n']).to_owned())
    }
}
