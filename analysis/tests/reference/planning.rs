//! Power, detectable effects, and seeds needed.

use analysis::statistics::power::design::Design;

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
