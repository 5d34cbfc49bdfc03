//! A factor over several strata, and named questions, against statsmodels and SciPy (`reference/make_effects.py`).

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use analysis::report::comparison::Verdict;
use analysis::report::effects::{Effects, Leads};
use analysis::report::judged::Basis;
use analysis::{Report, Results, TableOptions};
use serde_json::Value as Json;
use spec::Value;
use spec::analysis::{AnalysisSpec, Pairing, Question, Scale};
use spec::metric::Direction;

fn cases() -> Vec<Json> {
    serde_json::from_str(include_str!("reference/effects.json")).unwrap()
}

fn options() -> TableOptions {
    fixture::table_options(&["architecture", "activation"], &["loss"])
}

fn plan() -> AnalysisSpec {
    let pair = |level: &str, baseline: &str| [Value::from(level), Value::from(baseline)];
    AnalysisSpec {
        primary: "loss".to_owned(),
        directions: [("loss".to_owned(), Direction::Lower)].into(),
        questions: vec![Question {
            name: "curved against straight".to_owned(),
            factor: "activation".to_owned(),
            pairs: vec![pair("relu", "gelu"), pair("swish", "silu")],
        }],
        ..fixture::analysis()
    }
}

fn report(csv: &str, plan: &AnalysisSpec) -> Report {
    let results = Results::from_reader(csv.as_bytes(), "t.csv".as_ref(), &options()).unwrap();
    Report::new(&results, plan).unwrap()
}

fn effects(report: &Report) -> &Effects {
    report.metrics[0].contrasts[0].effects.as_ref().unwrap()
}

fn close(found: f64, expected: &Json, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

#[test]
fn interaction_and_main_effect_are_those_of_the_blocked_analysis() {
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let report = report(case["csv"].as_str().unwrap(), &plan());
        let effects = effects(&report);
        for (joint, key) in [(effects.interaction, "interaction"), (effects.main_effect, "main")] {
            let (joint, expected) = (joint.unwrap(), &case["expected"]["tests"][key]);
            // The variances are optimised to about ten digits, and p follows F.
            close(joint.f, &expected[0], 1e-6, name);
            close(joint.df[0], &expected[1], 1e-12, name);
            close(joint.df[1], &expected[2], 1e-6, name);
            close(joint.p, &expected[3], 1e-5, name);
        }
        close(effects.residual_variance.unwrap(), &case["expected"]["residual"], 1e-6, name);
        let leads = if name == "interaction" { Leads::SimpleEffects } else { Leads::MainEffects };
        assert_eq!(effects.leads, leads, "{name}");
    }
}

#[test]
fn few_seeds_pool_their_error_and_many_stand_alone() {
    for case in cases() {
        let (name, expected) = (case["name"].as_str().unwrap(), &case["expected"]);
        let report = report(case["csv"].as_str().unwrap(), &plan());
        if name == "interaction" {
            continue;
        }
        for contrast in &effects(&report).contrasts {
            let (judged, level) = (&contrast.judged, contrast.level.as_str());
            let test = *judged.estimate.as_ref().unwrap().test().unwrap();
            let model = &expected["contrasts"][level];
            close(judged.estimate.unwrap().difference, &model["difference"], 1e-9, level);
            if name == "many" {
                assert_eq!((judged.basis, judged.seeds), (Some(Basis::Seeds), 9));
                close(test.p, &expected["by_seed"][level], 1e-8, level);
            } else {
                assert_eq!((judged.basis, judged.seeds), (Some(Basis::Model), 4));
                close(test.standard_error, &model["error"], 1e-6, level);
                close(test.p, &model["p"], 1e-4, level);
                // What is claimed must be shown by the model, after correction, and by the seeds alone.
                let own = *judged.own.as_ref().unwrap().test().unwrap();
                close(own.p, &expected["by_seed"][level], 1e-8, level);
                let [dunnett, by_seed] = [&model["dunnett"], &expected["by_seed"][level]].map(|p| p.as_f64().unwrap());
                close(judged.adjusted_p.unwrap(), &Json::from(dunnett.max(by_seed)), 1e-4, level);
                assert_eq!(judged.held_back.is_some(), dunnett < 0.05 && by_seed >= 0.05, "{level}");
                let simultaneous = judged.simultaneous.unwrap();
                assert!(simultaneous.low <= own.interval.low && simultaneous.high >= own.interval.high, "{level}");
            }
            let interval = judged.simultaneous.unwrap();
            let excludes = interval.low > 0.0 || interval.high < 0.0;
            // Holm claims no less than Bonferroni's interval, and Dunnett's p and interval say the same.
            let claims = judged.adjusted_p.unwrap() < 0.05;
            assert!(claims == excludes || (name == "many" && claims), "{name} {level}");
        }
    }
}

