//! The decision rule: what a number of seeds allows, fixed before any p value is seen.
//!
//! | seeds | primary test | what may be claimed |
//! | --- | --- | --- |
//! | 1 | none | nothing: values only |
//! | 2 | none; the t test is computed and shown | nothing |
//! | 3 and more | paired t, Welch's where runs are not paired | better, worse; equivalent where a margin was declared |
//!
//! What holds over several strata:
//!
//! | seeds | primary test | what may be claimed |
//! | --- | --- | --- |
//! | 3 to 7 | the model of all arms' means by seed, which pools their error, and the t test of each seed's mean difference | what both show |
//! | 8 and more | the t test of each seed's mean difference | what it shows |
//! | 3 and more, two levels with the same seeds | that test, which the model then is | what it shows |
//! | 3 and more, runs not paired | the model of all arms' means by their own seeds, and the test by the arms' own spreads | what both show |
//! | 3 and more, no seed in two strata | the model of all runs, and the test by the arms' own spreads | what both show |
//!
//! The seeds are those that have run everything, so that a run that diverged or is missing may move a family from
//! eight to fewer. Averages over strata are judged only where the interaction is not significant.
//! Dunnett's correction needs one error for all of a family, and so the model for each; else it is Holm's.
//!
//! A pooled error is too small for an arm that varies more than the others: with ten arms, one of them four times as
//! wide, the model alone claims a difference in 15 % of studies in which there is none, where 5 % are declared. With
//! few seeds a test of its own alone finds next to nothing. So the model's corrected test and the arm's own, at alpha
//! before any correction, must both reject (an intersection-union test: its p is the larger of the two), which keeps
//! 5 % there; with several arms that wide it errs in up to 8 %. It costs power: of 80 % by the model alone 49 stay with
//! three seeds, 65 with four, 71 with five, 77 with seven. Where it is the baseline that is wide, all differences are
//! too; then it errs in 10 %, the model alone in 25 %. A caveat names a level that varies more, where that can be told.
//! What has no spread of its own is not tested.
//!
//! The error of each is simulated in `tests/simulation.rs` and `tests/whole_path.rs`. The paired test, the default,
//! keeps what was declared from three seeds on; Welch's with three seeds an arm is on the safe side (3.4 % for 5 %).
//!
//! Everything else that is computed is a check of sensitivity and decides nothing. Normality and equal spread are
//! looked at, never used to choose a test: such a choice changes the error rate of what is chosen.

use spec::analysis::Pairing;

/// The fewest seeds that may support a claim. With two, the t distribution has one degree of freedom and an interval is
/// 12.7 standard errors long at either side.
pub const LEAST_SEEDS: usize = 3;

/// From so many seeds on, a difference over strata is tested seed by seed and not from the pooled model.
pub const SEEDS_ALONE: usize = 8;

/// What must bear out a difference that pools its error.
pub(super) fn witnesses(pairing: Pairing) -> &'static str {
    match pairing {
        Pairing::Seed => "seeds",
        Pairing::None => "runs",
    }
}

/// Why so few seeds support no claim.
pub(super) fn too_few(seeds: usize) -> String {
    match seeds {
        0 => "no values in common".to_owned(),
        1 => format!("1 seed: nothing is claimed from fewer than {LEAST_SEEDS}"),
        n => format!("{n} seeds: nothing is claimed from fewer than {LEAST_SEEDS}"),
    }
}
