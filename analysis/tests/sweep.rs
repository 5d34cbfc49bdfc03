//! From a sweep's directory to the files of a report.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::collections::BTreeMap;
use std::path::Path;

use analysis::results::RunState;
use analysis::{AnalysisError, Report, Results};
use spec::analysis::{AnalysisSpec, Family, Pairing};
use spec::layout::SweepLayout;
use spec::plan::Plan;
use spec::status::Status;
use spec::{Digest, Value};
use tempfile::TempDir;

fn sweep() -> (TempDir, SweepLayout) {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    (directory, layout)
}

fn report(layout: &SweepLayout, analysis: &AnalysisSpec) -> Report {
    Report::new(&Results::from_sweep(layout).unwrap(), analysis).unwrap()
}

#[test]
fn every_run_is_accounted_for() {
    let (_directory, layout) = sweep();
    let results = Results::from_sweep(&layout).unwrap();
    let open: Vec<_> = results.runs().iter().filter(|run| run.state != RunState::Done).collect();
    assert_eq!(results.runs().len(), 54);
    assert_eq!(open.len(), 2);
    assert_eq!(open[0].state, RunState::Diverged);
    assert_eq!(open[0].cause.as_deref(), Some("train-loss rose above 3 times its lowest value"));
    assert_eq!(open[0].steps, Some(700));
    assert_eq!((open[1].state, open[1].cause.as_deref()), (RunState::Missing, Some("never started")));
    // validation-loss, minimal-pairs and four parts of 52 runs; the learning rate is no curve to judge.
    assert_eq!(results.observations().len(), 52 * 6);
    assert!(results.curves().iter().all(|curve| curve.metric != "learning-rate"));
}

#[test]
fn a_done_run_whose_results_changed_does_not_count() {
    let (_directory, layout) = sweep();
    let id = Results::from_sweep(&layout).unwrap().runs()[0].id.unwrap();
    let path = layout.run(id).results();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("2.", "1.", 1)).unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.runs()[0].state, RunState::Incomplete);
    assert!(results.runs()[0].cause.as_ref().unwrap().contains("changed or damaged"));
    assert_eq!(results.observations().len(), 51 * 6);

    std::fs::remove_file(&path).unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert!(results.runs()[0].cause.as_ref().unwrap().starts_with("results.csv: "));
}

#[test]
fn what_benchmarks_found_later_belongs_to_a_run() {
    let (_directory, layout) = sweep();
    let run = layout.run(Results::from_sweep(&layout).unwrap().runs()[0].id.unwrap());
    let folder = run.evaluation().join("blimp");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("results.csv"), "metric,value,n,task\nblimp,0.75,8,blimp\nvalidation-loss,9,8,blimp\n")
        .unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.observations().len(), 52 * 6 + 1);
    assert!(results.observations().iter().any(|seen| seen.metric == "blimp" && (seen.value - 0.75).abs() < 1e-12));
    assert!(results.observations().iter().all(|seen| seen.value < 9.0), "the run's own value stays");

    std::fs::write(folder.join("results.csv"), "metric,value\nblimp,high\n").unwrap();
    // Another task's stays, and so does all that the run itself has measured.
    std::fs::create_dir_all(run.evaluation().join("rte")).unwrap();
    std::fs::write(run.evaluation().join("rte/results.csv"), "metric,value\nrte,0.5\n").unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!((&results.runs()[0].state, &results.runs()[0].cause), (&RunState::Done, &None));
    assert_eq!(results.observations().len(), 52 * 6 + 1);
    let id = results.runs()[0].id.unwrap();
    let told = format!(
        "In 1 run blimp is missing, or rests on fewer fine-tuning seeds than the others: evaluation/blimp/results.csv of the run {id} \
         cannot be read: line 2 of results.csv: the value of `blimp` is `high`, not a number."
    );
    let caveats = report(&layout, &fixture::analysis()).caveats;
    assert!(caveats.contains(&told), "{caveats:#?}");
}