#[test]
fn an_interaction_leaves_averages_without_a_verdict_and_questions_with_a_warning() {
    let case = &cases()[1];
    let report = report(case["csv"].as_str().unwrap(), &plan());
    for contrast in &effects(&report).contrasts {
        let (judged, expected) = (&contrast.judged, &case["expected"]["contrasts"][contrast.level.as_str()]);
        close(judged.p().unwrap(), &expected["p"], 1e-4, &contrast.level);
        assert_eq!((judged.verdict, judged.adjusted_p, judged.simultaneous), (Verdict::NotTested, None, None));
        assert!(judged.reason.as_ref().unwrap().starts_with("the interaction is significant"), "{judged:?}");
    }
    let answer = &report.answers[0];
    assert!(
        answer.interaction.unwrap().p < 0.05 && answer.sentence.contains("depends on the stratum"),
        "{}",
        answer.sentence
    );
    assert!(!self::report(cases()[0]["csv"].as_str().unwrap(), &plan()).answers[0].sentence.contains("stratum"));
}

/// A table of `arms` in `strata` for `seeds`, the loss as `of` says.
fn table(arms: usize, strata: usize, seeds: usize, of: impl Fn(usize, usize, usize) -> f64) -> String {
    let mut rows = vec!["architecture,activation,seed,loss".to_owned()];
    for (stratum, arm) in (0..strata).flat_map(|stratum| (0..arms).map(move |arm| (stratum, arm))) {
        let name = if arm == 0 { "gelu".to_owned() } else { format!("arm-{arm}") };
        rows.extend((0..seeds).map(|seed| format!("a{stratum},{name},{seed},{}", of(stratum, arm, seed))));
    }
    rows.join("\n")
}

fn without_questions() -> AnalysisSpec {
    AnalysisSpec { questions: Vec::new(), ..plan() }
}

#[test]
fn errors_of_their_own_are_corrected_by_holm() {
    // Too many arms for one model: each average has its own paired t test on three seeds.
    let noise = std::cell::RefCell::new(fixture::Noise::new(3));
    let csv = table(130, 2, 3, |_, _, _| 2.5 + 0.01 * noise.borrow_mut().next());
    let report = report(&csv, &without_questions());
    let effects = effects(&report);
    let p: Vec<Option<f64>> = effects.contrasts.iter().map(|contrast| contrast.judged.p()).collect();
    let holm = analysis::statistics::holm::holm(&p);
    for (contrast, holm) in effects.contrasts.iter().zip(holm) {
        assert_eq!((contrast.judged.basis, contrast.judged.adjusted_p), (Some(Basis::Seeds), holm));
    }
    assert!(effects.interaction.is_none() && effects.reason.is_some());
    assert!(
        report.headline[0].contains("whether that depends on architecture could not be tested"),
        "{:?}",
        report.headline
    );
    let methods = report.methods.join(" ");
    assert!(
        methods.contains("and where the model cannot be fitted") && !methods.contains("With 8 seeds or more"),
        "{methods}"
    );
}

#[test]
fn arms_that_differ_by_a_constant_in_every_seed_have_no_error() {
    let csv =
        table(3, 3, 4, |stratum, arm, seed| 2.0 + stratum as f64 + 0.125 * arm as f64 + 0.25 * (seed * seed) as f64);
    let report = report(&csv, &without_questions());
    let effects = effects(&report);
    assert_eq!((effects.blocks, effects.interaction, effects.main_effect), (None, None, None));
    for contrast in &effects.contrasts {
        assert_eq!((contrast.judged.verdict, contrast.judged.p()), (Verdict::NotTested, None));
    }
    assert!(effects.reason.as_ref().unwrap().contains("nothing varies"), "{:?}", effects.reason);
}

#[test]
fn seeds_count_that_are_really_paired() {
    let all = table(4, 2, 4, |stratum, arm, seed| {
        2.0 + stratum as f64 + 0.1 * ((arm * 7 + seed * 5 + stratum * 3) % 11) as f64
    });
    // Two seeds in one architecture and two others in the other one are two, not four.
    let apart: Vec<&str> = all
        .lines()
        .filter(|line| !line.starts_with("a0") || line.contains(",0,") || line.contains(",1,"))
        .filter(|line| !line.starts_with("a1") || line.contains(",2,") || line.contains(",3,"))
        .collect();
    let report = report(&apart.join("\n"), &without_questions());
    for contrast in &effects(&report).contrasts {
        assert_eq!((contrast.judged.seeds, contrast.judged.verdict), (2, Verdict::NotTested));
    }
}

