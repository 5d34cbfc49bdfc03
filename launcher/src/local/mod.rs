//! Local mode: the runs of a sweep on this machine, as many at a time as it has slots.
//!
//! Read in this order: [`condition`] and [`mod@select`] (which runs), [`mod@slots`] (how many at a time, with which GPU
//! and threads), [`pool`] (keeping the slots busy until all is done or somebody says stop), [`supervisor`] (one
//! `seedbed exec` process), [`progress`] and [`pulse`] (what a person sees meanwhile).
//!
//! Invariants: runs start in the order of the plan; nothing starts after the first signal to stop; every start and
//! every end is in the ledger before the next step; the pool keeps the sweep's lock and ends where that is lost; it
//! never touches a run's directory, its supervisor does.

mod condition;
mod pool;
mod progress;
mod pulse;
mod retry;
mod select;
mod slots;
mod supervisor;

pub use self::condition::{Condition, SelectError, factor};
pub use self::pool::{Context, Outcome, PoolError, carry_out};
pub use self::progress::{Progress, Style};
pub use self::retry::Again;
pub use self::select::{Selection, Task, Wishes, select};
pub use self::slots::{Request, Slot, slots};
pub(crate) use self::supervisor::{Ended, Order, Supervisor};
