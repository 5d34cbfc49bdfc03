//! A way to Slurm that says what it waits for, so that nobody takes a slow Slurm for a launcher that hangs.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use slurm::transport::{Errand, Remains, Transport, TransportError};

use crate::output::talk;

/// How long a command may take before it is talked about.
const SILENCE: Duration = Duration::from_secs(10);

/// A transport that, once a command of Slurm takes long, says so on stderr; of each program once, so that who looks
/// again and again does not repeat it.
#[derive(Debug)]
pub(super) struct Audible<T> {
    way: T,
    silence: Duration,
    told: RefCell<BTreeSet<&'static str>>,
    say: fn(&str),
}

impl<T: Transport> Audible<T> {
    /// The same `way`, heard.
    pub(super) fn new(way: T) -> Self {
        Self { way, silence: SILENCE, told: RefCell::default(), say: talk }
    }
}

impl<T: Transport> Transport for Audible<T> {
    fn carry_out(&self, errand: &Errand) -> Result<Remains, TransportError> {
        // The first commands on a way are none of Slurm's: while they wait, a person may be asked for a password.
        let is_of_slurm = errand.program.starts_with('s') && errand.program != "sh";
        if !is_of_slurm || errand.patience <= self.silence || self.told.borrow().contains(errand.program) {
            return self.way.carry_out(errand);
        }
        let (program, place, silence, say) = (errand.program, self.place(), self.silence, self.say);
        let left = errand.patience.saturating_sub(silence).as_secs();
        let (over, news) = channel::<()>();
        let listener = thread::spawn(move || {
            let is_late = news.recv_timeout(silence) == Err(RecvTimeoutError::Timeout);
            if is_late {
                say(&format!("waiting for {program} {place}, at most {left} s more"));
            }
            is_late
        });
        let remains = self.way.carry_out(errand);
        drop(over);
        if listener.join().is_ok_and(|is_late| is_late) {
            self.told.borrow_mut().insert(program);
        }
        remains
    }

    fn place(&self) -> String {
        self.way.place()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

    /// A way on which every command takes so long.
    #[derive(Debug)]
    struct Slow(Duration);

    impl Transport for Slow {
        fn carry_out(&self, _: &Errand) -> Result<Remains, TransportError> {
            thread::sleep(self.0);
            Ok(Remains { exit: Some(0), stdout: Vec::new(), stderr: Vec::new() })
        }

        fn place(&self) -> String {
            "on hpc".to_owned()
        }
    }

    #[test]
    fn what_takes_long_is_said_once() {
        let ask = |way: &Audible<Slow>, program| {
            let patience = Duration::from_mins(1);
            let errand = Errand { program, arguments: Vec::new(), input: String::new(), patience };
            way.carry_out(&errand).unwrap();
        };
        let say: fn(&str) = |line| HEARD.lock().unwrap().push(line.to_owned());
        let heard = |milliseconds| {
            let slow = Slow(Duration::from_millis(milliseconds));
            Audible { silence: Duration::from_millis(100), say, ..Audible::new(slow) }
        };
        ask(&heard(0), "squeue");
        let way = heard(300);
        for program in ["id", "sh", "sacct", "sacct", "squeue"] {
            ask(&way, program);
        }
        let lines = ["sacct", "squeue"].map(|program| format!("waiting for {program} on hpc, at most 59 s more"));
        assert_eq!(*HEARD.lock().unwrap(), lines);
    }
}
