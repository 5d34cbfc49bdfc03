//! Ids are names of the science: pinned values, and what must not change them.

use std::collections::BTreeSet;

use crate::support::{folder, load, load_in, small};

/// The ids of these sweeps may change only together with [`spec::SCHEMA`]: runs on disk are known by them.
#[test]
fn golden_ids() {
    let text = small("[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\nactivation = [\"gelu\", \"kan\"]\n");
    let ids: Vec<String> = load(&text, &[]).unwrap().runs.iter().map(|run| run.id.to_string()).collect();
    insta::assert_snapshot!("builtin_ids", ids.join("\n"));
    let other = "[sweep]\nname = \"other\"\nseeds = [0, 7]\n[trainer]\ncommand = [\"python\", \"train.py\", \"--seed={seed}\"]\n[params]\nrate = 0.1\n[analysis]\nprimary = \"accuracy\"\ndirection = \"higher\"\n";
    let ids: Vec<String> = load(other, &[]).unwrap().runs.iter().map(|run| run.id.to_string()).collect();
    insta::assert_snapshot!("command_ids", ids.join("\n"));
}

#[test]
fn runs_pass_their_own_verification_and_survive_json() {
    let text = small(
        "[factors]\nactivation = [\"gelu\", \"kan\"]\n[evaluate]\ntasks = [\"minimal-pairs\"]\nminimal-pairs = \"pairs.jsonl\"\n",
    );
    for run in load(&text, &[]).unwrap().runs {
        run.verify().unwrap();
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<spec::RunSpec>(&json).unwrap(), run);
    }
}

#[test]
fn order_comments_other_levels_names_and_resources_leave_ids_alone() {
    let ids = |text: &str| load(text, &[]).unwrap().runs.iter().map(|run| run.id).collect::<BTreeSet<_>>();
    let text = small(
        "[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\nactivation = [\"gelu\", \"kan\"]\n[train]\nclip = 2\nsteps = 5\n",
    );
    let all = ids(&text);
    let reordered = "# a comment\n[train]\nsteps = 5 # five\nclip = 2.0\n[factors]\nactivation = [\"kan\", \"gelu\"]\nmodel.architecture = [\"roberta\", \"gpt-neo\"]\n[data]\ncorpus = [\"./stories.txt\"]\n[resources]\ngpus = 8\nruns-per-job = 4\npacking = \"side-by-side\"\n[execution]\ndevice = \"cpu\"\n[sweep]\nseeds = [0]\nname = \"else\"\n[retry]\nerror = 5\n[analysis]\nalpha = 0.01\n";
    assert_eq!(all, ids(reordered));
    assert!(ids(&text.replace("\"kan\"]", "\"kan\", \"relu\"]")).is_superset(&all));
    assert!(ids(&text.replace("seeds = 1", "seeds = 3")).is_superset(&all));
    assert!(ids(&text.replace("clip = 2", "clip = 3")).is_disjoint(&all));
}

#[test]
fn content_and_not_place_names_a_corpus() {
    let (one, other) = (folder(), folder());
    let id = |folder: &tempfile::TempDir| load_in(folder.path(), &small(""), &[]).unwrap().runs[0].id;
    assert_eq!(id(&one), id(&other));
    std::fs::write(other.path().join("stories.txt"), "Another corpus altogether.\n").unwrap();
    assert_ne!(id(&one), id(&other));
}
