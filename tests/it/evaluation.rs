//! What is measured of a trained model, as a part of a sweep and by itself: pairs and fine-tuning, from the sweep file
//! to the report.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use e2e::programs::{program, seedbed, transcript};
use e2e::ranks::{compare, measured, rows};
use e2e::study::{self, Study, TINY};

const HEAD: &str = "[sweep]\nname = \"measured\"\nseeds = 2\n\n[factors]\nactivation = [\"gelu\", \"relu\"]\n\n[model]\narchitecture = \"gpt-neo\"\n\
                    [analysis]\nbaseline = { activation = \"gelu\" }\nprimary = \"rte\"\n";

const EVALUATE: &str = "[evaluate]\ntasks = [\"validation\", \"blimp\", \"superglue\"]\ncurve-pairs = 20\nfine-tuning-seeds = 2\n\
                        fine-tuning-epochs = 2\nfine-tuning-learning-rate = 3e-3\n";

/// A study with a store that has a small BLiMP and a small RTE, and nothing else of SuperGLUE.
fn study_with_store() -> Study {
    let settings = TINY.split("[evaluate]").next().expect("there is something before it").replace("[model]", "");
    let (head, analysis) = HEAD.split_once("[analysis]").expect("the head has an analysis");
    let study = Study::new(&format!("{head}{settings}"), &format!("{EVALUATE}\n[analysis]{analysis}"));
    study.write_small_blimp();
    study.write_pairs_to_learn(80, 30);
    let import = |arguments: &[&str]| {
        let output = with_store(Command::new(program("seedbed-trainer")), &study).arg("data").args(arguments).output();
        ends_with(0, &output.expect("the trainer starts"));
    };
    let at = |name: &str| study.path(name).display().to_string();
    import(&["import", "blimp", &at("blimp")]);
    import(&["import", "rte", &at("data")]);
    study
}

fn with_store(mut command: Command, study: &Study) -> Command {
    command.env("SEEDBED_DATA", study.path("store"));
    command
}

fn launch(study: &Study, arguments: &[&str]) -> Output {
    let mut command = with_store(seedbed(), study);
    command.args(&arguments[..1]).arg(study.sweep()).args(&arguments[1..]).output().expect("seedbed starts")
}

fn ends_with(code: i32, output: &Output) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", transcript(output));
    transcript(output)
}

/// The value of `metric` with a fine-tuning seed in a table of results.
fn value(table: &Path, metric: &str, seed: &str) -> f64 {
    let text = fs::read_to_string(table).unwrap_or_else(|error| panic!("{}: {error}", table.display()));
    let is_it = |line: &&str| line.starts_with(&format!("{metric},")) && line.ends_with(&format!(",{seed}"));
    let line = text.lines().find(is_it).unwrap_or_else(|| panic!("no {metric} with seed {seed} in\n{text}"));
    line.split(',').nth(1).and_then(|value| value.parse().ok()).expect("a value is a number")
}

