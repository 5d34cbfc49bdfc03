//! What right sweep files expand to.

use spec::analysis::{Question, Scale};
use spec::feed_forward::{Activation, FeedForward, StaticFunction};
use spec::metric::Direction;
use spec::train::Length;
use spec::{Program, Study, Value};

use crate::support::{errors, listing, load, small};

const TWO_FACTORS: &str = "[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\nactivation = [\"relu\", \"gelu\"]\n";

fn study(program: &Program) -> &Study {
    match program {
        Program::Builtin(study) => study,
        Program::Command(_) => panic!("the built-in trainer was expected"),
    }
}

#[test]
fn runs_stand_seed_by_seed_and_the_first_factor_is_slowest() {
    let text = small(TWO_FACTORS).replace("seeds = 1", "seeds = 2");
    let sweep = load(&text, &[]).unwrap();
    let levels =
        |run: &spec::RunSpec| format!("{} {} {}", run.seed, run.levels["architecture"], run.levels["activation"]);
    let runs: Vec<String> = sweep.runs.iter().map(levels).collect();
    assert_eq!(
        runs,
        [
            "0 gpt-neo relu",
            "0 gpt-neo gelu",
            "0 roberta relu",
            "0 roberta gelu",
            "1 gpt-neo relu",
            "1 gpt-neo gelu",
            "1 roberta relu",
            "1 roberta gelu"
        ]
    );
    let names: Vec<&str> = sweep.factors.iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["architecture", "activation"]);
}

#[test]
fn seeds_have_three_spellings_and_tables_two() {
    for (seeds, expected) in [
        ("seeds = 3", vec![0, 1, 2]),
        ("seeds = [7, 0, 42]", vec![7, 0, 42]),
        ("seeds = { from = 100, count = 2 }", vec![100, 101]),
        ("seeds.from = 5\nseeds.count = 1", vec![5]),
        ("seeds = { count = 2 }", vec![0, 1]),
    ] {
        let sweep = load(&small("").replace("seeds = 1", seeds), &[]).unwrap();
        assert_eq!(sweep.seeds, expected, "{seeds}");
        assert_eq!(sweep.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), expected, "{seeds}");
    }
}

#[test]
fn every_spelling_of_a_key_is_the_same_key() {
    let spellings = [
        "[model]\nkan.order = 3\nactivation = \"kan\"\n",
        "[model]\nactivation = \"kan\"\n[model.kan]\norder = 3\n",
        "[model]\n\"kan.order\" = 3\nactivation = 'kan'\n",
        "[model]\nkan = { order = 3 }\nactivation = \"kan\" # a comment\n",
    ];
    let ids: Vec<_> = spellings.iter().map(|rest| load(&small(rest), &[]).unwrap().runs[0].id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let study = load(&small(spellings[0]), &[]).unwrap();
    assert!(matches!(&study.runs[0].program, Program::Builtin(study)
        if matches!(study.model.feed_forward, FeedForward::Spline { grid, .. } if grid.order == 3)));
}

#[test]
fn factors_may_be_any_key_of_the_science_and_keep_their_order() {
    let text = "[factors]\ntrain.learning-rate = [1e-3, 1]\nactivation = [\"gelu\"]\ntrain.clip = [0, 1.5]\n\"data.corpus\" = [\"stories.txt\", [\"stories.txt\", \"other.txt\"]]\n";
    let sweep = load(&small(text).replace("[data]\ncorpus = \"stories.txt\"\n", ""), &[]).unwrap();
    let names: Vec<&str> = sweep.factors.iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["train.learning-rate", "activation", "train.clip", "data.corpus"]);
    assert_eq!(sweep.factors[0].levels, [Value::Float(1e-3), Value::Float(1.0)]);
    assert_eq!(sweep.factors[3].levels[0], Value::from("stories.txt"));
    assert_eq!(sweep.runs.len(), 8);
    assert_eq!(study(&sweep.runs[1].program).data.corpus.len(), 2);
    assert_eq!(sweep.runs[1].files.len(), 2);
    assert!(sweep.runs[1].files.values().all(|path| path.is_absolute()));
}

