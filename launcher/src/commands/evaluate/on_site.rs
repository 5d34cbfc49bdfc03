//! Elements as job arrays of a cluster, by the way that runs go: two files, an intent, sbatch, its answer.

use std::env;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use slurm::array::SliceLimits;
use slurm::resources::Resources;
use spec::layout::SweepLayout;
use spec::store::VARIABLE;
use spec::{ExitCode, RunId, RunSpec, contract};

use super::away::Away;
use super::{Arguments, Subject, subjects};
use crate::cluster::{
    self, Capacity, Changes, ClusterError, Contact, Extent, Handed, Needs, Overview, Site, SiteQueue, Sites,
    Submission, Unfinished, Wish,
};
use crate::commands::submit::{limits, settle, shortfalls};
use crate::error::CliError;
use crate::evaluation::{self, Element};
use crate::files::FileError;
use crate::lease::{self, Holder, Machine};
use crate::locate::{FrozenSweep, label};
use crate::output::{counted, print, talk};
use crate::state::{Observation, Observed};
use crate::survey::observe_all;
use crate::writer::SweepWriter;

/// How often an element that left what it can go on from may put itself back into the queue: as often as `[retry]`
/// gives a run that says nothing.
const REQUEUES: u32 = 10;

/// What the elements were found to be.
#[derive(Debug, Default)]
struct Found<'a> {
    wishes: Vec<Wish<'a>>,
    in_flight: usize,
    measured: usize,
    waiting: usize,
    /// Of runs that were trained elsewhere.
    away: usize,
    /// What is measured without Slurm at the moment, and by whom.
    held: Vec<String>,
}

impl Found<'_> {
    /// What is not handed over, and why.
    fn left_out(&self) -> impl Iterator<Item = String> {
        let counts = [
            (self.in_flight, "in the queue or running already"),
            (self.measured, "measured already"),
            (self.waiting, "of runs that are not done"),
            (self.away, "of runs that cannot be measured there"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        counts.map(|(count, what)| format!("{} {what}", counted(count, "element"))).chain(self.held.iter().cloned())
    }
}

/// Hands the elements over that are neither measured nor on their way.
pub(super) fn hand_over(mut sweep: FrozenSweep, name: &str, arguments: &Arguments) -> Result<ExitCode, CliError> {
    let directory = sweep.layout.directory();
    let directory = fs::canonicalize(directory).map_err(|error| FileError::read(directory, error))?;
    cluster::check_path(&directory)?;
    sweep.layout = SweepLayout::new(directory);
    let site = Site::load(name).map_err(ClusterError::from)?;
    let contact = Contact::make(&site, &site.client())?;
    let machine = Machine::here();
    let changes = Changes { memory: arguments.memory, time: arguments.time };
    let measuring = Measuring { sweep: &sweep, name, contact: &contact, machine: &machine, changes };
    measuring.hand_over(arguments)
}

/// What the elements of a sweep are handed over with.
struct Measuring<'a> {
    sweep: &'a FrozenSweep,
    name: &'a str,
    contact: &'a Contact<'a>,
    machine: &'a Machine,
    changes: Changes,
}