#[test]
fn a_sweep_tunes_its_models_and_reports_one_value_a_run() {
    let study = study_with_store();
    let said = ends_with(0, &launch(&study, &["run"]));
    assert!(
        said.contains("no data of boolq, cb, copa, multirc, record, wic, wsc, which will be reported as missing"),
        "{said}"
    );
    let layout = study.layout("measured");
    let plan = study::plan(&layout);
    for planned in &plan.runs {
        let run = layout.run(planned.id);
        for seed in ["0", "1"] {
            let (own, kept) = (run.results(), run.evaluation().join("rte/results.csv"));
            let found = value(&own, "rte", seed);
            assert!((0.0..=1.0).contains(&found));
            assert_eq!(found.to_bits(), value(&kept, "rte", seed).to_bits());
            assert!((value(&own, "rte-majority", seed) - 0.5).abs() < 1e-12);
        }
        let metrics = fs::read_to_string(run.metrics()).expect("a run has curves");
        assert!(metrics.contains(",blimp-part,"), "{metrics}");
    }
    ends_with(0, &launch(&study, &["report"]));
    let report = |name: &str| fs::read_to_string(layout.report().join(name)).expect("the report is there");
    let observations = report("observations.csv");
    let of_rte: Vec<&str> = observations.lines().filter(|line| line.split(',').any(|cell| cell == "rte")).collect();
    assert_eq!(of_rte.len(), plan.runs.len(), "one value a run, whatever its fine-tuning seeds:\n{observations}");
    let results = layout.run(plan.runs[0].id).results();
    let mean = f64::midpoint(value(&results, "rte", "0"), value(&results, "rte", "1"));
    let has_mean =
        |line: &&str| line.split(',').any(|cell| cell.parse::<f64>().is_ok_and(|cell| (cell - mean).abs() < 1e-12));
    assert!(of_rte.iter().any(has_mean), "no {mean} in\n{observations}");
    assert!(report("report.md").contains("In 4 runs cb is missing"), "{}", report("report.md"));

    // By itself: what is there is not made again, what has no data is missing, a kill costs one seed at most.
    let said = ends_with(1, &launch(&study, &["evaluate", "--tasks", "rte,cb"]));
    assert!(said.contains("4 elements measured, 4 missing") && said.contains("rte: is there already"), "{said}");
    assert!(!layout.run(plan.runs[0].id).evaluation().join("cb/results.csv").exists());
    let seeds = ["evaluate", "--tasks", "rte", "--fine-tuning-seeds", "0,1,2,3"];
    let mut command = with_store(seedbed(), &study);
    command.arg("evaluate").arg(study.sweep()).args(&seeds[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("seedbed starts");
    std::thread::sleep(Duration::from_millis(900));
    let _ = child.kill();
    child.wait().expect("it ends");
    ends_with(0, &launch(&study, &seeds));
    for planned in &plan.runs {
        value(&layout.run(planned.id).evaluation().join("rte/results.csv"), "rte", "3");
    }

    // What has lost a row since it was measured is measured again, and found the same.
    let table = layout.run(plan.runs[0].id).evaluation().join("rte/results.csv");
    let whole = fs::read_to_string(&table).expect("the table is there");
    let (kept, _) = whole.trim_end().rsplit_once('\n').expect("it has rows");
    fs::write(&table, format!("{kept}\n")).expect("it can be written");
    ends_with(0, &launch(&study, &seeds));
    assert_eq!(fs::read_to_string(&table).expect("the table is there"), whole);
}

#[test]
fn ranks_share_the_tasks_and_one_writes_what_all_found() {
    let study = study_with_store();
    // Of SuperGLUE's tasks RTE is the sixth: the second rank's.
    let settings = ["--set", "evaluate.tasks=[\"validation\", \"superglue\"]", "--set", "resources.gpus=2"];
    ends_with(
        0,
        &launch(&study, &[&["run", "--slots", "1", "--threads", "1", "--limit", "1"][..], &settings].concat()),
    );
    let layout = study.layout("measured");
    let run = study::plan(&layout).runs.into_iter().map(|run| layout.run(run.id)).find(|run| run.results().exists());
    let run = run.expect("one run is done");
    for seed in ["0", "1"] {
        let (own, kept) = (run.results(), run.evaluation().join("rte/results.csv"));
        assert_eq!(value(&own, "rte", seed).to_bits(), value(&kept, "rte", seed).to_bits());
    }
    assert!(run.evaluation().join("cb/missing.csv").exists() && !run.shares().exists());
}

#[test]
fn ranks_share_the_pairs_and_find_what_one_finds() {
    let rows_of = |ranks: u32| {
        let study = study_with_store();
        let wish = format!("resources.gpus={ranks}");
        let tasks = "evaluate.tasks=[\"validation\", \"blimp\"]";
        let settings = ["--set", tasks, "--set", "analysis.primary=\"blimp\"", "--set", &wish];
        let run = ["run", "--slots", "1", "--threads", "1"];
        ends_with(0, &launch(&study, &[&run[..], &settings].concat()));
        let layout = study.layout("measured");
        [rows(&layout), measured(&layout)].concat()
    };
    let one = rows_of(1);
    let asked = one.iter().filter(|(what, _)| what.contains("blimp")).count();
    assert!(asked > 10, "{one:?}");
    compare(&one, &rows_of(2), 2);
}
