//! What a sweep would do: its runs beside what is on disk, what they cost, and the plan that is frozen before the first
//! one.
//!
//! Read in this order: [`mod@freeze`] (`plan.json` and its revisions), [`difference`] (where every run stands),
//! [`cost`] (an estimate, and from what), `sharing` (GPUs without work), [`overview`] (all of it in one struct),
//! [`text`] (the struct as a person reads it).

mod cost;
mod difference;
mod freeze;
mod overview;
mod sharing;
mod text;

pub use self::cost::{Cost, TaskCost, Workload};
pub use self::difference::{Difference, Standing};
pub use self::freeze::{Frozen, freeze};
pub use self::overview::{FactorCounts, Overview, PointOverview, RunOverview};
pub use self::sharing::IdleGpus;
