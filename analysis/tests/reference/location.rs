//! Tests of means, equivalence, and the tails under them.

use analysis::statistics::distributions::f;
use analysis::statistics::equivalence::{Equivalence, equivalence};
use analysis::statistics::estimate::Estimate;
use analysis::statistics::location::{pooled::pooled_t, yuen::yuen_t};
use analysis::statistics::paired::paired_t;
use analysis::statistics::student;
use analysis::statistics::welch::welch_t;
use serde_json::Value;

use super::{close, data, expected, number, numbers, pairs};

pub(crate) const COVERED: &[&str] =
    &["paired_t_5", "paired_t_10", "welch_t", "student_t", "yuen_t", "tost_paired", "tost_welch", "t_tail", "f_tail"];

fn agrees(estimate: Option<Estimate>, expected: &Value) {
    let estimate = estimate.unwrap();
    let test = estimate.test().unwrap();
    close(test.t, &expected["t"]);
    close(test.p, &expected["p"]);
    close(test.df, &expected["df"]);
    if expected["ci95"].is_array() {
        close(test.interval.low, &expected["ci95"][0]);
        close(test.interval.high, &expected["ci95"][1]);
    }
}

#[test]
fn tests_of_means() {
    agrees(paired_t(&pairs("a5", "b5"), 0.05), expected("paired_t_5"));
    agrees(paired_t(&pairs("a10", "b10"), 0.05), expected("paired_t_10"));
    agrees(welch_t(&data("x_un"), &data("y_un"), 0.05), expected("welch_t"));
    agrees(pooled_t(&data("x_un"), &data("y_un"), 0.05), expected("student_t"));
    agrees(yuen_t(&data("a10"), &data("b10"), 0.2, 0.05), expected("yuen_t"));
}

#[test]
fn two_one_sided_tests() {
    let agrees = |found: Equivalence, expected: &Value| {
        close(found.p, &expected["p"]);
        for (side, name) in [(found.lower, "lower"), (found.upper, "upper")] {
            close(side.t, &expected[name][0]);
            close(side.p, &expected[name][1]);
        }
    };
    let paired = paired_t(&pairs("a10", "b10"), 0.05).unwrap();
    agrees(equivalence(&paired, 0.01).unwrap(), expected("tost_paired"));
    let welch = welch_t(&data("a10"), &data("b10"), 0.05).unwrap();
    agrees(equivalence(&welch, 0.01).unwrap(), expected("tost_welch"));
}

#[test]
fn far_tails_and_many_degrees_of_freedom() {
    for case in expected("t_tail").as_array().unwrap() {
        close(student::two_sided(number(&case[0]), number(&case[1])).unwrap(), &case[2]);
    }
    for case in expected("f_tail").as_array().unwrap() {
        let row = numbers(case);
        let found = f::upper_tail(row[0], row[1], row[2]).unwrap();
        if row[2] < 1e6 {
            close(found, &case[3]);
        } else {
            // SciPy is off by 1.6e-11 here: mpmath 1.4 with 40 digits, from the finite sum for 10 degrees of freedom
            // above.
            close(found, &Value::from(1.922_102_808_178_737e-122));
        }
    }
}
