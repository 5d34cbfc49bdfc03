//! Power, detectable effects, and seeds needed.

use std::sync::LazyLock;

use analysis::statistics::power::design::Design;
use serde_json::Value;

use super::{expected, number, within};

pub(crate) const COVERED: &[&str] = &["power_paired", "mde_paired", "mde_ind", "n_required"];

#[test]
fn the_power_of_a_design() {
    for (n, power) in expected("power_paired").as_object().unwrap() {
        let found = Design::Paired.power(0.8, n.parse().unwrap(), 0.05).unwrap();
        assert!((found - number(power)).abs() < 1e-8, "{n}: {found} {power}");
    }
}

#[test]
fn the_smallest_effect_of_a_design() {
    for (design, id) in [(Design::Paired, "mde_paired"), (Design::Independent, "mde_ind")] {
        for (n, effect) in expected(id).as_object().unwrap() {
            within(design.detectable(n.parse().unwrap(), 0.8, 0.05).unwrap(), effect, 1e-6);
        }
    }
}

#[test]
fn the_seeds_that_an_effect_needs() {
    for (effect, seeds) in expected("n_required").as_object().unwrap() {
        for (design, seeds) in [Design::Paired, Design::Independent].into_iter().zip(seeds.as_array().unwrap()) {
            within(design.seeds(effect.parse().unwrap(), 0.8, 0.05).unwrap(), seeds, 1e-6);
        }
    }
}

/// What `make_planning.py` writes.
static PLANNING: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("planning.json")).expect("the reference values of planning are JSON")
});

/// The rows of a section: the design, and the numbers after it.
fn rows(section: &str) -> Vec<(Design, Vec<f64>)> {
    let rows = PLANNING[section].as_array().unwrap().iter().map(|row| {
        let design = if row[0] == "paired" { Design::Paired } else { Design::Independent };
        (design, row.as_array().unwrap()[1..].iter().map(number).collect())
    });
    rows.collect()
}

#[test]
fn the_power_of_two_one_sided_tests() {
    for (design, row) in rows("equivalence_power") {
        let [margin, difference, seeds, alpha, expected] = row[..] else { panic!("{row:?}") };
        let found = design.equivalence_power(margin, difference, seeds, alpha).unwrap();
        assert!((found - expected).abs() < 1e-8, "{design:?} {row:?}: {found}");
    }
}

#[test]
fn the_smallest_margin_of_a_design() {
    for (design, row) in rows("equivalence_margin") {
        let found = design.equivalence_margin(row[0], 0.8, 0.05).unwrap();
        assert!((found / row[1] - 1.0).abs() < 1e-6, "{design:?} {row:?}: {found}");
    }
}

#[test]
fn the_seeds_that_a_margin_needs() {
    for (design, row) in rows("equivalence_seeds") {
        let found = design.equivalence_seeds(row[0], row[1], 0.9, 0.05).unwrap();
        assert!((found.ceil() - row[2]).abs() < 0.5, "{design:?} {row:?}: {found}");
    }
}