#[test]
fn how_a_score_was_made_is_said_also_where_all_runs_agree() {
    let (_directory, layout) = sweep();
    let ids: Vec<_> = Results::from_sweep(&layout).unwrap().runs().iter().filter_map(|run| run.id).collect();
    let row = |seed: u64| format!("cb,0.5,56,cb,superglue+epochs=1+items=10,validation,{seed}\n");
    let table = |seeds: &[u64]| {
        let rows: String = seeds.iter().map(|seed| row(*seed)).collect();
        format!("metric,value,n,task,protocol,split,fine-tuning-seed\n{rows}blimp,0.5,67000,blimp,bos,test,\n")
    };
    let write = |run: usize, text: String| {
        let folder = layout.run(ids[run]).evaluation().join("cb");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("results.csv"), text).unwrap();
    };
    for run in [0, 1] {
        write(run, table(&[0, 1, 2]));
    }
    let report_of = || report(&layout, &fixture::analysis());
    let cb = "task cb by the protocol superglue+epochs=1+items=10, 56 items of the split validation, the mean over the fine-tuning \
              seeds 0, 1 and 2 within each run";
    let told = format!(
        "How scores were made. BLiMP: task blimp by the protocol bos, 67\u{2009}000 pairs of the split test. CB: {cb}."
    );
    let found = report_of();
    assert!(found.methods.contains(&told), "{:#?}", found.methods);
    let written = found.write(&layout.directory().join("report")).unwrap();
    for path in [written.markdown, written.page, written.json, written.latex] {
        assert!(std::fs::read_to_string(&path).unwrap().contains("=10, 56 items of"), "{}", path.display());
    }
    write(1, table(&[7]));
    let told = format!(
        "CB: in 1 run, {cb}; in 1 run, task cb by the protocol superglue+epochs=1+items=10, 56 items of the split validation, with \
         the fine-tuning seed 7 alone."
    );
    let methods = report_of().methods;
    assert!(methods.iter().any(|paragraph| paragraph.contains(&told)), "{methods:#?}");
}

#[test]
fn with_two_seeds_no_test_of_equal_spread_is_shown() {
    let (_directory, layout) = sweep();
    let shown = || analysis::render::markdown::markdown(&report(&layout, &fixture::analysis()));
    assert!(shown().contains("(Brown and Forsythe, p "), "{}", shown());
    let mut plan: Plan = serde_json::from_slice(&std::fs::read(layout.plan()).unwrap()).unwrap();
    // One run of identity diverged: it would leave an arm of one.
    plan.runs.retain(|run| run.seed < 2 && run.levels["activation"] != Value::from("identity"));
    std::fs::write(layout.plan(), serde_json::to_vec(&plan).unwrap()).unwrap();
    let shown = shown();
    assert!(!shown.contains("Brown and Forsythe"), "{shown}");
    assert!(shown.contains("(no test of equal spread with two seeds)"), "{shown}");
    // No level with values in both strata: no arm is left whose spread could be shown.
    for run in &plan.runs {
        let level = if run.levels["architecture"] == Value::from("roberta") { "gelu" } else { "relu" };
        if run.levels["activation"] != Value::from(level) {
            std::fs::remove_dir_all(layout.run(run.id).directory()).unwrap();
        }
    }
    let report = report(&layout, &fixture::analysis());
    let spread = &report.metrics[0].contrasts[0].effects.as_ref().unwrap().spread;
    assert_eq!(spread.ratio, None);
}

#[test]
fn spaces_around_cells_are_no_part_of_a_result() {
    let (_directory, layout) = sweep();
    let run = layout.run(Results::from_sweep(&layout).unwrap().runs()[0].id.unwrap());
    let text = "metric, value\nvalidation-loss, 2.5\n";
    std::fs::write(run.results(), text).unwrap();
    let mut status: Status = serde_json::from_slice(&std::fs::read(run.status()).unwrap()).unwrap();
    status.results = Some(Digest::of(text.as_bytes()));
    std::fs::write(run.status(), serde_json::to_vec(&status).unwrap()).unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.runs()[0].state, RunState::Done);
    assert_eq!(results.observations().len(), 51 * 6 + 1);
}

