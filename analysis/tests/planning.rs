//! What a pilot says of the spread of a study.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use analysis::planning::spread::{Pilot, of_pilot};
use analysis::planning::{PlanningError, Spread};
use analysis::{Report, Results};
use spec::Value;
use spec::analysis::Pairing;
use spec::metric::Direction;

const ARMS: [(&str, [f64; 4]); 3] =
    [("a", [0.1, 0.4, 0.2, 0.9]), ("b", [0.3, 0.5, 0.1, 1.4]), ("c", [0.2, 0.9, 0.3, 0.8])];

fn pilot(rows: &str, pairing: Pairing) -> Result<Pilot, PlanningError> {
    pilot_of(rows, pairing, Some("a"))
}

fn pilot_of(rows: &str, pairing: Pairing, baseline: Option<&str>) -> Result<Pilot, PlanningError> {
    let text = format!("arm,seed,y\n{rows}");
    let options = fixture::table_options(&["arm"], &["y"]);
    let results = Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &options).unwrap();
    let mut plan = fixture::analysis();
    plan.baseline = baseline.map(|level| ("arm".to_owned(), Value::from(level))).into_iter().collect();
    "y".clone_into(&mut plan.primary);
    plan.directions.insert("y".to_owned(), Direction::Higher);
    plan.pairing = pairing;
    of_pilot(&Report::new(&results, &plan).unwrap(), 0.8)
}

fn rows(arms: &[(&str, [f64; 4])]) -> String {
    let rows = arms.iter().flat_map(|(arm, values)| {
        values.iter().enumerate().map(move |(seed, value)| format!("{arm},{seed},{value}\n"))
    });
    rows.collect()
}

fn is(spread: &Spread, name: &str, sd: f64, df: f64) {
    assert_eq!(spread.name, name);
    assert!((spread.sd - sd).abs() < 1e-12, "{name}: {}", spread.sd);
    assert!((spread.df.unwrap() - df).abs() < 1e-9, "{name}: {:?}", spread.df);
}

#[test]
fn pairs_by_comparison_and_pooled() {
    // NumPy 2.4.6: std(b - a, ddof=1), std(c - a, ddof=1); the pooled one by reference/pooled_spread.py
    let found = pilot(&rows(&ARMS), Pairing::Seed).unwrap();
    let [b, c, all] = &found.spreads[..] else { panic!("{found:?}") };
    is(b, "b", 0.249_999_999_999_999_94, 3.0);
    is(c, "c", 0.251_661_147_842_358_27, 3.0);
    is(all, "all, pooled", 0.250_831_949_054_873_5, 4.787_108_964_938_064_5);
    assert!(all.pooled && all.upper.unwrap() > all.sd && found.without.is_empty());
}

#[test]
fn runs_without_a_value_are_counted() {
    let whole = pilot(&rows(&ARMS), Pairing::Seed).unwrap();
    assert!(whole.left_out.is_empty());
    let more = format!("{}a,4,nan\nb,4,inf\nc,4,\n", rows(&ARMS));
    let found = pilot(&more, Pairing::Seed).unwrap();
    assert_eq!(found.spreads, whole.spreads);
    let told: Vec<(&str, usize)> = found.left_out.iter().map(|left| (left.reason, left.runs)).collect();
    assert_eq!(told, [("diverged", 2), ("no value", 1)]);
}

#[test]
fn an_arm_of_other_seeds_is_named_and_does_not_spoil_the_rest() {
    let more = format!("{}d,8,0.4\nd,9,0.7\n", rows(&ARMS));
    let found = pilot(&more, Pairing::Seed).unwrap();
    assert_eq!(found.without, ["d"]);
    is(found.spreads.last().unwrap(), "all, pooled", 0.250_831_949_054_873_5, 4.787_108_964_938_064_5);
}

#[test]
fn without_a_baseline_every_two_arms_are_compared() {
    // By reference/pooled_spread.py: the residual mean square of arms and seeds, twice.
    let found = pilot_of(&rows(&ARMS), Pairing::Seed, None).unwrap();
    assert_eq!((found.spreads.len(), found.all_pairs), (4, Some(3)));
    is(found.spreads.last().unwrap(), "all pairs, pooled", 0.324_037_034_920_393, 3.652_827_487_473_156_8);
}

#[test]
fn independent_arms_pool_their_variances() {
    // By reference/pooled_spread.py: the baseline weighs as much as the others together.
    let found = pilot(&rows(&ARMS), Pairing::None).unwrap();
    is(found.spreads.last().unwrap(), "all, pooled", 0.420_069_438_704_285_3, 7.961_038_672_806_969);
}

#[test]
fn nothing_to_tell_a_spread_from() {
    for (text, pairing) in [("a,1,0.5\nb,1,0.6\n", Pairing::Seed), ("a,1,0.5\nb,2,0.6\n", Pairing::None)] {
        assert!(matches!(pilot(text, pairing), Err(PlanningError::NoSpread { .. })));
    }
    let constant = "a,1,0.5\na,2,0.5\nb,1,0.6\nb,2,0.6\n";
    assert!(matches!(pilot(constant, Pairing::Seed), Err(PlanningError::NoSpread { .. })));
}
