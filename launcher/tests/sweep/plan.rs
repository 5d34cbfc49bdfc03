//! The frozen plan, the difference to what is on disk, and what `seedbed plan` shows.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use launcher::lease::Machine;
use launcher::plan::Standing::{Done, Failed, Interrupted, Missing, New};
use launcher::plan::{Difference, Frozen, Overview, freeze};
use launcher::state;
use launcher::sweep::{Sweep, sweep_directory};
use spec::layout::SweepLayout;
use spec::plan::Plan;
use spec::status::{Attempt, Cause, State, Status};
use spec::{Digest, RunSpec, SCHEMA};

use crate::support::{folder, load_in, small};

const DESIGN: &str =
    "[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\nactivation = [\"gelu\", \"geglu\", \"kan\"]\n";

fn layout(folder: &Path, sweep: &Sweep) -> SweepLayout {
    SweepLayout::new(sweep_directory(&folder.join("sweep.toml"), &sweep.name, None))
}

fn difference(sweep: &Sweep, layout: &SweepLayout) -> Difference {
    let (machine, now) = (Machine::here(), SystemTime::now());
    Difference::between(sweep, layout, &|run| state::observe(run, &machine, now)).unwrap()
}

/// Leaves on disk what a supervisor leaves of a run that ended so.
fn finish(layout: &SweepLayout, run: &RunSpec, state: State, seconds: f64) {
    let run_layout = layout.run(run.id);
    fs::create_dir_all(run_layout.directory()).unwrap();
    let results = b"metric,value,n\nvalidation-loss,1.5,10\n";
    fs::write(run_layout.results(), results).unwrap();
    let attempt = Attempt {
        number: 1,
        started: "2026-01-01T00:00:00Z".to_owned(),
        ended: Some("2026-01-01T00:01:00Z".to_owned()),
        seconds: Some(seconds),
        host: "node".to_owned(),
        process: 1,
        gpu: None,
        exit_code: Some(0),
        signal: None,
        cause: Some(if state == State::Done { Cause::Done } else { Cause::ProgramError }),
        message: None,
        warned: false,
        told: false,
        node: None,
    };
    let digest = (state == State::Done).then(|| Digest::of(results));
    let status = Status { schema: SCHEMA, run: run.id, state, results: digest, attempts: vec![attempt] };
    fs::write(run_layout.status(), serde_json::to_vec(&status).unwrap()).unwrap();
}