#[test]
fn nothing_tested_is_not_nothing_significant() {
    let (_directory, layout) = sweep();
    let text = std::fs::read_to_string(layout.plan()).unwrap();
    let mut plan: Plan = serde_json::from_str(&text).unwrap();
    plan.runs.retain(|run| run.seed == 0);
    std::fs::write(layout.plan(), serde_json::to_vec(&plan).unwrap()).unwrap();
    let report = report(&layout, &fixture::analysis());
    let expected =
        "None of 16 comparisons in validation loss could be tested (one value only: an estimate without an error).";
    assert_eq!(report.headline, [expected]);
}

#[test]
fn a_damaged_record_hides_only_its_own_run() {
    let (_directory, layout) = sweep();
    let id = Results::from_sweep(&layout).unwrap().runs()[3].id.unwrap();
    std::fs::write(layout.run(id).status(), "{\"schema\": 1,").unwrap();
    std::fs::write(layout.run(id).facts(), "").unwrap();
    // One that cannot be looked at: a file stands where its folder should.
    let other = Results::from_sweep(&layout).unwrap().runs()[5].id.unwrap();
    std::fs::remove_dir_all(layout.run(other).directory()).unwrap();
    std::fs::write(layout.run(other).directory(), "").unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.runs()[5].state, RunState::Incomplete);
    assert_eq!(results.runs()[3].state, RunState::Incomplete);
    assert!(results.runs()[3].cause.as_ref().unwrap().contains("status.json is not a valid record"));
    assert_eq!(results.observations().len(), 50 * 6);
}

#[test]
fn damaged_files_beside_the_results_are_told_and_cost_no_result() {
    let (_directory, layout) = sweep();
    let ids: Vec<_> = Results::from_sweep(&layout).unwrap().runs().iter().map(|run| run.id.unwrap()).collect();
    std::fs::write(layout.run(ids[3]).facts(), "{\"parameters\": 1").unwrap();
    std::fs::write(layout.run(ids[4]).facts(), "").unwrap();
    let curve = std::fs::read_to_string(layout.run(ids[5]).metrics()).unwrap();
    std::fs::write(layout.run(ids[5]).metrics(), &curve[..curve.len() / 2]).unwrap();
    std::fs::remove_file(layout.run(ids[6]).metrics()).unwrap();
    std::fs::remove_file(layout.run(ids[7]).outcome()).unwrap();
    std::fs::create_dir(layout.run(ids[7]).outcome()).unwrap();
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.observations().len(), 52 * 6);
    let report = Report::new(&results, &fixture::analysis()).unwrap();
    let told: Vec<&String> = report.caveats.iter().filter(|caveat| caveat.contains("cannot be read")).collect();
    let beginnings = [
        format!("facts.json of 2 runs cannot be read (first {}: ", ids[3]),
        format!("metrics.csv of 1 run cannot be read ({}: ", ids[5]),
        format!("outcome.json of 1 run cannot be read ({}: ", ids[7]),
    ];
    assert_eq!(told.len(), beginnings.len(), "{told:?}");
    for (caveat, beginning) in told.iter().zip(beginnings) {
        assert!(caveat.starts_with(&beginning), "{caveat}");
    }
}

#[test]
fn a_sweep_without_a_plan_is_an_error_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let error = Results::from_sweep(&SweepLayout::new(directory.path())).unwrap_err();
    assert!(matches!(&error, AnalysisError::Read { path, .. } if path.ends_with("plan.json")), "{error}");
}

#[test]
fn a_sweep_that_has_not_begun_still_has_a_report() {
    let (_directory, layout) = sweep();
    std::fs::remove_dir_all(layout.runs()).unwrap();
    let report = report(&layout, &fixture::analysis());
    assert_eq!(report.headline, ["None of 54 runs is complete yet: there is nothing to compare."]);
    let target = tempfile::tempdir().unwrap();
    report.write(target.path()).unwrap();
}

