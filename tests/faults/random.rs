//! Faults in any order, and hands that do anything at any time: at the end the sweep is whole.

use std::collections::BTreeMap;
use std::fs;

use pretence::{Cluster, Effect, End, Fault, Printed, Version, When};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use spec::status::State;

use crate::bench::{Bench, each};

/// How many things happen to a sweep.
const STEPS: usize = 30;

/// One sweep and its misfortunes.
struct Story {
    bench: Bench,
    random: ChaCha8Rng,
    /// What happened, for whoever reads a failure.
    told: Vec<String>,
    struck: usize,
    ledger: String,
}

#[test]
fn whatever_happens_every_run_is_done_once() {
    let seeds: Vec<u64> = (0..24).collect();
    each(&seeds, |seed| {
        let bench = Bench::with(Version::ALL[*seed as usize % Version::ALL.len()], 2, 0, "").impatient(1);
        bench.slurm.change(|cluster| {
            cluster.names_cluster = seed.is_multiple_of(2);
            cluster.skew = 60 * (*seed as i64 % 5 - 2);
            cluster.array_size = 5;
        });
        let random = ChaCha8Rng::seed_from_u64(*seed);
        let mut story = Story { bench, random, told: vec![format!("seed {seed}")], struck: 0, ledger: String::new() };
        for _ in 0..STEPS {
            story.set_a_fault();
            story.act();
            story.check();
        }
        story.come_to_an_end();
    });
}

impl Story {
    fn pick<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.random.next_u64() as usize % things.len()].clone()
    }

    fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    /// Now and then something will go wrong with the next calls of a command.
    fn set_a_fault(&mut self) {
        let command =
            self.pick(&["sbatch", "sbatch", "sbatch", "squeue", "squeue", "sacct", "scontrol", "scancel", ""]);
        if command.is_empty() {
            return;
        }
        let timed_out = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n";
        let retrying = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n";
        let mut faults = vec![
            Fault::refuses(timed_out),
            Fault::refuses("").ending(End::Killed),
            Fault::refuses("").ending(End::CallerKilled),
            Fault::prints(Printed::CutInLine),
            Fault::prints(Printed::BehindBanner),
            Fault::loses_the_reply(timed_out),
            Fault::loses_the_reply("").ending(End::CallerKilled),
            Fault::loses_the_reply("").ending(End::Hangs),
        ];
        let mut times = When::Times(1 + self.random.next_u64() as usize % 3);
        match command {
            "sbatch" => {
                faults.push(Fault { effect: Effect::Delayed, ..Fault::refuses(timed_out) });
                faults.push(Fault::loses_the_reply(&format!("{retrying}{timed_out}")));
                faults.push(Fault::refuses(
                    "sbatch: error: Batch job submission failed: Rate limit exceeded, please retry momentarily\n",
                ));
            }
            // That an answer which ends with a whole line was cut shows only beside another answer.
            "squeue" if self.pick(&[true, false]) => {
                faults = vec![Fault::prints(Printed::CutBehind(2))];
                times = When::Nth(1);
            }
            _ => {}
        }
        let fault = self.pick(&faults);
        self.tell(format!("{command} {times:?}: {fault:?}"));
        self.bench.slurm.fault(command, times, fault);
    }

    /// Somebody does something, or something happens.
    fn act(&mut self) {
        let exists = self.bench.layout().ledger().exists();
        let what = self.pick(&[
            "submit",
            "submit",
            "work",
            "work",
            "status",
            "reconcile",
            "strike",
            "pass",
            "arrive",
            "lag",
            "heal",
        ]);
        self.tell(what.to_owned());
        match what {
            "submit" => self.call(&["submit"]),
            "status" | "reconcile" if exists => self.call(&[what]),
            "work" => {
                let over = |cluster: &Cluster| cluster.known().filter(|(_, task)| task.is_over()).count();
                let before = over(&self.bench.slurm.look());
                self.bench.slurm.work_until(|cluster| over(cluster) > before + 1);
            }
            "strike" => self.strike(),
            "pass" if exists => {
                let minutes = 1 + (self.random.next_u64() % 6) as i64;
                self.bench.pass(minutes);
                self.bench.slurm.forget_ended();
                self.ledger = self.bench.ledger();
            }
            "arrive" => drop(self.bench.slurm.arrive()),
            "lag" => self.bench.slurm.change(|cluster| {
                cluster.lagging = if cluster.lagging.is_some() { None } else { Some(cluster.jobs.clone()) };
            }),
            "heal" => self.bench.slurm.heal(),
            _ => {}
        }
    }

    fn call(&mut self, arguments: &[&str]) {
        let output = self.bench.command(arguments).output().unwrap();
        let code = output.status.code();
        self.tell(format!("{arguments:?} ended with {code:?}: {}", String::from_utf8_lossy(&output.stderr).trim()));
        assert!(matches!(code, None | Some(0 | 69 | 75)), "{:#?}", self.told);
    }

    /// A node dies under a task, which comes back or not.
    fn strike(&mut self) {
        self.bench.hold_up();
        self.bench.slurm.work_until(|cluster| cluster.known().any(|(_, task)| task.is_running()));
        let running: Vec<(u32, u32)> = self
            .bench
            .slurm
            .look()
            .known()
            .filter(|(_, task)| task.is_running())
            .map(|(job, task)| (job.number, task.index))
            .collect();
        if !running.is_empty() {
            let (number, index) = self.pick(&running);
            let (state, back) = self.pick(&[("NODE_FAIL", false), ("NODE_FAIL", true), ("PREEMPTED", true)]);
            self.bench.slurm.strike(number, index, state, back);
            self.struck += 1;
        }
        self.bench.let_go();
        self.bench.slurm.work();
    }

    /// What holds at any moment: the ledger only grows, and no run has two tasks that could carry it out.
    fn check(&mut self) {
        let layout = self.bench.layout();
        if !layout.ledger().exists() {
            return;
        }
        let ledger = self.bench.ledger();
        assert!(ledger.starts_with(&self.ledger), "{:#?}", self.told);
        self.ledger = ledger;
        let mut tasks: BTreeMap<String, usize> = BTreeMap::new();
        for (job, task) in self.bench.slurm.look().known().filter(|(_, task)| !task.is_over()) {
            let array = layout.array(&job.name);
            if array.with_extension("given-up").exists() {
                continue;
            }
            let runs = fs::read_to_string(&array).unwrap();
            let run = runs.lines().nth(task.index as usize).unwrap().to_owned();
            *tasks.entry(run).or_default() += 1;
        }
        assert!(tasks.values().all(|count| *count == 1), "{:#?}\n{:#?}", self.told, self.bench.slurm.look().jobs);
    }

    /// Everything is well again; a few commands later all is done.
    fn come_to_an_end(&mut self) {
        self.bench.slurm.heal();
        self.bench.slurm.change(|cluster| cluster.lagging = None);
        self.bench.slurm.arrive();
        for _ in 0..3 {
            self.call(&["submit"]);
            self.bench.slurm.work();
            self.bench.slurm.forget_ended();
            self.check();
            self.bench.pass(6);
            self.ledger.clear();
        }
        self.bench.assert_done(false);
        let attempts: usize = self.bench.records().iter().map(|run| run.attempts.len()).sum();
        assert!(attempts <= 8 + self.struck, "{:#?}", self.told);
        assert!(self.bench.records().iter().all(|run| run.state == State::Done));
        let (intended, refused, given_up) =
            (self.bench.events("intended"), self.bench.events("refused"), self.bench.events("given-up"));
        assert_eq!(self.bench.events("accepted") + refused + given_up, intended, "{:#?}", self.told);
    }
}