#[test]
fn the_plan_is_frozen_once_and_revised_when_it_says_something_else() {
    let folder = folder();
    let text = small(DESIGN);
    let sweep = load_in(folder.path(), &text, &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    let read = |path: &Path| serde_json::from_slice::<Plan>(&fs::read(path).unwrap()).unwrap();

    let (first, change) = freeze(&layout, &sweep, "2026-01-01T00:00:00Z").unwrap();
    assert_eq!((change, first.revision), (Frozen::First, 0));
    assert_eq!(read(&layout.plan()), first);
    assert_eq!(fs::read_to_string(layout.sweep_file()).unwrap(), text);

    let commented = load_in(folder.path(), &format!("# why\n{text}"), &[]).unwrap();
    let (same, change) = freeze(&layout, &commented, "2026-01-02T00:00:00Z").unwrap();
    assert_eq!((change, same.revision, same.frozen.as_str()), (Frozen::Unchanged, 0, "2026-01-01T00:00:00Z"));
    assert!(fs::read_to_string(layout.sweep_file()).unwrap().starts_with("# why"));

    let stricter = load_in(folder.path(), &format!("{text}[analysis]\nalpha = 0.01\n"), &[]).unwrap();
    let (second, change) = freeze(&layout, &stricter, "2026-01-03T00:00:00Z").unwrap();
    assert_eq!((change, second.revision), (Frozen::Revised, 1));
    assert!(!second.analysis_is_original());
    assert_eq!(read(&layout.earlier_plan(0)), same);
    assert_eq!(read(&layout.plan()), second);

    let (third, _) = freeze(&layout, &sweep, "2026-01-04T00:00:00Z").unwrap();
    assert_eq!(third.revision, 2);
    assert!(third.analysis_is_original(), "the analysis is again the first one");
}

#[test]
fn the_overview_tells_runs_apart_by_what_became_of_them() {
    let folder = folder();
    let sweep = load_in(folder.path(), &small(DESIGN), &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    let show = |sweep: &Sweep| {
        let text = Overview::new(sweep, &layout, &difference(sweep, &layout)).render(false);
        text.replace(&format!("{}/", folder.path().display()), "")
    };
    insta::assert_snapshot!("before_anything", show(&sweep));

    freeze(&layout, &sweep, "2026-01-01T00:00:00Z").unwrap();
    finish(&layout, &sweep.runs[0], State::Done, 3600.0);
    finish(&layout, &sweep.runs[1], State::Failed, 1.0);
    finish(&layout, &sweep.runs[2], State::Diverged, 1.0);
    finish(&layout, &sweep.runs[3], State::Interrupted, 1.0);
    let wider = load_in(folder.path(), &small(&DESIGN.replace("\"kan\"", "\"relu\"")), &[]).unwrap();
    let seen = difference(&wider, &layout);
    assert_eq!(seen.standings, [Done, Failed, New, Interrupted, Missing, New]);
    assert_eq!(seen.left_over, [sweep.runs[2].id]);
    insta::assert_snapshot!("some_runs_ended", show(&wider));

    let json = serde_json::to_value(Overview::new(&wider, &layout, &seen)).unwrap();
    assert_eq!(json["counts"]["failed"], 1);
    assert_eq!(json["runs"][0]["id"], wider.runs[0].id.to_string());
    assert_eq!(json["points"][1]["feed-forward-width"], 680);
    assert_eq!(json["cost"]["measured-runs"], 1);
}

#[test]
fn time_is_estimated_from_runs_that_are_done_in_proportion_to_their_work() {
    let folder = folder();
    let text = small(
        "[factors]\ntrain.steps = [10, 30]\n[train]\ntokens-per-step = 1000\n[resources]\ngpus = 2\ntime = \"6h\"\n",
    );
    let sweep = load_in(folder.path(), &text, &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    finish(&layout, &sweep.runs[0], State::Done, 1800.0);
    let overview = Overview::new(&sweep, &layout, &difference(&sweep, &layout));
    let (short, long) = (overview.points[0].workload.unwrap(), overview.points[1].workload.unwrap());
    assert_eq!((short.tokens, long.tokens), (10_000.0, 30_000.0));
    let close = |value: Option<f64>, expected: f64| value.is_some_and(|value| (value - expected).abs() < 1e-9);
    assert!(close(overview.cost.hours, 1.5) && close(overview.cost.gpu_hours, 3.0), "{:?}", overview.cost);
    assert_eq!((overview.cost.runs, overview.cost.most_gpu_hours), (1, 12.0));
}

#[test]
fn a_plan_that_is_made_anew_after_runs_is_not_the_first() {
    let folder = folder();
    let sweep = load_in(folder.path(), &small(""), &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    freeze(&layout, &sweep, "2026-01-01T00:00:00Z").unwrap();
    fs::remove_file(layout.plan()).unwrap();
    // Nobody has seen a result yet.
    assert_eq!(freeze(&layout, &sweep, "2026-01-02T00:00:00Z").unwrap().1, Frozen::First);
    finish(&layout, &sweep.runs[0], State::Done, 1.0);
    fs::remove_file(layout.plan()).unwrap();
    let (plan, change) = freeze(&layout, &sweep, "2026-01-03T00:00:00Z").unwrap();
    assert_eq!((change, plan.revision, plan.analysis_is_original()), (Frozen::Remade, 1, false));
    let (plan, change) = freeze(&layout, &sweep, "2026-01-04T00:00:00Z").unwrap();
    assert_eq!((change, plan.analysis_is_original()), (Frozen::Unchanged, false));
    // What was kept is not written over.
    fs::write(layout.earlier_plan(1), "kept").unwrap();
    fs::remove_file(layout.plan()).unwrap();
    assert_eq!(freeze(&layout, &sweep, "2026-01-05T00:00:00Z").unwrap().0.revision, 2);
}

#[test]
fn a_plan_of_another_version_is_refused() {
    let folder = folder();
    let sweep = load_in(folder.path(), &small(""), &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    fs::create_dir_all(layout.directory()).unwrap();
    fs::write(layout.plan(), "{\"schema\": 99}").unwrap();
    let error = freeze(&layout, &sweep, "2026-01-01T00:00:00Z").unwrap_err().to_string();
    assert!(error.contains("99"), "{error}");
    assert_eq!(fs::read_to_string(layout.plan()).unwrap(), "{\"schema\": 99}");
}

#[test]
fn packs_are_in_the_plan() {
    let folder = folder();
    let text = small(
        "[factors]\nmodel.layers = [1, 2, 3, 4, 5]\n[resources]\ntime = \"6h\"\nruns-per-job = 2\n\
         [[override]]\nwhen = { \"model.layers\" = [4, 5] }\nset = { resources.packing = \"side-by-side\" }\n",
    );
    let sweep = load_in(folder.path(), &text, &[]).unwrap();
    let layout = layout(folder.path(), &sweep);
    let overview = Overview::new(&sweep, &layout, &difference(&sweep, &layout));
    let shapes: Vec<_> = overview.cost.tasks.iter().map(|kind| (kind.tasks, kind.runs, kind.seconds / 3600)).collect();
    assert_eq!(shapes, [(2, 3, 12), (1, 2, 6)]);
    assert!((overview.cost.most_gpu_hours - 30.0).abs() < 1e-9, "{:?}", overview.cost);
    let text = overview.render(false);
    let told = [
        "  on a cluster 3 runs share 2 tasks, 2 a task in turn: 1 GPU, 4 cores, 16384M and 12h",
        "  on a cluster 2 runs share 1 task, 2 a task side by side: 1 GPU, 8 cores, 32768M and 6h",
    ];
    assert!(told.iter().all(|line| text.contains(line)), "{text}");
}

#[test]
fn a_missed_budget_is_a_warning_and_stands_in_the_plan() {
    let folder = folder();
    let text =
        small("[factors]\nactivation = [\"gelu\", \"kan\"]\n[model]\nhidden-size = 12\nheads = 2\nffn-size = 20\n");
    let sweep = load_in(folder.path(), &text, &[]).unwrap();
    let [warning] = sweep.warnings.as_slice() else { panic!("{:?}", sweep.warnings) };
    assert!(warning.contains("activation=kan: its feed-forward layer has 6.2 % fewer parameters"), "{warning}");
    let layout = layout(folder.path(), &sweep);
    let overview = Overview::new(&sweep, &layout, &difference(&sweep, &layout));
    assert!(overview.render(false).contains(" 2 (-6.2 %) "), "{}", overview.render(false));
    assert_eq!(serde_json::to_value(&overview).unwrap()["points"][1]["missed-budget"], -0.0625);
    let meant = load_in(folder.path(), &text, &["model.budget=unmatched"]).unwrap();
    assert!(meant.warnings.is_empty() && meant.missed_budgets.is_empty(), "{:?}", meant.warnings);
}