#[test]
fn pairs_are_made_by_seed_and_what_is_missing_is_said() {
    let (_directory, layout) = sweep();
    let report = report(&layout, &fixture::analysis());
    let metric = report.primary().unwrap();
    assert_eq!(metric.tally.comparisons, 16);
    let (.., comparison) =
        metric.comparisons().find(|(_, stratum, arm, _)| stratum.name == "roberta" && arm.level == "swish").unwrap();
    assert_eq!((comparison.seeds_used, comparison.seeds_planned), (2, 3));
    assert_eq!(comparison.unpaired.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2"]);
    let family = metric.comparisons().filter(|(.., comparison)| comparison.holm_p.is_some()).count();
    // Two seeds decide nothing: two of the comparisons are shown and enter no family.
    assert_eq!(family, 14);
}

#[test]
fn a_stratum_as_family_corrects_for_fewer() {
    let (_directory, layout) = sweep();
    let strict = report(&layout, &fixture::analysis());
    let analysis = AnalysisSpec { family: Family::Stratum, ..fixture::analysis() };
    let loose = report(&layout, &analysis);
    let pairs = strict.primary().unwrap().comparisons().zip(loose.primary().unwrap().comparisons());
    let mut smaller = 0;
    for ((.., one), (.., other)) in pairs {
        assert_eq!(one.p(), other.p());
        assert!(other.holm_p <= one.holm_p);
        smaller += usize::from(other.holm_p < one.holm_p);
    }
    assert!(smaller > 0);
}

#[test]
fn equivalence_needs_a_declared_margin() {
    let (_directory, layout) = sweep();
    let without = report(&layout, &fixture::analysis());
    assert_eq!(without.primary().unwrap().tally.equivalent, 0);
    let analysis = AnalysisSpec { margin: Some(0.2), ..fixture::analysis() };
    let with = report(&layout, &analysis);
    assert!(with.primary().unwrap().tally.equivalent > 0);
    // The margin is in the unit of the primary metric and says nothing about the other one.
    assert_eq!(with.metrics[1].tally.equivalent, 0);
}

#[test]
fn another_baseline_flips_the_sign_and_nothing_else() {
    let (_directory, layout) = sweep();
    let only = |level: &str, baseline: &str| {
        let analysis = AnalysisSpec {
            baseline: BTreeMap::from([("activation".to_owned(), Value::from(baseline))]),
            ..fixture::analysis()
        };
        let report = report(&layout, &analysis);
        let metric = report.primary().unwrap();
        let found = metric.comparisons().find(|(.., arm, _)| arm.level == level);
        found.map(|(.., comparison)| comparison.clone()).unwrap()
    };
    let (forth, back) = (only("kan", "gelu"), only("gelu", "kan"));
    let (one, other) = (forth.estimate.unwrap(), back.estimate.unwrap());
    assert_eq!(one.difference.to_bits(), (-other.difference).to_bits());
    assert_eq!(forth.p(), back.p());
    assert_eq!(one.test().unwrap().interval.low.to_bits(), (-other.test().unwrap().interval.high).to_bits());
}

#[test]
fn independent_groups_use_every_seed() {
    let (_directory, layout) = sweep();
    let analysis = AnalysisSpec { pairing: Pairing::None, ..fixture::analysis() };
    let report = report(&layout, &analysis);
    let (.., comparison) = report.primary().unwrap().comparisons().next().unwrap();
    let test = *comparison.estimate.as_ref().unwrap().test().unwrap();
    assert!(test.df > 2.0 && test.df <= 4.0, "{}", test.df);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (_directory, layout) = sweep();
    let written = |target: &Path| {
        report(&layout, &fixture::analysis()).write(target).unwrap();
        let names = [
            "index.html",
            "report.md",
            "tables.tex",
            "comparisons.csv",
            "overall.csv",
            "pairs.csv",
            "observations.csv",
            "report.json",
            "references.bib",
        ];
        names.map(|name| std::fs::read(target.join(name)).unwrap())
    };
    let targets = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert_eq!(written(targets[0].path()), written(targets[1].path()));
    let left: Vec<_> = std::fs::read_dir(targets[0].path()).unwrap().collect();
    assert_eq!(left.len(), 9, "no temporary file stays behind");
}

#[test]
fn the_plan_is_checked_before_anything_is_computed() {
    let (_directory, layout) = sweep();
    let results = Results::from_sweep(&layout).unwrap();
    let message = |analysis: AnalysisSpec| Report::new(&results, &analysis).unwrap_err().to_string();
    let baseline = |factor: &str, level: &str| AnalysisSpec {
        baseline: BTreeMap::from([(factor.to_owned(), Value::from(level))]),
        ..fixture::analysis()
    };
    assert_eq!(message(baseline("activaton", "gelu")), "there is no factor `activaton`; did you mean `activation`?");
    assert_eq!(
        message(baseline("activation", "gleu")),
        "there is no level of `activation` `gleu`; did you mean `gelu`?"
    );
    assert_eq!(
        message(AnalysisSpec { alpha: 0.9, ..fixture::analysis() }),
        "`alpha = 0.9` is not valid: expected a number from 1e-9 to 0.5"
    );
    assert_eq!(
        message(AnalysisSpec { primary: "perplexity-of-mine".to_owned(), ..fixture::analysis() }),
        "it is not known which way is better for the metric `perplexity-of-mine`: say `perplexity-of-mine=higher` or \
         `perplexity-of-mine=lower`"
    );
}

#[test]
fn a_plan_that_was_changed_is_said_to_be() {
    let (_directory, layout) = sweep();
    let path = layout.plan();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"alpha\": 0.05", "\"alpha\": 0.1")).unwrap();
    let report = report(&layout, &fixture::analysis());
    assert!(report.caveats[0].starts_with("The analysis plan was changed after the first submission"));
}

