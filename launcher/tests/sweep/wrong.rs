//! What is said about wrong sweep files. The texts are pinned: they are the part of the launcher that people read most.

use insta::assert_snapshot;

use crate::support::{errors, folder, load, load_in, small};

#[test]
fn unknown_names_have_a_nearest_one() {
    assert_snapshot!(errors(
        &small("[train]\nlearning-rat = 3e-4\nhidden-size = 8\ncolour = 1\n[modle]\nlayers = 2\n"),
        &[]
    ));
}

#[test]
fn values_have_types_and_ranges() {
    let text = "[model]\nlayers = 0\nheads = \"four\"\nactivation = \"gelo\"\ndropout = 1.5\n[resources]\ntime = 3600\n[train]\nbeta1 = nan\nepochs = 2024-01-01\n";
    assert_snapshot!(errors(&small(text), &[]));
}

#[test]
fn an_activation_that_is_called_otherwise_elsewhere_is_found() {
    let text = "[factors]\nactivation = [\"gelu_new\", \"linear\", \"leaky_relu\", \"SwiGLU\", \"tent\"]\n";
    assert_snapshot!(errors(&small(text), &[]));
}

#[test]
fn settings_that_do_not_fit_together_are_told_once_with_the_runs() {
    let text = "[factors]\nactivation = [\"relu\", \"gelu\"]\nmodel.heads = [4, 7]\n[train]\nsteps = 10\nepochs = 2\n";
    assert_snapshot!(errors(&small(text), &[]));
    assert_snapshot!(errors(&small("[factors]\nactivation = [\"relu\", \"gelu\"]\nmodel.heads = [4, 7]\n"), &[]));
}

#[test]
fn a_corpus_must_be_given_be_there_and_have_content() {
    assert_snapshot!(errors("[sweep]\nname = \"a\"\nseeds = 1\n", &[]));
    assert_snapshot!(errors(
        "[sweep]\nname = \"a\"\nseeds = 1\n[data]\ncorpus = [\"missing.txt\", \"empty.txt\", \".\"]\n",
        &[]
    ));
}

#[test]
fn a_file_of_pairs_is_looked_into_before_anything_is_trained_for_it() {
    let folder = folder();
    let pair = "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cat.\", \"UID\": \"u\"}\n";
    std::fs::write(folder.path().join("same.jsonl"), pair).unwrap();
    std::fs::write(folder.path().join("torn.jsonl"), format!("{}{{\"sentence", pair.replacen("cat", "cats", 1)))
        .unwrap();
    let text = small(
        "[evaluate]\ntasks = [\"minimal-pairs\"]\nminimal-pairs = [\"pairs.jsonl\", \"same.jsonl\", \"torn.jsonl\"]\n",
    );
    let error = load_in(folder.path(), &text, &[]).unwrap_err();
    assert_eq!(error.exit(), spec::ExitCode::BadData);
    let told = launcher::error::CliError::from(error).render();
    let place = |file: &str| format!("{}/{file}.jsonl, line ", folder.path().display());
    let same = format!("{}1: sentence_good and sentence_bad are both \"A cat.\"", place("same"));
    let torn = format!("{}2: not a pair (a JSON object", place("torn"));
    assert!(told.contains(&same) && told.contains(&torn) && !told.contains("pairs.jsonl, line"), "{told}");
    // What is mended is looked into again.
    for name in ["same.jsonl", "torn.jsonl"] {
        std::fs::write(folder.path().join(name), pair.replacen("cat", "cats", 1)).unwrap();
    }
    load_in(folder.path(), &text, &[]).unwrap();
}

#[test]
fn the_exit_code_tells_data_from_spelling() {
    let about_data = load(&small("").replace("stories.txt", "missing.txt"), &[]).unwrap_err();
    assert_eq!(about_data.exit(), spec::ExitCode::BadData);
    let about_spelling = load(&small("[x]\ny = 1\n"), &[]).unwrap_err();
    assert_eq!(about_spelling.exit(), spec::ExitCode::BadSpec);
}

