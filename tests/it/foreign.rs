//! Any program can stand in the trainer's place.

use std::fmt::Write as _;
use std::fs;

use e2e::programs::expect;
use e2e::study::{self, Study};

const SWEEP: &str = r#"
[sweep]
name = "foreign"
seeds = 5

[factors]
optimizer = ["plain", "fancy"]

[trainer]
command = ["python3", "../../../../train.py", "--optimizer={optimizer}", "--seed={seed}"]

[params]
depth = 3

[analysis]
baseline = { optimizer = "plain" }
primary = "accuracy"
directions = { accuracy = "higher" }
"#;

const TRAIN: &str = r"
import os, random, sys
options = dict(argument[2:].split('=') for argument in sys.argv[1:])
random.seed(int(options['seed']))
assert os.environ['SEEDBED_SEED'] == options['seed']
value = 0.7 + 0.1 * (options['optimizer'] == 'fancy') + random.gauss(0, 0.01)
with open('results.csv', 'w') as file:
    file.write(f'metric,value\naccuracy,{value}\n')
";

#[test]
fn a_python_program_is_swept_and_reported() {
    let study = Study::new("", SWEEP);
    study.write("train.py", TRAIN);
    expect(0, &["run", &study.sweep()]);
    expect(0, &["report", &study.sweep()]);
    let layout = study.layout("foreign");
    assert_eq!(study::plan(&layout).runs.len(), 10);
    let report = fs::read_to_string(layout.report().join("report.md")).unwrap();
    assert!(report.contains("fancy") && report.contains("better"), "{report}");
}

#[test]
fn a_table_of_anyones_is_reported() {
    let study = Study::new("", SWEEP);
    let mut table = String::from("arm,seed,score\n");
    for seed in 0..6 {
        let (a, b) = (1.0 + 0.01 * f64::from(seed), 1.5 + 0.012 * f64::from(seed));
        writeln!(table, "a,{seed},{a}\nb,{seed},{b}").unwrap();
    }
    study.write("table.csv", &table);
    let (path, out) = (study.path("table.csv"), study.path("out"));
    let arguments =
        ["report", path.to_str().unwrap(), "--factors", "arm", "--seed", "seed", "--metric", "score=higher"];
    expect(0, &[&arguments[..], &["--baseline", "a", "--out", out.to_str().unwrap()]].concat());
    assert!(fs::read_to_string(out.join("report.md")).unwrap().contains('b'));
}
