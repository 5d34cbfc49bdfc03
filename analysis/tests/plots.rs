//! The drawings of reports of every size: which there are, that they stay within their frames, and that no number is
//! none.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::render::html::page;
use analysis::{Report, Results};
use spec::Value;
use spec::metric::Direction;

/// A report of a table with one or two factors; `value` of stratum, arm and seed, and nothing where there is none.
fn report(
    strata: usize,
    arms: usize,
    seeds: usize,
    margin: Option<f64>,
    value: impl Fn(usize, usize, usize) -> Option<f64>,
) -> Report {
    let mut text = String::from("place,arm,seed,acc\n");
    for (stratum, arm, seed) in
        (0..strata * arms * seeds).map(|run| (run / (arms * seeds), run / seeds % arms, run % seeds))
    {
        let cell = value(stratum, arm, seed).map_or_else(String::new, |value| value.to_string());
        let _ = writeln!(text, "place {stratum},arm <{arm}>,{seed},{cell}");
    }
    let options = fixture::table_options(&["place", "arm"], &["acc"]);
    let results = Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &options).unwrap();
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), Direction::Higher);
    plan.baseline = [("arm".to_owned(), Value::from("arm <0>"))].into();
    plan.margin = margin;
    Report::new(&results, &plan).unwrap()
}

/// Values that look like noise and are the same on every machine.
fn noise(stratum: usize, arm: usize, seed: usize) -> f64 {
    let mixed = (stratum * 7_919 + arm * 104_729 + seed * 1_299_709 + 17).wrapping_mul(2_654_435_761) % 1000;
    0.5 + 0.01 * (arm % 5) as f64 + 0.02 * stratum as f64 + 0.00003 * mixed as f64 + 0.004 * (seed % 3) as f64
}

/// Every SVG of a page: its title, width and height, and what is in it.
fn drawings(page: &str) -> Vec<(String, f64, f64, String)> {
    let body = |svg: &str| svg.split("</svg>").next().unwrap().to_owned();
    page.split("<svg ")
        .skip(1)
        .map(|svg| {
            let svg = body(svg);
            let size = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let (width, height) = size.split_once(' ').unwrap();
            let title = svg.split('>').nth(2).unwrap().split('<').next().unwrap().to_owned();
            (title, width.parse().unwrap(), height.parse().unwrap(), svg)
        })
        .collect()
}

/// The numbers of an attribute.
fn numbers(svg: &str, attribute: &str) -> Vec<f64> {
    let mark = format!(" {attribute}=\"");
    svg.split(mark.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

fn check(page: &str) {
    for (title, width, height, svg) in drawings(page) {
        assert!(!svg.contains("NaN") && !svg.contains("inf\"") && !svg.contains("infL"), "{title}: {svg}");
        for (attributes, limit) in [(["x", "x1", "x2", "cx"], width), (["y", "y1", "y2", "cy"], height)] {
            for value in attributes.iter().flat_map(|attribute| numbers(&svg, attribute)) {
                assert!((-3.0..=limit + 3.0).contains(&value), "{title}: {value} of {limit}");
            }
        }
    }
}

fn titles(page: &str) -> Vec<String> {
    drawings(page).into_iter().map(|(title, ..)| title).collect()
}

#[test]
fn a_study_of_two_factors_has_every_drawing_once_where_it_belongs() {
    let page = page(&report(2, 8, 6, Some(0.01), |stratum, arm, seed| Some(noise(stratum, arm, seed)))).unwrap();
    check(&page);
    let found = titles(&page);
    for (title, count) in [
        ("acc by arm in every stratum", 1),
        ("What more seeds would see in acc", 1),
        ("acc of every seed, place 0", 1),
        ("Difference in acc from arm &lt;0&gt;, place 0", 1),
        ("Equivalence in acc within the margin, place 1", 1),
        ("Mean ranks in acc, place 1", 1),
        ("All pairs in acc, place 1", 1),
        ("Performance profiles in acc, place 1", 1),
        ("Seeds in acc, place 1", 1),
    ] {
        assert_eq!(found.iter().filter(|found| *found == title).count(), count, "{title}: {found:?}");
    }
    assert!(!page.contains("arm <0>"));
}

#[test]
fn fifty_arms_fit_a_page() {
    let page = page(&report(1, 50, 5, None, |stratum, arm, seed| Some(noise(stratum, arm, seed)))).unwrap();
    check(&page);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(titles(&page).iter().any(|title| title == "All pairs in acc"));
}

#[test]
fn what_cannot_be_drawn_is_left_out() {
    let of = |arms, seeds| {
        let page = page(&report(1, arms, seeds, None, |stratum, arm, seed| Some(noise(stratum, arm, seed)))).unwrap();
        check(&page);
        titles(&page)
    };
    // One seed: values, and nothing that could be told apart.
    assert_eq!(
        of(4, 1).iter().filter(|title| title.starts_with("What more") || title.starts_with("Mean ranks")).count(),
        0
    );
    // Two arms: the comparison says it all.
    assert!(of(2, 5).iter().all(|title| !title.starts_with("All pairs") && !title.starts_with("Mean ranks")));
    // Four seeds: a profile would be nothing but the dots.
    assert!(of(4, 4).iter().all(|title| !title.starts_with("Performance")));
}

#[test]
fn runs_without_a_value_and_values_far_away() {
    let value = |_: usize, arm: usize, seed: usize| match (arm, seed) {
        (2, 0) => Some(f64::NAN),
        (3, 1) => None,
        (4, _) => Some(noise(0, arm, seed) + 1e6),
        (5, _) => Some(0.5),
        (6, seed) if seed > 0 => None,
        _ => Some(noise(0, arm, seed)),
    };
    let page = page(&report(1, 7, 6, Some(0.02), value)).unwrap();
    check(&page);
    let seeds = drawings(&page).into_iter().find(|(title, ..)| title == "Seeds in acc").unwrap().3;
    assert!(seeds.contains("arm &lt;2&gt;, seed 0: diverged") && seeds.contains("arm &lt;3&gt;, seed 1: no value"));
    let ranks = drawings(&page).into_iter().find(|(title, ..)| title == "Mean ranks in acc").unwrap().3;
    assert!(!ranks.contains("arm &lt;6&gt;"), "an arm of one seed has no rank");
}