#[test]
fn toml_that_is_none() {
    assert_snapshot!(errors("[sweep]\nname = \"a\"\nname = \"b\"\n", &[]));
    assert_snapshot!(errors("[sweep\nname = 1\n", &[]));
    assert_snapshot!(errors("[sweep]\nname = \"open\n", &[]));
    assert_snapshot!(errors("[model]\nkan.order = 3\n\"kan.order\" = 4\n", &[]));
}

#[test]
fn the_header() {
    assert_snapshot!(errors("[sweep]\n", &[]));
    assert_snapshot!(errors(&small("").replace("\"small\"", "\"a/b\""), &[]));
    let mut all = String::new();
    for seeds in
        ["0", "-1", "[]", "[1, 1]", "[-1]", "[\"a\"]", "1.5", "{ from = 1 }", "{ count = 0 }", "{ from = 0, to = 3 }"]
    {
        let text = small("").replace("seeds = 1", &format!("seeds = {seeds}"));
        all += &errors(&text, &[]);
    }
    assert_snapshot!("seeds", all);
}

#[test]
fn what_no_program_can_be_given_is_refused() {
    let text = "[sweep]\nname = \"x\"\nseeds = 1\n[factors]\nk = [\"a\\u0000b\", \"b\"]\n[trainer]\ncommand = [\"true\", \"{k}\"]\n\
                [analysis]\nprimary = \"loss\"\n";
    let told = errors(text, &[]);
    assert!(told.contains("5:1: a level of k holds the character U+0000"), "{told}");
}

#[test]
fn too_many_runs_are_refused() {
    let text =
        small("[factors]\nmodel.layers = [1, 2]\ntrain.steps = [1, 2, 3]\n").replace("seeds = 1", "seeds = 1000000");
    assert!(errors(&text, &[]).contains("the sweep has 6000000 runs; at most 1000000 are taken"));
}

#[test]
fn factors() {
    let text = "[factors]\nactivation = [\"gelu\", \"relo\", \"gelu\"]\ntrain.learning-rate = []\nmodel.layers = 2\n\"model.depth\" = [1]\n\"resources.time\" = [\"1h\"]\nseed = [1, 2]\nmodel.activation = [\"relu\"]\n";
    assert_snapshot!(errors(&small(text), &[]));
    assert_snapshot!(errors(
        &small("[factors]\nactivation = [\"gelu\", \"gelu\"]\nmodel.layers = [1, 2]\n[model]\nlayers = 2\n"),
        &[]
    ));
}

