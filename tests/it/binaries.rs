//! What the programs need to start.

use std::process::Command;

use e2e::programs::program;

/// The shared libraries that a program asks the dynamic linker for.
fn needed(name: &str) -> Vec<String> {
    let output =
        Command::new("readelf").arg("-d").arg(program(name)).output().expect("readelf comes with the C++ compiler");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned()))
        .collect()
}

#[test]
fn the_launcher_needs_no_libtorch() {
    let libraries = needed("seedbed");
    assert!(!libraries.iter().any(|library| library.contains("torch") || library.contains("c10")), "{libraries:?}");
}

#[test]
fn the_trainer_starts_without_cuda() {
    let libraries = needed("seedbed-trainer");
    assert!(libraries.iter().any(|library| library == "libtorch_cpu.so"), "{libraries:?}");
    for late in ["libtorch.so", "libtorch_cuda.so"] {
        assert!(!libraries.iter().any(|library| library == late), "{late} is linked: {libraries:?}");
    }
}

#[test]
fn inspect_says_what_is_at_work() {
    let output = Command::new(program("seedbed-trainer")).arg("inspect").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in ["seedbed-trainer", "libtorch", "processor", "threads", "cuda", "libtorch_cpu.so"] {
        assert!(text.contains(line), "{text}");
    }
}
