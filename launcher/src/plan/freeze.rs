//! The frozen plan: what was going to be run and compared, written down before anything runs.

use std::fs;
use std::sync::Arc;

use spec::layout::SweepLayout;
use spec::plan::{Plan, PlannedRun};
use spec::{Digest, SCHEMA};

use crate::files::{FileError, create_directory, read_optional_record, write_atomic, write_record};
use crate::sweep::Sweep;

/// What stands for a first analysis that nobody knows any more: no analysis plan has its digest.
const LOST: &[u8] = b"lost";

/// What freezing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// There was no plan before.
    First,
    /// The plan says what it said before.
    Unchanged,
    /// The plan was changed; the earlier one is kept as `plan.<revision>.json`.
    Revised,
    /// The plan was gone although runs have begun: nothing shows what was declared first, and the new one says so.
    Remade,
}

/// Writes `sweep.toml` and `plan.json` for `sweep`, keeping an earlier plan that says something else.
///
/// `now` is RFC 3339. The plan is written last: killed before, the next call does the same again.
///
/// # Errors
/// When the directory or a file in it cannot be read or written.
pub fn freeze(layout: &SweepLayout, sweep: &Sweep, now: &str) -> Result<(Plan, Frozen), FileError> {
    create_directory(layout.directory())?;
    let earlier: Option<Plan> = read_optional_record(&layout.plan())?;
    let mut plan = plan(sweep, now);
    let change = match &earlier {
        None if has_begun(layout) => {
            plan.first_analysis = Digest::of(LOST);
            // Plans that were kept stay.
            let is_free = |revision: &u32| !layout.earlier_plan(*revision).exists();
            plan.revision = (1..u32::MAX).find(is_free).unwrap_or(u32::MAX);
            Frozen::Remade
        }
        None => Frozen::First,
        Some(earlier) => {
            plan.first_analysis = earlier.first_analysis;
            plan.revision = earlier.revision;
            if says_the_same(earlier, &plan) {
                plan.frozen.clone_from(&earlier.frozen);
                Frozen::Unchanged
            } else {
                write_record(&layout.earlier_plan(earlier.revision), earlier)?;
                plan.revision += 1;
                Frozen::Revised
            }
        }
    };
    if !is_kept(layout, sweep) {
        write_atomic(&layout.sweep_file(), sweep.text.as_bytes())?;
    }
    if earlier.as_ref() != Some(&plan) {
        write_record(&layout.plan(), &plan)?;
    }
    Ok((plan, change))
}

/// Whether any run has begun: its directory is made then, and not before.
fn has_begun(layout: &SweepLayout) -> bool {
    fs::read_dir(layout.runs()).is_ok_and(|mut runs| runs.next().is_some())
}

/// Whether the copy of the sweep file in the sweep's directory is `sweep`.
fn is_kept(layout: &SweepLayout, sweep: &Sweep) -> bool {
    fs::read(layout.sweep_file()).is_ok_and(|text| text == sweep.text.as_bytes())
}

fn plan(sweep: &Sweep, now: &str) -> Plan {
    let planned = sweep
        .runs
        .iter()
        .map(|run| PlannedRun { id: run.id, seed: run.seed, levels: Arc::clone(&run.levels) })
        .collect();
    Plan {
        schema: SCHEMA,
        sweep: sweep.name.clone(),
        frozen: now.to_owned(),
        revision: 0,
        base: sweep.base.clone(),
        sweep_file: sweep.digest,
        factors: sweep.factors.clone(),
        seeds: sweep.seeds.clone(),
        analysis: sweep.analysis.clone(),
        first_analysis: sweep.analysis.digest(),
        runs: planned,
    }
}

/// Whether two plans ask for the same runs and comparisons, whatever the sweep file's comments and place.
fn says_the_same(one: &Plan, other: &Plan) -> bool {
    one.runs == other.runs
        && one.factors == other.factors
        && one.seeds == other.seeds
        && one.analysis == other.analysis
        && one.sweep == other.sweep
}
