//! Handing runs, or elements of their evaluation, to Slurm.
//!
//! For each batch: files, intent, sbatch, answer, in that order, each on disk before the next. Killed anywhere, the
//! next command finds an intent without an answer and settles it.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use slurm::array::{SliceLimits, slice};
use slurm::job_id::JobNumber;
use spec::RunId;

use super::batch::{self, Batch};
use super::call::{self, Answer, ask_after, call};
use super::contact::Contact;
use super::error::ClusterError;
use super::kind::Kind;
use super::order::{Order, pieces};
use super::running::{Running, Share};
use super::wish::{Line, Wish};
use crate::env;
use crate::files::create_directory;
use crate::writer::SweepWriter;

/// How handing over ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handed {
    /// Jobs that were accepted, with their numbers of runs.
    pub jobs: Vec<(JobNumber, u32)>,
    /// The runs of those, and of calls that have no clear answer yet.
    pub runs: BTreeSet<RunId>,
    /// Runs for which Slurm has no room now, and what it said.
    pub waiting: usize,
    /// Why they wait.
    pub no_room: Option<String>,
    /// Runs that Slurm will never take as they are asked for, and what it said.
    pub rejected: Vec<(Vec<RunId>, String)>,
    /// Runs of calls that have no clear answer yet.
    pub open: u32,
    /// What a person should know.
    pub news: Vec<String>,
}

/// Hands over an `order`.
///
/// # Errors
/// sbatch could not be started, or a file not be written. What was accepted until then is in the ledger.
pub fn hand_over(order: &Order<'_>, writer: &mut SweepWriter, contact: &Contact<'_>) -> Result<Handed, ClusterError> {
    create_directory(&writer.layout.job_logs())?;
    if !order.groups.is_empty() {
        // What is measured was trained there, and needs no files of this machine.
        let runs = order.groups.values().flatten().filter(|wish| wish.element.is_none()).map(|wish| wish.spec);
        contact.place().check_files(&contact.client, runs)?;
        contact.place().make_folders(&contact.client, &writer.layout)?;
    }
    let mut course =
        Course { order, writer, contact, handed: Handed::default(), limits: order.limits, running: order.running };
    let groups: Vec<(&Kind, &Vec<&Wish<'_>>)> = order.groups.iter().collect();
    for (index, (kind, runs)) in groups.iter().enumerate() {
        let others = groups[index + 1..].iter().map(|(kind, runs)| (*kind, runs.len()));
        course.hand_over_kind(kind, runs, &others.collect::<Vec<_>>())?;
    }
    Ok(course.handed)
}

/// Handing over, on its way.
struct Course<'a, 'w> {
    order: &'a Order<'a>,
    writer: &'w mut SweepWriter,
    contact: &'a Contact<'a>,
    handed: Handed,
    limits: SliceLimits,
    running: Running,
}

impl Course<'_, '_> {
    /// Hands over `runs` of one kind, before so many of `others`.
    fn hand_over_kind(
        &mut self,
        kind: &Kind,
        runs: &[&Wish<'_>],
        others: &[(&Kind, usize)],
    ) -> Result<(), ClusterError> {
        let mut rest: &[&Wish<'_>] = runs;
        // What did not fit is tried again with half as many, since a limit counts tasks; each refusal is a clear
        // answer.
        let mut most = usize::MAX;
        while !rest.is_empty() && self.handed.open == 0 && self.handed.no_room.is_none() {
            let all = others.iter().copied().chain([(kind, rest.len())]);
            let share = self.running.share(pieces(all, self.limits)?);
            let Some(len) = self.next_len(kind, rest.len(), most, share)? else { break };
            let (now, later) = rest.split_at(kind.runs(len).min(rest.len()));
            let answer = hand_over_one(self.order, self.writer, self.contact, kind, now, share.throttle())?;
            if matches!(answer, Answer::Accepted(_) | Answer::Open(_)) {
                self.limits.submit_room = self.limits.submit_room.map(|room| room.saturating_sub(len));
                self.running.take(share, len);
                self.handed.runs.extend(now.iter().map(|wish| wish.id()));
            }
            match answer {
                Answer::NoRoom(_) if len > 1 => most = len as usize / 2,
                Answer::NoRoom(message) | Answer::Busy(message) => self.handed.no_room = Some(message),
                answer => {
                    self.note(answer, now);
                    rest = later;
                }
            }
        }
        self.handed.waiting += rest.len();
        Ok(())
    }

    /// How many tasks the next array may have, `most` of all; `None` where the site wants no more now, which is noted.
    fn next_len(&mut self, kind: &Kind, runs: usize, most: usize, share: Share) -> Result<Option<u32>, ClusterError> {
        let site = self.order.site;
        let bound = |bound: Option<NonZeroU32>| bound.map_or(0, NonZeroU32::get);
        if share == Share::Nothing {
            self.handed.no_room = Some(format!("max-running of the site is {}", bound(site.max_running)));
            return Ok(None);
        }
        let plan = slice(kind.tasks(runs).min(most), self.limits);
        let plan = plan.map_err(|source| ClusterError::Slices { count: runs, source })?;
        let next = plan.slices.first().map(|slice| slice.len);
        if next.is_none() {
            self.handed.no_room = Some(format!("max-submitted of the site is {}", bound(site.max_submitted)));
        }
        Ok(next)
    }

    /// Notes what became of the call that handed over these runs.
    fn note(&mut self, answer: Answer, runs: &[&Wish<'_>]) {
        let len = runs.len() as u32;
        match answer {
            Answer::Accepted(job) => self.handed.jobs.push((job, len)),
            Answer::Open(message) => {
                if let Some(job) = ask_after(self.writer, self.contact, &mut self.handed.news) {
                    self.handed.jobs.push((job, len));
                } else {
                    self.handed.news.push(format!("sbatch gave no clear answer: {message}"));
                    self.handed.open += len;
                }
            }
            Answer::Rejected(message) | Answer::NoRoom(message) | Answer::Busy(message) => {
                self.handed.rejected.push((runs.iter().map(|wish| wish.id()).collect(), message));
            }
        }
    }
}

fn hand_over_one(
    order: &Order<'_>,
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
    kind: &Kind,
    wishes: &[&Wish<'_>],
    throttle: Option<NonZeroU32>,
) -> Result<Answer, ClusterError> {
    let name = batch::name(&writer.plan.sweep, &env::token());
    let len = u32::try_from(wishes.len()).expect("invariant: a slice fits into an array");
    let batch = Batch::new(&order.frame(&writer.layout), name, kind, len, throttle)?;
    let place = contact.place();
    batch.write(&writer.layout, wishes.iter().map(|wish| Line(wish, place)))?;
    let array = writer.layout.array(batch.name.as_str());
    if let Err(error) = place.deliver(&contact.client, &writer.layout, &[array]) {
        call::discard(&writer.layout, &batch);
        return Err(error);
    }
    call(&batch, order.name, Vec::new(), writer, contact)
}
