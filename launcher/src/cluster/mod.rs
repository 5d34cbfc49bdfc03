//! The runs of a sweep on a cluster: submitted once, found again whatever happened, accounted for.
//!
//! Read in this order:
//!
//! 1. The place. [`site`] (which cluster, how it is reached, on whose account), [`audible`] (a way that says what it
//!    waits for), [`place`] (where its nodes find the files), [`mirror`] (what they wrote, brought here).
//! 2. What is handed over. [`submissions`] (what the ledger says was handed to Slurm), [`kind`] (what they ask for),
//!    [`frame`] and [`batch`] (one array of runs and its two files), [`script`] (what they say, read again).
//! 3. Handing it over. [`mod@call`] (the call that must never be repeated blindly), [`mod@wish`] (what is wanted of a
//!    run), [`order`] (which runs go into which arrays), [`submit`], [`running`] (how many of their tasks may run at a
//!    time), [`mod@then_report`] (a report after them).
//! 4. What became of it. [`mod@settle`] (of a call without an answer), [`fence`] (what stops one that was given up),
//!    [`standing`] and [`queue`] (how every task stands), [`mod@job_log`] (what it wrote), [`end`] (what ended a run
//!    whose task is over), [`policy`] (when it is handed over again by itself).
//! 5. Asking for something else. [`capacity`] (what the site could give), [`change`] (what a person wants instead),
//!    [`mod@needs`] (what it then asks for).
//! 6. Looking at all of it. [`view`] (all sites of a sweep at once), [`unfinished`] (the runs about which they are
//!    asked, and [`ended`] what need not be looked at again), [`mod@whereabouts`] (where what is to be measured was
//!    trained), [`mod@orphans`] (what a lost ledger does not know), [`health`] (whether a site can carry out a sweep).
//!
//! Invariants: an intent with a name of its own is in the ledger before sbatch is called, and its files are on disk
//! before the intent; a call without a clear answer is looked up by that name before its runs are submitted again; a
//! submission that was given up is fenced first, so that a late arrival does nothing; a query that failed changes
//! nothing; nothing is written for a run before it starts.

mod audible;
mod batch;
mod call;
mod capacity;
mod change;
mod contact;
mod end;
mod ended;
mod error;
mod fence;
mod frame;
mod health;
mod job_log;
mod kind;
mod mirror;
mod needs;
mod order;
mod orphans;
mod place;
mod policy;
mod queue;
mod running;
mod script;
mod settle;
mod site;
mod standing;
mod submissions;
mod submit;
mod then_report;
mod unfinished;
mod view;
mod whereabouts;
mod wish;

pub use self::batch::Batch;
pub use self::capacity::Capacity;
pub use self::change::{Change, Changes};
pub use self::contact::Contact;
pub use self::end::{EndedTask, note_ends};
pub use self::error::ClusterError;
pub use self::fence::{FenceError, is_given_up};
pub use self::frame::check_path;
pub use self::health::{Finding, Verdict, examine};
pub use self::job_log::{job_log, last_words};
pub use self::kind::resources;
pub use self::mirror::{Extent, Fetched, fetch, is_far};
pub use self::needs::{Histories, Needs, changed, needs};
pub use self::order::{Order, arrange};
pub use self::orphans::{Orphan, orphans, unknown_scripts};
pub use self::place::{FarPlace, Place};
pub use self::policy::may_start;
pub use self::queue::{Queue, TaskView};
pub use self::running::may_run;
pub use self::settle::{Settled, settle};
pub use self::site::{
    Accounts, ClusterFacts, Draft, Effective, GpuFacts, HERE, Listed, Origin, PartitionFacts, Probe, Site, SiteError,
    SiteWishes, SshClient, SshSite, effective,
};
pub use self::site::{all as all_sites, create as create_site, draft as draft_site, file as site_file};
pub use self::standing::TaskStanding;
pub use self::submissions::{Fate, SeenEnd, Submission, latest_refusal, of_sweep};
pub use self::submit::{Handed, hand_over};
pub use self::then_report::{Reporting, then_report};
pub use self::unfinished::Unfinished;
pub use self::view::{Overview, SiteQueue, Sites};
pub use self::whereabouts::{Whereabouts, has_checkpoint, without_checkpoints};
pub use self::wish::Wish;
