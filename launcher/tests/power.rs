//! `seedbed power` as a person sees it.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fmt::Write as _;
use std::fs;

use stage::sweep::ToySweep;
use stage::{seedbed, stderr, stdout};

/// A pilot of three arms and four seeds, the fourth of `gelu` missing; `kan` has other seeds.
const PILOT: &str = "\
act,seed,accuracy
relu,0,0.801
relu,1,0.812
relu,2,0.794
relu,3,0.806
silu,0,0.809
silu,1,0.815
silu,2,0.806
silu,3,0.81
gelu,0,0.812
gelu,1,0.822
gelu,2,0.799
kan,7,0.8
kan,8,0.82
";

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn of_a_spread_that_is_given() {
    let arguments = ["--spread", "0.012", "--spread-seeds", "6", "--difference", "0.01", "--comparisons", "7"];
    let output = seedbed().arg("power").args(arguments).args(["--seeds", "10"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    snapshot("power-given", &stdout(&output));
}

#[test]
fn of_a_pilot() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pilot.csv"), PILOT).unwrap();
    let ask = |more: &[&str]| {
        let arguments = ["power", "pilot.csv", "--factors", "act", "--metric", "accuracy", "--baseline", "relu"];
        let mut command = seedbed();
        command.args(arguments).args(more).current_dir(folder.path());
        command.output().unwrap()
    };
    snapshot("power-pilot", &stdout(&ask(&["--difference", "0.005", "--margin", "0.01"])));
    let json: serde_json::Value =
        serde_json::from_slice(&ask(&["--unpaired", "--seeds", "7", "--format", "json"]).stdout).unwrap();
    assert_eq!((&json["schema"], &json["metric"]), (&1.into(), &"accuracy".into()));
    assert_eq!(json["question"]["design"], "independent");
    assert_eq!(json["spreads"].as_array().unwrap().len(), 4);
    assert!(json["outlook"].as_array().unwrap().iter().any(|outlook| outlook["seeds"] == 7));
    let wrong = ask(&["--baseline", "rely"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("relu"), "{}", stderr(&wrong));
}

#[test]
fn of_a_noisy_baseline_it_plans_with_what_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    // The arms hardly vary and the baseline does: every difference has its spread.
    let noise = [0.9, -1.1, 0.3, -0.4, 1.2, -0.7, 0.1, -0.3];
    let mut table = String::from("arm,seed,y\n");
    for (seed, noise) in noise.iter().enumerate() {
        writeln!(table, "a0,{seed},{noise}").unwrap();
        for arm in 1..10 {
            writeln!(table, "a{arm},{seed},{}", f64::from((seed as i32 * 7 + arm * 3) % 5) * 0.01).unwrap();
        }
    }
    fs::write(folder.path().join("noisy.csv"), table).unwrap();
    let ask = |more: &[&str]| {
        let arguments = ["power", "noisy.csv", "--factors", "arm", "--metric", "y", "--difference", "0.5"];
        let output = seedbed().args(arguments).args(more).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    for pairing in [&[][..], &["--unpaired"]] {
        let asked = [&["--baseline", "a0", "--format", "json"], pairing].concat();
        let json: serde_json::Value = serde_json::from_str(&ask(&asked)).unwrap();
        let rows: Vec<(f64, u64)> = json["spreads"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["sd"].as_f64().unwrap(), row["seeds_for_difference"].as_u64().unwrap()))
            .collect();
        let (pooled, rows) = rows.split_last().unwrap();
        let largest = rows.iter().map(|row| row.0).fold(0.0, f64::max);
        assert!(pooled.0 > 0.95 * largest && pooled.0 <= largest, "{pooled:?} {rows:?}");
        let fewest = rows.iter().map(|row| row.1).min().unwrap();
        assert!(pooled.1 + 3 >= fewest, "{pooled:?} {rows:?}");
    }
    // Without a baseline it is said what is planned for, and that the spreads differ.
    let all = ask(&[]);
    assert!(
        all.contains("over 45 comparisons") && all.contains("every two arms are compared, 45 comparisons"),
        "{all}"
    );
    assert!(all.contains("The spreads differ: that of a"), "{all}");
}

#[test]
fn of_a_sweep() {
    let sweep = ToySweep::new("printf 'metric,value\\nloss,1.%s%s\\n' $2 ${#1} > results.csv");
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let output = sweep.seedbed(&["power", "toy.toml"]).output().unwrap();
    // All differences of the toy are equal: there is nothing to plan with, and a way out is named.
    assert_eq!(output.status.code(), Some(65), "{}", stdout(&output));
    assert!(stderr(&output).contains("hint: give the spread itself"), "{}", stderr(&output));
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let mut text = String::new();
    for arguments in [
        "--spread -1",
        "--spread nan",
        "--spread 1 --alpha 0.7",
        "--spread 1 --power 0.01",
        "--spread 1 --confidence 2",
        "--spread 1 --margin 0",
        "--spread 1 --difference -0.5",
        "--spread 1 --correlation 1",
        "--spread 1 --seeds 2",
        "--spread 1e-300 --difference 1e300",
        "--spread 1e-60 --difference 1e60",
        "--spread 1 --comparisons 0",
        "--spread 1 --correlation 0.5 --unpaired",
        "",
    ] {
        let output = seedbed().arg("power").args(arguments.split_whitespace()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        let said = stderr(&output);
        let said = said.split("\n\n").next().unwrap();
        text.extend([format!("power {arguments}").trim(), "\n", said.trim_end(), "\n\n"]);
    }
    snapshot("power-errors", &text);
}
