//! A preset trains as its settings written out, and otherwise than the defaults.

use e2e::programs::expect;
use e2e::study::{self, Study};
use spec::setting::Protocol;

/// Small sizes in place of the study's, and as many steps as take a moment.
const OWN: [(&str, &str); 10] = [
    ("model.hidden-size", "32"),
    ("model.heads", "2"),
    ("model.ffn-size", "64"),
    ("model.context", "96"),
    ("model.window", "16"),
    ("model.vocabulary", "450"),
    ("train.steps", "4"),
    ("train.stories-per-step", "12"),
    ("train.micro-batch-stories", "3"),
    ("data.corpus", "\"stories.txt\""),
];

fn settings(more: &[(String, String)]) -> String {
    let own = OWN.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let all: Vec<&(String, String)> = own.iter().chain(more).collect();
    let table = |section: &str| {
        let lines = all.iter().filter_map(|(key, value)| Some(format!("{} = {value}\n", key.strip_prefix(section)?)));
        lines.collect::<Vec<_>>().concat()
    };
    format!("[model]\n{}[train]\n{}[data]\n{}", table("model."), table("train."), table("data."))
}

fn head(preset: &str) -> String {
    format!(
        "[sweep]\nname = 'delft'\nseeds = [1]\n{preset}[factors]\narchitecture = ['gpt-neo', 'roberta']\n\
         activation = ['delft-prelu', 'delft-kan']\n"
    )
}

#[test]
fn a_preset_trains_as_its_settings_written_out() {
    let is_own = |key: &str| OWN.iter().any(|(own, _)| *own == key) || key == "train.epochs";
    let delft = Protocol::named("delft-2024").expect("the preset is there").values();
    let written: Vec<(String, String)> = delft
        .filter(|(setting, _)| !is_own(setting.key))
        .map(|(setting, value)| (setting.key.to_owned(), value.literal()))
        .collect();
    let preset = "preset = 'delft-2024'\n";
    let studies = [
        Study::new(&head(preset), &settings(&[])),
        Study::new(&head(""), &settings(&written)),
        Study::new(&head(""), &settings(&[])),
    ];
    for study in &studies {
        expect(0, &["run", &study.sweep(), "--slots", "2"]);
    }
    let [by_preset, by_hand, by_default] = studies.each_ref().map(|study| study::tables(&study.layout("delft")));
    assert_eq!(by_preset, by_hand);
    for tables in by_default.values() {
        assert!(by_preset.values().all(|others| others.0 != tables.0), "the preset changed nothing");
    }
    let (shown, warned) = expect(0, &["check", &studies[0].sweep()]);
    assert!(shown.contains("preset delft-2024 fills in"), "{shown}");
    assert!(warned.contains("`model.hidden-size = 32` wins over `model.hidden-size = 512`"), "{warned}");
}