#[test]
fn a_design_that_was_changed_when_results_could_be_seen_is_said_to_be() {
    let (_directory, layout) = sweep();
    let first: Plan = serde_json::from_slice(&std::fs::read(layout.plan()).unwrap()).unwrap();
    let write = |path: &Path, plan: &Plan| std::fs::write(path, serde_json::to_vec(plan).unwrap()).unwrap();
    let revise = |frozen: &str, kept: &dyn Fn(&spec::plan::PlannedRun) -> bool| {
        let mut plan = Plan { revision: 1, frozen: frozen.to_owned(), ..first.clone() };
        plan.runs.retain(kept);
        plan.seeds.retain(|seed| plan.runs.iter().any(|run| run.seed == *seed));
        for factor in &mut plan.factors {
            let name = factor.name.clone();
            factor.levels.retain(|level| plan.runs.iter().any(|run| run.levels[&name] == *level));
        }
        write(&layout.plan(), &plan);
    };
    write(&layout.earlier_plan(0), &first);
    let change = || report(&layout, &fixture::analysis()).study.frozen.unwrap().design_change;

    // 53 of the first runs ended at 09:16.
    let chosen = |run: &spec::plan::PlannedRun| run.seed != 1 && run.levels["activation"] != Value::from("kan");
    revise("2026-11-23T10:00:00Z", &chosen);
    let found = change().unwrap();
    assert_eq!((found.results_seen, found.first.as_str()), (53, "2026-11-23T09:14:00Z"));
    assert_eq!((found.added, found.removed), (vec![], vec!["seed 1".to_owned(), "activation kan".to_owned()]));
    let report_now = report(&layout, &fixture::analysis());
    let told =
        "The design was changed when 53 results could be seen, with this change: removed seed 1; activation kan.";
    assert!(report_now.caveats.iter().any(|caveat| caveat.starts_with(told)), "{:?}", report_now.caveats);
    assert!(report_now.summary().contains("the design was changed when 53 results could be seen"));
    revise("2026-11-23T09:15:30Z", &chosen);
    assert_eq!(change(), None, "nothing could be seen then");
    revise("2026-11-23T10:00:00Z", &|_| true);
    assert_eq!(change(), None, "the same runs");

    // Neither seeds nor levels, but not the same runs.
    revise("2026-11-23T10:00:00Z", &|run| run.seed != 1 || run.levels["activation"] != Value::from("kan"));
    assert_eq!(change().unwrap().other, Some("combinations of levels and seeds"));
    let mut other = first.clone();
    other.revision = 1;
    other.frozen = "2026-11-23T10:00:00Z".to_owned();
    other.runs.iter_mut().for_each(|run| run.id = spec::RunId::of(format!("other {}", run.id).as_bytes()));
    write(&layout.plan(), &other);
    let found = change().unwrap();
    assert_eq!((found.other, found.added, found.removed), (Some("settings that are no factor"), vec![], vec![]));

    // The other way round: seeds that came later.
    revise("2026-11-23T09:15:00Z", &|run| run.seed != 2);
    let few: Plan = serde_json::from_slice(&std::fs::read(layout.plan()).unwrap()).unwrap();
    write(&layout.earlier_plan(0), &few);
    revise("2026-11-23T10:00:00Z", &|_| true);
    assert_eq!(change().unwrap().added, ["seed 2"]);
}