#[test]
fn zipped_factors_move_together_and_may_repeat_a_level() {
    let text = "[factors]\nactivation = [\"gelu\", \"relu\"]\n[[zip]]\n\"model.hidden-size\" = [64, 64, 128]\n\"model.heads\" = [2, 4, 4]\n";
    let sweep = load(&small(text), &[]).unwrap();
    assert_eq!(sweep.runs.len(), 6);
    let sizes: Vec<_> =
        sweep.runs.iter().map(|run| (study(&run.program).model.hidden_size, study(&run.program).model.heads)).collect();
    assert_eq!(sizes[..3], [(64, 2), (64, 4), (128, 4)]);
    assert_eq!(sweep.factors.len(), 3);
    assert_eq!(sweep.factors[1].levels, [Value::Integer(64), Value::Integer(128)]);
}

#[test]
fn excludes_take_lists_and_warn_where_they_match_nothing() {
    let text = format!(
        "{TWO_FACTORS}[[exclude]]\narchitecture = \"roberta\"\nactivation = [\"relu\", \"gelu\"]\n[[exclude]]\nactivation = \"relu\"\n[[include]]\narchitecture = \"roberta\"\nactivation = \"kan\"\n[[exclude]]\nactivation = \"kan\"\n"
    );
    let sweep = load(&small(&text), &[]).unwrap();
    assert_eq!(listing(&sweep), "gelu gpt-neo seed 0\nkan roberta seed 0");
    assert_eq!(sweep.warnings.len(), 1);
    assert!(sweep.warnings[0].contains("17:1: this [[exclude]] matches no run"), "{:?}", sweep.warnings);
}

#[test]
fn includes_bring_levels_seeds_and_settings_of_their_own() {
    let text = format!(
        "{TWO_FACTORS}[[include]]\narchitecture = \"gpt-neo\"\nmodel.activation = \"kan\"\nseeds = [0, 9]\nset = {{ \"model.kan.order\" = 3, resources.time = \"9h\" }}\n"
    );
    let sweep = load(&small(&text), &[]).unwrap();
    assert_eq!(sweep.seeds, [0, 9]);
    assert_eq!(sweep.runs.len(), 6);
    let last = sweep.runs.last().unwrap();
    assert_eq!((last.label().as_str(), last.resources.time.get()), ("kan gpt-neo seed 9", 9 * 3600));
    assert_eq!(sweep.factors[1].levels, [Value::from("relu"), Value::from("gelu"), Value::from("kan")]);
}

#[test]
fn later_overrides_win_and_the_command_line_wins_over_all() {
    let text = format!(
        "{TWO_FACTORS}[train]\nsteps = 10\n[[override]]\nwhen.activation = [\"relu\", \"gelu\"]\nset.train.steps = 20\n[[override]]\nwhen = {{ activation = \"relu\", architecture = \"roberta\" }}\nset = {{ \"train.steps\" = 30, \"resources.gpus\" = 2 }}\n"
    );
    let steps = |overrides: &[&str]| {
        let sweep = load(&small(&text), overrides).unwrap();
        let steps = sweep.runs.iter().map(|run| (study(&run.program).train.length, run.resources.gpus));
        steps.collect::<Vec<_>>()
    };
    let (ten, twenty, thirty) = (Length::Steps(10), Length::Steps(20), Length::Steps(30));
    assert_eq!(steps(&[]), [(twenty, 1), (twenty, 1), (thirty, 2), (twenty, 1)]);
    assert_eq!(steps(&["train.steps=10"]), [(ten, 1), (ten, 1), (ten, 2), (ten, 1)]);
}

#[test]
fn the_command_line_sets_anything_but_lists_of_tables() {
    let overrides =
        ["sweep.seeds=[4, 5]", "factors.activation=[\"silu\"]", "factors.train.clip=[1, 2]", "model.activation.x=1"];
    let sweep = load(&small(TWO_FACTORS), &overrides[..3]).unwrap();
    assert_eq!(sweep.seeds, [4, 5]);
    assert_eq!(sweep.factors[1].levels, [Value::from("silu")]);
    assert_eq!(sweep.factors[2].levels, [Value::Float(1.0), Value::Float(2.0)]);
    assert!(sweep.text.starts_with("# --set sweep.seeds=[4, 5]\n# --set factors"), "{}", sweep.text);
    assert!(errors(&small(TWO_FACTORS), &overrides[3..]).contains("is not a setting"));
    let text =
        load(&small(""), &["model.activation=relu", "resources.time=90m", "sweep.seeds={ from = 3, count = 1 }"])
            .unwrap();
    assert_eq!((text.runs[0].seed, text.runs[0].resources.time.get()), (3, 5400));
    let relu = FeedForward::Plain { activation: Activation::Static(StaticFunction::Relu), width: 1024 };
    assert_eq!(study(&text.runs[0].program).model.feed_forward, relu);
}

