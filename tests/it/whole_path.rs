//! From a sweep file to a report, as a user walks it.

use std::fs;

use e2e::programs::expect;
use e2e::study::{self, Study, TINY};
use spec::plan::PlannedRun;
use spec::status::State;

const HEAD: &str = r#"
[sweep]
name = "path"
seeds = 2

[factors]
architecture = ["gpt-neo", "roberta"]
activation = ["gelu", "geglu", "kan"]
"#;

#[test]
fn a_sweep_is_checked_planned_run_and_reported() {
    let study = Study::new(HEAD, TINY);
    let sweep = study.sweep();
    expect(0, &["check", &sweep]);
    let (plan, _) = expect(0, &["plan", &sweep, "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("the plan is JSON");
    assert!(plan.is_object());
    expect(0, &["run", &sweep, "--slots", "2"]);

    let layout = study.layout("path");
    let plan = study::plan(&layout);
    assert_eq!(plan.runs.len(), 12);
    for planned in &plan.runs {
        let run = layout.run(planned.id);
        assert_eq!(study::status(&run).state, State::Done);
        let results = fs::read_to_string(run.results()).unwrap();
        for metric in ["validation-loss,", "validation-bits-per-byte,", "minimal-pairs,", "minimal-pairs/"] {
            assert!(results.contains(metric), "{results}");
        }
        assert!(loss_falls(&fs::read_to_string(run.metrics()).unwrap()));
        its_network_is_measured_in_its_records(&run);
    }
    no_two_runs_are_the_same(&layout);

    let written = |planned: &PlannedRun| fs::metadata(layout.run(planned.id).results()).unwrap().modified().unwrap();
    let before: Vec<_> = plan.runs.iter().map(written).collect();
    expect(0, &["run", &sweep]);
    assert_eq!(plan.runs.iter().map(written).collect::<Vec<_>>(), before, "done runs were carried out again");
    expect(0, &["report", &sweep]);
    let page = fs::read_to_string(layout.report().join("index.html")).unwrap();
    for level in ["geglu", "kan", "roberta"] {
        assert!(page.contains(level), "{level} is missing from the report");
    }
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(layout.report().join("report.json")).unwrap()).unwrap();
    assert!(report["schema"].is_number());
}

/// `run.json` and `facts.json` say alike how large the network is, and a token of a real story takes no more than one
/// of the longest.
fn its_network_is_measured_in_its_records(run: &spec::layout::RunLayout) {
    let read = |path| fs::read_to_string(path).expect("a run that is done has its records");
    let spec: spec::RunSpec = serde_json::from_str(&read(run.spec())).expect("run.json is of its form");
    let facts: spec::status::Facts = serde_json::from_str(&read(run.facts())).expect("facts.json is of its form");
    let network = spec.network.expect("whoever claims a run writes its network's size");
    assert_eq!(network.parameters, facts.parameters);
    assert_eq!(network.feed_forward_width, facts.feed_forward_width);
    let flops = facts.flops_per_token.expect("the trainer writes it");
    assert!(0.0 < flops && flops <= network.most_flops_per_token, "{flops} {network:?}");
}

/// Whether the last training loss is well below the first.
fn loss_falls(metrics: &str) -> bool {
    let losses: Vec<f64> = metrics
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            (columns[2] == "train-loss").then(|| columns[3].parse().expect("a loss is a number"))
        })
        .collect();
    losses[losses.len() - 1] < losses[0] - 0.3
}

/// No variant is silently another: every run has curves of its own.
fn no_two_runs_are_the_same(layout: &spec::layout::SweepLayout) {
    let tables = study::tables(layout);
    let distinct: std::collections::BTreeSet<_> = tables.values().map(|(metrics, _)| metrics).collect();
    assert_eq!(distinct.len(), tables.len());
}

#[test]
fn the_same_sweep_elsewhere_gives_the_same_ids_and_bytes() {
    let head = HEAD.replace("\"gelu\", \"geglu\", \"kan\"", "\"swish\", \"gelu\"");
    let reordered = format!("# a comment\n{}", head.replace("\"swish\", \"gelu\"", "\"gelu\", \"swish\""));
    let first = Study::new(&head, TINY);
    let second = Study::new(&reordered, TINY);
    for study in [&first, &second] {
        expect(0, &["run", &study.sweep(), "--slots", "2"]);
    }
    assert_eq!(study::tables(&first.layout("path")), study::tables(&second.layout("path")));
}

#[test]
fn a_diverged_run_is_a_result_and_not_an_error() {
    let head =
        HEAD.replace("\"gelu\", \"geglu\", \"kan\"", "\"relu\"").replace("\"gpt-neo\", \"roberta\"", "\"gpt-neo\"");
    let settings =
        TINY.replace("learning-rate = 3e-3", "learning-rate = 10.0\nclip = 0").replace("steps = 30", "steps = 60");
    let study = Study::new(&head, &settings);
    expect(0, &["run", &study.sweep()]);
    let layout = study.layout("path");
    for planned in study::plan(&layout).runs {
        assert_eq!(study::status(&layout.run(planned.id)).state, State::Diverged);
    }
    expect(0, &["report", &study.sweep()]);
    let report = fs::read_to_string(layout.report().join("report.md")).unwrap();
    assert!(report.contains("diverged"), "{report}");
}