/// Changes what a run found, as if it had found it.
fn rewrite(layout: &SweepLayout, run: spec::RunId, change: impl Fn(&str) -> String) {
    let layout = layout.run(run);
    let text = change(&std::fs::read_to_string(layout.results()).unwrap());
    std::fs::write(layout.results(), &text).unwrap();
    let mut status: Status = serde_json::from_slice(&std::fs::read(layout.status()).unwrap()).unwrap();
    status.results = Some(Digest::of(text.as_bytes()));
    std::fs::write(layout.status(), serde_json::to_vec(&status).unwrap()).unwrap();
}

#[test]
fn a_metric_that_is_not_judged_is_not_said_to_lack_a_baseline() {
    let (_directory, layout) = sweep();
    for run in Results::from_sweep(&layout).unwrap().runs().iter().filter(|run| run.state == RunState::Done) {
        rewrite(&layout, run.id.unwrap(), |text| format!("{text}speed,3,1\n"));
    }
    let text = analysis::render::markdown::markdown(&report(&layout, &fixture::analysis()));
    let speed = text.split("## speed").nth(1).unwrap();
    assert!(speed.contains("| not judged |") && !speed.contains("no baseline"), "{speed}");
}

#[test]
fn a_primary_metric_that_is_no_number_is_a_run_that_diverged() {
    let (_directory, layout) = sweep();
    let results = Results::from_sweep(&layout).unwrap();
    rewrite(&layout, results.runs()[0].id.unwrap(), |text| {
        let line = text.lines().find(|line| line.starts_with("validation-loss,")).unwrap();
        text.replace(line, "validation-loss,nan,1")
    });
    let results = Results::from_sweep(&layout).unwrap();
    assert_eq!(results.runs()[0].state, RunState::Diverged);
    assert!(results.runs()[0].cause.as_ref().unwrap().starts_with("validation-loss is not finite"));
    assert_eq!(results.observations().len(), 52 * 6 - 1, "its other values count");
    let report = Report::new(&results, &fixture::analysis()).unwrap();
    assert!(report.summary().contains("validation-loss is not finite"));
    let told = "1 value is not finite (or beyond \u{b1}1e75) and in no mean: validation-loss of ";
    assert!(report.caveats.iter().any(|caveat| caveat.starts_with(told)), "{:?}", report.caveats);
}

#[test]
fn the_markdown_reads_well() {
    let (_directory, layout) = sweep();
    let report = report(&layout, &fixture::analysis());
    insta::assert_snapshot!(analysis::render::markdown::markdown(&report));
}

#[test]
fn the_summary_fits_a_terminal() {
    let (_directory, layout) = sweep();
    let summary = report(&layout, &fixture::analysis()).summary();
    assert!(summary.lines().filter(|line| line.starts_with("  ")).all(|line| line.chars().count() < 100));
    insta::assert_snapshot!(summary);
}
