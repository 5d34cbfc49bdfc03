//! Counts of items.

use analysis::statistics::counts::binomial::wilson;
use analysis::statistics::counts::mcnemar::mcnemar;

use super::{close, expected, table};

pub(crate) const COVERED: &[&str] = &["mcnemar", "wilson"];

#[test]
fn two_models_on_the_same_items() {
    let (rows, case) = (table("mcn"), expected("mcnemar"));
    let found = mcnemar(rows[0][1] as u64, rows[1][0] as u64);
    close(found.level_only as f64, &case["exact"][0]);
    close(found.exact, &case["exact"][1]);
    close(found.chi_square, &case["cc"][0]);
    close(found.asymptotic, &case["cc"][1]);
    close(found.mid, &case["midp"]);
}

#[test]
fn an_interval_for_a_share() {
    let found = wilson(163, 200, 0.05).unwrap();
    close(found.low, &expected("wilson")[0]);
    close(found.high, &expected("wilson")[1]);
}
