//! What the binaries load when they start: the launcher no libtorch, the trainer none of its CUDA part.

use std::path::Path;
use std::process::Command;

use super::tally::Tally;
use crate::failure::{Failure, Outcome};
use crate::stream;

/// A binary, and the libraries that it must load and must not.
struct Rule {
    binary: &'static str,
    needed: &'static [&'static str],
    forbidden: &'static [&'static str],
}

const RULES: [Rule; 2] = [
    Rule { binary: "seedbed", needed: &[], forbidden: &["libtorch", "libc10", "libcuda", "libcudart"] },
    Rule {
        binary: "seedbed-trainer",
        needed: &["libtorch_cpu.so"],
        forbidden: &["libtorch.so", "libtorch_cuda.so", "libc10_cuda.so", "libcuda.so"],
    },
];

/// Checks the binaries in `folder`.
pub(super) fn check(folder: &Path) -> Outcome<Tally> {
    let mut tally = Tally::default();
    for rule in &RULES {
        let loaded = loaded(&folder.join(rule.binary))?;
        let complaints = complaints(rule, &loaded);
        for complaint in &complaints {
            stream::say(&format!("{}: {complaint}", rule.binary));
        }
        tally += Tally::of(complaints.is_empty());
    }
    Ok(tally)
}

/// The dynamic linker's list of what `binary` loads, directly or not, a line each.
fn loaded(binary: &Path) -> Outcome<String> {
    // As `ldd` does; with this variable set the program itself is not run. Its own search paths must do: cargo's are taken away.
    let output = Command::new(binary).env("LD_TRACE_LOADED_OBJECTS", "1").env_remove("LD_LIBRARY_PATH").output();
    let output = output.map_err(|error| Failure::new(format!("cannot run {}", binary.display())).because(error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn complaints(rule: &Rule, loaded: &str) -> Vec<String> {
    let names = || loaded.lines().filter_map(|line| line.split_whitespace().next());
    let forbidden = names().filter(|name| rule.forbidden.iter().any(|start| name.starts_with(start)));
    let absent = rule.needed.iter().filter(|needed| !names().any(|name| name == **needed));
    let lost = loaded.lines().filter(|line| line.ends_with("not found"));
    let complaints = forbidden.map(|name| format!("loads {name}"));
    let complaints = complaints.chain(absent.map(|name| format!("does not load {name}")));
    complaints.chain(lost.map(|line| format!("lacks {}", line.trim()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trainer_may_load_the_cpu_part_only() {
        let [launcher, trainer] = &RULES;
        let good = "\tlibtorch_cpu.so => /l/libtorch_cpu.so (0x1)\n\tlibcudart.so.13 => /n/libcudart.so.13 (0x2)\n";
        assert_eq!(complaints(trainer, good), [""; 0]);
        let bad = "\tlibtorch.so => /l/libtorch.so (0x1)\n\tlibtorch_cuda.so => not found\n";
        assert_eq!(
            complaints(trainer, bad),
            [
                "loads libtorch.so",
                "loads libtorch_cuda.so",
                "does not load libtorch_cpu.so",
                "lacks libtorch_cuda.so => not found"
            ]
        );
        assert_eq!(complaints(launcher, good), ["loads libtorch_cpu.so", "loads libcudart.so.13"]);
    }

    #[test]
    fn the_dynamic_linker_tells_what_a_program_loads() {
        assert!(loaded(&std::env::current_exe().unwrap()).unwrap().contains("libc.so.6"));
    }
}