#[test]
fn the_command_line_replaces_other_spellings_of_a_key_and_keeps_its_place() {
    let text = small(TWO_FACTORS) + "[analysis]\nbaseline = \"relu\"\n";
    let overrides = ["sweep.seeds.count=3", "analysis.baseline.activation=gelu", "factors.architecture=[\"roberta\"]"];
    let sweep = load(&text, &overrides).unwrap();
    assert_eq!(sweep.seeds, [0, 1, 2]);
    assert_eq!(sweep.analysis.baseline["activation"], Value::from("gelu"));
    assert_eq!(sweep.factors[0].levels, [Value::from("roberta")]);
}

#[test]
fn a_when_that_matches_nothing_is_a_warning() {
    let text = format!(
        "{TWO_FACTORS}[[exclude]]\nactivation = \"relu\"\n[[override]]\nwhen = {{ activation = \"relu\" }}\nset = {{ \"train.clip\" = 2 }}\n"
    );
    let sweep = load(&small(&text), &[]).unwrap();
    assert_eq!(sweep.warnings.len(), 1);
    assert!(sweep.warnings[0].contains("matches no run"), "{:?}", sweep.warnings);
}

#[test]
fn the_analysis_has_defaults_from_the_factors() {
    let analysis = |rest: &str| load(&small(rest), &[]).unwrap().analysis;
    let usual = analysis(TWO_FACTORS);
    assert_eq!(usual.baseline, [("activation".to_owned(), Value::from("gelu"))].into());
    assert_eq!((usual.primary.as_str(), usual.alpha, usual.margin), ("validation-loss", 0.05, None));
    let rates = analysis(
        "[factors]\nactivation = [\"gelu\"]\ntrain.clip = [1, 2]\n[analysis]\nbaseline = { train.clip = 1 }\nmargin = 0.01\nprimary = \"accuracy\"\ndirection = \"higher\"\n",
    );
    assert_eq!(rates.baseline, [("train.clip".to_owned(), Value::Float(1.0))].into());
    assert_eq!(rates.directions, [("accuracy".to_owned(), Direction::Higher)].into());
    assert!(analysis("").baseline.is_empty());
    let only_rate = analysis("[factors]\nmodel.layers = [1]\ntrain.clip = [2, 1]\n");
    assert_eq!(only_rate.baseline, [("train.clip".to_owned(), Value::Float(2.0))].into());
}

#[test]
fn questions_name_pairs_of_levels_of_the_factor_that_has_them() {
    let text = "[analysis]\nscale = \"log\"\n[analysis.questions]\n\"relu or not\" = [[\"relu\", \"gelu\"]]\nencoder = [\"roberta\", \"gpt-neo\"]\n";
    let analysis = load(&small(&format!("{TWO_FACTORS}{text}")), &[]).unwrap().analysis;
    let question = |name: &str, factor: &str, pair: [&str; 2]| Question {
        name: name.to_owned(),
        factor: factor.to_owned(),
        pairs: vec![pair.map(Value::from)],
    };
    let expected = [
        question("relu or not", "activation", ["relu", "gelu"]),
        question("encoder", "architecture", ["roberta", "gpt-neo"]),
    ];
    assert_eq!(analysis.questions, expected);
    assert_eq!(analysis.scale, Scale::Log);
    // A plan without them is written, and hashed, as it was before there were any.
    let plain = serde_json::to_string(&load(&small(TWO_FACTORS), &[]).unwrap().analysis).unwrap();
    assert!(!plain.contains("questions") && !plain.contains("scale"), "{plain}");
}

#[test]
fn retries_have_defaults_and_values() {
    let retry = load(&small("[retry]\nerror = 2\ntimeout = 0\n"), &[]).unwrap().retry;
    assert_eq!((retry.error, retry.timeout, retry.out_of_memory, retry.node_failure), (2, 0, 0, 3));
}