#[test]
fn one_pair_has_one_verdict_in_every_form() {
    let mut plan = plan();
    let pair = |level: &str| Question {
        name: level.to_owned(),
        factor: "activation".to_owned(),
        pairs: vec![[Value::from(level), Value::from("gelu")]],
    };
    plan.questions = ["relu", "silu", "swish"].map(pair).into();
    let report = report(cases()[0]["csv"].as_str().unwrap(), &plan);
    assert!(report.answers.iter().any(|answer| answer.pooled.adjusted_p != answer.pooled.p()));
    for answer in &report.answers {
        assert_eq!(answer.pairs[0].judged, answer.pooled);
    }
}

#[test]
fn a_question_is_answered_by_name() {
    for case in cases() {
        let (name, expected) = (case["name"].as_str().unwrap(), &case["expected"]["pooled"]);
        let report = report(case["csv"].as_str().unwrap(), &plan());
        let [answer] = report.answers.as_slice() else { panic!("one answer") };
        let test = *answer.pooled.estimate.as_ref().unwrap().test().unwrap();
        close(answer.pooled.estimate.unwrap().difference, &expected["difference"], 1e-9, name);
        let p = if name == "many" { &expected["seeds_p"] } else { &expected["model_p"] };
        close(test.p, p, 1e-4, name);
        assert_eq!((answer.pairs.len(), answer.strata), (2, 2));
        assert!(answer.sentence.starts_with("curved against straight: "), "{}", answer.sentence);
        assert!(report.summary().contains(&answer.sentence));
        assert!(analysis::render::markdown::markdown(&report).contains("| all pairs |"));
    }
}

#[test]
fn swapping_the_pairs_flips_the_sign_and_nothing_else() {
    for pairing in [Pairing::Seed, Pairing::None] {
        for case in cases() {
            let mut turned = AnalysisSpec { pairing, ..plan() };
            let forth = report(case["csv"].as_str().unwrap(), &turned);
            for pair in &mut turned.questions[0].pairs {
                pair.swap(0, 1);
            }
            let back = report(case["csv"].as_str().unwrap(), &turned);
            let [one, other] = [&forth, &back].map(|report| report.answers[0].pooled.clone());
            let [there, here] = [&one, &other].map(|judged| judged.estimate.unwrap());
            assert_eq!(there.difference.to_bits(), (-here.difference).to_bits());
            assert_eq!((one.p(), one.adjusted_p, one.detectable), (other.p(), other.adjusted_p, other.detectable));
            let turned = |verdict| match verdict {
                Verdict::Better => Verdict::Worse,
                Verdict::Worse => Verdict::Better,
                same => same,
            };
            assert_eq!(one.verdict, turned(other.verdict));
        }
    }
}

#[test]
fn unpaired_strata_have_the_error_within_arms() {
    let cases = cases();
    let plan = AnalysisSpec { pairing: Pairing::None, ..plan() };
    let report = report(cases[0]["csv"].as_str().unwrap(), &plan);
    let effects = effects(&report);
    // pingouin 0.7.0, mixed_anova with a seed of an activation as subject: a seed that is in both architectures is one
    // replication.
    for (joint, f, p) in [
        (effects.main_effect.unwrap(), 6.897_833_810_798_155, 0.005_933_534_019_522_815),
        (effects.interaction.unwrap(), 0.237_886_652_573_482_35, 0.868_247_005_003_397_4),
    ] {
        assert_eq!(joint.df.map(|df| df.round() as usize), [3, 12]);
        close(joint.f, &Json::from(f), 1e-9, "F");
        close(joint.p, &Json::from(p), 1e-9, "p");
    }
    assert!(
        effects.between_variance.is_none() && effects.contrasts.iter().all(|c| c.judged.basis == Some(Basis::Model))
    );
}