#[test]
fn what_follows_from_a_refused_factor_is_no_further_mistake() {
    let text = "[sweep]\nname = \"x\"\nseeds = 2\n[factors]\nlr = [0.1, 0.01]\nOpt = [\"a\", \"b\"]\n[trainer]\n\
                command = [\"true\"]\n[analysis]\nprimary = \"acc\"\ndirection = \"higher\"\nbaseline = { opt = \"a\" }\n\
                [analysis.questions]\nq = [[\"a\", \"b\"]]\n";
    let told = errors(text, &[]);
    assert_eq!(told.matches("error").count(), 3, "{told}");
    for words in ["lr is no parameter", "Opt is no parameter", "opt is not a factor of this sweep; did you mean Opt?"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn zipped_factors_have_equal_lengths() {
    assert_snapshot!(errors(
        &small("[[zip]]\n\"model.hidden-size\" = [64, 128]\n\"model.heads\" = [2, 4, 8]\n[[zip]]\n"),
        &[]
    ));
    assert_snapshot!(errors(&small("[[zip]]\n\"model.hidden-size\" = [64, 64]\n\"model.heads\" = [2, 2]\n"), &[]));
}

#[test]
fn conditions_name_factors_and_levels() {
    let text = "[factors]\nactivation = [\"gelu\", \"kan\"]\n[[exclude]]\nactivation = \"kann\"\n[[exclude]]\narchitecture = \"roberta\"\n[[exclude]]\n[[override]]\nwhen = { activation = [\"gelu\", 3] }\nset = { \"train.clipp\" = 1.0, activation = \"relu\", \"train.clip\" = -1 }\n[[override]]\nset = { }\n";
    assert_snapshot!(errors(&small(text), &[]));
}

#[test]
fn includes_have_a_level_for_every_factor() {
    let text = "[factors]\nactivation = [\"gelu\"]\narchitecture = [\"roberta\"]\n[[include]]\nactivation = \"relu\"\n[[include]]\nactivation = \"relo\"\narchitecture = \"roberta\"\nseeds = 0\n";
    assert_snapshot!(errors(&small(text), &[]));
    let text = "[factors]\nactivation = [\"gelu\"]\n[[include]]\nactivation = \"gelu\"\nset.train.clip = 2\n";
    assert_snapshot!(errors(&small(text), &[]));
}

#[test]
fn nothing_is_left_after_excludes() {
    assert_snapshot!(errors(
        &small("[factors]\nactivation = [\"gelu\", \"relu\"]\n[[exclude]]\nactivation = [\"gelu\", \"relu\"]\n"),
        &[]
    ));
}

#[test]
fn two_runs_with_one_id() {
    let text = "[factors]\nactivation = [\"gelu\", \"relu\", \"kan\"]\nmodel.kan.order = [3, 5]\n";
    assert_snapshot!(errors(&small(text), &[]));
    let text = "[factors]\nactivation = [\"gelu\", \"relu\"]\n[[include]]\nactivation = \"gelu\"\n";
    assert_snapshot!(errors(&small(text), &[]));
}

#[test]
fn too_many_combinations() {
    let levels: Vec<String> = (1..=1001).map(|level| format!("{level}")).collect();
    let levels = levels.join(",");
    let text = format!("[factors]\nmodel.layers = [{levels}]\nmodel.ffn-size = [{levels}]\n")
        .replace(",1001]\nmodel.ffn", "]\nmodel.ffn");
    assert_snapshot!(errors(&small(&text), &[]));
}

#[test]
fn the_analysis() {
    let factor = "[factors]\nactivation = [\"gelu\", \"relu\"]\n";
    let mut all = String::new();
    for analysis in [
        "baseline = \"gelo\"",
        "baseline = { activation = \"silu\", depth = 3 }",
        "primary = \"validation-los\"",
        "direction = \"higher\"",
        "primary = \"accuracy\"\ndirection = \"up\"",
        "alpha = 0.9\nmargin = -1\nfamily = \"all\"\npairing = \"seeds\"\nalfa = 1",
    ] {
        all += &errors(&small(&format!("{factor}[analysis]\n{analysis}\n")), &[]);
    }
    assert_snapshot!(all);
}

#[test]
fn questions() {
    let factor = "[factors]\nactivation = [\"gelu\", \"relu\"]\n[analysis.questions]\n";
    let told = |question: &str| errors(&small(&format!("{factor}{question}\n")), &[]);
    for (question, expected) in [
        ("a = [[\"rely\", \"gelu\"]]", "\"rely\" is not a level of activation; did you mean \"relu\"?"),
        ("a = [\"relu\"]", "\"relu\" is not a pair of levels"),
        ("a = [[\"relu\", \"gelu\", \"silu\"]]", "[\"relu\", \"gelu\", \"silu\"] is not a pair of levels"),
        ("a = []", "analysis.questions.a names no pair of levels"),
        ("a = 3", "analysis.questions.a names no pair of levels"),
        ("a = [[\"relu\", \"relu\"]]", "\"relu\" is set against itself"),
        ("a = [[\"relu\", \"gelu\"], [\"relu\", \"gelu\"]]", "relu against gelu stands twice"),
    ] {
        assert!(told(question).contains(expected), "{question}: {}", told(question));
    }
}

#[test]
fn retries() {
    assert_snapshot!(errors(&small("[retry]\nout-of-memory = -1\ntime-out = 2\n"), &[]));
}

#[test]
fn tables_stand_as_often_as_they_may() {
    assert_snapshot!(errors(&small("[exclude]\nactivation = \"a\"\n[[model]]\nlayers = 1\n"), &[]));
    assert_snapshot!(errors(&format!("seeds = 3\n{}", small("")), &[]));
}

#[test]
fn packs_that_no_cluster_has_room_for() {
    let text = small("[resources]\ntime = \"6d\"\nruns-per-job = 64\n");
    let long = errors(&text, &[]);
    assert!(long.contains("`resources.runs-per-job = 64` does not fit: 64 runs of 6d"), "{long}");
    assert!(long.contains("runs-per-job = 64\n"), "{long}");
    let wide = errors(&text, &["resources.packing=side-by-side", "resources.cpus=128"]);
    assert!(wide.contains("128 cores side by side are more than the 4096"), "{wide}");
    assert!(errors(&small("[resources]\nruns-per-job = 65\n"), &[]).contains("from 1 to 64"));
}

#[test]
fn other_programs() {
    let text = "[sweep]\nname = \"other\"\nseeds = 1\n[trainer]\ncommand = [\"python\", \"train.py\", \"--rate={rate}\", \"{\", 3]\n[params]\nseed = 3\ndepth = 2\n[factors]\ndeph = [1, 2]\n[model]\nlayers = 2\n[analysis]\nalpha = 0.05\n";
    assert_snapshot!(errors(text, &[]));
    assert_snapshot!(errors(&text.replace("command", "comand").replace("[model]\nlayers = 2\n", ""), &[]));
    assert_snapshot!(errors(&small("[params]\ndepth = 2\n"), &[]));
}

#[test]
fn how_another_program_is_run_has_names_of_its_own() {
    let text = |program: &str, key: &str| {
        format!(
            "[sweep]\nname = \"other\"\nseeds = 1\n[trainer]\ncommand = [\"{program}\", \"{{seed}}\"]\n[resources]\n{key} = 0\n\
             [analysis]\nprimary = \"loss\"\ndirection = \"lower\"\n"
        )
    };
    let said = errors(&text("sh", "gpu"), &[]);
    assert!(said.contains("resources.gpu is not a setting; did you mean resources.gpus?"), "{said}");
    assert_eq!(load(&text("sh", "gpus"), &[]).unwrap().warnings, [""; 0]);
    for missing in ["no such program", "/no/such/program"] {
        let warnings = load(&text(missing, "gpus"), &[]).unwrap().warnings;
        assert!(warnings[0].contains(&format!("`{missing}` is not found on this machine")), "{warnings:?}");
    }
    // It is there only when the run is.
    assert_eq!(load(&text("./train.sh", "gpus"), &[]).unwrap().warnings, [""; 0]);
}

#[test]
fn the_command_line() {
    let text = small("[factors]\nactivation = [\"gelu\", \"relu\"]\n");
    let overrides = [
        "train.learning-rat=1",
        "train.clip",
        "train.clip=x",
        "activation=gelu",
        "exclude.activation=gelu",
        "swep.seeds=2",
        "sweep.seeds=[1",
        " =3",
    ];
    assert_snapshot!(errors(&text, &overrides));
}

#[test]
fn only_twenty_problems_are_told() {
    let keys: Vec<String> = (0..30).map(|index| format!("wrong{index} = 1\n")).collect();
    let keys = keys.concat();
    let text = errors(&small(&format!("[model]\n{keys}")), &[]);
    assert_eq!(text.matches("is not a setting").count(), 20);
    assert!(text.ends_with("error: and 10 more\n"), "{text}");
}

#[test]
fn files_that_cannot_be_read() {
    let missing = launcher::sweep::Sweep::load(std::path::Path::new("no/such.toml"), &[]).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read the sweep file no/such.toml");
    let folder = crate::support::folder();
    let file = folder.path().join("latin.toml");
    std::fs::write(&file, b"[sweep]\nname = \"\xe9\"\n").unwrap();
    let error = launcher::error::CliError::from(launcher::sweep::Sweep::load(&file, &[]).unwrap_err()).render();
    assert!(error.contains("UTF-8"), "{error}");
}
