//! Settings that no run uses.

use crate::support::{folder, load_in, small};

/// The warnings of a sweep, the folder's name taken out.
fn warnings(rest: &str, overrides: &[&str]) -> String {
    let folder = folder();
    let sweep = load_in(folder.path(), &small(rest), overrides).unwrap();
    sweep.warnings.join("\n").replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn settings_that_no_run_uses_are_named() {
    let rest = "[factors]\nactivation = [\"gelu\", \"relu\"]\n[model]\nkan.order = 3\nkan.low = -2.0\nlayers = 1\nwindow = 8\n";
    insta::assert_snapshot!(warnings(rest, &[]), @r"
    sweep.toml:9:13: no run uses `model.kan.order`, `model.kan.low`, `model.window`
        9 | kan.order = 3
          |             ^
    hint: take them out, or add the levels or tasks that they are for
    ");
    insta::assert_snapshot!(warnings("", &["train.mask-probability=0.3"]), @r"
    --set train.mask-probability=0.3: no run uses `train.mask-probability`
    hint: take it out, or add the level or task that it is for
    ");
}

#[test]
fn settings_of_tasks_that_are_not_asked_are_named() {
    let found = warnings("[evaluate]\ncurve-pairs = 10\nfine-tuning-epochs = 3\n", &[]);
    assert!(found.contains("no run uses `evaluate.curve-pairs`, `evaluate.fine-tuning-epochs`"), "{found}");
}

#[test]
fn a_setting_that_one_run_uses_is_not() {
    for rest in [
        "[factors]\nactivation = [\"gelu\", \"kan\"]\n[model]\nkan.order = 3\n",
        "[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\n[model]\nwindow = 600\n[train]\nmask-probability = 0.15\n",
        "[factors]\nactivation = [\"gelu\"]\n[[include]]\nactivation = \"swish\"\nset = { \"model.swish.beta\" = 1.0 }\n",
        "[model]\nactivation = \"gr-kan\"\nkan.groups = 8\nbudget = \"matched\"\n",
        "[evaluate]\ntasks = [\"validation\"]\n",
    ] {
        assert_eq!(warnings(rest, &[]), "", "{rest}");
    }
    let rest = "[factors]\nactivation = [\"gelu\", \"swish\"]\n[[override]]\nwhen = { activation = \"gelu\" }\nset = { \"model.swish.beta\" = 2.0 }\n";
    assert!(warnings(rest, &[]).contains("no run uses `model.swish.beta`"), "{}", warnings(rest, &[]));
}
