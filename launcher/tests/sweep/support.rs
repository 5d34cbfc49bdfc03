use std::path::Path;

use launcher::sweep::{Sweep, SweepError};

/// A folder with the files that the sweeps of these tests name.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("stories.txt", "Once there was a cat.\n<|endoftext|>\nThe end.\n"),
        ("other.txt", "Another story.\n"),
        ("pairs.jsonl", "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cats.\", \"UID\": \"u\"}\n"),
        ("train.py", "print()\n"),
        ("empty.txt", ""),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The sweep of a text, beside the files of [`folder`].
pub(crate) fn load(text: &str, overrides: &[&str]) -> Result<Sweep, SweepError> {
    let folder = folder();
    load_in(folder.path(), text, overrides)
}

pub(crate) fn load_in(folder: &Path, text: &str, overrides: &[&str]) -> Result<Sweep, SweepError> {
    let file = folder.join("sweep.toml");
    std::fs::write(&file, text).unwrap();
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Sweep::load(&file, &overrides)
}

/// What is wrong with a text, the folder's name taken out.
pub(crate) fn errors(text: &str, overrides: &[&str]) -> String {
    let folder = folder();
    let error = load_in(folder.path(), text, overrides).expect_err("this sweep is wrong");
    let prefix = format!("{}/", folder.path().display());
    launcher::error::CliError::from(error).render().replace(&prefix, "")
}

/// The levels and seed of every run, a line each.
pub(crate) fn listing(sweep: &Sweep) -> String {
    let lines: Vec<String> = sweep.runs.iter().map(spec::RunSpec::label).collect();
    lines.join("\n")
}

/// A sweep of one run; `rest` follows the tables that are always needed.
pub(crate) fn small(rest: &str) -> String {
    format!("[sweep]\nname = \"small\"\nseeds = 1\n[data]\ncorpus = \"stories.txt\"\n{rest}")
}