impl Measuring<'_> {
    fn hand_over(&self, arguments: &Arguments) -> Result<ExitCode, CliError> {
        let (layout, site) = (&self.sweep.layout, self.contact.site);
        let limits = limits(&self.contact.client)?;
        let (mut writer, mut news) = SweepWriter::reopen(layout.clone(), self.sweep.plan.clone(), self.machine)?;
        let (submissions, open) = settle((self.name, self.contact), &mut writer, &mut news)?;
        let planned: Vec<RunId> = self.sweep.plan.runs.iter().map(|run| run.id).collect();
        let seen = observe_all(layout, &planned, self.machine, SystemTime::now())?;
        let states = planned.iter().copied().zip(seen.iter().map(|seen| &seen.state));
        let unfinished = Unfinished::of(&submissions, layout, states, self.machine)?;
        let queues = Sites::with(self.name, &self.contact.client).ask(layout, &submissions, &unfinished.all())?;
        // Asked first, read then: what has ended by Slurm's account has written its last word.
        cluster::fetch(layout, &submissions, Extent::Records)?;
        cluster::note_ends(&mut writer, &queues, self.machine)?;
        let subjects = subjects(self.sweep, arguments)?;
        let (found, away) = self.choose(&subjects, &submissions, Overview(&queues))?;
        let here = || queues.iter().filter(|queue| queue.site == self.name);
        let queued = here().map(|site| site.queue.tasks_in_flight(&unfinished.all())).sum();
        let already = here().map(|site: &SiteQueue| cluster::may_run(&site.queue, layout)).sum();
        let limits = SliceLimits { submit_room: site.room(queued), ..limits };
        let program = env::current_exe().map_err(|error| FileError::read(Path::new("/proc/self/exe"), error))?;
        let trainer = env::var(contract::TRAINER).ok().filter(|path| !path.is_empty());
        let on = (self.name, site);
        let order = cluster::arrange(&found.wishes, on, &program, trainer.as_deref(), REQUEUES, limits)?;
        let order = order.beside(already);
        news.extend(shortfalls(&order, &mut Capacity::new(&self.contact.client, site))?);
        news.extend(away.in_words(Some(self.name)));
        news.extend(found.left_out());
        for line in &news {
            talk(line);
        }
        if arguments.dry_run {
            let batches = order.scripts(&self.sweep.plan.sweep, layout)?;
            print(&batches.iter().map(|batch| batch.script.clone() + "\n").collect::<String>())?;
            return Ok(ExitCode::Done);
        }
        let handed = cluster::hand_over(&order, &mut writer, self.contact)?;
        tell(&found, &handed, open, layout)
    }

    /// The elements that nobody has measured as they are wanted, or is about to; and the runs that were trained
    /// elsewhere.
    fn choose<'a>(
        &self,
        subjects: &'a [Subject],
        submissions: &[Submission],
        queue: Overview<'_>,
    ) -> Result<(Found<'a>, Away), CliError> {
        let layout = &self.sweep.layout;
        let runs: Vec<RunId> = subjects.iter().map(|subject| subject.run.id).collect();
        let seen = observe_all(layout, &runs, self.machine, SystemTime::now())?;
        let is_done = |seen: &Observation| seen.state == Observed::Done;
        let mut found = Found::default();
        let mut open: Vec<(&Subject, &RunSpec, Element)> = Vec::new();
        for (subject, seen) in subjects.iter().zip(&seen) {
            let Some(spec) = subject.spec.as_ref().filter(|_| is_done(seen)) else {
                found.waiting += subject.elements.len();
                continue;
            };
            for element in &subject.elements {
                if queue.is_in_flight(element.id) {
                    found.in_flight += 1;
                } else if evaluation::is_measured(layout, element)? {
                    found.measured += 1;
                } else {
                    open.push((subject, spec, Element { store: self.store(element), ..element.clone() }));
                }
            }
        }
        let Contact { site, client, .. } = self.contact;
        let runs = open.iter().map(|(_, spec, _)| spec.id).collect();
        let away = Away(cluster::without_checkpoints(site, client, (layout, submissions), &runs)?);
        for (subject, spec, element) in open {
            if away.has(spec.id) {
                found.away += 1;
            } else if let Some(holder) = self.holder(&element)? {
                let name = element.measure.name();
                found.held.push(format!("{name} of {}: {holder} is measuring it", label(&subject.run)));
            } else {
                let needs = self.needs(spec)?;
                found.wishes.push(Wish { spec, element: Some(element), retry: None, needs });
            }
        }
        Ok((found, away))
    }

    /// Who measures the element at the moment, without Slurm.
    fn holder(&self, element: &Element) -> Result<Option<Holder>, FileError> {
        let claim = self.sweep.layout.run(element.run).element_claim(&element.folder());
        let held = lease::look(&claim, self.machine, SystemTime::now())?;
        Ok(held.filter(|(_, lives)| *lives).map(|(holder, _)| holder))
    }

    /// What a person named, here or by the variable that a job does not inherit.
    fn store(&self, element: &Element) -> Option<std::path::PathBuf> {
        let is_near = self.contact.site.place().far().is_none();
        let named = || env::var_os(VARIABLE).filter(|path| is_near && !path.is_empty()).map(Into::into);
        let store = element.store.clone().or_else(named)?;
        Some(std::path::absolute(&store).unwrap_or(store))
    }

    /// What the elements of a run ask for.
    fn needs(&self, spec: &RunSpec) -> Result<Needs, CliError> {
        let asked: Resources = cluster::resources(spec, self.contact.site)?;
        Ok(cluster::changed(&asked, &self.changes)?)
    }
}

/// Says what came of it.
fn tell(found: &Found<'_>, handed: &Handed, open: usize, layout: &SweepLayout) -> Result<ExitCode, CliError> {
    for line in &handed.news {
        talk(line);
    }
    for (elements, said) in &handed.rejected {
        talk(&format!("Slurm refused {}: {said}", counted(elements.len(), "element")));
    }
    if let Some(message) = &handed.no_room {
        talk(&format!("{} not submitted yet: {message}; the same command goes on", counted(handed.waiting, "element")));
    }
    let lines: Vec<String> =
        handed.jobs.iter().map(|(job, len)| format!("job {job}: {}\n", counted(*len as usize, "element"))).collect();
    let nothing = lines.is_empty() && handed.rejected.is_empty();
    let text = if nothing { "nothing to submit\n".to_owned() } else { lines.concat() };
    print(&format!("{text}{}\n", layout.directory().display()))?;
    Ok(if !handed.rejected.is_empty() || found.waiting + found.away > 0 {
        ExitCode::Incomplete
    } else if handed.waiting > 0 || handed.open > 0 || open > 0 {
        ExitCode::Resume
    } else if !found.held.is_empty() {
        ExitCode::Busy
    } else {
        ExitCode::Done
    })
}