#[test]
fn another_program_gets_its_placeholders_and_parameters() {
    let text = "[sweep]\nname = \"other\"\nseeds = 2\n[trainer]\ncommand = [\"python\", \"train.py\", \"--rate={rate}\", \"--seed={seed}\", \"{{x}}\", \"{run-dir}/out\"]\n[params]\ndepth = 2\nname = \"net\"\n[factors]\nrate = [0.1, 1]\ndepth = [2, 3]\n[resources]\ngpus = 0\n[analysis]\nprimary = \"accuracy\"\ndirection = \"higher\"\n[[override]]\nwhen = { rate = 1 }\nset = { name = \"wide\", \"resources.cpus\" = 8 }\n";
    let sweep = load(text, &[]).unwrap();
    assert_eq!(sweep.runs.len(), 8);
    let Program::Command(command) = &sweep.runs[6].program else { panic!("a command was expected") };
    assert!(command.argv[1].ends_with("/train.py") && command.argv[1].starts_with('/'), "{:?}", command.argv);
    assert_eq!(command.argv[2..], ["--rate=1", "--seed=1", "{x}", "./out"]);
    assert_eq!(command.params["depth"], Value::Integer(2));
    assert_eq!(command.params["name"], Value::from("wide"));
    assert_eq!(sweep.runs[6].resources.cpus, 8);
    assert!(!command.params.contains_key("rate"), "a factor that is only a placeholder is no parameter");
    let prefixed = load(&text.replace("{ name = \"wide\"", "{ \"params.name\" = \"wide\""), &[]).unwrap();
    assert!(prefixed.runs.iter().zip(&sweep.runs).all(|(one, other)| one.id == other.id));
    let bare = load(text, &["name=\"tall\""]).unwrap();
    let forced = load(text, &["params.name=\"tall\""]).unwrap();
    assert!(bare.runs.iter().zip(&forced.runs).all(|(one, other)| one.id == other.id));
    let Program::Command(command) = &forced.runs[6].program else { panic!("a command was expected") };
    assert_eq!(command.params["name"], Value::from("tall"));
}

#[test]
fn the_outline_is_a_right_sweep_file() {
    for (stem, name) in [("sweep", "sweep"), ("my-study", "my-study"), (".x y", "sweep")] {
        let sweep = load(&launcher::sweep::outline(stem), &[]).unwrap();
        assert_eq!((sweep.name.as_str(), sweep.runs.len()), (name, 18));
        assert!(sweep.warnings.is_empty(), "{:?}", sweep.warnings);
    }
    insta::assert_snapshot!(launcher::sweep::outline("sweep"));
}

#[test]
fn an_outline_with_every_default_written_out_changes_nothing() {
    let outline = launcher::sweep::outline("sweep");
    let is_default = |line: &&str| line.starts_with("# ") && line.contains(" = ") && !line.contains("or a factor");
    let written = |line: &str| match line.strip_prefix("# ") {
        Some(rest)
            if is_default(&line) && rest.split(" = ").next().is_some_and(|key| !key.contains([' ', ':', '"'])) =>
        {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    let sections = outline.find("# The network.").unwrap();
    let end = outline.find("# How often a run").unwrap();
    let body: Vec<String> = outline[sections..end].lines().map(written).collect();
    let text = format!("{}{}{}", &outline[..sections], body.join("\n"), &outline[end - 1..]);
    assert!(text.contains("\nlayers = 2\n"), "the defaults are not commented any more");
    let (plain, explicit) = (load(&outline, &[]).unwrap(), load(&text, &[]).unwrap());
    assert_eq!(
        plain.runs.iter().map(|run| run.id).collect::<Vec<_>>(),
        explicit.runs.iter().map(|run| run.id).collect::<Vec<_>>()
    );
}

#[test]
fn the_readme_names_every_activation() {
    let readme = include_str!("../../../README.md");
    for name in spec::feed_forward::level::NAMES {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}

#[test]
fn two_names_of_one_function_are_pointed_out() {
    let sweep = load(&small("[factors]\nactivation = [\"elu\", \"gelu\", \"celu\"]\n"), &[]).unwrap();
    let [warning] = sweep.warnings.as_slice() else { panic!("{:?}", sweep.warnings) };
    assert!(warning.contains("celu and elu are one function here"), "{warning}");
}
