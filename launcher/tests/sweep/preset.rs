//! `sweep.preset`: what it fills in, and what wins over it.

use launcher::plan::{Difference, Overview};
use launcher::state;
use launcher::sweep::sweep_directory;
use spec::Program;
use spec::layout::SweepLayout;
use spec::setting::Protocol;

use crate::support::{errors, folder, load, load_in};

const ARMS: &str = r#"
[[include]]
architecture = "gpt-neo"
activation = "gelu-tanh"
[[include]]
architecture = "roberta"
activation = "delft-swish"
"#;

fn sweep(preset: &str, rest: &str) -> String {
    format!(
        "[sweep]\nname = \"delft\"\nseeds = [42, 1]\n{preset}[data]\ncorpus = \"stories.txt\"\n[factors]\n\
         architecture = [\"gpt-neo\"]\nactivation = [\"delft-kan\"]\n{ARMS}{rest}"
    )
}

const DELFT: &str = "preset = \"delft-2024\"\n";

#[test]
fn the_study_of_2024_is_what_its_scripts_say() {
    let delft = load(&sweep(DELFT, ""), &[]).unwrap();
    assert!(delft.warnings.is_empty(), "{:?}", delft.warnings);
    let settings: Vec<String> = delft
        .runs
        .iter()
        .filter(|run| run.seed == 42)
        .map(|run| match &run.program {
            Program::Builtin(study) => {
                format!(
                    "{}\n{}",
                    serde_json::to_string_pretty(&study.model).unwrap(),
                    serde_json::to_string_pretty(&study.train).unwrap()
                )
            }
            Program::Command(_) => panic!("this is the built-in trainer"),
        })
        .collect();
    insta::assert_snapshot!(settings.join("\n\n"));
}

#[test]
fn a_preset_is_its_settings_written_out() {
    let ids = |text: &str| load(text, &[]).unwrap().runs.iter().map(|run| run.id).collect::<Vec<_>>();
    let delft = Protocol::named("delft-2024").unwrap();
    let table = |section: &str| {
        let own = delft.values().filter_map(|(setting, value)| {
            let key = setting.key.strip_prefix(section)?.strip_prefix('.')?;
            Some(format!("{key} = {}", value.literal()))
        });
        format!("[{section}]\n{}\n", own.collect::<Vec<_>>().join("\n"))
    };
    // A table of the data is in the sweep already, and what the preset has for it is the default.
    let tables = table("model") + &table("train");
    assert_eq!(ids(&sweep(DELFT, "")), ids(&sweep("", &tables)));
    assert_ne!(ids(&sweep(DELFT, "")), ids(&sweep("", "")));
    assert_eq!(ids(&sweep("preset = \"as-intended\"\n", "")), ids(&sweep("", "")));
}

#[test]
fn what_the_file_says_wins_and_that_is_said() {
    let rest = r#"
[model]
budget = "matched"
layers = 2
[train]
steps = 10
[[override]]
when = { activation = "delft-swish" }
set = { "train.clip" = 0.5 }
"#;
    let folder = folder();
    let said = |text: &str, overrides: &[&str]| {
        let sweep = load_in(folder.path(), text, overrides).unwrap();
        sweep.warnings.join("\n").replace(&format!("{}/", folder.path().display()), "")
    };
    insta::assert_snapshot!(said(&sweep(DELFT, rest), &["train.learning-rate=1e-3"]));
    let named = sweep(DELFT, "").replace("\"delft-kan\"", "\"swish\", \"kan\"");
    insta::assert_snapshot!(said(&named, &[]));
    let factor =
        sweep(DELFT, "").replace("[factors]", "[factors]\ntrain.learning-rate = [1e-3, 5e-4]").replace(ARMS, "");
    insta::assert_snapshot!(said(&factor, &[]));
}

#[test]
fn a_preset_is_shown_where_a_sweep_is_planned() {
    let folder = folder();
    let sweep = load_in(folder.path(), &sweep(DELFT, "[train]\nepochs = 0.5\n"), &[]).unwrap();
    let layout = SweepLayout::new(sweep_directory(&folder.path().join("sweep.toml"), &sweep.name, None));
    let (machine, now) = (launcher::lease::Machine::here(), std::time::SystemTime::now());
    let difference = Difference::between(&sweep, &layout, &|run| state::observe(run, &machine, now)).unwrap();
    let overview = Overview::new(&sweep, &layout, &difference);
    let text = overview.render(false);
    let shown = text.split("\n\n").nth(1).unwrap();
    insta::assert_snapshot!(shown);
    assert_eq!(sweep.preset.as_ref().unwrap().lines().trim_end(), shown);
    assert_eq!(serde_json::to_value(&overview).unwrap()["preset"]["name"], "delft-2024");
}

#[test]
fn presets_that_cannot_be_are_refused() {
    insta::assert_snapshot!(errors(&sweep("preset = \"delft-2025\"\n", ""), &[]));
    let other = "[sweep]\nname = \"other\"\nseeds = 1\npreset = \"delft-2024\"\n[trainer]\ncommand = [\"python\", \"train.py\", \"{seed}\"]\n[analysis]\nprimary = \"loss\"\ndirection = \"lower\"\n";
    insta::assert_snapshot!(errors(other, &[]));
}