#[test]
fn what_pools_its_error_has_one_of_its_own_beside_it() {
    // SciPy 1.17.1: error, degrees of freedom and p of ttest_ind(equal_var=False) of the seeds' means over architectures.
    let together = [
        ("relu", 0.009_358_824_935_143_64, 5.540_719_606_947_668, 0.019_402_587_646_289_833),
        ("silu", 0.008_828_296_244_651_84, 5.769_778_724_094_948, 0.654_966_570_019_108_3),
        ("swish", 0.010_531_450_418_468_9, 5.035_485_919_930_145, 0.238_384_717_161_692_88),
    ];
    // NumPy 2.4.6 and SciPy 1.17.1: of the mean over architectures where each has its own seeds, from the variance of each
    // arm where runs are not paired, and of the seeds' differences in each architecture where they are.
    let unpaired = [
        ("relu", 0.008_319_480_339_840_937, 11.038_697_594_964_416, 0.003_705_386_731_841_71),
        ("silu", 0.009_124_741_206_375_854, 9.005_513_820_834_452, 0.659_443_701_748_762_8),
        ("swish", 0.009_347_729_392_299_858, 10.030_328_097_090_39, 0.162_762_502_584_001_9),
    ];
    let apart = [
        ("relu", 0.002_523_515_033_638_538, 5.995_866_250_198_064, 1.963_524_999_779_688_6e-5),
        ("silu", 0.003_552_950_358_504_881, 5.626_438_383_156_845, 0.289_105_475_389_012_9),
        ("swish", 0.003_328_951_129_860_539_6, 5.761_332_456_937_055, 0.006_021_018_460_988_015),
    ];
    let recurring = cases()[0]["csv"].as_str().unwrap().to_owned();
    let renamed = |line: &str| match line.strip_prefix("bert,").and_then(|rest| rest.split_once(',')) {
        Some((arm, rest)) => format!("bert,{arm},1{rest}"),
        None => line.to_owned(),
    };
    let separate = recurring.lines().map(renamed).collect::<Vec<String>>().join("\n");
    for (csv, pairing, expected) in
        [(&recurring, Pairing::None, together), (&separate, Pairing::None, unpaired), (&separate, Pairing::Seed, apart)]
    {
        let report = report(csv, &AnalysisSpec { pairing, ..without_questions() });
        for (level, error, df, p) in expected {
            let contrasts = &effects(&report).contrasts;
            let judged = &contrasts.iter().find(|contrast| contrast.level == level).unwrap().judged;
            let test = *judged.own.as_ref().unwrap().test().unwrap();
            assert_eq!(judged.basis, Some(Basis::Model));
            close(test.standard_error, &Json::from(error), 1e-9, level);
            close(test.df, &Json::from(df), 1e-9, level);
            close(test.p, &Json::from(p), 1e-9, level);
            assert!(judged.adjusted_p.unwrap() >= test.p, "{level}");
        }
    }
}

#[test]
fn two_seeds_answer_nothing_and_say_so() {
    let cases = cases();
    let csv: Vec<&str> = cases[0]["csv"].as_str().unwrap().lines().collect();
    let few: Vec<&str> = csv.into_iter().filter(|line| !line.contains(",2,") && !line.contains(",3,")).collect();
    let report = report(&few.join("\n"), &plan());
    assert!(effects(&report).contrasts.iter().all(|contrast| contrast.judged.verdict == Verdict::NotTested));
    assert_eq!(report.answers[0].pooled.verdict, Verdict::NotTested);
    assert!(report.answers[0].sentence.contains("nothing may be claimed"), "{}", report.answers[0].sentence);
}

#[test]
fn a_level_without_a_stratum_costs_the_others_nothing() {
    let cases = cases();
    let text = cases[0]["csv"].as_str().unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("bert,silu")).collect();
    let report = report(&without.join("\n"), &plan());
    let effects = effects(&report);
    assert_eq!(effects.left_out, ["silu"]);
    assert_eq!(effects.contrasts.len(), 2);
    assert!(report.answers[0].sentence.contains("not in bert, which lacks"), "{}", report.answers[0].sentence);
    assert_eq!((report.answers[0].strata, report.answers[0].left_out.as_slice()), (1, &["bert".to_owned()][..]));
    assert!(report.answers[0].pairs[0].judged.adjusted_p.is_some());
}

#[test]
fn logarithms_are_differences_of_logarithms_and_need_values_above_nothing() {
    let cases = cases();
    let text = cases[2]["csv"].as_str().unwrap();
    let plain = report(text, &AnalysisSpec { scale: Scale::Linear, ..plan() });
    let logarithm = report(text, &AnalysisSpec { scale: Scale::Log, ..plan() });
    let difference = |report: &Report| report.answers[0].pooled.estimate.unwrap().difference;
    // Values are near 2.65, so a difference d is one of about d / 2.65 in logarithms.
    assert!((difference(&logarithm) * 2.65 / difference(&plain) - 1.0).abs() < 0.05);
    let negative = text.replacen(",2.", ",-2.", 1);
    let results = Results::from_reader(negative.as_bytes(), "t.csv".as_ref(), &options()).unwrap();
    let error = Report::new(&results, &AnalysisSpec { scale: Scale::Log, ..plan() }).unwrap_err().to_string();
    assert!(error.starts_with("`scale = \"log\"` needs values above 0"), "{error}");
}

#[test]
fn an_unknown_level_of_a_question_has_a_nearest_one() {
    let cases = cases();
    let results =
        Results::from_reader(cases[0]["csv"].as_str().unwrap().as_bytes(), "t.csv".as_ref(), &options()).unwrap();
    let mut plan = plan();
    plan.questions[0].pairs[0][0] = Value::from("rely");
    let error = Report::new(&results, &plan).unwrap_err().to_string();
    assert_eq!(error, "there is no level of `activation` `rely`; did you mean `relu`?");
}
